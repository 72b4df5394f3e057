"""How well a reconstruction predicts projections it was made without, along its iterations; knows no signal.

The residual on the data themselves falls for ever, also when only noise is fitted. The misfit of projections
that were left out (held out) falls as long as the volume becomes truer, and rises again.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.analysis.folds import gap_folds, spread_columns, thin_folds
from etwidgets.checks import MOST_ITERATIONS, checked_count, checked_reals
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

KINDS = ("thin", "gap", "both")
"""Ways to leave projections out: every k-th, a block of neighboring tilts, or first one, then the other."""

_REPORT_EVERY_S = 0.2
_PATIENCE = 5  # iterations beyond the minimum, at least; and half as many as lead to it
_FLAT_PART, _FLAT = 2 / 3, 1e-3  # falls by less than a thousandth in its last third: done


@dataclass(frozen=True, eq=False)
class HeldOutCurve:
    """Misfit of projections that were left out, along the iterations.

    Attributes
    ----------
    algorithm
        Of the reconstruction.
    iterations
        ``(N,)``: 1, 2, ...; of a direct algorithm only 1.
    squares
        ``(N, F, X)``: squared differences of the projections left out in each fold from their predictions, of
        each column; in units of the data.
    norms
        ``(F, X)``: the squares of these projections themselves; may be 0 in an empty column.
    is_gap
        ``(F,)``: whether the fold leaves out a block of neighboring tilts.
    columns
        ``(X,)`` indices along x.
    counts
        Whether the algorithm has iterations.
    at_end
        Whether the last iteration is what counts, and not the least misfit: of an algorithm that settles,
        such as FISTA-TV, or where the number of iterations is given.
    """

    algorithm: str
    iterations: NDArray[np.intp]
    squares: NDArray[np.float64]
    norms: NDArray[np.float64]
    is_gap: NDArray[np.bool_]
    columns: NDArray[np.intp]
    counts: bool = True
    at_end: bool = False

    @cached_property
    def misfit(self) -> NDArray[np.float64]:
        """``(N,)``: root of the squared differences over that of the projections, of the folds that decide.

        These are the folds that thin out, if there are any (see :func:`held_out_misfit`).
        """
        return self._pooled(self._deciding)

    @property
    def thin(self) -> NDArray[np.float64]:
        """``(N,)``: the misfit of the folds that thin out; NaN if there are none."""
        return self._pooled(~self.is_gap)

    @property
    def gap(self) -> NDArray[np.float64]:
        """``(N,)``: the misfit of the folds that leave a gap; NaN if there are none."""
        return self._pooled(self.is_gap)

    @property
    def misfits(self) -> NDArray[np.float64]:
        """``(N, F, X)``: the misfit of each fold and column; NaN where a column is empty."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.norms > 0, np.sqrt(self.squares / self.norms), np.nan)

    @cached_property
    def best(self) -> int:
        """Index of the least misfit, or the last one if that counts."""
        return len(self.iterations) - 1 if self.at_end else int(self.misfit.argmin())

    @property
    def recommended(self) -> int:
        """The fewest iterations that are as good as those with the least misfit (:attr:`flat`)."""
        return int(self.iterations[self.best if self.at_end else int(self.flat.argmax())])

    @property
    def least(self) -> float:
        """The least misfit, or that after the last iteration if that counts."""
        return float(self.misfit[self.best])

    @property
    def still_falling(self) -> bool:
        """Whether the misfit fell to the end, so that more iterations might be better."""
        least = int(self.misfit.argmin())
        return self.counts and least == len(self.iterations) - 1 and not _hardly_falls(self.misfit)

    @cached_property
    def standard_error(self) -> NDArray[np.float64]:
        """``(N,)``: of the difference between this misfit and the least, from its spread.

        The greater of that over columns and that over folds. The noise of the projections is the same after
        each iteration and drops out of the difference. 0 if there are one column and one fold.
        """
        chosen = self._deciding
        rise = self.squares[:, chosen] - self.squares[self.best, chosen]
        total = max(float(self.norms[chosen].sum()), 1e-300)
        errors = [_error_of_sum(rise.sum(axis=axis)) for axis in (1, 2)]
        return np.asarray(np.maximum(*errors) / total / np.maximum(2 * self.misfit, 1e-12))

    @cached_property
    def flat(self) -> NDArray[np.bool_]:
        """``(N,)``: where the misfit is within one standard error of the least; numbers of like worth."""
        within = self.misfit - self.least <= self.standard_error
        first = last = self.best
        while first > 0 and within[first - 1]:
            first -= 1
        while last < len(within) - 1 and within[last + 1]:
            last += 1
        return (np.arange(len(within)) >= first) & (np.arange(len(within)) <= last)

    def lower_than(self, other: HeldOutCurve) -> tuple[float, float]:
        """By which part the least misfit is below that of another curve, and the standard error of that.

        On the folds that both have, which must begin alike, and the same columns.
        """
        ours = self.squares[self.best, self._deciding]
        theirs = other.squares[other.best, other._deciding]
        count = min(len(ours), len(theirs))
        saved = theirs[:count] - ours[:count]
        total = 2 * max(float(theirs[:count].sum()), 1e-300)
        errors = [float(_error_of_sum(saved.sum(axis=axis)[np.newaxis])[0]) for axis in (0, 1)]
        return float(saved.sum()) / total, max(errors) / total

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if not self.counts:
            return f"{self.algorithm}: held-out misfit {self.least:.3g}."
        if self.at_end:
            return f"{self.algorithm}: held-out misfit {self.least:.3g} after {self.recommended} iterations."
        numbers = self.iterations[self.flat]
        if self.still_falling:
            return (
                f"{self.algorithm}: the held-out misfit still falls after {self.iterations[-1]} iterations "
                f"({self.least:.3g}); more may be better."
            )
        span = f" ({numbers[0]} to {numbers[-1]} are as good)" if len(numbers) > 1 else ""
        return (
            f"{self.algorithm}: stop after {self.recommended} iterations{span}; "
            f"held-out misfit {self.least:.3g}."
        )

    @property
    def _deciding(self) -> NDArray[np.bool_]:
        return self.is_gap if self.is_gap.all() else ~self.is_gap

    def _pooled(self, folds: NDArray[np.bool_]) -> NDArray[np.float64]:
        total = self.norms[folds].sum()
        if total == 0:
            return np.full(len(self.iterations), np.nan)
        return np.asarray(np.sqrt(self.squares[:, folds].sum(axis=(1, 2)) / total))


