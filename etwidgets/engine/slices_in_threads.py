"""Runs a function over slices in threads and reports from the caller's thread; knows no algorithm.

ASTRA releases the interpreter lock while it computes, so threads are enough.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from etwidgets.engine.checks import checked_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.progress import Progress

_REPORT_EVERY_S = 0.1


class Stopped(Exception):  # noqa: N818  (a worker's answer to being told to stop; never leaves this package)
    """Raised in a worker by :meth:`Shared.step` after the caller was told to stop."""


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


def n_threads(n_workers: int | None, n_tasks: int) -> int:
    """How many threads to use: as asked, or as many as this process has cores; never more than tasks."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = cores if n_workers is None else checked_count("the number of threads", n_workers)
    return max(1, min(wanted, n_tasks))


def run(
    task: Callable[[int, Shared], None],
    n_tasks: int,
    *,
    steps_per_task: int,
    n_workers: int | None,
    progress: Progress,
) -> None:
    """Run ``task(index, shared)`` for every index; which thread runs which has no influence on results.

    Parameters
    ----------
    task
        Calls ``shared.step()`` ``steps_per_task`` times.
    n_tasks, steps_per_task
        How much there is to do.
    n_workers
        Threads; None: all cores.
    progress
        Called from this thread only; what it raises ends the workers at their next step, and is raised.
    """
    shared = Shared(n_tasks * steps_per_task)
    pool = ThreadPoolExecutor(n_threads(n_workers, n_tasks), thread_name_prefix="etwidgets-slice")
    try:
        progress.advance(0)
        pending = [pool.submit(task, index, shared) for index in range(n_tasks)]
        for future in pending:
            while not future.done():
                wait([future], timeout=_REPORT_EVERY_S)
                progress.advance(shared.fraction)
            future.result()
    finally:
        shared.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    progress.advance(1)
