"""What is "auto" is chosen by left-out projections, and written down as numbers that give the same volume."""

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.analysis.held_out import HeldOutRun
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress
from etwidgets.signals import TomoStack, trust
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 31)


@pytest.fixture(scope="module")
def stack():
    made = ellipsoid_series(
        "needle", shape_yx=(40, 24), tilts_deg=TILTS, dose=40, drift_px=0, jitter_px=0, jump_px=0,
        flicker=0, dark=0, axis_rotation_deg=0, axis_shift_px=0,
    )  # fmt: skip
    return TomoStack(made.aligned, TILTS)


def rebuilt(stack, volume):
    """The volume made again from what is written in the metadata of a volume."""
    noted = volume.metadata.Tomography.reconstruction.as_dictionary()
    own = {name: noted[name] for name in ("iterations", "tv_weight") if name in noted}
    return stack.reconstruct(noted["algorithm"], constrain=True, show_progressbar=False, **own)


def test_the_iterations_are_chosen_and_noted_as_a_number(stack):
    volume = stack.reconstruct("OS-SIRT", iterations="auto", constrain=True, show_progressbar=False)
    number = volume.metadata.Tomography.reconstruction.iterations
    curve = stack.held_out_misfit("OS-SIRT", iterations=number + 5)
    assert number == curve.recommended
    note = volume.metadata.Tomography.held_out
    assert note.misfit[: len(curve.misfit)] == pytest.approx(curve.misfit[: len(note.misfit)])
    assert note.reason == f"OS-SIRT, {number} iterations: held-out misfit {curve.least:.3g}."
    assert np.array_equal(volume.data, rebuilt(stack, volume).data)


def test_the_method_is_chosen_with_all_that_it_needs(stack):
    volume = stack.reconstruct("Auto", constrain=True, show_progressbar=False)
    noted = volume.metadata.Tomography.reconstruction
    assert noted.algorithm in ("OS-SIRT", "FISTA-TV")
    assert "auto" not in (noted.iterations, noted.get_item("tv_weight", default=0))
    assert np.array_equal(volume.data, rebuilt(stack, volume).data)


def test_a_slower_method_must_be_clearly_better(stack):
    asked = {"method": "auto", "constrain": True}
    choice = trust.choose(stack, asked, NullProgress())
    first, *others = choice.tried
    assert first.method == "OS-SIRT"
    for other in others:
        lower, error = other.curve.lower_than(first.curve)
        assert (choice.algorithm == other.method) == (lower > max(0.02, 2 * error))
        assert other.curve.iterations[-1] == other.options["iterations"]  # not before it has settled
        assert f"{other}" in choice.reason
    assert choice.parameters == {**asked, "method": choice.algorithm, **choice.options}
    assert asked["method"] == "auto"


def test_the_tv_weight_is_the_best_of_some(stack):
    suggested = engine.suggested_tv_weight(stack.data)
    given = {"method": "FISTA-TV", "constrain": True, "iterations": 12}
    choice = trust.choose(stack, given | {"tv_weight": "auto"}, NullProgress())
    assert choice.options["tv_weight"] / suggested in (0.25, 0.5, 1.0, 2.0, 4.0)
    assert choice.parameters["iterations"] == 12
    assert choice.curve.recommended == 12
    for factor in (0.1, 10):
        curve = stack.held_out_misfit(**given, tv_weight=factor * suggested)
        assert choice.curve.lower_than(curve)[0] > 0  # on the folds that both have


def test_no_iteration_of_a_trial_is_done_twice(stack, monkeypatch):
    begun = []

    class Counted(HeldOutRun):
        def close(self):
            begun.append(len(self.curve.iterations))
            super().close()

    monkeypatch.setattr("etwidgets.signals.trials.HeldOutRun", Counted)
    given = {"method": "FISTA-TV", "constrain": True, "iterations": "auto", "tv_weight": "auto"}
    choice = trust.choose(stack, given, NullProgress())
    whole = choice.options["iterations"]
    assert sorted(begun) == [whole // 2] * (len(begun) - 1) + [whole]
    assert choice.curve.iterations[-1] == whole


def test_a_lazy_stack_gets_the_same(stack):
    lazy, eager = (
        each.reconstruct("OS-SIRT", iterations="auto", constrain=True, show_progressbar=False)
        for each in (stack.as_lazy(), stack)
    )
    numbers = [each.metadata.Tomography.reconstruction.iterations for each in (lazy, eager)]
    assert numbers[0] == numbers[1] < 20


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "FBP", "iterations": "auto"}, "FBP has nothing that 'auto' could choose"),
        ({"method": "DART", "iterations": "auto", "gray_levels": [0, 1]}, "DART has nothing"),
        ({"method": "SIRT", "thickness": "auto"}, "thickness"),
        ({"method": "SIRT", "iterations": "many"}, "iterations"),
    ],
)
def test_what_cannot_be_chosen_is_refused(stack, given, words):
    with pytest.raises(ParameterError, match=words):
        stack.reconstruct(**given, show_progressbar=False)
