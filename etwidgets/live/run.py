"""Watches, reconstructs and keeps, until it is stopped or enough projections have come; knows no widget.

One thread looks for files. The other, which called :meth:`LiveRun.run`, takes what was found at once; what it
does when there is nothing new is broken off as soon as there is.
"""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage

from etwidgets.errors import EtwidgetsError
from etwidgets.io.watching import Arrival, Watcher
from etwidgets.live.keeping import LiveFolder
from etwidgets.live.reconstruction import LiveReconstruction
from etwidgets.live.registering import FEWEST
from etwidgets.live.results import write_results
from etwidgets.live.whole import WholeVolume
from etwidgets.progress import Cancelled, NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.live.projections import LiveProjection

_POLL_S = 0.1
_FINAL_ROUNDS = 6
_FINAL_SWEEPS = 6  # with momentum; from there on, projections that were left out are predicted no better
_KEEP_EVERY_S = 10.0


class _Until(NullProgress):
    """Breaks work off when something else is to be done."""

    def __init__(self, due: Callable[[], bool]) -> None:
        self._due = due

    def advance(self, fraction: float, message: str = "") -> None:  # noqa: ARG002  (nobody listens)
        if self._due():
            raise Cancelled


class LiveRun:
    """One live reconstruction of a folder or a growing stack.

    Parameters
    ----------
    place
        Where projections arrive.
    out
        Folder for what is kept and written; default: :func:`default_folder`. If it holds an earlier run of
        the same place, that is continued.
    until
        End by itself after so many projections; None: when stopped.
    columns
        Where slices are shown, in parts of the width.
    on_projection, on_change
        Called in the thread of :meth:`run`: for each projection, and when there is anything new to see.

    Attributes
    ----------
    live
        What there is so far.
    message
        What it is doing, in words.
    n_restored
        How many projections an earlier run had done.
    """

    def __init__(
        self,
        place: str | Path,
        out: str | Path | None = None,
        *,
        until: int | None = None,
        columns: Sequence[float] = (0.25, 0.5, 0.75),
        on_projection: Callable[[LiveProjection], None] | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.place = Path(place)
        self.out = default_folder(self.place) if out is None else Path(out)
        self.live = LiveReconstruction(columns=columns)
        self.message, self.n_restored = "waiting for the first projection", 0
        self.written: list[Path] = []
        self._until = until
        self._on_projection = on_projection or (lambda _projection: None)
        self._on_change = on_change or (lambda: None)
        self._stopped = threading.Event()
        self._found: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._pixel_size_nm: float | None = None
        self._whole: WholeVolume | None = None
        self._last_kept, self._swept = time.monotonic(), 0
        Watcher(self.place)  # raises at once where there is nothing to watch
        self.out.mkdir(parents=True, exist_ok=True)
        self._folder = LiveFolder(self.out)
        self._watcher = Watcher(self.place)

    @property
    def waiting(self) -> dict[str, str]:
        """Files that cannot be used yet, with the reason."""
        return dict(self._watcher.waiting)

    @property
    def enough(self) -> bool:
        """Whether as many projections have come as were wanted."""
        return self._until is not None and len(self.live.projections) >= self._until

    def stop(self) -> None:
        """End: what there is will be written."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped or enough, then write the aligned series and the volume.

        Raises
        ------
        FileFormatError
            If what an earlier run left is damaged.
        """
        self._restore()
        watching = threading.Thread(target=self._watch, name="etwidgets-watch", daemon=True)
        watching.start()
        try:
            _rehearse()
            self._work()
        finally:
            self._stopped.set()
            watching.join()
            if self.live.projections:
                self._finish()

    def _restore(self) -> None:
        ages = self._folder.restore(self.live, self._watcher)
        known = self.live.projections
        self.n_restored = len(known)
        self._watcher = Watcher(self.place, [each.key for each in known])
        if known:
            self._begin_whole(ages)
            self._say(f"{len(known)} projections taken up from an earlier run")

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                for arrival in self._watcher.poll():
                    self._found.put(arrival)
            except OSError as error:  # a network drive that was gone for a moment
                self._watcher.waiting = {self.place.name: str(error)}
            self._stopped.wait(_POLL_S)

    def _work(self) -> None:
        while not (self._stopped.is_set() or self.enough):
            try:
                arrival = self._found.get_nowait()
            except queue.Empty:
                if not self._idle(self._due):
                    self._wait()
                continue
            self._take(arrival)

    def _wait(self) -> None:
        end = time.monotonic() + _POLL_S
        while not self._due() and time.monotonic() < end:
            time.sleep(0.01)

    def _due(self) -> bool:
        return self._stopped.is_set() or not self._found.empty()

    def _take(self, arrival: Arrival) -> None:
        try:
            new = self.live.add(arrival.key, arrival.tilt_deg, arrival.image, arrival.completed_at)
        except EtwidgetsError as error:
            self._say(str(error))
            return
        self._pixel_size_nm = self._pixel_size_nm or arrival.pixel_size_nm
        if self._whole is None:
            self._begin_whole(None)
        if self.live.begun:
            self._folder.keep(self.live, None if self._whole is None else self._whole.ages)
        self._on_projection(new)
        self._say(new.doubts or "reconstructing")

    def _begin_whole(self, ages: NDArray[np.intp] | None) -> None:
        if self.live.begun and WholeVolume.fits(self.out, self.live):
            self._whole = WholeVolume(self._folder.whole, self.live, ages)

    def _idle(self, due: Callable[[], bool]) -> bool:
        """One piece of what can be done meanwhile; False if there is nothing."""
        live = self.live
        if not live.projections:
            return False
        try:
            if not live.settled:
                live.register_again(_Until(due))
            elif self._swept < len(live.projections):
                live.sweep_slices()
                self._swept = len(live.projections)
                self._on_change()
            elif time.monotonic() - self._last_kept > _KEEP_EVERY_S:
                self._keep()
            elif self._whole is not None and (block := self._whole.behind) is not None:
                self._whole.sweep(block, _Until(due))
            else:
                return False
        except Cancelled:
            pass
        return True

    def _keep(self) -> None:
        self._folder.keep(self.live, None if self._whole is None else self._whole.ages)
        self._folder.keep_volumes(self.live)
        self._last_kept = time.monotonic()

    def _finish(self) -> None:
        """The last registration and the last sweeps, and the files."""
        live = self.live
        self._say("finishing: registering all projections again")
        for _ in range(_FINAL_ROUNDS):
            live.register_again()
            if live.settled:
                break
        live.sweep_slices()
        if self._whole is not None:
            n_blocks = len(self._whole.ages)
            for block in range(n_blocks):
                self._whole.sweep(block, iterations=_FINAL_SWEEPS)
                self._say(f"finishing: volume, {block + 1} of {n_blocks} parts")
        self._keep()
        self.written = write_results(self.out, live, self._whole, self.place.name, self._pixel_size_nm)
        self._say(f"done: {', '.join(path.name for path in self.written)} in {self.out.name}")

    def _say(self, message: str) -> None:
        self.message = message
        self._on_change()


def _rehearse() -> None:
    """Have all compiled parts loaded before the first projection: that takes a second or two."""
    random = np.random.default_rng(0)
    live = LiveReconstruction(budget_s=0.0)
    image = scipy.ndimage.gaussian_filter(random.random((48, 48)), 2)
    for number in range(FEWEST + 1):
        live.add(str(number), 3.0 * number, image + 1e-3 * random.random(image.shape))


def default_folder(place: Path) -> Path:
    """Where a live reconstruction keeps its files unless given: ``PLACE_live`` beside the place."""
    return place.with_name(f"{place.stem if place.is_file() else place.name}_live")
