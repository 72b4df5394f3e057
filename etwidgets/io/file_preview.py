"""What files hold, before they are loaded: a table for who chooses the files of a series; reads no pixels."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import EtwidgetsError
from etwidgets.io import file_names
from etwidgets.io.readers import guarded, kind_of, read_file, sources_beside
from etwidgets.io.series import ONE_TILT_DEG, find_files
from etwidgets.io.tiff import plain_shape
from etwidgets.signals.tilt_check import tilt_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from etwidgets.io.tilt_sources import TiltSource

_SAME_TILT_DEG = 0.01


@dataclass(frozen=True)
class FilePreview:
    """What one file holds.

    Attributes
    ----------
    path
        The file.
    tilt_deg
        The tilt of its one projection (or of the frames of one), degrees; None where none was found, and
        of a file with several tilts.
    tilt_source
        Where the tilts were found: ``"file name"``, ``"metadata (stage tilt)"``, the name of an mdoc file...;
        empty if nowhere.
    shape
        Of its data: ``(Y, X)`` of one image, ``(T, Y, X)`` of a series; None if it cannot be read.
    bytes
        Size of the file.
    problem
        Why it cannot be part of the series, in words; empty if it can.
    tilt_problem
        Whether that is its tilt alone, and another one may be given to it.
    """

    path: Path
    tilt_deg: float | None
    tilt_source: str
    shape: tuple[int, ...] | None
    bytes: int
    problem: str
    tilt_problem: bool = False


def preview_files(paths: str | Path | Sequence[str | Path]) -> list[FilePreview]:
    """Say what files hold, from their headers alone.

    Parameters
    ----------
    paths
        A list of files, a folder or a pattern, as :func:`etwidgets.io.load` takes them.

    Returns
    -------
    list of FilePreview
        One per file, in the order of ``paths``; a file that cannot be read has its reason in ``problem``.
        So has one whose image has another shape than most, or the tilt of another file.

    Raises
    ------
    FileNotFoundError, FileFormatError, ParameterError
        If a file is not there, or the folder or list has none.
    """
    found = [_preview(path) for path in find_files(paths)]
    if not all(item.tilt_source for item in found):
        found = _with_tilts_of_names(found)
    return _compared(found)


def _with_tilts_of_names(found: list[FilePreview]) -> list[FilePreview]:
    """With the tilts in their names; where most names have one, the others are reported."""
    names = [item.path.name for item in found]
    named = [name for name in names if file_names.tilts_of([name, name]) is not None]
    tilts = file_names.tilts_of(named) if 2 * len(named) > len(names) else None
    if tilts is None:
        return found
    known = dict(zip(named, tilts.tolist(), strict=True))
    lack = "no angle is in its name, and those of the others have one"
    return [
        replace(item, tilt_deg=known[name], tilt_source="file name")
        if name in known
        else replace(item, problem=item.problem or lack, tilt_problem=not item.problem)
        for item, name in zip(found, names, strict=True)
    ]


def _preview(path: Path) -> FilePreview:
    size = sum(p.stat().st_size for p in path.rglob("*")) if path.is_dir() else path.stat().st_size
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are said when the file is loaded
            shape, sources = _contents(path)
    except EtwidgetsError as error:
        return FilePreview(path, None, "", None, size, str(error))
    if not sources:
        return FilePreview(path, None, "", shape, size, "")
    tilts = sources[0].tilts_deg
    tilt = float(tilts.mean()) if np.ptp(tilts) <= ONE_TILT_DEG else None
    return FilePreview(path, tilt, sources[0].name, shape, size, "")


def _contents(path: Path) -> tuple[tuple[int, ...], list[TiltSource]]:
    plain = guarded(path, "TIFF", lambda: plain_shape(path)) if kind_of(path) == "TIFF" else None
    if plain is not None:
        return plain, sources_beside(path, None)[1]
    content = read_file(path, None, lazy=True)
    shape = tuple(int(n) for n in content.signal.data.shape)
    stage = content.stage_tilt
    return shape, content.sources or ([] if stage is None else [stage])


def _compared(found: list[FilePreview]) -> list[FilePreview]:
    """With what is seen only where a file is held against the others."""
    shapes = Counter(item.shape for item in found if item.shape is not None)
    usual = shapes.most_common(1)[0][0] if shapes else None
    seen: dict[int, str] = {}
    compared = []
    for item in found:
        problem, of_tilt = item.problem, False
        if not problem and item.shape != usual:
            problem = f"its shape is {item.shape}, that of the others {usual}"
        if not problem and item.tilt_source and item.tilt_deg is None and len(found) > 1:
            problem = "it holds several tilts: a series by itself"
        if item.tilt_deg is not None:
            key = round(item.tilt_deg / _SAME_TILT_DEG)
            if not problem and tilt_fault([item.tilt_deg]):
                problem, of_tilt = f"a tilt of {item.tilt_deg:g} degrees is not possible", True
            if not problem and key in seen:
                problem, of_tilt = f"it has the same tilt as {seen[key]}", True
            seen.setdefault(key, item.path.name)
        compared.append(replace(item, problem=problem, tilt_problem=of_tilt))
    return compared
