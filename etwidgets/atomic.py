"""Writes files so that a crash leaves the old one or the new one, never half of one; knows no format."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from etwidgets.errors import EtwidgetsError, ParameterError
from etwidgets.resources import check_disk, disk_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PREFIX = ".etwidgets-"
LONGEST_NAME = 255  # bytes, of most file systems
_DATA_FOLDERS = (".zspy", ".zarr")


def is_data_folder(path: Path) -> bool:
    """Whether a folder of that name is what others store as one file."""
    return path.suffix.lower() in _DATA_FOLDERS


@contextlib.contextmanager
def atomic_path(path: str | Path, n_bytes: float = 0, beside: Sequence[str] = ()) -> Iterator[Path]:
    """Give a temporary path beside ``path``; what was written there replaces ``path`` on leaving.

    Works for a file and for a folder (``.zspy``, ``.zarr``). The new content reaches the disk before the old
    name points to it. If the body raises, the temporary is removed and ``path`` is as it was.

    Parameters
    ----------
    path
        The final name; its folder must exist.
    n_bytes
        For which there must be room; what is not known needs none.
    beside
        Endings of files that are written along with it, such as ``.rawtlt``; they are replaced first.

    Yields
    ------
    Path
        Where to write; it has the same name ending as ``path``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    FileExistsError
        If there is a folder of that name: it is never replaced by a file.
    ParameterError
        If the name is too long for a file.
    DiskFullError
        If there is no room, before anything is written or while it is.
    """
    target = Path(path).resolve()
    check_target(target)
    check_disk(target, n_bytes)
    # a folder of its own: a writer that adds to the name, or writes two files, cannot meet another one
    work = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target.parent))
    try:
        temporary = work / target.name
        yield temporary
        pairs = [(temporary.with_suffix(ending), target.with_suffix(ending)) for ending in beside]
        pairs = [(new, old) for new, old in pairs if new.exists()] + [(temporary, target)]
        for new, _ in pairs:
            _reach_disk(new)
        for new, old in pairs:
            _replace(new, old, work)
        _reach_disk(target.parent)
    except Exception as error:
        full = disk_full(error, target)
        if full is None or isinstance(error, EtwidgetsError):
            raise
        raise full from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_target(target: Path) -> None:
    """Refuse what :func:`atomic_path` would: a name too long, a missing folder, a folder in its place."""
    if "\0" in target.name:
        raise ParameterError(f"{target.name!r} is not the name of a file")
    length = len(os.fsencode(target.name))
    if length > LONGEST_NAME:
        raise ParameterError(
            f"the name {target.name[:40]}... has {length} characters, and {LONGEST_NAME} are allowed"
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first")
    if target.is_dir() and not is_data_folder(target):
        raise FileExistsError(f"{target} is a folder; choose another name for the file")


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
    for item in [path, *(path.rglob("*") if path.is_dir() and is_data_folder(path) else ())]:
        descriptor = os.open(item, os.O_RDWR if os.name == "nt" else os.O_RDONLY)  # Windows asks for writing
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
