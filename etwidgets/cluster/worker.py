"""What runs on the workers: a piece, which tells how far it is and stops when asked to; knows no client."""

from __future__ import annotations

import importlib.metadata
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from distributed import get_worker

from etwidgets.errors import ClusterError
from etwidgets.progress import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_stopped: set[str] = set()  # runs of any client that this process is to leave off


@cache
def version() -> str:
    """Of etwidgets, in this process."""
    return importlib.metadata.version("etwidgets")


async def stop(run: str) -> None:
    """Have this worker leave off all pieces of a run; asynchronous, so that nobody need wait for it."""
    _stopped.add(run)


def do(
    work: Callable[[Any, Any, Callable[[], None]], Any],
    shared: Any,
    piece: Any,
    *,
    run: str,
    number: int,
    every_s: float,
    client_version: str,
) -> Any:
    """Do a piece of a run; how far it is goes to the topic of that name, at most every so many seconds.

    Raises
    ------
    Cancelled
        If the run was stopped.
    ClusterError
        If the client has another version, which may have other results.
    """
    if version() != client_version:
        raise ClusterError(
            f"a worker has etwidgets {version()}, and this process {client_version}; install the same on both"
        )
    worker, told, count = get_worker(), time.monotonic(), 0

    def step() -> None:
        nonlocal told, count
        if run in _stopped:
            raise Cancelled
        count += 1
        now = time.monotonic()
        if now - told >= every_s:
            told = now
            worker.log_event(run, (number, count))

    return work(shared, piece, step)
