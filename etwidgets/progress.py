"""All that a long function knows of the outside world: how far it is, and whether to stop.

Must not know who listens: no widget, no thread, no terminal but the plain text bar of scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm


class Cancelled(Exception):  # noqa: N818  (stopping on request is no fault)
    """Raised by :meth:`Progress.advance` when the user asked to stop; nothing was changed."""


class Progress:
    """Told by a long function how far it is.

    A long function calls :meth:`advance` at least every 0.2 s or so. A listener overrides
    :meth:`advance`; raising :class:`Cancelled` there stops the function.
    """

    def advance(self, fraction: float, message: str = "") -> None:
        """Report that ``fraction`` (0 to 1) of the work is done.

        Raises
        ------
        Cancelled
            If the listener wants the work to stop.
        """
        raise NotImplementedError

    def part(self, start: float, stop: float, *, may_finish: bool = True, title: str = "") -> Progress:
        """Progress of a part of the work: its 0..1 maps to ``start..stop`` of this one.

        Without ``may_finish`` the part is done to its end, even where the whole may be finished early. A
        title is shown if the part itself has none.
        """
        return _Part(self, start, stop, may_finish=may_finish, title=title)

    @property
    def may_finish(self) -> bool:
        """Whether the listener may ask for what there is; iterations then go on in step for all slices."""
        return False

    @property
    def finish_requested(self) -> bool:
        """Whether the listener wants what there is, now."""
        return False

    iterations_done: int | None = None
    """After a run that was finished early: how many iterations it did; otherwise None."""

    def finished(self, iterations: int) -> None:
        """Report that the run ends early, as was asked for, after so many iterations."""
        self.iterations_done = iterations


class FinishAfter(Progress):
    """Has a run finished early, and finds out when, so that it can be repeated.

    Parameters
    ----------
    whole
        Hears how far the run is; it decides when to finish where ``after`` is None.
    after
        How often the run goes on when it asks :attr:`finish_requested`, before it is to finish; it must ask
        in the same order each time.
    """

    def __init__(self, whole: Progress, after: int | None = None) -> None:
        self._whole, self._after, self._asked, self._finishes = whole, after, 0, False

    def advance(self, fraction: float, message: str = "") -> None:
        """Pass it on."""
        self._whole.advance(fraction, message)

    @property
    def may_finish(self) -> bool:
        """As the whole."""
        return self._whole.may_finish

    @property
    def finish_requested(self) -> bool:
        """Whether to finish; once it is so, it stays so."""
        if not self._finishes:
            wanted = self._whole.finish_requested if self._after is None else self._asked >= self._after
            self._finishes = wanted
            if wanted:
                self._whole.finished(self._asked)
            self._asked += 1
        return self._finishes


class NullProgress(Progress):
    """Nobody listens; never cancels."""

    def advance(self, fraction: float, message: str = "") -> None:
        """Do nothing."""


class BarProgress(Progress):
    """A text bar for scripts and notebooks.

    Parameters
    ----------
    title
        Shown at the left of the bar.
    """

    def __init__(self, title: str = "") -> None:
        from tqdm import tqdm  # here, for only scripts that ask for a bar pay for it

        self._bar: tqdm = tqdm(
            total=100, desc=title, bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        )

    def advance(self, fraction: float, message: str = "") -> None:  # noqa: ARG002  (a bar has no room for it)
        """Move the bar to ``fraction`` (0 to 1); closes it at 1."""
        self._bar.n = round(100 * fraction)
        self._bar.refresh()
        if fraction >= 1:
            self._bar.close()


class _Part(Progress):
    def __init__(self, whole: Progress, start: float, stop: float, *, may_finish: bool, title: str) -> None:
        self._whole, self._start, self._stop, self._may_finish = whole, start, stop, may_finish
        self._title = title

    def advance(self, fraction: float, message: str = "") -> None:
        self._whole.advance(self._start + fraction * (self._stop - self._start), message or self._title)

    @property
    def may_finish(self) -> bool:
        return self._may_finish and self._whole.may_finish

    @property
    def finish_requested(self) -> bool:
        return self._may_finish and self._whole.finish_requested
