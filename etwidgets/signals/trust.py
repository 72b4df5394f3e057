"""Method, iterations and TV weight that predict left-out projections best; hands arrays to ``analysis``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etwidgets import engine
from etwidgets.analysis.held_out import held_out_misfit
from etwidgets.errors import ParameterError
from etwidgets.signals import reconstruction
from etwidgets.signals.trials import AUTO, FEW_FOLDS, MARGIN, Trial, Trials, apart, folds_for, is_auto

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.analysis.held_out_curve import HeldOutCurve
    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.tilt_series import TiltSeries

_ERRORS = 2.0  # and such a method by as many standard errors
_COARSE = 2  # of so few sweeps one more is a large step, and the finer SIRT is tried too


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen for a reconstruction, and why.

    Attributes
    ----------
    algorithm
        The method.
    options
        Keywords of ``TomoStack.reconstruct`` that were chosen, as numbers.
    parameters
        All keywords that were given, with what was chosen in place of ``"auto"``.
    reason
        In a sentence.
    curve
        Of the choice.
    tried
        All that were tried, in order; of a method with a weight, only its best.
    """

    algorithm: str
    options: dict[str, Any]
    parameters: dict[str, Any]
    reason: str
    curve: HeldOutCurve
    tried: tuple[Trial, ...]


def is_automatic(parameters: Mapping[str, Any]) -> bool:
    """Whether something is to be chosen: the method, a number of iterations, or a weight."""
    return any(is_auto(name, value) for name, value in parameters.items())


def choose(
    stack: TiltSeries,
    parameters: Mapping[str, Any],
    progress: Progress,
    follow: Callable[[HeldOutCurve], None] | None = None,
) -> Choice:
    """Choose what is ``"auto"`` among the parameters of ``TomoStack.reconstruct``.

    Parameters
    ----------
    stack
        Aligned, without background.
    parameters
        ``"auto"`` may be ``method`` (then iterations and weight are chosen too), ``iterations``, or
        ``tv_weight``.
    progress
        Reports progress and can cancel the work.
    follow
        Called with each curve as far as it is.

    Raises
    ------
    ParameterError
        If nothing is to be chosen, or the method has no such parameter.
    """
    stack._check_layout(frames=False)
    reconstruction.geometry(stack)
    given = {name: AUTO if is_auto(name, value) else value for name, value in parameters.items()}
    trials = Trials(stack, given, follow)
    if given.get("method") != AUTO:
        algorithm = engine.find_algorithm(given.get("method", "FBP"))
        if not trials.chooses(algorithm):
            raise ParameterError(
                f"{algorithm.name} has nothing that 'auto' could choose; it is for method, for the "
                "iterations of iterative methods, and for tv_weight of FISTA-TV"
            )
        best = trials.of(algorithm, progress)
        tried = [best]
        reason = f"{best}: held-out misfit {best.misfit:.3g}."
    else:
        best, tried, reason = _best_method(trials, progress)
    chosen = {**parameters, "method": best.method, **best.options}
    numbers = {name: value for name, value in chosen.items() if not is_auto(name, value)}
    progress.advance(1)
    return Choice(best.method, best.options, numbers, reason, best.curve, tuple(tried))


def reconstructed(stack: TiltSeries, parameters: Mapping[str, Any], progress: Progress) -> RecStack:
    """The volume, once what is ``"auto"`` has been chosen; the choice is noted in its metadata.

    The note is ``metadata.Tomography.held_out``: ``reason``, ``algorithm``, and the curve (``iterations``,
    ``misfit``, ``standard_error``).
    """
    if not is_automatic(parameters):
        return reconstruction.reconstruct(stack, parameters, progress)
    choice = choose(stack, parameters, progress.part(0, 0.5, may_finish=False))
    volume = reconstruction.reconstruct(stack, choice.parameters, progress.part(0.5, 1))
    note(volume, choice)
    return volume


def note(volume: RecStack, choice: Choice) -> None:
    """Write into the metadata of a volume why it was made in the way it was."""
    volume.metadata.set_item(
        "Tomography.held_out",
        {
            "reason": choice.reason,
            "algorithm": choice.algorithm,
            "iterations": choice.curve.iterations,
            "misfit": choice.curve.misfit,
            "standard_error": choice.curve.standard_error,
        },
    )


def curve_of(
    stack: TiltSeries, parameters: Mapping[str, Any], iterations: int, progress: Progress, **how: Any
) -> HeldOutCurve:
    """The held-out misfit of a stack; parameters as of ``TomoStack.reconstruct``, ``how`` of the folds."""
    how.setdefault("n_folds", folds_for(len(stack.tilts_deg)))
    options, inner = apart(parameters)
    return held_out_misfit(
        stack.data, stack.tilts_deg, iterations=iterations, thickness=parameters.get("thickness"),
        progress=progress, more=inner, **how, **options,
    )  # fmt: skip


def _best_method(trials: Trials, progress: Progress) -> tuple[Trial, list[Trial], str]:
    """The fastest method that is good; a slower one only if it is clearly better."""
    candidates = [each for each in engine.algorithms().values() if each.automatic]
    candidates.sort(key=lambda each: -each.worth)
    part = 1 / (len(candidates) + 1)
    best = trials.of(candidates[0], progress.part(0, part))
    if best.curve.recommended <= _COARSE:
        candidates.insert(1, engine.find_algorithm("SIRT"))
    tried, part = [best], (1 - part) / max(1, len(candidates) - 1)
    for number, candidate in enumerate(candidates[1:]):
        begin = 1 - part * (len(candidates) - 1 - number)
        trial = trials.of(candidate, progress.part(begin, begin + part), FEW_FOLDS)
        tried.append(trial)
        lower, error = trial.curve.lower_than(best.curve)
        if lower > max(MARGIN, _ERRORS * error):
            best = trial
    others = "; ".join(f"{each}: {each.misfit:.3g}" for each in tried if each is not best)
    beside = f" Also tried: {others}." if others else ""
    return (
        best,
        tried,
        f"{best}: held-out misfit {best.misfit:.3g}, no other method was clearly better.{beside}",
    )
