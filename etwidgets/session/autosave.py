"""The session as it goes, on disk: its steps at once, and behind them what was expensive; runs nothing."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from etwidgets import kept_sessions
from etwidgets.atomic import atomic_path
from etwidgets.errors import FileFormatError
from etwidgets.kept_sessions import About
from etwidgets.session import saving
from etwidgets.session.kept_results import ResultsKeeper

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.session.history import State
    from etwidgets.session.kept_results import Results
    from etwidgets.session.saving import Saved

_log = logging.getLogger(__name__)
_THUMBNAIL_PX = 96
_PERCENTILES = (1, 99.5)


class Autosave:
    """Keeps one session in a folder of its own.

    Parameters
    ----------
    folder
        Of all sessions; made if it is not there.
    name
        Of the session; default: a new one. If there is a session of that name that nobody works on, it is
        taken over: :meth:`saved` says what it was.

    Attributes
    ----------
    folder
        Of this session.
    results
        What was expensive to compute.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        kept_sessions.tidy(folder, but=name)
        self._root = folder
        kept = None if name is None else kept_sessions.read_kept(folder / name)
        self._go_on_in(name if name is not None and not (kept and kept.about.at_work) else _new_name())
        if kept is not None and kept.folder == self.folder:
            self._claim(kept)

    def saved(self) -> Saved | None:
        """The session that was found in the folder, or None if there is none that can be read."""
        try:
            return saving.read(self.folder / kept_sessions.STEPS)
        except (FileFormatError, OSError):
            return None

    def write(self, saved: Saved, source: str) -> None:
        """Keep the steps; ``source`` is what was opened, in words.

        Raises
        ------
        OSError
            If they cannot be written; what was kept before is still there.
        """
        self.folder.mkdir(exist_ok=True)
        saving.write(self.folder / kept_sessions.STEPS, saved)
        kept_sessions.write_about(self.folder, _about(saved, source, **kept_sessions.this_process()))

    def keep_results(self, results: Results) -> str:
        """Keep the state that the steps led to, if it was expensive, and a small picture of it.

        Returns
        -------
        str
            Empty, or why not, in words.
        """
        if not self.folder.is_dir():
            return ""  # the session was closed meanwhile
        try:
            _write_thumbnail(self.folder / kept_sessions.THUMBNAIL, results.state)
            return self.results.keep(results) if results.worth_keeping else ""
        except OSError as error:
            _log.warning("results cannot be kept in %s", self.folder, exc_info=True)
            return f"the results cannot be kept on disk ({error.strerror or error})"

    def take(self, kept: kept_sessions.KeptSession) -> None:
        """Go on in the folder of another session; what this one did stays in its own, to be continued."""
        self.release()
        self._go_on_in(kept.name)
        self._claim(kept)

    def set_aside(self) -> None:
        """Leave what is in the folder as it is, to be continued another time, and go on in a new one."""
        self.release()
        self._go_on_in(_new_name())

    def release(self) -> None:
        """Work on it no more; what was kept stays."""
        kept = kept_sessions.read_kept(self.folder)
        if kept is not None:
            kept_sessions.write_about(self.folder, replace(kept.about, process=0, started_at=0.0))

    def _go_on_in(self, name: str) -> None:
        self.folder = self._root / name
        self.results = ResultsKeeper(self.folder)

    def _claim(self, kept: kept_sessions.KeptSession) -> None:
        kept_sessions.write_about(kept.folder, replace(kept.about, **kept_sessions.this_process()))

    def discard(self) -> None:
        """The session was closed: nothing is left to continue."""
        kept_sessions.KeptSession(self.folder, About("", 0, "", 0.0)).discard()


def begin_autosave(folder: Path, name: str | None = None) -> Autosave | None:
    """An autosave in a folder, or None where it cannot be made: the work goes on without."""
    try:
        return Autosave(folder, name)
    except OSError:
        _log.warning("sessions cannot be kept in %s", folder, exc_info=True)
        return None


def leftovers(folder: Path) -> list[kept_sessions.KeptSession]:
    """Sessions that nobody works on, the newest first."""
    return [kept for kept in kept_sessions.list_sessions(folder) if not kept.about.at_work]


def _new_name() -> str:
    return uuid.uuid4().hex[:16]


def _about(saved: Saved, source: str, **process: Any) -> About:
    last = saved.steps[saved.position - 1].words if saved.position else "none"
    return About(source, saved.position, last, time.time(), **process)


def _write_thumbnail(path: Path, state: State) -> None:
    """The middle slice of the volume, or the middle projection, at most 96 pixels wide and high."""
    image = _picture(state)
    if image is None:
        return
    step = max(1, -(-max(image.shape) // _THUMBNAIL_PX))
    low, high = np.nanpercentile(image, _PERCENTILES)
    scaled = (np.asarray(image[::step, ::step], np.float32) - low) / max(float(high - low), 1e-30)
    picture = Image.fromarray((255 * np.clip(np.nan_to_num(scaled), 0, 1)).astype(np.uint8))
    with atomic_path(path) as temporary:
        picture.save(temporary)


def _picture(state: State) -> NDArray[Any] | None:
    if state.reconstruction is not None and not state.stale:
        volume = state.reconstruction.data
        return np.asarray(volume[volume.shape[0] // 2])
    if state.stack is None:
        return None
    data = state.stack.data
    middle = data[data.shape[0] // 2] if data.ndim > 2 else data
    return np.asarray(middle if middle.ndim == 2 else middle[0])