def held_out_misfit(
    projections: NDArray[Any],
    tilts_deg: NDArray[Any] | Sequence[float],
    *,
    algorithm: str = "OS-SIRT",
    iterations: int = 100,
    thickness: int | None = None,
    columns: Sequence[int] | None = None,
    n_columns: int = 12,
    n_folds: int = 5,
    leave_out: str = "thin",
    gap_deg: float = 14.0,
    only_folds: int | None = None,
    stop_early: bool = False,
    least_iterations: int = 0,
    follow: Callable[[HeldOutCurve], None] | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
    **options: Any,
) -> HeldOutCurve:
    """Leave projections out in turn, and see after each iteration how well a few slices predict them.

    All folds go on side by side, and all columns of a fold together; each fold is one run, whatever the
    number of iterations.

    Parameters
    ----------
    projections
        ``(T, Y, X)`` real, finite numbers, aligned: the tilt axis is parallel to x and in the middle. A
        background that is not part of the specimen must be subtracted first: nothing predicts it, so
        that it hides differences, and the volume that it calls for is not there.
    tilts_deg
        ``(T,)`` degrees.
    algorithm
        In any letter case. A direct one (FBP, BP) has one point.
    iterations
        How many, at most.
    thickness
        Rows of the slices; default: the height of the projections.
    columns, n_columns
        Indices along x; default: ``n_columns`` of :func:`etwidgets.analysis.spread_columns`.
    n_folds
        Reconstructions, each without one part of the projections.
    leave_out
        ``"thin"``: every ``n_folds``-th projection; ``"gap"``: those within ``gap_deg`` degrees;
        ``"both"``: the former decide, the latter are worked out as well. On phantoms the former find the
        number of iterations that is best in truth, and the latter ask for too many where there is much noise
        (see the documentation).
    only_folds
        Only so many of the folds are used, which takes less time and is less certain; default: all.
    stop_early
        End where the misfit has long been rising, or hardly falls; not of an algorithm that settles.
    least_iterations
        Go on so far even then.
    follow
        Called with the curve as far as it is, about every 0.2 s, in this thread.
    progress
        Reports progress and can cancel the work; if it wants the work finished, the curve ends where it is.
    more
        Options of the algorithm whose names are also parameters here (the inner ``iterations`` of DART).
    **options
        Of :func:`etwidgets.engine.reconstruct`: ``minimum``, ``maximum``, ``weights``, ``mask``, ``model``,
        ``backend``, ``n_workers``, and those of the algorithm.

    Returns
    -------
    HeldOutCurve
        Its ``recommended`` number of iterations is the smallest without measurably more than the least
        misfit; of FISTA-TV, which settles, the last.

    Raises
    ------
    ParameterError, ShapeError, DataError
        If something does not fit, or all projections are 0.
    MemoryLimitError
        If it does not fit into the memory.

    Notes
    -----
    Cross-validation (Stone 1974, doi:10.1111/j.2517-6161.1974.tb00994.x) over projections, with the
    one-standard-error rule (Hastie, Tibshirani and Friedman 2009, doi:10.1007/978-0-387-84858-7). It says
    nothing about what lies in the missing wedge, which no projection shows. Limits that are put on the result
    only (CGLS) are left aside: a result that was cut at 0 predicts too much.
    """
    record, options = engine.find_algorithm(algorithm), {**options, **(more or {})}
    tilts = checked_reals("tilts", tilts_deg).ravel()
    height = np.shape(projections)[1] if np.ndim(projections) == 3 else 1
    geometry = engine.Geometry(np.deg2rad(tilts), height, thickness)
    folds, is_gap = _folds(tilts, leave_out, n_folds, gap_deg, only_folds)
    data, chosen = _columns(projections, columns, n_columns)
    if record.counted is not None:
        options[record.counted.name] = checked_count("iterations", iterations, highest=MOST_ITERATIONS)
    if record.limits_at_end:
        options = {name: value for name, value in options.items() if name not in ("minimum", "maximum")}
    listener = progress or NullProgress()
    steps = engine.iterate_left_out(
        data, geometry, folds, algorithm=record.name, progress=listener.part(0, 1, title="leaving out"),
        **options,
    )  # fmt: skip
    norms = _norms(data, folds, options.get("weights"))

    def curve(squares: list[NDArray[np.float64]]) -> HeldOutCurve:
        return HeldOutCurve(
            record.name, np.arange(1, len(squares) + 1), np.array(squares), norms, is_gap, chosen,
            counts=record.iterative, at_end=record.settles_after is not None,
        )  # fmt: skip

    found: list[NDArray[np.float64]] = []
    told = 0.0
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            found.append(step.squares)
            if follow is not None and time.monotonic() - told > _REPORT_EVERY_S:
                follow(curve(found))
                told = time.monotonic()
            so_far = curve(found)
            enough = stop_early and not so_far.at_end and _is_enough(so_far.misfit)
            enough = enough and len(found) >= least_iterations
            if listener.finish_requested or enough:
                break
    result = curve(found)
    if follow is not None:
        follow(result)
    listener.advance(1)
    return result


