"""Refinement brings back what was put in, on series from formulas; it never makes a series worse."""

import numpy as np
import pytest

from etwidgets import align, engine
from etwidgets.align import Alignment, refine_alignment
from etwidgets.align.refinement.gauge import stretching_part, turning_part, without_gauge
from etwidgets.align.refinement.matching import match
from etwidgets.align.refinement.series import PaddedSeries
from etwidgets.align.refinement.weights import outlying, robust_weights
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.progress import Cancelled, Progress
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 31)
SHAPE = (48, 64)


def series_of(kind, **given):
    settings = {
        "dose": 1000.0,
        "dark": 0.0,
        "drift_px": 4,
        "jump_px": 2,
        "jitter_px": 0.5,
        "axis_shift_px": 1,
    }
    return ellipsoid_series(kind, shape_yx=SHAPE, tilts_deg=TILTS, **{**settings, **given})


def recorded(series):
    """What was done to the exact projections."""
    moved = series.moved_px + np.array([series.axis_shift_px, 0])
    rotation = series.rotations_deg + series.axis_rotation_deg
    return Alignment.of(moved, rotation_deg=rotation, magnification=series.magnifications)


def left(series, alignment):
    """What is wrong with an alignment: shifts without the gauge, the constant in y, and the rotations."""
    wrong = recorded(series).then(alignment)
    good = np.ones(len(TILTS))
    good[list(series.bad)] = 1e-9
    shifts = without_gauge(wrong.shifts_px, series.tilts_deg, good)
    tilts = np.deg2rad(series.tilts_deg)
    design = np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1)
    constant = np.linalg.lstsq(design, wrong.shifts_px[:, 0], rcond=None)[0][0]
    return np.sqrt(np.average(shifts**2, axis=0, weights=good)), constant, wrong.rotations_deg


def disturbed(series, px, *, rotation=0.5, shift=0.8, seed=5):
    noise = np.random.default_rng(seed).normal(0, px, (len(TILTS), 2))
    return recorded(series).inverse().then(Alignment.of(noise + np.array([shift, 0]), rotation_deg=rotation))


@pytest.mark.parametrize("kind", ["particles", "rods"])
def test_all_shifts_and_the_axis_come_back(kind):
    series = series_of(kind, seed=2)
    found = refine_alignment(series.projections, TILTS, disturbed(series, 0.8))
    shifts, constant, rotations = left(series, found.alignment)
    assert found.accepted
    assert shifts == pytest.approx(0, abs=0.12)
    assert constant == pytest.approx(0, abs=0.5)
    assert rotations == pytest.approx(0, abs=0.45)
    assert found.misfit_after < 0.6 * found.misfit_before
    assert found.trace[-1] < found.trace[0]


def test_a_bad_projection_gets_no_weight_and_is_named():
    series = series_of("particles", n_bad=1, seed=4)
    found = refine_alignment(series.projections, TILTS, disturbed(series, 0.3), axis=False)
    assert found.doubted[:1] == series.bad
    assert found.weights[series.bad[0]] < 0.3
    assert np.median(found.weights) == 1


def test_a_tilt_far_from_all_others_is_no_outlier_of_a_trend():
    tilts = np.array([-70.0, -69, -68, -67, -65, 0, 60, 61, 62, 62.5, 63])
    misfits = np.exp(-0.01 * (tilts + 70))  # falls steadily
    assert robust_weights(misfits, tilts) == pytest.approx(1, abs=0.01)
    assert robust_weights(np.append(misfits, misfits), np.append(tilts, tilts)) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("kind", ["particles", "needle"])
def test_rotation_and_magnification_of_each_projection_come_back(kind):
    series = series_of(kind, jitter_rotation_deg=0.8, jitter_magnification=0.01, dose=None, flicker=0, seed=1)
    start = Alignment.of(recorded(series).inverse().shifts_px, rotation_deg=-series.axis_rotation_deg)
    found = refine_alignment(
        series.projections, TILTS, start, axis=False, each_rotation=True, each_magnification=True
    )
    wrong = recorded(series).then(found.alignment)
    everyone = np.ones(len(TILTS))
    turned = wrong.rotations_deg - turning_part(wrong.rotations_deg, TILTS, everyone)
    stretched = wrong.magnifications - stretching_part(wrong.magnifications, TILTS, everyone)
    assert np.std(turned) < 0.1
    assert np.std(stretched) < 0.001
    assert np.std(wrong.rotations_deg) < 0.4 * np.std(series.rotations_deg)
    assert np.std(wrong.magnifications) < 0.4 * np.std(series.magnifications)


