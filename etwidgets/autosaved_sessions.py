"""What is kept of sessions on disk: one folder for each, and which of them can be continued.

Needs no array and no signal, so that the server of the page can read it at once. What is in the files of
a session is the matter of ``etwidgets.session``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs
import psutil

from etwidgets.atomic import atomic_path

STEPS, ABOUT, THUMBNAIL, RESULTS = "session.json", "about.json", "thumbnail.png", "results"
_NAME = re.compile(r"[0-9a-f]{8,32}")
_MOST = 10
_OLDEST_S = 30 * 24 * 3600.0
_MOST_BYTES = 5 * 10**9
_SHARE_OF_FREE = 0.2
_SAME_START_S = 60.0  # a clock that is set moves what the system says of a process's start
_END_OF_TIME_S = 1e11


def state_folder() -> Path:
    """Where this user's sessions are kept."""
    return Path(platformdirs.user_state_dir("etwidgets")) / "sessions"


def is_session_name(text: str) -> bool:
    """Whether a text can be the name of a session: 8 to 32 hexadecimal digits, and so never a path."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True)
class About:
    """What a list of sessions says of one.

    Attributes
    ----------
    source
        What was opened, in words.
    steps
        How many are in effect.
    all_steps
        How many there are, with those that were undone or are in snapshots.
    last
        The last of those in effect, in words; empty where none is.
    saved_at
        When they were saved, seconds since 1970.
    process, started_at
        The process that works on it, and when that was started; 0: none does.
    """

    source: str
    steps: int
    all_steps: int
    last: str
    saved_at: float
    process: int = 0
    started_at: float = 0.0

    @property
    def at_work(self) -> bool:
        """Whether its process is alive."""
        try:
            return self.process > 0 and (
                abs(psutil.Process(self.process).create_time() - self.started_at) < _SAME_START_S
            )
        except psutil.Error:
            return False

    @property
    def same_server(self) -> bool:
        """Whether its process was started by the same one as this: kernels are started by the server."""
        try:
            return self.process > 0 and psutil.Process(self.process).ppid() == os.getppid()
        except psutil.Error:
            return False

    @property
    def summary(self) -> str:
        """Steps, the last one, and when, for the user."""
        count = "1 step" if self.steps == 1 else f"{self.steps} steps"
        last = f", the last one {self.last!r}" if self.last else ""
        when = time.strftime("%d %b %H:%M", time.localtime(self.saved_at))
        return f"{count}{last}, saved {when}"

    @property
    def worth_keeping(self) -> bool:
        """Whether something was done beyond opening a file."""
        return self.all_steps > 1


@dataclass(frozen=True)
class AutosavedSession:
    """A session on disk.

    Attributes
    ----------
    folder
        Its own; the name of the folder is that of the session.
    about
        What a list says of it.
    """

    folder: Path
    about: About

    @property
    def name(self) -> str:
        """Unique, and safe in an address."""
        return self.folder.name

    @property
    def thumbnail(self) -> Path:
        """A small picture of what there was; may be missing."""
        return self.folder / THUMBNAIL

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return size_of(self.folder)

    def discard(self) -> None:
        """Forget it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def this_process() -> dict[str, Any]:
    """The part of :class:`About` that says who works on a session: this process."""
    return {"process": os.getpid(), "started_at": psutil.Process().create_time()}


def write_about(folder: Path, about: About) -> None:
    """Write what a list says of a session into its folder."""
    with atomic_path(folder / ABOUT) as temporary:
        temporary.write_text(json.dumps(asdict(about)), encoding="utf-8")


def read_session(folder: Path) -> AutosavedSession | None:
    """One session, or None if there is none in the folder that could be continued."""
    if not is_session_name(folder.name) or folder.is_symlink() or not (folder / STEPS).is_file():
        return None
    try:
        content = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        about = About(
            source=str(content["source"]),
            steps=int(content["steps"]),
            all_steps=int(content["all_steps"]),
            last=str(content["last"]),
            saved_at=float(content["saved_at"]),
            process=int(content["process"]),
            started_at=float(content["started_at"]),
        )
        if not 0 <= about.saved_at < _END_OF_TIME_S:
            return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return AutosavedSession(folder, about)


def list_sessions(folder: Path) -> list[AutosavedSession]:
    """All sessions in which something was done, the newest first; those at work are among them."""
    found = [read_session(each) for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
    known = [each for each in found if each is not None and each.about.worth_keeping]
    return sorted(known, key=lambda each: -each.about.saved_at)


def tidy(folder: Path, but: str | None = None) -> None:
    """Remove sessions that nobody works on and that are old, too many, or without work; but not one."""
    count = 0
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.name == but:
            continue
        kept = read_session(each) if each.is_dir() else None
        if kept is None:
            _remove_abandoned(each)
        elif not kept.about.at_work and not kept.about.worth_keeping:
            kept.discard()
    for kept in list_sessions(folder):
        if kept.about.at_work or kept.name == but:
            continue
        count += 1
        if count > _MOST or time.time() - kept.about.saved_at > _OLDEST_S:
            kept.discard()


def _remove_abandoned(path: Path) -> None:
    """Remove what holds no steps, unless a session is just beginning there."""
    try:
        if not is_session_name(path.name) or time.time() - path.stat().st_mtime < 3600:
            return
        if not (path / STEPS).exists():
            shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return


def results_limit(folder: Path) -> int:
    """Bytes that results of all sessions together may take: 5 GB, and at most a fifth of what is free."""
    free = psutil.disk_usage(str(folder)).free if folder.is_dir() else 0
    return int(min(_MOST_BYTES, _SHARE_OF_FREE * (free + size_of_results(folder))))


def size_of_results(folder: Path) -> int:
    """Bytes that results of all sessions take."""
    return sum(size_of(each / RESULTS) for each in folder.iterdir()) if folder.is_dir() else 0


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; 0 where there is none."""
    total = 0
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # it was removed meanwhile
    return total


def make_room(folder: Path, needed: int, keep: Path) -> bool:
    """Remove results of other sessions, the oldest first, until so many bytes are free within the limit.

    Their steps stay: what was removed is computed again when such a session is continued.

    Parameters
    ----------
    folder
        Of all sessions.
    needed
        Bytes that are to be written.
    keep
        Folder of the session that needs them; its own results are about to be replaced and do not count.

    Returns
    -------
    bool
        Whether there is room now.
    """
    limit = results_limit(folder)
    others = sorted(
        (each for each in folder.iterdir() if each != keep and (each / RESULTS).is_dir()),
        key=lambda each: each.stat().st_mtime,
    )
    used = {each: size_of(each / RESULTS) for each in others}
    if needed > limit:
        return False
    while needed + sum(used.values()) > limit and used:
        oldest = next(iter(used))
        shutil.rmtree(oldest / RESULTS, ignore_errors=True)
        del used[oldest]
    return True
