"""The held-out misfit has its minimum where the volume is truest; its folds and columns are what they say."""

from contextlib import closing

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.analysis import gap_folds, held_out_misfit, spread_columns, thin_folds
from etwidgets.analysis.held_out import HeldOutRun
from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.progress import Progress
from etwidgets.simulation import ellipsoid_series, ellipsoid_volume, specimen

SHAPE, TILTS = (48, 32), np.linspace(-60, 60, 41)
BODIES = specimen("needle", SHAPE, seed=1)


def series(dose):
    return ellipsoid_series(
        BODIES, shape_yx=SHAPE, tilts_deg=TILTS, dose=dose, drift_px=0, jitter_px=0, jump_px=0, flicker=0,
        dark=0, axis_rotation_deg=0, axis_shift_px=0,
    ).aligned  # fmt: skip


@pytest.fixture(scope="module")
def noisy():
    return series(60)


def test_thin_folds_are_every_kth_tilt_and_together_all():
    tilts = np.array([0.0, -2, 2, -4, 4, -6, 6, -8, 8, 10])  # as acquired by turns
    folds = thin_folds(tilts, 5)
    assert tilts[folds[0]].tolist() == [2, -8]
    assert sorted(np.concatenate(folds)) == list(range(10))


def test_gaps_are_blocks_of_tilts_over_the_whole_range():
    folds = gap_folds(TILTS, 3, 15)
    assert [(TILTS[fold].min(), TILTS[fold].max()) for fold in folds] == [(-36, -24), (-6, 6), (24, 36)]
    assert [len(fold) for fold in gap_folds(TILTS, 4, 0.1)] == [1, 1, 1, 1]


def test_columns_are_where_there_is_matter():
    data = np.zeros((4, 5, 100))
    data[:, 2, 20:30] = 10
    data[:, 2, 30:60] = 1
    data += 0.1  # a background tells nothing
    data[:, :, 90:] = 0
    columns = spread_columns(data, 12)
    assert ((columns >= 20) & (columns < 30)).sum() >= 8
    assert columns.max() < 90
    assert spread_columns(np.ones((2, 2, 3)), 12).tolist() == [0, 1, 2]


def test_without_noise_it_keeps_falling():
    curve = held_out_misfit(series(None), TILTS, iterations=12, n_columns=4)
    assert (np.diff(curve.misfit) < 0).all()
    assert curve.still_falling
    assert curve.recommended == 12
    assert "more may be better" in curve.sentence


@pytest.mark.parametrize(("algorithm", "iterations"), [("OS-SIRT", 25), ("SIRT", 90), ("CGLS", 12)])
def test_its_minimum_is_where_the_volume_is_truest(noisy, algorithm, iterations):
    curve = held_out_misfit(noisy, TILTS, algorithm=algorithm, iterations=iterations, minimum=0.0)
    truth = ellipsoid_volume(BODIES, SHAPE)
    steps = engine.iterate(
        np.moveaxis(noisy, 2, 0), engine.Geometry(np.deg2rad(TILTS), SHAPE[0]), algorithm=algorithm,
        iterations=iterations, minimum=0.0,
    )  # fmt: skip
    unit = float(noisy.sum() / len(TILTS) / truth.sum())
    errors = np.array([np.linalg.norm(step.estimate / unit - truth) for step in steps])
    assert errors[curve.recommended - 1] < 1.05 * errors.min()
    assert not curve.still_falling
    assert errors[-1] > 1.1 * errors.min()


def test_gaps_are_worked_out_beside_what_decides(noisy):
    both = held_out_misfit(noisy, TILTS, iterations=8, leave_out="both", n_columns=3)
    thin, gap = (
        held_out_misfit(noisy, TILTS, iterations=8, leave_out=k, n_columns=3) for k in ("thin", "gap")
    )
    assert both.is_gap.tolist() == [False] * 5 + [True] * 5
    assert both.misfit.tolist() == both.thin.tolist() == thin.misfit.tolist()
    assert both.gap.tolist() == gap.misfit.tolist() == gap.gap.tolist()
    assert np.isnan(thin.gap).all()


def test_an_empty_column_changes_nothing(noisy):
    wider = np.concatenate([noisy, np.zeros_like(noisy[:, :, :1])], axis=2)
    without = held_out_misfit(noisy, TILTS, iterations=5, columns=[3, 9])
    with_one = held_out_misfit(wider, TILTS, iterations=5, columns=[3, 9, 32])
    assert with_one.misfit == pytest.approx(without.misfit, rel=1e-6)
    assert np.isnan(with_one.misfits[:, :, 2]).all()
    assert np.isfinite(with_one.standard_error).all()