def _is_enough(misfit: NDArray[np.float64]) -> bool:
    """Whether the minimum lies well behind, or the misfit hardly falls."""
    done, best = len(misfit), int(misfit.argmin()) + 1
    if done - best >= max(_PATIENCE, best // 2):
        return True
    return _hardly_falls(misfit)


def _hardly_falls(misfit: NDArray[np.float64]) -> bool:
    done = len(misfit)
    return done > 3 * _PATIENCE and bool(misfit[-1] > (1 - _FLAT) * misfit[int(done * _FLAT_PART)])


def _folds(
    tilts: NDArray[np.float64], leave_out: str, n_folds: int, gap_deg: float, only: int | None
) -> tuple[list[NDArray[np.intp]], NDArray[np.bool_]]:
    if leave_out not in KINDS:
        raise ParameterError(f"what is left out must be one of {', '.join(KINDS)}, not {leave_out!r}")
    some = None if only is None else checked_count("only_folds", only, highest=n_folds)
    thin = thin_folds(tilts, n_folds)[:some] if leave_out != "gap" else []
    gap = gap_folds(tilts, n_folds, gap_deg)[:some] if leave_out != "thin" else []
    return [*thin, *gap], np.repeat([False, True], [len(thin), len(gap)])


def _columns(
    projections: NDArray[Any], columns: Sequence[int] | None, n_columns: int
) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The projections ``(T, Y, columns)`` and the indices of the columns."""
    given = projections if hasattr(projections, "dtype") else np.asarray(projections)  # may be lazy
    if given.ndim != 3 or given.dtype.kind not in "biuf":
        return np.asarray(given), np.empty(0, np.intp)  # the engine refuses it
    width = given.shape[2]
    chosen = spread_columns(given, n_columns) if columns is None else np.unique(np.asarray(columns, int))
    if chosen.size == 0 or chosen[0] < 0 or chosen[-1] >= width:
        raise ParameterError(f"columns must be between 0 and {width - 1}, not {columns}")
    data = np.asarray(given[:, :, chosen])
    if not data.any():
        raise DataError(f"the projections are 0 in the columns {chosen.tolist()}; choose others")
    return data, chosen


def _norms(
    data: NDArray[Any], folds: list[NDArray[np.intp]], weights: NDArray[Any] | None
) -> NDArray[np.float64]:
    shares = np.ones(len(data)) if weights is None else np.asarray(weights, dtype=np.float64)
    shares = shares.reshape(*shares.shape, *(1,) * (3 - shares.ndim))
    squares = shares * np.square(data, dtype=np.float64)
    return np.array([squares[fold].sum(axis=(0, 1)) for fold in folds])


def _error_of_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error ``(N,)`` of the sums over the rows ``(N, M)``."""
    count = values.shape[1]
    return np.sqrt(count) * values.std(axis=1, ddof=1) if count > 1 else np.zeros(len(values))