def test_what_a_film_beyond_the_field_can_make_up_for_does_not_grow():
    series = series_of("slab", jitter_rotation_deg=0.5, jitter_magnification=0.01, dose=None, seed=3)
    start = Alignment.of(recorded(series).inverse().shifts_px, rotation_deg=-series.axis_rotation_deg)
    found = refine_alignment(
        series.projections, TILTS, start, axis=False, each_rotation=True, each_magnification=True
    )
    wrong = recorded(series).then(found.alignment)
    assert np.std(wrong.magnifications) < 0.7 * np.std(series.magnifications)
    assert np.std(wrong.rotations_deg) < 0.7 * np.std(series.rotations_deg)


def test_one_bad_part_makes_no_outliers_of_the_other():
    values = np.where(np.arange(41) % 2, 0.05, 0.1)  # the even ones are predicted from bad ones
    values *= 1 + 0.03 * np.random.default_rng(0).normal(size=41)
    values[[5, 31]] = 0.4
    found = outlying(values, np.linspace(60, -60, 41))
    assert set(np.argsort(-found)[:2]) == {5, 31}
    assert (found[[5, 31]] > 10).all()
    assert np.delete(found, [5, 31]).max() < 6


def test_the_tilt_of_each_projection_comes_back():
    series = series_of("particles", jitter_tilt_deg=2.0, dose=None, flicker=0, seed=3)
    found = refine_alignment(
        series.projections, TILTS, recorded(series).inverse(), axis=False, each_tilt=True, rounds=6
    )
    error = found.alignment.tilts_deg - series.true_tilts_deg
    assert np.std(error) < 0.4 * np.std(TILTS - series.true_tilts_deg)


def test_what_is_best_already_is_left_alone():
    series = series_of("particles", dose=30.0, seed=7)
    start = recorded(series).inverse()
    found = refine_alignment(series.projections, TILTS, start, rounds=1)
    assert found.misfit_after <= found.misfit_before
    if not found.accepted:
        assert found.alignment is start


def test_the_match_is_exact_for_a_known_displacement():
    rows, columns = np.indices((40, 50), dtype=float)
    blob = [np.exp(-((rows - 20 - y) ** 2 + (columns - 24 - x) ** 2) / 40) for y, x in ((0, 0), (0.3, -0.2))]
    images, predicted = (np.repeat(each[None], 2, axis=0).astype(np.float32) for each in blob)
    known = np.ones_like(images)
    found = match(images, predicted, known)
    assert found.values[:, :2] == pytest.approx(np.tile([0.3, -0.2], (2, 1)), abs=0.01)
    assert found.misfit[0] < 0.02 < found.misfit_before[0]


def test_the_padded_series_keeps_the_center_at_odd_sizes():
    rows, columns = np.indices((51, 53), dtype=float)
    image = np.exp(-((rows - 25) ** 2 + (columns - 26) ** 2) / 50)[None].repeat(3, axis=0)
    series = PaddedSeries.of(image, np.array([-1.0, 0, 1]), 2)
    moved, known = series.aligned(Alignment.identity(3))
    y = np.arange(moved.shape[1]) - (moved.shape[1] - 1) / 2
    x = np.arange(moved.shape[2]) - (moved.shape[2] - 1) / 2
    weight = moved[0] * known[0]
    assert y @ weight.sum(1) / weight.sum() == pytest.approx(0, abs=0.02)
    assert weight.sum(0) @ x / weight.sum() == pytest.approx(0, abs=0.02)


