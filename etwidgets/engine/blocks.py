"""Cuts a stack into blocks of slices and runs them in threads; knows no algorithm."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Running
    from etwidgets.progress import Progress

    Portion = tuple[range, int]

_REPORT_EVERY_S = 0.1
_ROUND_S = 0.2  # blocks wait for each other about so often, and no request waits much longer


class Stopped(Exception):  # noqa: N818  (a worker's response to a request to stop; never leaves this package)
    """Raised in a worker by :meth:`Shared.step` after the caller was asked to stop."""


class Shared:
    """What the workers and the caller's thread share: how much is done, and whether to go on."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps = max(n_steps, 1)
        self._n_done = 0
        self._lock = threading.Lock()
        self.stop = threading.Event()

    def step(self) -> None:
        """A worker has done one more step.

        Raises
        ------
        Stopped
            If the work is to end.
        """
        with self._lock:
            self._n_done += 1
        if self.stop.is_set():
            raise Stopped

    @property
    def fraction(self) -> float:
        """The part of all steps that is done, 0 to 1."""
        return min(self._n_done / self._n_steps, 1.0)


def portions(n_slices: int, widths: Sequence[int]) -> list[Portion]:
    """Which slices go together, each with the width of their block (the smallest that holds them)."""
    cut: list[Portion] = []
    first = 0
    while first < n_slices:
        left = n_slices - first
        width = next((width for width in widths if width >= left), widths[-1])
        cut.append((range(first, min(first + width, n_slices)), width))
        first += width
    return cut


def team_sizes(n_blocks: int, n_threads: int) -> list[int]:
    """Threads for each block: one, but the last blocks share all threads if there are not enough of them."""
    n_last = n_blocks % n_threads
    return [1] * (n_blocks - n_last) + [n_threads // n_last] * n_last if n_last else [1] * n_blocks


def run(
    work: Callable[[range, int, Team, Callable[[], None]], None],
    cut: Sequence[Portion],
    *,
    n_threads: int,
    n_steps: int,
    progress: Progress,
) -> None:
    """Call ``work(slices, width, team, step)`` for every block; results do not depend on the threads.

    Parameters
    ----------
    work
        Calls ``step()`` ``n_steps`` times.
    cut
        From :func:`portions`.
    n_threads
        For all blocks together.
    n_steps
        Of each block.
    progress
        Called from this thread only; what it raises ends the workers at their next step, and is raised.
    """
    shared = Shared(len(cut) * n_steps)

    def block(portion: Portion, team_size: int) -> None:
        with Team(team_size) as team:
            work(*portion, team, shared.step)

    pool = ThreadPoolExecutor(min(n_threads, len(cut)), thread_name_prefix="etwidgets-block")
    try:
        progress.advance(0)
        sizes = team_sizes(len(cut), n_threads)
        pending = [pool.submit(block, *each) for each in zip(cut, sizes, strict=True)]
        for future in pending:
            while not future.done():
                wait([future], timeout=_REPORT_EVERY_S)
                progress.advance(shared.fraction)
            future.result()
    finally:
        shared.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    progress.advance(1)


def run_in_step(
    begin: Callable[[range, int, Team], Running],
    finish: Callable[[range, Running], None],
    cut: Sequence[Portion],
    *,
    n_threads: int,
    n_iterations: int,
    n_steps: int,
    progress: Progress,
) -> int:
    """Bring all blocks forward together, so that the work can be finished early with all slices alike.

    Holds all blocks at once. The results are those of :func:`run`, and depend on no thread.

    Parameters
    ----------
    begin
        Makes a block ready.
    finish
        Takes its estimate over.
    cut
        From :func:`portions`.
    n_threads
        For all blocks together.
    n_iterations
        Of each block, at most.
    n_steps
        Of each block, in all its iterations, which need not be equally long; they are the progress.
    progress
        Called from this thread only; what it raises ends the work, and is raised; may want it finished.

    Returns
    -------
    int
        Iterations that were done.
    """
    progress.advance(0)
    with ExitStack() as kept:
        pool = kept.enter_context(ThreadPoolExecutor(min(n_threads, len(cut))))
        teams = [kept.enter_context(Team(size)) for size in team_sizes(len(cut), n_threads)]
        slices, widths = zip(*cut, strict=True)
        blocks = list(pool.map(begin, slices, widths, teams))
        shared = Shared(len(cut) * n_steps)
        done, count = 0, 1
        while done < n_iterations and not (done and progress.finish_requested):
            count = min(count, n_iterations - done)
            began = time.monotonic()
            _advance(pool, blocks, count, shared, progress)
            done += count
            if time.monotonic() - began < _ROUND_S:
                count *= 2
        for part in slices:
            finish(part, blocks.pop(0))  # its memory is free for the next
    progress.advance(1)
    return done


def _advance(
    pool: ThreadPoolExecutor, blocks: Sequence[Running], count: int, shared: Shared, progress: Progress
) -> None:
    """Some iterations of every block; ends them when ``progress`` raises."""

    def work(block: Running) -> None:
        for _ in range(count):
            block.advance(shared.step)

    pending = [pool.submit(work, block) for block in blocks]
    try:
        for future in pending:
            while not future.done():
                wait([future], timeout=_REPORT_EVERY_S)
                progress.advance(shared.fraction)
            future.result()
    except BaseException:
        shared.stop.set()
        raise
    finally:
        wait(pending)


def load(stack: NDArray[Any], slices: range, width: int, factor: float = 1.0) -> NDArray[np.float32]:
    """A block ``(rows, columns, width)`` of ``(rows, columns, X)``, times a factor; missing lanes are 0."""
    block = aligned((*stack.shape[:2], width))
    part = stack[:, :, slices.start : slices.stop]
    if factor == 1:
        block[..., : len(slices)] = part
    else:
        np.multiply(part, factor, out=block[..., : len(slices)], casting="unsafe")
    return block
