"""How well a reconstruction predicts projections it was made without, along its iterations; knows no signal.

The residual on the data themselves falls for ever, also when only noise is fitted. The misfit of projections
that were left out (held out) falls as long as the volume becomes truer, and rises again.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.analysis.folds import gap_folds, spread_columns, thin_folds
from etwidgets.analysis.held_out_curve import HeldOutCurve, is_enough
from etwidgets.checks import MOST_ITERATIONS, checked_count, checked_reals
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

KINDS = ("thin", "gap", "both")
"""Ways to leave projections out: every k-th, a block of neighboring tilts, or first one, then the other."""

_REPORT_EVERY_S = 0.2


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
    listener = progress or NullProgress()
    run = HeldOutRun(
        projections, tilts_deg, algorithm=algorithm, iterations=iterations, thickness=thickness,
        columns=columns, n_columns=n_columns, n_folds=n_folds, leave_out=leave_out, gap_deg=gap_deg,
        only_folds=only_folds, more=more, **options,
    )  # fmt: skip
    with closing(run):
        return run.until(
            iterations, stop_early=stop_early, least_iterations=least_iterations, follow=follow,
            progress=listener,
        )  # fmt: skip


class HeldOutRun:
    """Folds that go on by and by: the curve to some iterations now, and further later.

    It must be closed. Parameters as of :func:`held_out_misfit`; ``iterations`` is as far as it can go.
    """

    def __init__(
        self,
        projections: NDArray[Any],
        tilts_deg: NDArray[Any] | Sequence[float],
        *,
        algorithm: str,
        iterations: int,
        thickness: int | None = None,
        columns: Sequence[int] | None = None,
        n_columns: int = 12,
        n_folds: int = 5,
        leave_out: str = "thin",
        gap_deg: float = 14.0,
        only_folds: int | None = None,
        more: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._record, options = engine.find_algorithm(algorithm), {**options, **(more or {})}
        tilts = checked_reals("tilts", tilts_deg).ravel()
        height = np.shape(projections)[1] if np.ndim(projections) == 3 else 1
        geometry = engine.Geometry(np.deg2rad(tilts), height, thickness)
        folds, self._is_gap = _folds(tilts, leave_out, n_folds, gap_deg, only_folds)
        data, self._columns = _columns(projections, columns, n_columns)
        self._most = 1
        if self._record.counted is not None:
            self._most = checked_count("iterations", iterations, highest=MOST_ITERATIONS)
            options[self._record.counted.name] = self._most
        if self._record.limits_at_end:
            options = {name: value for name, value in options.items() if name not in ("minimum", "maximum")}
        self._relay = _Relay()
        self._steps = engine.iterate_left_out(
            data, geometry, folds, algorithm=self._record.name, progress=self._relay, **options
        )
        self._norms = _norms(data, folds, options.get("weights"))
        self._found: list[NDArray[np.float64]] = []

    @property
    def curve(self) -> HeldOutCurve:
        """As far as it is."""
        return HeldOutCurve(
            self._record.name, np.arange(1, len(self._found) + 1), np.array(self._found), self._norms,
            self._is_gap, self._columns, counts=self._record.iterative,
            at_end=self._record.settles_after is not None,
        )  # fmt: skip

    def until(
        self,
        iterations: int,
        *,
        stop_early: bool = False,
        least_iterations: int = 0,
        follow: Callable[[HeldOutCurve], None] | None = None,
        progress: Progress,
    ) -> HeldOutCurve:
        """Go on until so many iterations are done in all; as :func:`held_out_misfit`."""
        told, goal = 0.0, min(iterations, self._most)
        self._relay.begin(
            progress.part(0, 1, title="leaving out"), len(self._found) / self._most, goal / self._most
        )
        while len(self._found) < goal:
            step = next(self._steps, None)
            if step is None:
                break
            self._found.append(step.squares)
            if follow is not None and time.monotonic() - told > _REPORT_EVERY_S:
                follow(self.curve)
                told = time.monotonic()
            if progress.finish_requested:
                break
            so_far = self.curve
            enough = stop_early and not so_far.at_end and is_enough(so_far.misfit)
            if enough and len(self._found) >= least_iterations:
                break
        result = self.curve
        if follow is not None:
            follow(result)
        progress.advance(1)
        return result

    def close(self) -> None:
        """Let the workers go."""
        self._steps.close()  # type: ignore[attr-defined]


class _Relay(Progress):
    """Tells whoever listens now of its part of a run."""

    def __init__(self) -> None:
        self.begin(NullProgress(), 0.0, 1.0)

    def begin(self, listener: Progress, start: float, stop: float) -> None:
        """From now on it is another one's, from one fraction of the run to another."""
        self._listener, self._start, self._size = listener, start, max(stop - start, 1e-9)

    def advance(self, fraction: float, message: str = "") -> None:
        """Pass it on."""
        self._listener.advance(min(max((fraction - self._start) / self._size, 0.0), 1.0), message)


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
