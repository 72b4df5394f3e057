"""Markers on formulas: signs and handedness, jitter of each kind, outliers, tracking, and what is refused."""

import numpy as np
import pytest

from etwidgets import align, simulation
from etwidgets.errors import AlignmentError, ParameterError, ShapeError

SHAPE = (96, 128)
TILTS = np.linspace(-60, 60, 41)


def tracks_of(points, *, tilts=TILTS, rotation=0.0, magnification=1.0, moved=(0.0, 0.0), noise=0.0, seed=0):
    """Where points ``(x, z, y)`` are recorded, by the formula of the conventions."""
    x, z, y = np.asarray(points, dtype=float).T[:, :, None]
    t = np.deg2rad(tilts)
    across = y * np.cos(t) - z * np.sin(t)
    f = np.deg2rad(rotation)
    down, right = np.cos(f) * across + np.sin(f) * x, np.cos(f) * x - np.sin(f) * across
    places = np.stack([magnification * down, magnification * right], axis=-1) + np.asarray(moved)
    places += np.random.default_rng(seed).normal(0, noise, places.shape)
    return align.MarkerTracks.of(places + (np.array(SHAPE) - 1) / 2)


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def points(random):
    return random.uniform(-30, 30, (14, 3))


def centered(values):
    return values - values.mean(0)


@pytest.mark.parametrize("rotation", [-40.0, 1.7, 87.0])
def test_the_rotation_to_apply_is_the_negative_of_that_of_the_axis(points, rotation):
    fit = align.adjust(tracks_of(points, rotation=rotation), TILTS, SHAPE, intervals=False)
    assert fit.rotation_deg == pytest.approx(-rotation, abs=1e-4)
    np.testing.assert_allclose(centered(fit.positions_px), centered(points), atol=1e-3)


def test_a_mirrored_series_gives_a_mirrored_volume(points):
    tracks = tracks_of(points)
    mirrored = tracks.positions_px * [-1, 1] + [SHAPE[0] - 1, 0]
    found = align.adjust(align.MarkerTracks.of(mirrored), TILTS, SHAPE, intervals=False).positions_px
    np.testing.assert_allclose(centered(found), centered(points * [1, -1, -1]), atol=1e-3)
    backwards = align.adjust(tracks, -TILTS, SHAPE, intervals=False).positions_px
    np.testing.assert_allclose(centered(backwards), centered(points * [1, -1, 1]), atol=1e-3)


def test_the_shift_to_apply_is_the_negative_of_that_of_the_axis(points):
    fit = align.adjust(tracks_of(points, moved=(3.4, 0)), TILTS, SHAPE, intervals=False)
    assert fit.shift_px == pytest.approx(-3.4, abs=1e-3)


def test_shifts_of_each_projection_are_found_and_the_aligned_axis_is_in_the_middle(points, random):
    moved = random.normal(0, 6, (len(TILTS), 2))
    tracks = tracks_of(points, rotation=1.7, moved=moved, noise=0.1)
    fit = align.adjust(tracks, TILTS, SHAPE)
    alignment = fit.alignment
    middle = (np.array(SHAPE) - 1) / 2
    places = np.einsum("tij,mtj->mti", alignment.matrices, tracks.positions_px - middle) + alignment.shifts_px
    x, z, y = fit.positions_px.T[:, :, None]
    t = np.deg2rad(TILTS)
    np.testing.assert_allclose(places[..., 0], y * np.cos(t) - z * np.sin(t), atol=0.5)
    np.testing.assert_allclose(places[..., 1], np.broadcast_to(x, places.shape[:2]), atol=0.5)
    assert abs(fit.rotation_deg + 1.7) < fit.rotation_interval_deg < 0.3
    assert fit.error_px == pytest.approx(0.1, abs=0.02)


@pytest.mark.slow
def test_outliers_do_not_count_and_are_named(points, random):
    tracks = tracks_of(points, rotation=1.7, noise=0.1)
    wrong = random.random(tracks.seen.shape) < 0.15
    places = tracks.positions_px.copy()
    places[wrong] += random.uniform(3, 8, (wrong.sum(), 2))
    places[0] = random.uniform(20, 70, places[0].shape)  # nothing but nonsense
    fit = align.adjust(align.MarkerTracks.of(places), TILTS, SHAPE, intervals=False)
    assert fit.dropped == (0,)
    assert fit.rotation_deg == pytest.approx(-1.7, abs=0.1)
    assert fit.outliers[1:][wrong[1:]].all()
    assert fit.outliers[1:][~wrong[1:]].mean() < 0.01


def test_rotation_magnification_and_tilt_of_each_projection(points, random):
    count = len(TILTS)
    rotation, size = 1.7 + random.normal(0, 0.5, count), 1 + random.normal(0, 0.01, count)
    true_tilts = TILTS + random.normal(0, 0.3, count)
    tracks = tracks_of(points, tilts=true_tilts, rotation=rotation, magnification=size, noise=0.1)
    fit = align.adjust(
        tracks, TILTS, SHAPE, rotation="each", magnification="each", tilt="each", intervals=False
    )
    found = fit.alignment
    assert np.sqrt(np.mean((found.rotations_deg + rotation) ** 2)) < 0.1
    assert np.std(found.magnifications * size) < 0.0015
    assert np.std(found.tilts_deg - true_tilts) < 0.12


