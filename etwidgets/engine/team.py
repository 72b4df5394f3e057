"""Threads that share the work on one block; knows no array.

The kernels run without the interpreter's lock in threads of our own: numba's parallel loops abort the
process when two threads start one at the same time, and here a preview and a full run do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from etwidgets.checks import checked_count
from etwidgets.resources import n_cores

if TYPE_CHECKING:
    from collections.abc import Callable


def checked_workers(n_workers: int | None) -> int:
    """Threads to use: as asked, or one for each core."""
    return n_cores() if n_workers is None else checked_count("the number of threads", n_workers)


class Team:
    """A few threads, the caller's among them; use as a context manager.

    Parameters
    ----------
    size
        How many; with 1 everything is done by the caller.
    """

    def __init__(self, size: int = 1) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size - 1, thread_name_prefix="etwidgets-team") if size > 1 else None

    def __enter__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Team], tuple[()]]:
        """In another process it is the caller alone."""
        return Team, ()

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def share(self, work: Callable[[int, int], None], n_items: int, grain: int = 1) -> None:
        """Call ``work(start, stop)`` for parts that together are ``range(n_items)``, and wait for all.

        Parameters
        ----------
        work
            Writes what belongs to its part and nothing else.
        n_items
            How much there is.
        grain
            Parts begin at its multiples.
        """
        n_grains = -(-n_items // grain)
        n_parts = min(self.size, n_grains)
        if n_parts <= 1 or self._pool is None:
            work(0, n_items)
            return
        edges = [min(n_grains * part // n_parts * grain, n_items) for part in range(n_parts + 1)]
        others = [self._pool.submit(work, start, stop) for start, stop in pairwise(edges[1:])]
        try:
            work(edges[0], edges[1])
        finally:
            for other in others:
                other.result()
