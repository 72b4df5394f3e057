"""Decides which paths a served page may open; touches no file's content."""

from __future__ import annotations

from pathlib import Path

from etwidgets.errors import UnsafeFileError


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
        If it lies outside ``root``, or is no regular file.
    """
    base = Path(root).resolve(strict=True)
    path = (base / name).resolve()
    if not path.is_relative_to(base):  # before it is looked whether it exists: the page need not tell
        raise UnsafeFileError(f"{name} lies outside the folder {base}, which is all this page may read")
    path = path.resolve(strict=True)
    if not path.is_file() and path.suffix != ".zspy":
        raise UnsafeFileError(f"{name} is not a regular file")
    return path
