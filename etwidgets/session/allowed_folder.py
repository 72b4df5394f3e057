"""Which files the steps of a session may open: those under one folder, where there is one; opens none."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.atomic import is_data_folder
from etwidgets.io import files_beside, safe_path
from etwidgets.io.paths import LONGEST_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAMES = ("path", "tilts", "mdocs")
"""Parameters of operations in which a text is the name of a file."""


def check_inside(root: Path | None, parameters: Mapping[str, Any]) -> None:
    """Refuse the parameters of a step that name a file outside a folder, before anything is opened.

    Parameters
    ----------
    root
        The folder; None: any file may be opened.
    parameters
        Of one step. A file name stands for the same file as in :func:`etwidgets.io.load`; of a folder or a
        pattern all files are looked at.

    Raises
    ------
    UnsafeFileError
        If one lies outside the folder, also by a link.
    FileNotFoundError
        If there is no such file.
    """
    if root is None:
        return
    for name in _NAMES:
        for given in _texts(parameters.get(name)):
            for path in _files(root, given):
                allowed_file(root, path)


def allowed_file(root: Path, name: str | Path) -> Path:
    """The file ``name`` under ``root``, with all that is read along with it; or an error.

    Raises
    ------
    UnsafeFileError
        If it lies outside the folder, also by a link; or a file beside it with its tilts does, or a part of
        it, if it is a folder.
    FileNotFoundError
        If there is no such file.
    """
    path = safe_path(root, name)
    parts = path.rglob("*") if path.is_dir() else ()
    for each in (*files_beside(path), *parts):
        if each.is_symlink() and each.exists():
            safe_path(root, each)
    return path


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _files(root: Path, given: str) -> Iterable[str | Path]:
    if "\0" in given or len(given) > LONGEST_PATH:
        return [given]  # safe_path says what is wrong with it
    path = Path(given).expanduser().absolute()
    if not path.resolve().is_relative_to(root.resolve()):
        return [path]  # before it is looked what is there
    if path.is_dir() and not is_data_folder(path):
        return [each for each in path.iterdir() if each.is_symlink() and each.exists()]
    if glob.has_magic(given) and not path.exists():
        found = [Path(each) for each in glob.glob(str(path))]  # noqa: PTH207  (absolute patterns)
        return [each for each in found if each.exists()]
    return [path]
