"""Work that is cut into pieces which need nothing of each other; does not know where they are done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable


class StepProgress(NullProgress):
    """For a long function within a piece: its progress becomes steps of the piece.

    Parameters
    ----------
    step
        Of the piece.
    n_steps
        That make up the whole.
    """

    def __init__(self, step: Callable[[], None], n_steps: int) -> None:
        self._step, self._n_steps, self._done = step, n_steps, 0

    def advance(self, fraction: float, message: str = "") -> None:  # noqa: ARG002  (nobody reads it)
        """Do the steps up to ``fraction``."""
        while self._done < int(fraction * self._n_steps):
            self._done += 1
            self._step()


@dataclass(frozen=True, eq=False)
class Pieces:
    """What to do, with what, and where the results go.

    Attributes
    ----------
    work
        A function of a module, called as ``work(shared, piece, step)``: what it gives depends on the first
        two alone. It calls ``step()`` ``n_steps`` times in all, which may raise to stop it.
    shared
        What all pieces need; sent once to each worker.
    count
        How many pieces.
    piece
        ``piece(i)``: what piece ``i`` needs beyond that. Called when the piece is about to be sent, from any
        thread; sent once, and again only after the worker that had it was lost.
    take
        ``take(i, result)``: called once for each piece, from any thread, in any order.
    n_steps
        Of each piece.
    """

    work: Callable[[Any, Any, Callable[[], None]], Any]
    shared: Any
    count: int
    piece: Callable[[int], Any]
    take: Callable[[int, Any], None]
    n_steps: int = 1
