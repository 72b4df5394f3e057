"""Writes files so that a crash leaves the old one or the new one, never half of one; knows no format."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = ".etwidgets-"


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; what was written there replaces ``path`` on leaving.

    Works for a file and for a folder (``.zspy``). The new content reaches the disk before the old name
    points to it. If the body raises, the temporary is removed and ``path`` is as it was.

    Parameters
    ----------
    path
        The final name; its folder must exist.

    Yields
    ------
    Path
        Where to write; it has the same name ending as ``path``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    """
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first")
    # a folder of its own: a writer that adds to the name, or writes two files, cannot meet another one
    work = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target.parent))
    try:
        temporary = work / target.name
        yield temporary
        _reach_disk(temporary)
        _replace(temporary, target, work)
        _reach_disk(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _replace(temporary: Path, target: Path, work: Path) -> None:
    if target.is_dir():
        # a folder cannot be renamed over another: set the old one aside, and back if the swap fails
        aside = work / "old"
        target.rename(aside)
        try:
            temporary.rename(target)
        except OSError:
            aside.rename(target)
            raise
    else:
        temporary.replace(target)


def _reach_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no fsync for folders
    for item in [path, *(path.rglob("*") if path.is_dir() and path.suffix == ".zspy" else ())]:
        descriptor = os.open(item, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
