"""The check of projections reads errors that were put in, and its floor is what a perfect alignment shows."""

import numpy as np
import pytest

from etwidgets.align import Alignment, check_projections
from etwidgets.align.refinement.check import noise_of
from etwidgets.align.refinement.gauge import without_gauge
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 41)


def series_of(kind, **given):
    still = {
        "drift_px": 0,
        "jump_px": 0,
        "jitter_px": 0,
        "axis_shift_px": 0,
        "axis_rotation_deg": 0,
        "dark": 0,
    }
    return ellipsoid_series(kind, shape_yx=(64, 80), tilts_deg=TILTS, seed=3, **{**still, **given})


@pytest.mark.parametrize(("kind", "dose"), [("particles", 1000), ("needle", 60)])
def test_half_a_pixel_is_read_as_half_a_pixel(kind, dose):
    series = series_of(kind, dose=dose)
    drawn = np.random.default_rng(1).normal(0, 0.5, (len(TILTS), 2))
    errors = without_gauge(drawn, TILTS, np.ones(len(TILTS)))
    found = check_projections(series.projections, TILTS, Alignment.of(errors))
    assert found.errors_px == pytest.approx(np.sqrt((errors**2).mean(0)), abs=0.07)
    assert np.corrcoef(found.shifts_px.ravel(), -errors.ravel())[0, 1] > 0.9


def test_the_floor_is_what_a_perfect_alignment_shows():
    series = series_of("particles", dose=100, flicker=0.0)
    found = check_projections(series.projections, TILTS)
    assert np.sqrt((found.shifts_px**2).mean(0)) == pytest.approx(found.floor_px, rel=0.4)
    assert found.misfits.mean() == pytest.approx(found.floor_misfits.mean(), rel=0.15)
    assert found.errors_px == pytest.approx(0, abs=0.06)
    assert not found.off.any()


def test_a_displaced_and_a_spoiled_projection_come_first():
    series = series_of("particles", dose=300, n_bad=1)
    moved = np.zeros((len(TILTS), 2))
    displaced = next(i for i in (10, 25) if i not in series.bad)
    moved[displaced] = (1.5, -1.0)
    found = check_projections(series.projections, TILTS, Alignment.of(moved))
    assert set(found.ranking[:2]) == {displaced, *series.bad}
    assert found.off[displaced]
    assert found.shifts_px[displaced] == pytest.approx([-1.5, 1.0], abs=0.25)


@pytest.mark.parametrize("kind", ["needle", "slab"])
def test_spoiled_projections_come_first_where_all_are_somewhat_off(kind):
    series = series_of(kind, dose=300, n_bad=2)
    moved = np.random.default_rng(2).normal(0, 0.2, (len(TILTS), 2))
    displaced = next(i for i in (11, 25, 29) if i not in series.bad)
    moved[displaced] += (3.0, -2.6)
    found = check_projections(series.projections, TILTS, Alignment.of(moved))
    assert set(found.ranking[:3]) == {displaced, *series.bad}


def test_the_intensity_of_each_projection_is_read():
    series = series_of("needle", dose=None, flicker=0.0)
    factors = np.ones(len(TILTS))
    factors[[5, 20]] = (1.2, 0.8)
    found = check_projections(series.projections * factors[:, None, None].astype(np.float32), TILTS)
    assert found.intensities[[5, 20]] == pytest.approx([1.2, 0.8], abs=0.05)


def test_the_noise_is_that_of_the_counts():
    rng = np.random.default_rng(0)
    exact = np.broadcast_to(np.linspace(5, 100, 80), (6, 64, 80))
    level, slope = noise_of(rng.poisson(exact).astype(np.float32))
    assert slope == pytest.approx(1, abs=0.1)
    assert level == pytest.approx(0, abs=3)
    assert noise_of(np.ones((2, 32, 32), np.float32)) == pytest.approx((0, 0), abs=1e-12)
