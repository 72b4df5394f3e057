"""Spread of a volume and interval of a measured number against independent repetitions and known volumes."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from etwidgets import TomoStack, analysis, engine
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import Cancelled, Progress
from etwidgets.signals import repetitions
from etwidgets.signals.alignment_report import AlignmentReport, write_report
from etwidgets.signals.spread import pair_weights, quick_options
from etwidgets.simulation.ellipsoids import Ellipsoid, project_ellipsoids

TILTS = np.linspace(-60, 60, 25)
SHAPE = (32, 20)
RADIUS = 6.5
TRUTH = 4 / 3 * np.pi * RADIUS**3


@pytest.fixture(scope="module")
def exact():
    """A ball of density 1, whose brightest pixel is 2 radii."""
    ball = Ellipsoid((0.3, 1.7, -2.2), RADIUS * np.eye(3), 1.0)
    return project_ellipsoids((ball,), TILTS, SHAPE)


def recorded(exact, dose, seed):
    counts = dose / exact.max()
    return (np.random.default_rng(seed).poisson(np.clip(exact * counts, 0, None)) / counts).astype(np.float32)


def volume_above(volume, voxel, threshold):
    return analysis.volume_of(volume, threshold, voxel)


def center_y(volume, voxel, threshold):
    return float(ndimage.center_of_mass(volume >= threshold)[2])


def test_the_spread_is_that_of_independent_series(exact):
    columns = exact[:, :, 8:12]
    geometry = engine.Geometry(np.deg2rad(TILTS), SHAPE[0])
    options = quick_options(25, 10, 0.0)
    volumes = [engine.reconstruct(recorded(columns, 80, i), geometry, **options) for i in range(14)]
    scatter = np.std(volumes, axis=0, ddof=1)
    spread = TomoStack(recorded(columns, 80, 99), TILTS).reconstruction_spread(draws=14)
    inside = np.mean(volumes, axis=0) > 0.5
    for where in (inside, np.ones_like(inside)):
        ratio = np.sqrt((spread.data[where] ** 2).mean() / (scatter[where] ** 2).mean())
        assert ratio == pytest.approx(1, abs=0.25)


def test_without_noise_there_is_next_to_no_spread(exact):
    columns = exact[:, :, 9:11]
    stack = TomoStack(columns.astype(np.float32), TILTS)
    noisy = TomoStack(recorded(columns, 80, 0), TILTS)
    spread, with_noise = (each.reconstruction_spread(draws=8).data for each in (stack, noisy))
    assert np.median(spread) < 0.005
    assert spread.mean() < 0.3 * with_noise.mean()


def test_the_spread_lies_over_the_volume_and_says_how_it_was_made(exact):
    stack = TomoStack(recorded(exact[:, :, 9:11], 80, 0), TILTS)
    stack.axes_manager["y"].scale = stack.axes_manager["x"].scale = 2.5
    spread = stack.reconstruction_spread(draws=3, iterations=4, thickness=32, seed=4)
    volume = stack.reconstruct("FBP", thickness=32, show_progressbar=False)
    for axis, other in zip(spread.axes_manager._axes, volume.axes_manager._axes, strict=True):
        assert axis.get_axis_dictionary() == other.get_axis_dictionary()
    assert spread.metadata.Tomography.spread.draws == 3
    assert spread.metadata.Tomography.reconstruction.iterations == 4
    again, other = (
        stack.reconstruction_spread(draws=3, iterations=4, thickness=32, seed=seed) for seed in (4, 5)
    )
    assert np.array_equal(again.data, spread.data)
    assert not np.array_equal(other.data, spread.data)


def test_of_two_neighbors_one_counts_more_and_the_other_less():
    tilts = np.array([10.0, -20, 0, 30, 20, -10, -30])
    for seed in range(4):
        weights = pair_weights(tilts, np.random.default_rng(seed))[np.argsort(tilts)]
        assert set(weights) == {0.5, 1.5}
        starts = [i for i in (0, 1) if all(weights[k] + weights[k + 1] == 2 for k in range(i, 6, 2))]
        assert starts


class Stop(Progress):
    def __init__(self):
        self.seen = []

    def advance(self, fraction, message=""):
        self.seen.append((fraction, message))
        if fraction > 0.5:
            raise Cancelled


def test_both_can_be_cancelled(exact):
    stack = TomoStack(recorded(exact[:, :, 7:12], 80, 0), TILTS)
    for work in (
        lambda listening: stack.reconstruction_spread(draws=4, iterations=2, progress=listening),
        lambda listening: stack.measure_interval(volume_above, draws=6, iterations=2, progress=listening),
    ):
        listening = Stop()
        with pytest.raises(Cancelled):
            work(listening)
        fractions = [fraction for fraction, _ in listening.seen]
        assert fractions == sorted(fractions)
        assert " of " in listening.seen[-1][1]


def test_the_interval_holds_the_volume_of_a_ball(exact):
    found = TomoStack(recorded(exact, 200, 1), TILTS).measure_interval(volume_above, draws=9)
    assert found.low <= TRUTH <= found.high
    assert found.high - found.low < 0.12 * TRUTH
    assert abs(found.corrected - TRUTH) < abs(found.value - TRUTH)


@pytest.mark.parametrize("method", ["BP", "FBP", "SIRT"])
def test_the_threshold_of_any_volume_leads_to_the_true_volume(exact, method):
    """A back projection has a gray scale of its own, and ten times the volume."""
    stack = TomoStack(recorded(exact, 200, 1), TILTS)
    volume = stack.reconstruct(method, iterations=10, show_progressbar=False)
    threshold = analysis.threshold_of(volume.data)[0]
    found = stack.measure_interval(volume_above, threshold, volume=volume, draws=9)
    assert found.low <= TRUTH <= found.high
    assert found.high - found.low < 0.12 * TRUTH
    assert found.value == pytest.approx(volume_above(volume.data, 1.0, threshold))


def test_a_number_that_fails_is_left_out_alone(exact):
    calls = []

    def numbers(volume, voxel, threshold):
        calls.append(threshold)
        always = {"volume": volume_above(volume, voxel, threshold)}
        # 5 volumes of the series itself come first
        return always if len(calls) == 7 else {**always, "other": np.nan if len(calls) == 9 else 1.0}

    stack = TomoStack(recorded(exact[:, :, 7:12], 80, 0), TILTS)
    found = stack.measure_intervals(numbers, draws=12, iterations=2)
    assert found["volume"].repetitions == 12
    assert found["other"].repetitions == 10
    calls.clear()
    with pytest.raises(DataError, match="other could be measured in 4 repetitions only"):
        stack.measure_intervals(numbers, draws=6, iterations=2)


def test_binned_projections_keep_axis_and_intensity():
    ball = Ellipsoid((1.0, 3.0, -4.0), 9 * np.eye(3), 1.0)
    small = Ellipsoid((0.5, 1.5, -2.0), 4.5 * np.eye(3), 1.0)
    for height in (64, 63):
        fine = project_ellipsoids((ball,), TILTS, (height, 40)).astype(np.float32)
        found = repetitions.binned(fine, 2)
        truth = project_ellipsoids((small,), TILTS, (32, 20))
        assert found.shape == truth.shape
        assert np.abs(found - truth).mean() < 0.002 * truth.max()
        for image, other in zip(found, truth, strict=True):
            centers = [ndimage.center_of_mass(each) for each in (image, other)]
            np.testing.assert_allclose(*centers, atol=0.01)
            assert image.sum() == pytest.approx(other.sum(), rel=0.005)


def test_a_binned_series_has_the_same_interval(exact):
    """The ball of twice the size, on pixels of half the length."""
    ball = Ellipsoid((0.6, 3.4, -4.4), 2 * RADIUS * np.eye(3), 1.0)
    fine = project_ellipsoids((ball,), TILTS, (64, 40))
    stack = TomoStack(recorded(fine, 200, 1), TILTS)
    for name in "xy":
        stack.axes_manager[name].scale, stack.axes_manager[name].units = 0.5, "nm"
    found = stack.measure_interval(volume_above, draws=9, binning=2)
    assert found.low <= TRUTH <= found.high
    assert found.high - found.low < 0.12 * TRUTH


def test_what_is_not_known_of_the_axis_widens_the_interval(exact):
    stack = TomoStack(recorded(exact, 500, 0), TILTS)
    none = np.zeros(25)
    report = AlignmentReport(
        *(True, 0.1, 0.1), np.zeros((25, 2)), none + 1, none, none, (-0.1, 0.1), (-0.05, 0.05)
    )
    parts = []
    for shift in (0.05, 2.0):
        write_report(stack, dataclasses.replace(report, shift_interval_px=(-shift, shift)))
        parts.append(stack.measure_interval(center_y, 0.5, draws=6, iterations=4).draws_part)
    assert parts[0] < 0.3
    assert 1.0 < parts[1] < 6.0  # of a standard deviation of 1.02 px, known from 6 draws


def test_what_makes_no_sense_is_refused(exact):
    stack = TomoStack(recorded(exact[:, :, 7:12], 80, 0), TILTS)
    with pytest.raises(ParameterError, match="draws"):
        stack.reconstruction_spread(draws=1)
    with pytest.raises(ParameterError, match="draws"):
        stack.measure_interval(volume_above, draws=5)
    with pytest.raises(ParameterError, match="5 projections are too few; 6"):
        stack.inav[:5].reconstruction_spread()
    with pytest.raises(DataError, match="separates nothing"):
        stack.measure_interval(volume_above, 50.0, iterations=2)
