"""The session as it goes, on disk: its steps at once, and behind them what was expensive; runs nothing."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from etwidgets import autosaved_sessions
from etwidgets.atomic import atomic_path
from etwidgets.autosaved_sessions import About
from etwidgets.errors import HistoryError
from etwidgets.session import session_file
from etwidgets.session.autosaved_results import ResultsFolder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.session.autosaved_results import Results
    from etwidgets.session.history import State
    from etwidgets.session.session_file import SavedSession

_log = logging.getLogger(__name__)
_THUMBNAIL_PX = 96
_PERCENTILES = (1, 99.5)


class Autosave:
    """Keeps one session in a folder of its own.

    A session that was kept is only read at first. Its folder becomes that of this session when it was
    continued (:meth:`take`); until then, and if that fails, this session has another one, so that nothing is
    overwritten.

    Parameters
    ----------
    folder
        Of all sessions; made if it is not there.
    name
        Of the session; default: a new one.

    Attributes
    ----------
    folder
        Of this session; made with its first step.
    found
        The session of that name that was kept, and on which nobody works; None if there is none.
    results
        What was expensive to compute.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        autosaved_sessions.tidy(folder, but=name)
        self._root = folder
        kept = None if name is None else autosaved_sessions.read_session(folder / name)
        self.found = None if kept is None or kept.about.at_work else kept
        free = name is not None and not (folder / name / autosaved_sessions.STEPS).exists()
        self._go_on_in(name if name is not None and free else _new_name())

    def write(self, saved: SavedSession, source: str, start: Path | None = None) -> None:
        """Keep the steps.

        Parameters
        ----------
        saved
            All of them.
        source
            What was opened, in words.
        start
            The file with the tilt series before the first step, where that came from no file; it is copied.

        Raises
        ------
        OSError
            If they cannot be written; what was kept before is still there.
        """
        self.folder.mkdir(exist_ok=True)
        if start is not None and not (self.folder / start.name).exists():
            with atomic_path(self.folder / start.name, start.stat().st_size) as temporary:
                shutil.copyfile(start, temporary)
        session_file.write(self.folder / autosaved_sessions.STEPS, saved)
        autosaved_sessions.write_about(
            self.folder, _about(saved, source, **autosaved_sessions.this_process())
        )

    def keep_results(self, keeper: ResultsFolder, results: Results) -> str:
        """Keep the state that the steps led to, if it was expensive, and a small picture of it.

        Parameters
        ----------
        keeper
            The one that was :attr:`results` when there was this state.
        results
            The state and its steps.

        Returns
        -------
        str
            Empty, or why not, in words.
        """
        if not keeper.session.is_dir():
            return ""  # the session was closed meanwhile
        try:
            _write_thumbnail(keeper.session / autosaved_sessions.THUMBNAIL, results.state)
            return keeper.keep(results) if results.worth_keeping else ""
        except OSError as error:
            _log.warning("results cannot be kept in %s", keeper.session, exc_info=True)
            return f"the results cannot be kept on disk ({error.strerror or error})"

    def take(self, kept: autosaved_sessions.AutosavedSession, results: ResultsFolder) -> None:
        """Go on in the folder of a session that was continued; what this one did stays in its own.

        Raises
        ------
        HistoryError
            If somebody else works on it by now, or it was discarded.
        """
        now = autosaved_sessions.read_session(kept.folder)
        if now is None or now.about.at_work:
            raise HistoryError(
                f"{kept.about.source} was continued or discarded elsewhere; look at the list of sessions"
            )
        with contextlib.suppress(OSError):  # a full disk: the next step says so, and tries again
            self.release()
        self.folder, self.results = kept.folder, results
        with contextlib.suppress(OSError):
            autosaved_sessions.write_about(
                kept.folder, replace(now.about, **autosaved_sessions.this_process())
            )

    def release(self) -> None:
        """Work on it no more; what was kept stays."""
        kept = autosaved_sessions.read_session(self.folder)
        if kept is not None:
            autosaved_sessions.write_about(self.folder, replace(kept.about, process=0, started_at=0.0))

    def _go_on_in(self, name: str) -> None:
        self.folder = self._root / name
        self.results = ResultsFolder(self.folder)

    def discard(self) -> None:
        """The session was closed: nothing is left to continue."""
        autosaved_sessions.AutosavedSession(self.folder, About("", 0, 0, "", 0.0)).discard()


def begin_autosave(folder: Path, name: str | None = None) -> Autosave | None:
    """An autosave in a folder, or None where it cannot be made: the work goes on without."""
    try:
        return Autosave(folder, name)
    except OSError:
        _log.warning("sessions cannot be kept in %s", folder, exc_info=True)
        return None


def _new_name() -> str:
    return uuid.uuid4().hex[:16]


def _about(saved: SavedSession, source: str, **process: Any) -> About:
    last = saved.steps[saved.position - 1].label if saved.position else ""
    return About(source, saved.position, len(saved.all_steps), last, time.time(), **process)


def _write_thumbnail(path: Path, state: State) -> None:
    """The volume as seen along the beam, or the middle projection, at most 96 pixels wide and high."""
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
        volume = state.reconstruction.data  # (X, Z, Y): the brightest along z, as an image (Y, X)
        return np.asarray(volume[:, :: max(1, volume.shape[1] // _THUMBNAIL_PX)].max(axis=1)).T
    if state.stack is None:
        return None
    data = state.stack.data
    middle = data[data.shape[0] // 2] if data.ndim > 2 else data
    return np.asarray(middle if middle.ndim == 2 else middle[0])