def test_an_offset_of_the_tilt_makes_a_plane_of_markers_level(random):
    flat = random.uniform(-30, 30, (10, 3)) * [1, 0, 1]
    fit = align.adjust(tracks_of(flat, tilts=TILTS + 7), TILTS, SHAPE, tilt="offset", intervals=False)
    np.testing.assert_allclose(fit.alignment.tilts_deg, TILTS + 7, atol=1e-3)
    np.testing.assert_allclose(np.ptp(fit.positions_px[:, 1]), 0, atol=1e-2)


def test_a_projection_without_markers_is_bridged(points):
    tracks = tracks_of(points, moved=np.stack([TILTS / 10, -TILTS / 10], axis=1))
    places = tracks.positions_px.copy()
    places[:, 12] = np.nan
    fit = align.adjust(align.MarkerTracks.of(places), TILTS, SHAPE, intervals=False)
    assert fit.bridged == (12,)
    shifts = fit.alignment.shifts_px
    np.testing.assert_allclose(shifts[12], (shifts[11] + shifts[13]) / 2, atol=0.2)


def test_what_cannot_be_determined_is_refused(points):
    tracks = tracks_of(points)
    with pytest.raises(AlignmentError, match=r"2 of 2 markers .* at least 3"):
        align.adjust(tracks.select([0, 1]), TILTS, SHAPE)
    with pytest.raises(AlignmentError, match=r"span 12.0 degrees"):
        align.adjust(tracks.select_projections([18, 19, 20, 21, 22]), TILTS[18:23], SHAPE)
    with pytest.raises(AlignmentError, match="no plane"):
        align.adjust(tracks, TILTS, SHAPE, tilt="offset")
    with pytest.raises(ParameterError, match="rotation must be one of"):
        align.adjust(tracks, TILTS, SHAPE, rotation="all")
    gone = tracks.positions_px.copy()
    gone[:, :20] = np.nan
    with pytest.raises(AlignmentError, match="in 20 of 41 projections"):
        align.adjust(align.MarkerTracks.of(gone), TILTS, SHAPE)
    with pytest.raises(ShapeError, match="markers, projections, 2"):
        align.MarkerTracks.of(np.zeros((3, 4)))


def test_spots_are_found_bright_and_dark(random):
    y, x = np.mgrid[:96, :128]
    spots = np.array([[20.0, 30], [40, 90], [70, 50], [75, 105]])
    image = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 18) for a, b in spots)
    series = np.stack([image, image]) + random.normal(0, 0.02, (2, 96, 128))
    for sign in (1, -1):
        found, diameter = align.find_markers(sign * series, [0, 2], 10)
        assert len(found) == 4
        assert np.abs(np.sort(found, axis=0) - np.sort(spots, axis=0)).max() <= 1
        assert 6 < diameter < 14
    with pytest.raises(AlignmentError, match="no compact feature"):
        align.find_markers(np.ones((2, 64, 64)), [0, 2])
    with pytest.raises(ParameterError, match="must be 0 to 1, not 5"):
        align.find_markers(series, [0, 2], projection=5)
    with pytest.raises(ParameterError, match="diameter must be a positive number"):
        align.find_markers(series, [0, 2], diameter_px=-1)
    with pytest.raises(ParameterError, match="must lie inside the projections of 96 x 128 px"):
        align.track_markers(np.concatenate([series, series]), [0, 2, 4, 6], [[1, 2], [30, 40], [99, 90]])


def test_markers_survive_jitter_drift_and_a_jump():
    series = simulation.ellipsoid_series("catalyst", tilts_deg=np.linspace(-60, 60, 31), dose=300, seed=1)
    picked, diameter = align.find_markers(series.projections, series.tilts_deg, 10)
    tracks = align.track_markers(series.projections, series.tilts_deg, picked, diameter_px=diameter)
    fit = align.adjust(tracks, series.tilts_deg, SHAPE)
    truth = align.Alignment.of(
        series.moved_px + np.array([series.axis_shift_px, 0]), rotation_deg=series.axis_rotation_deg
    ).inverse()
    off = fit.alignment.shifts_px - truth.shifts_px
    t = np.deg2rad(series.tilts_deg)
    waves = np.stack([np.cos(t), np.sin(t)], axis=1)
    across = off[:, 0] - waves @ np.linalg.lstsq(waves, off[:, 0], rcond=None)[0]
    assert np.sqrt((across**2).mean()) < 0.3
    assert off[:, 1].std() < 0.25
    assert abs(fit.rotation_deg + series.axis_rotation_deg) < max(fit.rotation_interval_deg, 0.3)
