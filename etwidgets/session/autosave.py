"""The session as it goes, on disk, and what was left of sessions that were not closed; runs nothing."""

from __future__ import annotations

import logging
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import psutil

from etwidgets.errors import FileFormatError
from etwidgets.session import saving

if TYPE_CHECKING:
    from etwidgets.session.saving import Saved

_log = logging.getLogger(__name__)
_MOST = 5
_OLDEST_S = 30 * 24 * 3600.0


def state_folder() -> Path:
    """Where this user's unfinished sessions are kept."""
    return Path(platformdirs.user_state_dir("etwidgets")) / "sessions"


class Autosave:
    """One file of its own for each session; its name has the process, so that two do not meet.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.json"

    def write(self, saved: Saved) -> None:
        """Keep this; what cannot be written is logged, for the work must go on."""
        try:
            saving.write(self.path, saved)
        except OSError:
            _log.warning("the session could not be kept in %s", self.path, exc_info=True)

    def discard(self) -> None:
        """The session was closed: nothing is left to resume."""
        self.path.unlink(missing_ok=True)


def begin_autosave(folder: Path) -> Autosave | None:
    """An autosave in a folder, or None where it cannot be made: the work goes on without."""
    try:
        return Autosave(folder)
    except OSError:
        _log.warning("sessions cannot be kept in %s", folder, exc_info=True)
        return None


@dataclass(frozen=True, eq=False)
class Leftover:
    """A session that ended without being closed.

    Attributes
    ----------
    path
        Of its file.
    words
        What it was, for the user.
    """

    path: Path
    words: str

    def discard(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)


def leftovers(folder: Path) -> list[Leftover]:
    """Sessions whose process is gone, the newest first; old ones and what cannot be read are removed."""
    found: list[Leftover] = []
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files:
        process = path.stem.split("-")[0]
        if process.isdigit() and psutil.pid_exists(int(process)):
            continue  # it is at work
        age = time.time() - path.stat().st_mtime
        try:
            saved = saving.read(path)
        except (FileFormatError, OSError):
            path.unlink(missing_ok=True)
            continue
        only_opened = len(saved.steps) < 2
        if age > _OLDEST_S or len(found) >= _MOST or only_opened:
            path.unlink(missing_ok=True)
            continue
        last = saved.steps[max(saved.position, 1) - 1]
        when = time.strftime("%d %b %H:%M", time.localtime(path.stat().st_mtime))
        count = "1 step" if saved.position == 1 else f"{saved.position} steps"
        found.append(Leftover(path, f"{when}: {count}, the last one {last.words!r}"))
    return found
