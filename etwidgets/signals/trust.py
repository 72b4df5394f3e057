"""Method, iterations and TV weight that predict left-out projections best; hands arrays to ``analysis``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.analysis.folds import spread_columns
from etwidgets.analysis.held_out import HeldOutCurve, held_out_misfit
from etwidgets.errors import ParameterError
from etwidgets.signals import reconstruction
from etwidgets.signals.engine_parameters import to_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.engine import Algorithm
    from etwidgets.options import Option
    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.tilt_series import TiltSeries

AUTO = "auto"
"""As method, number of iterations or weight: what predicts left-out projections best."""

_N_COLUMNS, _N_FOLDS = 12, 5
_FEW_FOLDS = 2  # for the search of a weight, and for methods beside the first
_MOST_ITERATIONS = 800  # of SIRT; fewer by as much as those of another are worth
_FACTORS = (1.0, 0.5, 2.0)  # of the suggested weight; once more beyond the best if that is at an end
_MARGIN = 0.02  # another weight than the suggested one, or a slower method, must be better by as much
_ERRORS = 2.0  # and such a method by as many standard errors
_COARSE = 2  # of so few sweeps one more is a large step, and the finer SIRT is tried too


@dataclass(frozen=True, eq=False)
class Trial:
    """One method with its options, and how well it predicted.

    Attributes
    ----------
    method
        Its name.
    options
        Keywords of ``TomoStack.reconstruct`` that were chosen: the iterations, a weight.
    curve
        Along the iterations.
    """

    method: str
    options: dict[str, Any]
    curve: HeldOutCurve

    @property
    def misfit(self) -> float:
        """At the chosen iterations."""
        return self.curve.least

    def __str__(self) -> str:
        words = {
            "iterations": "{} iterations",
            "dart_iterations": "{} iterations",
            "n_subsets": "{} subsets",
            "tv_weight": "TV weight {:.3g}",
        }
        chosen = [words.get(name, name + " {}").format(value) for name, value in self.options.items()]
        return ", ".join([self.method, *chosen])


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
    return any(_is_auto(name, value) for name, value in parameters.items())


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
    given = {name: AUTO if _is_auto(name, value) else value for name, value in parameters.items()}
    trials = _Trials(stack, given, follow)
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
    numbers = {name: value for name, value in chosen.items() if not _is_auto(name, value)}
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
    options, inner = _apart(parameters)
    return held_out_misfit(
        stack.data, stack.tilts_deg, iterations=iterations, thickness=parameters.get("thickness"),
        progress=progress, more=inner, **how, **options,
    )  # fmt: skip


def _apart(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The engine's options but for the number of iterations, and the inner iterations, if it has some."""
    options = to_engine(parameters)
    counted = engine.find_algorithm(options["algorithm"]).counted
    if counted is not None:
        options.pop(counted.name, None)
    return options, {name: options.pop(name) for name in ("iterations",) if name in options}