def test_the_gauge_is_what_only_moves_the_volume():
    angle = np.deg2rad(TILTS)
    shifts = np.stack([3 * np.cos(angle) - 2 * np.sin(angle), np.full(len(angle), 4.0)], axis=1)
    assert without_gauge(shifts, TILTS, np.ones(len(angle))) == pytest.approx(0, abs=1e-9)


def test_a_rising_misfit_toward_the_ends_is_no_outlier():
    misfits = 0.1 * np.exp(np.abs(TILTS) / 40)
    assert robust_weights(misfits, TILTS) == pytest.approx(1, abs=1e-6)
    misfits[12] *= 2.5
    weights = robust_weights(misfits, TILTS)
    assert weights.argmin() == 12
    assert weights[12] < 0.1


class Asked(Progress):
    def __init__(self, *, stop=False):
        self.messages, self._stop = [], stop

    def advance(self, fraction, message=""):
        self.messages.append(message)
        if self._stop and fraction > 0.2:
            raise Cancelled

    @property
    def may_finish(self):
        return True

    @property
    def finish_requested(self):
        return not self._stop


def test_it_can_be_finished_early_and_cancelled():
    series = series_of("particles")
    heard = Asked()
    found = refine_alignment(series.projections, TILTS, disturbed(series, 0.5), progress=heard)
    assert len(found.trace) <= 3
    assert any("left-out projections: misfit" in each for each in heard.messages)
    with pytest.raises(Cancelled):
        refine_alignment(series.projections, TILTS, progress=Asked(stop=True))


def test_bad_input_is_refused():
    images = np.random.default_rng(0).normal(size=(9, 32, 32))
    with pytest.raises(AlignmentError, match="at least 7 different tilts"):
        refine_alignment(images[:5], np.arange(5.0))
    with pytest.raises(AlignmentError, match="16 x 32 px are too small"):
        refine_alignment(images[:, :16], np.arange(9.0))
    with pytest.raises(ParameterError, match="roundss"):
        refine_alignment(images, np.arange(9.0), roundss=3)
    with pytest.raises(ParameterError, match="start is of 4"):
        refine_alignment(images, np.arange(9.0), Alignment.identity(4))


def test_single_pixels_that_are_not_known_change_nothing_in_a_reconstruction():
    tilts = np.deg2rad(np.linspace(-70, 70, 29))
    rows = np.arange(32) - 15.5
    disc = (rows[:, None] ** 2 + rows**2 < 100).astype(np.float32)[None]
    geometry = engine.Geometry(tilts, 32)
    images = engine.forward_project(disc, geometry)
    known = np.ones(images.shape, np.float32)
    spoiled = images.copy()
    spoiled[3:6, 5:27] = 1e3
    known[3:6, 5:27] = 0
    settings = {"algorithm": "OS-SIRT", "iterations": 15, "minimum": 0.0}
    whole = engine.reconstruct(images, geometry, **settings)
    partly = engine.reconstruct(spoiled, geometry, known=known, **settings)
    assert np.abs(partly - whole).max() < 0.15
    same = engine.reconstruct(images, geometry, known=np.ones_like(known), **settings)
    assert same == pytest.approx(whole, abs=1e-5)
    with pytest.raises(ParameterError, match="FBP cannot leave out single pixels"):
        engine.reconstruct(images, geometry, algorithm="FBP", known=known)


def test_the_plan_finds_what_predicts_best():
    series = series_of("particles", dose=2000.0, seed=1)
    plan = align.plan_alignment(series.projections, TILTS)
    assert plan.candidates[-1].rank >= plan.chosen.rank
    first = next(each for each in plan.candidates if each.registration == "none")
    assert plan.chosen.rank < 0.8 * first.misfit
    assert plan.chosen.steps[0][0] == "register"


def test_a_start_that_nothing_beats_is_returned_without_an_axis_of_another():
    series = series_of("particles", dose=30.0, seed=7)
    best = refine_alignment(series.projections, TILTS, recorded(series).inverse())
    again = refine_alignment(series.projections, TILTS, best.alignment)
    assert again.misfit_after <= again.misfit_before
    assert again.accepted or (again.alignment is best.alignment and again.axis is None)
