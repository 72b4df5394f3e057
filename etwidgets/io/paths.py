"""Decides which paths a served page may open or write; touches no file's content."""

from __future__ import annotations

import os
from pathlib import Path

from etwidgets.atomic import LONGEST_NAME, is_data_folder
from etwidgets.errors import UnsafeFileError

LONGEST_PATH = 4096  # bytes, of most systems


def safe_path(root: str | Path, name: str | Path) -> Path:
    """The file ``name`` under ``root``, or an error; links that lead out of ``root`` are refused.

    Parameters
    ----------
    root
        The folder that a page may read.
    name
        Relative to ``root``, or absolute inside it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnsafeFileError
        If it lies outside ``root``, or is not a regular file.
    """
    base = Path(root).resolve(strict=True)
    _check_text(str(name))
    try:
        path = (base / name).resolve()
    except (OSError, RuntimeError) as error:  # links that lead round in a circle
        raise UnsafeFileError(f"{name} does not point to a file: {error}") from error
    if not path.is_relative_to(base):  # before it is looked whether it exists: the page need not tell
        raise UnsafeFileError(
            f"{name} lies outside the folder {base}, the only folder that this page may read"
        )
    if not path.exists():
        raise FileNotFoundError(f"there is no file {name} in {base}")
    if not path.is_file() and not is_data_folder(path):
        raise UnsafeFileError(f"{name} is not a regular file")
    return path


def safe_place(root: str | Path, name: str) -> Path:
    """The folder or file ``name`` under ``root``, to be watched; as :func:`safe_path`.

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    UnsafeFileError
        If it lies outside ``root``.
    """
    base = Path(root).resolve(strict=True)
    _check_text(name)
    try:
        path = (base / name).resolve()
    except (OSError, RuntimeError) as error:  # links that lead round in a circle
        raise UnsafeFileError(f"{name} does not point to a folder: {error}") from error
    return path if path.is_dir() and path.is_relative_to(base) else safe_path(root, name)


def safe_new_path(root: str | Path, name: str) -> Path:
    """A path for a new file directly in ``root``; nothing is ever replaced, and no folder is left.

    Raises
    ------
    UnsafeFileError
        If the name has a folder in it, begins with a dot, or is too long.
    FileExistsError
        If there is such a file already.
    """
    base = Path(root).resolve(strict=True)
    if not name or name != Path(name).name or name.startswith(".") or "\\" in name or "\0" in name:
        raise UnsafeFileError(f"{name!r} is not a valid file name in {base}; give one without folders")
    _check_text(name)
    path = base / name
    if path.exists() or path.is_symlink():
        raise FileExistsError(f"{name} exists in {base}; choose another name")
    return path


def _check_text(name: str) -> None:
    """Refuse what no file can be called; the system says it in another way on each platform."""
    if "\0" in name:
        raise UnsafeFileError(f"{name!r} is not a valid file name")
    if len(name) > LONGEST_PATH or any(len(os.fsencode(part)) > LONGEST_NAME for part in Path(name).parts):
        raise UnsafeFileError(
            f"a name of {len(name)} characters ({name[:40]}...) is not a valid file name; give a shorter one"
        )