def folds_for(n_tilts: int) -> int:
    """How many folds a series can be divided into; at least two projections are left out in each."""
    return max(2, min(_N_FOLDS, n_tilts // 2))


class _Trials:
    """Tries methods on a few columns of one stack.

    Parameters
    ----------
    stack, parameters, follow
        As of :func:`choose`.
    """

    def __init__(
        self,
        stack: TiltSeries,
        parameters: Mapping[str, Any],
        follow: Callable[[HeldOutCurve], None] | None,
    ) -> None:
        self._parameters, self._follow = parameters, follow
        self._columns = spread_columns(stack.data, _N_COLUMNS)
        self._data = np.asarray(stack.data[:, :, self._columns])
        self._tilts_deg, self._stack = stack.tilts_deg, stack

    def of(self, algorithm: Algorithm, progress: Progress, folds: int | None = None) -> Trial:
        """The best that a method can do with what is given and what is to be chosen."""
        weight = self._open_weight(algorithm)
        if weight is None:
            return self._run(algorithm, {}, folds, progress)
        suggested = float(weight.suggest(self._stack.data)) if weight.suggest is not None else 1.0
        found: dict[float, Trial] = {}

        def trial(factor: float, begin: int, end: int, *, whole: bool = False) -> Trial:
            value = float(f"{factor * suggested:.3g}")
            part = progress.part(begin / steps, end / steps)
            return self._run(algorithm, {weight.user_keyword: value}, _FEW_FOLDS, part, whole=whole)

        steps = len(_FACTORS) + 3  # the last run, of all iterations, takes as long as two of half of them
        for number, factor in enumerate(_FACTORS):
            found[factor] = trial(factor, number, number + 1)
        best = min(found, key=lambda factor: found[factor].misfit)
        if best != 1:
            found[best * best] = trial(best * best, steps - 3, steps - 2)
        best = min(found, key=lambda factor: found[factor].misfit)
        if found[best].misfit >= (1 - _MARGIN) * found[1.0].misfit:
            best = 1.0
        if self._halved(algorithm):
            return trial(best, steps - 2, steps, whole=True)
        return found[best]

    def chooses(self, algorithm: Algorithm) -> bool:
        """Whether something of a method is to be chosen."""
        return self._count(algorithm)[1] or self._open_weight(algorithm) is not None

    def _open_weight(self, algorithm: Algorithm) -> Option | None:
        """The option that is to be chosen beside the iterations, if there is one."""
        for option in algorithm.parameters.values():
            value = self._parameters.get(option.user_keyword)
            free = value is None and option.required and self._parameters.get("method") == AUTO
            if option.suggest is not None and (value == AUTO or free):
                return option
        return None

    def _run(
        self,
        algorithm: Algorithm,
        chosen: Mapping[str, Any],
        folds: int | None,
        progress: Progress,
        *,
        whole: bool = True,
    ) -> Trial:
        given = {name: value for name, value in self._parameters.items() if not _is_auto(name, value)}
        if self._parameters.get("method") == AUTO:
            usual = algorithm.automatic_options(len(self._tilts_deg))
            chosen = {**{name: value for name, value in usual.items() if name not in given}, **chosen}
        given |= {"method": algorithm.name, **chosen}
        count, open_ended = self._count(algorithm)
        tried = count if whole or not self._halved(algorithm) else count // 2
        options, inner = _apart(given)
        n_folds = folds_for(len(self._tilts_deg))
        curve = held_out_misfit(
            self._data, self._tilts_deg, columns=range(len(self._columns)), iterations=tried,
            thickness=given.get("thickness"), stop_early=open_ended, n_folds=n_folds, more=inner,
            only_folds=None if folds is None else min(folds, n_folds),
            follow=self._follow, progress=progress.part(0, 1, title=f"leaving out: {algorithm.name}"),
            **options,
        )  # fmt: skip
        curve = replace(curve, columns=self._columns)
        if algorithm.counted is not None and open_ended:
            number = count if algorithm.settles_after else curve.recommended
            chosen = {algorithm.counted.user_keyword: number, **chosen}
        else:
            curve = replace(curve, at_end=True)
        return Trial(algorithm.name, dict(chosen), curve)

    def _halved(self, algorithm: Algorithm) -> bool:
        """Whether weights are compared after half of the iterations: if their number is not given.

        Methods are not: where there is little noise, the misfit still falls by then.
        """
        return bool(algorithm.settles_after) and self._count(algorithm)[1]

    def _count(self, algorithm: Algorithm) -> tuple[int, bool]:
        """How many iterations at most, and whether their number is to be chosen."""
        if algorithm.counted is None:
            return 1, False
        given = self._parameters.get(algorithm.counted.user_keyword, algorithm.counted.default)
        if self._parameters.get("method") != AUTO and given != AUTO:
            return int(given), False
        return algorithm.settles_after or max(2, round(_MOST_ITERATIONS / algorithm.worth)), True


def _best_method(trials: _Trials, progress: Progress) -> tuple[Trial, list[Trial], str]:
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
        trial = trials.of(candidate, progress.part(begin, begin + part), _FEW_FOLDS)
        tried.append(trial)
        lower, error = trial.curve.lower_than(best.curve)
        if lower > max(_MARGIN, _ERRORS * error):
            best = trial
    others = "; ".join(f"{each}: {each.misfit:.3g}" for each in tried if each is not best)
    beside = f" Also tried: {others}." if others else ""
    return (
        best,
        tried,
        f"{best}: held-out misfit {best.misfit:.3g}, no other method was clearly better.{beside}",
    )


def _is_auto(name: str, value: Any) -> bool:
    if not isinstance(value, str) or value.lower() != AUTO:
        return False
    options = engine.all_options().values()
    open_ended = {each.user_keyword for each in options if each.counts_iterations or each.suggest}
    return name == "method" or name in open_ended
