"""Runs a function many times, in threads or a cluster, reports from the caller's thread; sees no image."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from etwidgets import cluster
from etwidgets.progress import Cancelled, NullProgress
from etwidgets.resources import n_cores

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.progress import Progress

_REPORT_EVERY_S = 0.1


class WorkerProgress(NullProgress):
    """For long functions in worker threads: hears nothing, and stops them once that was asked for."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have every function that reports here stop."""
        self._stopped.set()

    def advance(self, fraction: float, message: str = "") -> None:  # noqa: ARG002  (nobody listens)
        """Stop the function, if that was asked for."""
        if self._stopped.is_set():
            raise Cancelled


def run_pieces(pieces: cluster.Pieces, progress: Progress, message: str = "") -> None:
    """Have pieces done on the active cluster, or here on threads; the results are the same to the bit.

    Parameters
    ----------
    pieces
        What to do; releases the GIL for most of its time.
    progress, message
        As of :func:`run_all`.
    """
    place = cluster.active()
    if place is not None:
        place.run(pieces, progress, message)
        return

    def one(i: int) -> None:
        pieces.take(i, pieces.work(pieces.shared, pieces.piece(i), lambda: None))

    run_all(one, pieces.count, progress, message)


def run_all(
    function: Callable[[int], None],
    n_items: int,
    progress: Progress,
    message: str = "",
    worker: WorkerProgress | None = None,
) -> None:
    """Call ``function(i)`` for ``i`` in ``range(n_items)`` on threads, in any order.

    Parameters
    ----------
    function
        Called from worker threads; releases the GIL for most of its time.
    n_items
        How often it is called.
    progress
        Called from this thread at least every 0.1 s. What it raises stops the work: calls that have
        not begun are dropped, the running ones are waited for, and the exception goes on.
    message
        Handed to ``progress``.
    worker
        What the calls report to: it stops those that run, too.
    """
    if n_items == 0:
        return
    pool = ThreadPoolExecutor(max_workers=min(n_items, n_cores()))
    try:
        progress.advance(0, message)
        pending = {pool.submit(function, i) for i in range(n_items)}
        while pending:
            done, pending = wait(pending, timeout=_REPORT_EVERY_S, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            progress.advance(1 - len(pending) / n_items, message)
    except BaseException:
        if worker is not None:
            worker.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
