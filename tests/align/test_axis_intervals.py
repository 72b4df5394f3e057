"""The tilt axis of series of ellipsoids lies within the interval that is stated; what is not known is said.

The shift of the axis is defined by how the series was registered. A displacement ``d`` that is left in each
projection is, across the axis, ``e = d_y cos(rotation) - d_x sin(rotation)``. Its cosine and sine over the
tilts are another place of the object; its constant is another place of the axis.
"""

from functools import cache

import numpy as np
import pytest

from etwidgets import align, simulation
from etwidgets.align.intensity.dark_level import dark_level
from etwidgets.errors import AlignmentError
from etwidgets.progress import NullProgress


def true_axis(series, shifts):
    """Rotation (deg) and shift (px) to apply after a registration by ``shifts`` ``(T, 2)``."""
    turn, tilts = np.deg2rad(series.axis_rotation_deg), np.deg2rad(series.true_tilts_deg)
    left = series.moved_px + shifts
    across = left[:, 0] * np.cos(turn) - left[:, 1] * np.sin(turn)
    design = np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1)
    constant = np.linalg.lstsq(design, across, rcond=None)[0][0]
    return -series.axis_rotation_deg, -(series.axis_shift_px * np.cos(turn) + constant)


@cache  # a slab takes as long to project as all the others
def series_of(kind, seed=3, **options):
    given = {"shape_yx": (64, 88), "tilts_deg": np.linspace(-66, 66, 31), "drift_px": 8, "jump_px": 3}
    return simulation.ellipsoid_series(kind, seed=seed, **(given | options))


def registered(series, method=None):
    shifts = -series.moved_px
    if method:
        shifts = align.estimate_shifts(series.projections, series.tilts_deg, method)
    return align.apply_shifts(series.projections, shifts), true_axis(series, shifts)


@pytest.mark.parametrize(
    ("kind", "registration", "dark"),
    [
        ("particles", "PC", 0.05),
        ("catalyst", "COM", 0.02),
        ("needle", "StackReg", 0.03),
        ("rods", None, 0.03),
    ],
)
def test_common_line_covers_the_truth(kind, registration, dark):
    series = series_of(kind, dark=dark, dose=1000)
    images, (rotation, shift) = registered(series, registration)
    found = align.find_tilt_axis(images, series.tilts_deg, "CommonLine")
    assert found.rotation_determined
    assert found.shift_determined
    assert found.rotation_interval_deg[0] <= rotation <= found.rotation_interval_deg[1]
    assert found.shift_interval_px[0] <= shift <= found.shift_interval_px[1]
    assert np.ptp(found.rotation_interval_deg) < 2
    assert np.ptp(found.shift_interval_px) < 2


def test_com_finds_the_axis_of_a_needle_on_a_dark_level():
    series = series_of("needle", dark=0.03, dose=1000)
    images, (rotation, shift) = registered(series)
    found = align.find_tilt_axis(images, series.tilts_deg, "CoM")
    assert found.rotation_deg == pytest.approx(rotation, abs=0.35)
    assert found.shift_px == pytest.approx(shift, abs=0.3)
    assert found.rotation_interval_deg[0] <= rotation <= found.rotation_interval_deg[1]


def test_of_entering_particles_com_knows_nothing_and_common_line_the_axis():
    series = series_of("entering", dose=1000)
    images, (rotation, shift) = registered(series)
    found = align.find_tilt_axis(images, series.tilts_deg, "CommonLine")
    assert found.rotation_deg == pytest.approx(rotation, abs=0.4)
    assert found.shift_px == pytest.approx(shift, abs=1)
    com = align.find_tilt_axis(images, series.tilts_deg, "CoM")
    assert not com.rotation_determined
    assert not com.shift_determined


def test_the_rotation_of_a_film_is_undetermined():
    series = series_of("slab", dark=0.04, dose=1000)
    images, _ = registered(series)
    found = align.find_tilt_axis(images, series.tilts_deg, "CoM")
    assert (found.rotation_determined, found.shift_determined) == (False, False)
    assert "a film fills the field" in found.warning


def test_the_dark_level_is_found_and_a_film_is_none():
    particles, slab = (series_of(kind, dark=0.04, dose=1000) for kind in ("particles", "slab"))
    found = dark_level(particles.projections, particles.tilts_deg)
    assert found.level == pytest.approx(particles.dark_level, rel=0.02)
    assert not found.film
    assert dark_level(slab.projections, slab.tilts_deg).film


def test_a_shift_at_the_limit_is_no_answer():
    series = series_of("particles", dose=1000, axis_rotation_deg=0.0, axis_shift_px=8.0)
    images, _ = registered(series)
    found = align.search_axis_shift(
        images, series.tilts_deg, shift_limit=4, nslices=4, progress=NullProgress()
    )
    assert not found.determined
    assert "undetermined" in found.warning


def test_axis_of_a_uniform_needle_in_tall_images():
    """Its line has no features along x; of 385 rows, binned by 3, one is left out: half a pixel."""
    tilts = np.linspace(-60, 60, 13)
    angle, x = np.deg2rad(tilts)[:, None], np.arange(96)
    moved = (30 + 10 * np.sin(x / 9)) * np.cos(angle) + (25 - x / 8) * np.sin(angle)
    rows = 192 + 4.2 + moved
    images = np.exp(-(((np.arange(385)[None, :, None] - rows[:, None, :]) / 15) ** 2)).astype(np.float32)
    found = align.find_tilt_axis(images, tilts, "CoM")
    assert found.shift_px == pytest.approx(-4.2, abs=0.1)
    assert np.median(found.axis_rows) == pytest.approx(196.2, abs=0.1)


def test_of_four_projections_no_shift_is_looked_for():
    with pytest.raises(AlignmentError, match="at least 5 projections"):
        align.search_axis_shift(
            np.ones((4, 32, 32)), np.arange(4.0), shift_limit=3, nslices=2, progress=NullProgress()
        )
