"""Trials of methods on a few columns of a series: iterations and a weight are chosen for each."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.analysis.folds import spread_columns
from etwidgets.analysis.held_out import HeldOutRun
from etwidgets.signals.engine_parameters import to_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.analysis.held_out_curve import HeldOutCurve
    from etwidgets.engine import Algorithm
    from etwidgets.options import Option
    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

AUTO = "auto"
"""As method, number of iterations or weight: what predicts left-out projections best."""

_N_COLUMNS, _N_FOLDS = 12, 5
FEW_FOLDS = 2  # for the search of a weight, and for methods beside the first
_MOST_ITERATIONS = 800  # of SIRT; fewer by as much as those of another are worth
_FACTORS = (1.0, 0.5, 2.0)  # of the suggested weight; once more beyond the best if that is at an end
MARGIN = 0.02  # another weight than the suggested one, or method, must be better by as much


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


def apart(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The engine's options but for the number of iterations, and the inner iterations, if it has some."""
    options = to_engine(parameters)
    counted = engine.find_algorithm(options["algorithm"]).counted
    if counted is not None:
        options.pop(counted.name, None)
    return options, {name: options.pop(name) for name in ("iterations",) if name in options}


def folds_for(n_tilts: int) -> int:
    """How many folds a series can be divided into; at least two projections are left out in each."""
    return max(2, min(_N_FOLDS, n_tilts // 2))


def is_auto(name: str, value: Any) -> bool:
    """Whether a parameter of ``TomoStack.reconstruct`` is to be chosen."""
    if not isinstance(value, str) or value.lower() != AUTO:
        return False
    options = engine.all_options().values()
    open_ended = {each.user_keyword for each in options if each.counts_iterations or each.suggest}
    return name == "method" or name in open_ended


@dataclass(frozen=True, eq=False)
class _Going:
    """A trial under way, which can go further later."""

    algorithm: Algorithm
    chosen: dict[str, Any]
    run: HeldOutRun
    count: int
    open_ended: bool
    columns: NDArray[np.intp]
    follow: Callable[[HeldOutCurve], None] | None

    def until(self, iterations: int, progress: Progress) -> Trial:
        """What it is after so many iterations in all."""
        part = progress.part(0, 1, title=f"leaving out: {self.algorithm.name}")
        curve = self.run.until(iterations, stop_early=self.open_ended, follow=self.follow, progress=part)
        curve, chosen = replace(curve, columns=self.columns), self.chosen
        if self.algorithm.counted is not None and self.open_ended:
            number = self.count if self.algorithm.settles_after else curve.recommended
            chosen = {self.algorithm.counted.user_keyword: number, **chosen}
        else:
            curve = replace(curve, at_end=True)
        return Trial(self.algorithm.name, dict(chosen), curve)

    def close(self) -> None:
        """Let its workers go."""
        self.run.close()


class Trials:
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
            with closing(self._begin(algorithm, {}, folds)) as only:
                return only.until(only.count, progress)
        suggested = float(weight.suggest(self._stack.data)) if weight.suggest is not None else 1.0
        steps = len(_FACTORS) + 2
        begun: dict[float, _Going] = {}
        found: dict[float, Trial] = {}
        with ExitStack() as kept:

            def try_(factor: float) -> None:
                value, done = float(f"{factor * suggested:.3g}"), len(found)
                going = self._begin(algorithm, {weight.user_keyword: value}, FEW_FOLDS)
                begun[factor] = kept.enter_context(closing(going))
                part = progress.part(done / steps, (done + 1) / steps)
                found[factor] = going.until(self._enough_for_weights(algorithm), part)

            for factor in _FACTORS:
                try_(factor)
            best = min(found, key=lambda factor: found[factor].misfit)
            if best != 1:
                try_(best * best)
            best = min(found, key=lambda factor: found[factor].misfit)
            if found[best].misfit >= (1 - MARGIN) * found[1.0].misfit:
                best = 1.0
            return begun[best].until(begun[best].count, progress.part(1 - 1 / steps, 1))

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

    def _begin(self, algorithm: Algorithm, chosen: Mapping[str, Any], folds: int | None) -> _Going:
        """A trial that has not done anything yet; it must be closed."""
        given = {name: value for name, value in self._parameters.items() if not is_auto(name, value)}
        if self._parameters.get("method") == AUTO:
            usual = algorithm.automatic_options(len(self._tilts_deg))
            chosen = {**{name: value for name, value in usual.items() if name not in given}, **chosen}
        given |= {"method": algorithm.name, **chosen}
        count, open_ended = self._count(algorithm)
        options, inner = apart(given)
        n_folds = folds_for(len(self._tilts_deg))
        run = HeldOutRun(
            self._data, self._tilts_deg, columns=range(len(self._columns)), iterations=count,
            thickness=given.get("thickness"), n_folds=n_folds, more=inner,
            only_folds=None if folds is None else min(folds, n_folds), **options,
        )  # fmt: skip
        return _Going(algorithm, dict(chosen), run, count, open_ended, self._columns, self._follow)

    def _enough_for_weights(self, algorithm: Algorithm) -> int:
        """After how many iterations weights are compared: half of them, if their number is not given.

        Methods are not: where there is little noise, the misfit still falls by then.
        """
        count, open_ended = self._count(algorithm)
        return count // 2 if algorithm.settles_after and open_ended else count

    def _count(self, algorithm: Algorithm) -> tuple[int, bool]:
        """How many iterations at most, and whether their number is to be chosen."""
        if algorithm.counted is None:
            return 1, False
        given = self._parameters.get(algorithm.counted.user_keyword, algorithm.counted.default)
        if self._parameters.get("method") != AUTO and given != AUTO:
            return int(given), False
        return algorithm.settles_after or max(2, round(_MOST_ITERATIONS / algorithm.worth)), True
