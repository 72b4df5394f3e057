"""Phase correlation finds what is there, by whatever images, and says where nothing is."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from etwidgets import align, simulation
from etwidgets.errors import AlignmentError, ParameterError

TILTS = np.linspace(-60, 60, 61)


def rms(shifts, series):
    """RMS (y, x) per projection: constant, cos and sin of the tilt are free in y, a constant in x."""
    left = shifts + series.moved_px
    t = np.deg2rad(series.tilts_deg)
    free = np.stack([np.ones_like(t), np.cos(t), np.sin(t)], axis=1)
    y = left[:, 0] - free @ np.linalg.lstsq(free, left[:, 0], rcond=None)[0]
    return np.sqrt((y**2).mean()), left[:, 1].std()


@pytest.fixture(scope="module")
def needle():
    return simulation.ellipsoid_series("needle", dose=300, n_bad=2, seed=1)


@pytest.fixture(scope="module")
def slab():
    return simulation.ellipsoid_series("slab", dose=300, seed=2)


def test_smoothed_images_are_registered_too():
    series = simulation.ellipsoid_series("needle", dose=300, seed=1)
    y, x = rms(align.estimate_shifts(gaussian_filter(series.projections, (0, 3, 3)), TILTS), series)
    assert y < 0.2
    assert x < 0.8


def test_bad_projections_are_named_and_bridged(needle):
    found = align.register(needle.projections, TILTS)
    bad = np.array(needle.bad)
    assert found.quality.doubted == needle.bad
    assert found.quality.bridged == tuple((i + k - 1, i + k) for i in needle.bad for k in (0, 1))
    good = np.setdiff1d(np.arange(61), bad)
    assert rms(found.shifts_px[good], _part(needle, good))[0] < 0.1
    assert found.quality.z[good].min() > 5
    assert "Doubted projections" in found.quality.warning


def _part(series, chosen):
    return type("Part", (), {"moved_px": series.moved_px[chosen], "tilts_deg": series.tilts_deg[chosen]})


def test_the_stack_keeps_the_quality_and_warns(needle):
    from etwidgets.signals import TomoStack

    with pytest.warns(UserWarning, match=r"Doubted projections: 15 \(-32.0°\), 27 \(-8.0°\)"):
        made = TomoStack(needle.projections, TILTS).stack_register("PC")
    kept = made.metadata.Tomography.registration_quality
    assert kept.doubted.tolist() == [14, 26]
    assert kept.z.shape == (61,)


def test_a_drift_of_two_thirds_of_the_field_does_not_wrap():
    body = simulation.Ellipsoid((0.0, 0.0, 0.0), np.diag([6.0, 5.0, 7.0]), 1.0)
    images = simulation.project_ellipsoids(
        (body,), [0, 2, 4], (96, 128), moved_px=[[0, -45], [0, 45], [0, 45]]
    )
    images = np.random.default_rng(0).poisson(10 * images + 2).astype(np.float32)
    found = align.estimate_shifts(images, [0, 2, 4], "PC", start=0)
    assert found[1:] == pytest.approx(np.array([[0, -90], [0, -90]]), abs=0.5)


def test_a_static_pattern_does_not_hold_the_shift():
    series = simulation.ellipsoid_series("particles", dose=300, seed=2)
    pattern = np.random.default_rng(5).normal(0, series.projections.std(), (96, 128))
    found = align.register(series.projections + pattern, TILTS)
    assert max(rms(found.shifts_px, series)) < 0.4
    assert "pattern that does not move" in found.quality.text


def test_noise_alone_is_refused():
    noise = np.random.default_rng(0).poisson(5, (11, 96, 128))
    with pytest.raises(AlignmentError, match=r"10 of 10 pairs .* do not correlate better than chance"):
        align.estimate_shifts(noise, np.arange(11))


def test_stretching_a_slab(slab):
    y, x = rms(align.estimate_shifts(slab.projections, TILTS, stretch=True), slab)
    assert y < 0.15
    assert x < 0.5


def test_a_region_and_a_largest_shift(slab):
    found = align.estimate_shifts(slab.projections, TILTS, roi=(10, 90, 20, 120), max_shift=16)
    assert rms(found, slab)[1] < 0.6
    with pytest.raises(ParameterError, match="rows of 0 to 96 and columns of 0 to 128"):
        align.estimate_shifts(slab.projections, TILTS, roi=(0, 97, 0, 128))


@pytest.mark.parametrize("method", ["COM", "COM-CL"])
def test_a_background_that_pulls_the_centers_of_mass_is_refused(method):
    series = simulation.ellipsoid_series("particles", dose=300, dark=0.15, seed=3)
    with pytest.raises(AlignmentError, match=r"background of about .* subtract the background first"):
        align.estimate_shifts(series.projections, TILTS, method)


def test_com_says_that_a_slab_fills_the_field(slab):
    said = align.register(slab.projections[::4], TILTS[::4], "COM").quality.warning
    assert said.startswith("A film fills the field")
    assert "use PC with stretch" in said


@pytest.mark.parametrize("kind", ["needle", "particles"])
def test_com_says_nothing_of_an_object_within_the_field(kind):
    series = simulation.ellipsoid_series(
        kind, dose=300, dark=0.0, seed=3, tilts_deg=TILTS[::4], drift_px=5, jump_px=2
    )
    assert "field" not in align.register(series.projections, TILTS[::4], "COM").quality.warning


def test_patches_find_shifts_and_rotation_of_a_slab(slab):
    found = align.track_patches(slab.projections, TILTS)
    y, x = rms(found.shifts_px, slab)
    assert y < 0.3
    assert x < 0.2
    assert found.rotation_deg == pytest.approx(-1.7, abs=1.2)
    assert found.rotation_determined


def test_patches_refuse_a_needle():
    tilts = TILTS[::3]
    series = simulation.ellipsoid_series("needle", dose=300, tilts_deg=tilts, seed=1)
    with pytest.raises(AlignmentError, match="use StackReg or PC"):
        align.estimate_shifts(series.projections, tilts, "Patches")
