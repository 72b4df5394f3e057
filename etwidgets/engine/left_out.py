"""How well slices predict projections that they were reconstructed without, iteration by iteration.

Knows neither how the projections are divided, nor what is concluded.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine import blocks
from etwidgets.engine.algorithms.base import Misfit
from etwidgets.engine.algorithms.table import checked_options, find_algorithm
from etwidgets.engine.memory import memory_needed
from etwidgets.engine.reconstruction import magnitude
from etwidgets.engine.runs import Run, prepare
from etwidgets.engine.team import Team
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.progress import NullProgress, Progress
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Running
    from etwidgets.engine.algorithms.record import Algorithm
    from etwidgets.engine.geometry import Geometry

_TURN_S = 0.1  # a part goes on for so long before it is another's turn: all get on about alike


@dataclass(frozen=True, eq=False)
class LeftOut:
    """How far all parts have got.

    Attributes
    ----------
    iteration
        How many iterations were done.
    squares
        ``(parts, X)``: sums of the squared differences, weighted if the data are, of the left-out projections
        and their predictions.
    """

    iteration: int
    squares: NDArray[np.float64]


def iterate_left_out(
    projections: NDArray[Any],
    geometry: Geometry,
    left_out: Sequence[Sequence[int] | NDArray[np.intp]],
    *,
    algorithm: str = "SIRT",
    minimum: float | None = None,
    maximum: float | None = None,
    weights: NDArray[Any] | None = None,
    mask: NDArray[np.bool_] | None = None,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Iterator[LeftOut]:
    """Reconstruct without a part of the projections, and predict that part after each iteration.

    All parts go on side by side. Options that depend on the number of projections are those of the whole
    series (``n_subsets`` of OS-SIRT), or in proportion (``tv_weight`` of FISTA-TV), so that a number of
    iterations means the same for a part and for the whole.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, all of them; a few slices X are enough.
    geometry
        Of all projections.
    left_out
        For each part, the indices of the projections that are left out and predicted.
    algorithm, minimum, maximum, weights, mask, model, backend, n_workers, **options
        As in :func:`etwidgets.engine.reconstruct`; BP and FBP are one iteration. The projections are
        predicted by the linear model where the algorithm's own does not project.
    progress
        Reports progress and can cancel the work.

    Yields
    ------
    LeftOut
        After each iteration. Whoever stops asking stops the work.

    Raises
    ------
    ParameterError, ShapeError, DataError
        Before the first iteration, if something does not fit.
    MemoryLimitError
        If it does not fit into the memory.
    """
    record = find_algorithm(algorithm)
    chosen = checked_options(record, options)
    data = geometry.checked_projections(projections)
    if weights is not None and len(weights) != geometry.n_angles:
        raise ShapeError(f"{len(weights)} weights for {geometry.n_angles} projections; give one for each")
    parts = [_checked_part(part, geometry.n_angles) for part in left_out]
    if not parts:
        raise ParameterError("no part of the projections is left out, so nothing can be predicted")
    needed = memory_needed(
        geometry, record.name, n_slices=len(parts) * data.shape[2], model=model, backend=backend,
        n_workers=n_workers, in_step=True,
    )  # fmt: skip
    check_memory(needed, f"{len(parts)} reconstructions of {data.shape[2]} slices by {record.name}")
    settings: dict[str, Any] = {
        "largest": magnitude(data), "minimum": minimum, "maximum": maximum, "mask": mask, "model": model,
        "backend": backend, "n_workers": n_workers,
    }  # fmt: skip
    runs = [_part(data, geometry, part, record, chosen, weights, settings) for part in parts]
    return _in_turn(runs, data.shape[2], progress or NullProgress())


@dataclass(frozen=True, eq=False)
class _Part:
    """A reconstruction without some projections, and these projections."""

    run: Run
    used: NDArray[Any]
    target: NDArray[Any]
    geometry: Geometry
    weights: NDArray[np.float32]

    def begin(self, slices: range, width: int, team: Team) -> _Job:
        """Start on a block of slices."""
        run = self.run
        running = run.method.begin(run.block(self.used, None, slices, width, team))
        model = "linear" if run.model == "interpolation" else run.model
        projector = run.backend.projector(self.geometry, model, width, team)
        target = blocks.load(self.target, slices, width, run.factor)
        misfit = Misfit(projector, target, self.weights, self.weights)
        return _Job(running, misfit, slices, run.method.n_iterations, run.factor)


@dataclass(eq=False)
class _Job:
    """One block of slices of one part."""

    running: Running
    misfit: Misfit
    slices: range
    n_iterations: int
    factor: float
    squares: list[NDArray[np.float64]] = field(default_factory=list)

    def advance(self, stop: threading.Event) -> None:
        """Iterate and predict for a while."""

        def step() -> None:
            if stop.is_set():
                raise blocks.Stopped

        began = time.monotonic()
        while len(self.squares) < self.n_iterations and time.monotonic() - began < _TURN_S:
            self.running.advance(step)
            found = self.misfit.squares(self.running.estimate)[: len(self.slices)]
            self.misfit.forget()
            self.squares.append(found / self.factor**2)


def _checked_part(part: Sequence[int] | NDArray[np.intp], n_tilts: int) -> NDArray[np.intp]:
    chosen = np.unique(np.asarray(part, dtype=np.intp))
    if chosen.size == 0 or chosen[0] < 0 or chosen[-1] >= n_tilts or n_tilts - chosen.size < 1:
        raise ParameterError(
            f"a part that is left out must be one or more of the {n_tilts} projections, and not all of them; "
            f"this one has {chosen.size}"
        )
    return chosen


def _part(
    data: NDArray[Any],
    geometry: Geometry,
    left: NDArray[np.intp],
    record: Algorithm,
    options: Any,
    weights: NDArray[Any] | None,
    settings: dict[str, Any],
) -> _Part:
    used = np.setdiff1d(np.arange(geometry.n_angles), left)
    shares = np.ones(geometry.n_angles, np.float32) if weights is None else np.asarray(weights, np.float32)
    run = prepare(
        geometry.subset(used), record, record.for_fewer(options, used.size, geometry.n_angles),
        weights=shares[used], **settings,
    )  # fmt: skip
    rows = shares[left] if shares.ndim == 2 else np.repeat(shares[left, np.newaxis], geometry.n_y, axis=1)
    return _Part(run, data[used], data[left], geometry.subset(left), np.ascontiguousarray(rows))


def _in_turn(parts: list[_Part], n_slices: int, progress: Progress) -> Iterator[LeftOut]:
    """Let the blocks of all parts go on by turns, and yield what all of them have done."""
    n_threads, n_iterations = parts[0].run.n_threads, parts[0].run.method.n_iterations
    cuts = [blocks.portions(n_slices, part.run.widths) for part in parts]
    n_jobs = sum(len(cut) for cut in cuts)
    stop = threading.Event()
    pending: dict[Future[None], _Job] = {}
    with ExitStack() as kept:
        pool = kept.enter_context(ThreadPoolExecutor(min(n_threads, n_jobs)))
        size = max(1, n_threads // n_jobs)
        teams = [[kept.enter_context(Team(size)) for _ in cut] for cut in cuts]
        progress.advance(0)
        jobs = [
            [part.begin(*portion, team) for portion, team in zip(cut, those, strict=True)]
            for part, cut, those in zip(parts, cuts, teams, strict=True)
        ]
        all_jobs = [job for row in jobs for job in row]
        done = 0
        try:
            pending = {pool.submit(job.advance, stop): job for job in all_jobs}
            while done < n_iterations:
                finished, _ = wait(pending, timeout=_TURN_S, return_when=FIRST_COMPLETED)
                progress.advance(sum(len(job.squares) for job in all_jobs) / (n_jobs * n_iterations))
                for future in finished:
                    job = pending.pop(future)
                    future.result()
                    if len(job.squares) < n_iterations:
                        pending[pool.submit(job.advance, stop)] = job
                while done < min(len(job.squares) for job in all_jobs):
                    squares = [np.concatenate([job.squares[done] for job in row]) for row in jobs]
                    done += 1
                    yield LeftOut(done, np.array(squares))
        finally:
            stop.set()
            wait(pending)