def test_the_flat_region_is_about_the_minimum_and_within_its_error(noisy):
    curve = held_out_misfit(noisy, TILTS, iterations=20, minimum=0.0)
    numbers = curve.iterations[curve.flat]
    assert curve.recommended == numbers[0]
    assert curve.best + 1 in numbers
    assert (np.diff(numbers) == 1).all()
    assert curve.standard_error[curve.best] == 0
    assert (curve.misfit[curve.flat] - curve.least <= curve.standard_error[curve.flat]).all()
    single = held_out_misfit(noisy, TILTS, iterations=3, columns=[5], only_folds=1)
    assert single.standard_error.tolist() == [0, 0, 0]


def test_it_ends_early_where_nothing_more_is_to_be_found(noisy):
    whole = held_out_misfit(noisy, TILTS, iterations=25, minimum=0.0)
    early = held_out_misfit(noisy, TILTS, iterations=25, minimum=0.0, stop_early=True)
    assert early.recommended == whole.recommended
    assert early.recommended + 5 <= len(early.iterations) < 25
    assert early.misfit.tolist() == whole.misfit[: len(early.iterations)].tolist()


def test_what_settles_is_recommended_to_its_end(noisy):
    curve = held_out_misfit(
        noisy, TILTS, algorithm="FISTA-TV", iterations=40, minimum=0.0, only_folds=1, n_columns=4,
        stop_early=True, tv_weight=engine.suggested_tv_weight(noisy),
    )  # fmt: skip
    assert curve.recommended == 40
    assert curve.least == curve.misfit[-1] < 1.01 * curve.misfit.min()
    assert curve.sentence == f"FISTA-TV: held-out misfit {curve.least:.3g} after 40 iterations."


def test_it_can_be_followed_and_finished(noisy):
    class Enough(Progress):
        finish_requested = property(lambda self: True)

        def advance(self, fraction, message=""):
            pass

    seen = []
    curve = held_out_misfit(noisy, TILTS, n_columns=2, follow=seen.append, progress=Enough())
    assert curve.iterations.tolist() == [1]
    assert [len(each.iterations) for each in seen] == [1, 1]


def test_a_run_that_goes_on_later_is_that_of_one_go(noisy):
    options = {"algorithm": "FISTA-TV", "tv_weight": 3.0, "minimum": 0.0, "n_columns": 4, "only_folds": 2}
    whole = held_out_misfit(noisy, TILTS, iterations=9, **options)
    run, heard = HeldOutRun(noisy, TILTS, iterations=9, **options), Fractions()
    with closing(run):
        half = run.until(4, progress=heard)
        assert np.array_equal(half.squares, whole.squares[:4])
        assert heard.seen[-1] == 1
        heard.seen.clear()
        later = run.until(9, progress=heard)
    assert np.array_equal(later.squares, whole.squares)
    assert heard.seen == sorted(heard.seen)


class Fractions(Progress):
    def __init__(self):
        self.seen = []

    def advance(self, fraction, message=""):
        self.seen.append(fraction)


def test_a_direct_method_has_one_point(noisy):
    curve = held_out_misfit(noisy, TILTS, algorithm="fbp", minimum=0.0)
    assert curve.iterations.tolist() == [1]
    assert not curve.still_falling
    assert curve.sentence == f"FBP: held-out misfit {curve.least:.3g}."
    better = held_out_misfit(noisy, TILTS, algorithm="OS-SIRT", iterations=6, minimum=0.0)
    part, error = better.lower_than(curve)
    assert part > 3 * error > 0
    assert part == pytest.approx((1 - (better.least / curve.least) ** 2) / 2)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"leave_out": "some"}, ParameterError, "thin, gap, both"),
        ({"n_folds": 1}, ParameterError, "at least 2"),
        ({"n_folds": 21}, ParameterError, "41 projections are too few for 21 folds"),
        ({"leave_out": "gap", "gap_deg": 60.0}, ParameterError, "below 40 deg, so that 5 gaps"),
        ({"columns": [32]}, ParameterError, "columns must be between 0 and 31"),
        ({"iterations": 0}, ParameterError, "iterations"),
        ({"only_folds": 6}, ParameterError, "only_folds"),
        ({"algorithm": "SIRTY"}, ParameterError, "unknown algorithm"),
    ],
)
def test_wrong_parameters_are_refused(noisy, changed, error, words):
    with pytest.raises(error, match=words):
        held_out_misfit(noisy, TILTS, **changed)


def test_wrong_data_are_refused(noisy):
    with pytest.raises(DataError, match="all projections are 0"):
        held_out_misfit(0 * noisy, TILTS)
    with pytest.raises(DataError, match="0 in the columns"):
        held_out_misfit(0 * noisy, TILTS, columns=[1])
    with pytest.raises(ShapeError):
        held_out_misfit(noisy[0], TILTS)
    with pytest.raises(DataError, match="NaN"):
        held_out_misfit(np.where(noisy > 50, np.nan, noisy), TILTS, columns=[1])
