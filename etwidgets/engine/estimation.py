"""How long a reconstruction will take on this machine, and how much memory: from a probe of a few steps."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count
from etwidgets.engine import blocks
from etwidgets.engine.algorithms.table import checked_options, find_algorithm
from etwidgets.engine.geometry import Geometry
from etwidgets.engine.memory import check_memory_of
from etwidgets.engine.runs import Run, prepare, usable_widths
from etwidgets.engine.team import Team

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.engine.algorithms.record import Algorithm
    from etwidgets.engine.blocks import Portion

_PROBE_S = 0.2  # a step more only as long as this is not over
_TRIES, _LONG_PROBE_S = 3, 0.5


@dataclass(frozen=True)
class Estimate:
    """What a reconstruction will take.

    Attributes
    ----------
    seconds
        From beginning to end, with the machine as busy as it is now.
    n_bytes
        At the peak, the volume among them, the projections not.
    """

    seconds: float
    n_bytes: int


class _Enough(Exception):  # noqa: N818  (ends a probe; never leaves this module)
    pass


@dataclass
class _Times:
    """Seconds of processor time that the parts of one block took, and of all: by the clock as well."""

    begin: float
    step: float
    end: float
    processor: float
    clock: float


def estimate(
    geometry: Geometry,
    algorithm: str = "FBP",
    iterations: int = 20,
    *,
    n_slices: int = 1,
    minimum: float | None = None,
    maximum: float | None = None,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    **options: Any,
) -> Estimate:
    """Seconds and bytes of :func:`reconstruct`, before it is begun.

    A few steps are run on blocks of the real size in all threads, for a few tenths of a second (large
    slices: as long as two steps take), and multiplied by what there is to do.

    Parameters
    ----------
    geometry, algorithm, iterations, minimum, maximum, model, backend, n_workers, **options
        As in :func:`reconstruct`; what must be given there need not be here.
    n_slices
        Slices along x.

    Raises
    ------
    ParameterError, MissingDependencyError, MemoryLimitError
        As :func:`reconstruct`.
    """
    record = find_algorithm(algorithm)
    n_slices = checked_count("n_slices", n_slices)
    chosen = checked_options(record, {"iterations": iterations, **options, **record.examples})
    n_bytes = check_memory_of(
        geometry, record.name, n_slices=n_slices, model=model, backend=backend, n_workers=n_workers
    )
    _compile(geometry, record, chosen, model, backend, n_workers)
    began = time.perf_counter()
    run = prepare(
        geometry, record, chosen, minimum=minimum, maximum=maximum, model=model, backend=backend,
        n_workers=n_workers,
    )  # fmt: skip
    shared = time.perf_counter() - began
    cut = blocks.portions(n_slices, run.widths)
    return Estimate(shared + _seconds(run, cut), n_bytes)


def _compile(
    geometry: Geometry, record: Algorithm, chosen: Any, model: str | None, backend: str, n_workers: int | None
) -> None:
    """Compile what a run needs, on a geometry of next to nothing: that is paid once, not per run."""
    small = Geometry(geometry.angles_rad, 8, 8)
    run = prepare(small, record, chosen, model=model, backend=backend, n_workers=n_workers)
    for width in usable_widths(run.backend, geometry, run.method):
        _timed_block(run, range(1), width, 1)


def _seconds(run: Run, cut: list[Portion]) -> float:
    """Processor time of the slowest block, for all rounds of blocks, stretched as other work stretches it."""
    sizes = blocks.team_sizes(len(cut), run.n_threads)
    probes = list(zip(cut, sizes, strict=True))[: run.n_threads]
    tries: list[_Times] = []
    began = time.perf_counter()
    with ThreadPoolExecutor(len(probes)) as pool:
        for _ in range(_TRIES):
            if time.perf_counter() - began > _LONG_PROBE_S:
                break
            pending = [pool.submit(_timed_block, run, *portion, size) for portion, size in probes]
            tries += [each.result() for each in pending]
    n_rounds, n_last = divmod(len(cut), run.n_threads)
    rounds = n_rounds + (1 / sizes[-1] if n_last and n_rounds else float(n_rounds == 0))
    return whole_run(tries, run.method.n_steps, rounds)


def whole_run(tries: Sequence[_Times], n_steps: int, rounds: float) -> float:
    """Seconds by the clock of a run of so many steps in so many rounds of blocks, from what was tried.

    A run meets fresh memory in every block, as a first try does: of beginning and end the slowest counts, of
    the steps, which go on in warm caches, the median. Processor time is hardly changed by what else
    runs; how much longer the wall clock takes is the mean over all tries, because a single fast try is not
    representative.
    """
    begin, end = max(each.begin for each in tries), max(each.end for each in tries)
    step = median(each.step for each in tries)
    processor = sum(each.processor for each in tries)
    stretch = sum(each.clock for each in tries) / processor if processor > 0 else 1.0
    return rounds * (begin + n_steps * step + end) * max(stretch, 1.0)


def _timed_block(run: Run, slices: range, width: int, team_size: int) -> _Times:
    stack = np.broadcast_to(np.float32(1), (run.geometry.n_angles, run.geometry.n_y, slices.stop))
    began = time.perf_counter()
    ticks: list[float] = []

    def step() -> None:
        ticks.append(time.thread_time())
        if len(ticks) > 2 and time.perf_counter() - began > _PROBE_S:
            raise _Enough

    with Team(team_size) as team:
        start = time.thread_time()
        running = run.method.begin(run.block(stack, None, slices, width, team))
        ticks.append(time.thread_time())
        with suppress(_Enough):
            for _ in range(run.method.n_iterations):
                running.advance(step)
        # the first step finds cold caches; it is left out where there is another
        first = 1 if len(ticks) > 2 else 0
        each = (ticks[-1] - ticks[first]) / (len(ticks) - 1 - first)
        end = time.thread_time()
        volumes = np.empty((len(slices), run.geometry.n_z, run.geometry.n_y), np.float32)
        run.hand_over(running.estimate, volumes)
        stop = time.thread_time()
    return _Times(ticks[0] - start, each, stop - end, stop - start, time.perf_counter() - began)


def warm_up() -> None:
    """Compile the kernels that most runs need, or fetch them from disk; a later run begins at once.

    Takes some 10 s the first time on a machine, and below a second afterwards. Safe in any thread, and
    twice.
    """
    geometry = Geometry([0.0, 0.1], 8)
    for name in ("FBP", "SIRT", "CGLS", "FISTA-TV"):
        record = find_algorithm(name)
        _compile(
            geometry, record, checked_options(record, {"iterations": 1, **record.examples}), None, "cpu", 1
        )
