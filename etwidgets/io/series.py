"""Tilt series of several files: a folder, a pattern or a list; one file per projection, or of its frames.

Knows how files become one stack, not how one file is read; that is :mod:`etwidgets.io.readers`.
"""

from __future__ import annotations

import glob
import re
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.atomic import is_data_folder
from etwidgets.checks import listing
from etwidgets.errors import FileFormatError, ParameterError, ParameterTypeError, ShapeError
from etwidgets.io import file_names
from etwidgets.io.readers import EXTENSIONS, existing, kind_of, read_file
from etwidgets.io.tilt_sources import TiltSource
from etwidgets.resources import check_memory
from etwidgets.signals import TomoStack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.io.readers import FileContent

ONE_TILT_DEG = 0.1  # a stage wobbles less while the frames of one projection are taken
_SAME_PIXEL = 0.01  # files round it


def find_files(filename: str | Path | Sequence[str | Path]) -> list[Path]:
    """The files that a name stands for.

    Parameters
    ----------
    filename
        One file; a folder, for all files of tilt series in it; a pattern such as ``"series/*.tif"``; or a
        list of files.

    Returns
    -------
    list of Path
        Those of a folder or a pattern in natural order (2 before 10), those of a list in its order.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or none that fits the pattern.
    FileFormatError
        If a folder or pattern has no file that is read, or files of several kinds.
    ParameterError
        If the list is empty, or it is none.
    """
    if isinstance(filename, str | Path):
        if not str(filename).strip() or "\0" in str(filename):
            raise ParameterError(f"{str(filename)!r} is not the name of a file or folder")
        path = Path(filename).expanduser()
        if path.is_dir() and not is_data_folder(path):
            return _one_kind(sorted(path.iterdir(), key=natural_order), f"the folder {path}")
        if not path.exists() and glob.has_magic(str(path)):
            found = [Path(name) for name in glob.glob(str(path))]  # noqa: PTH207  (the pattern may be absolute)
            if not found:
                raise FileNotFoundError(f"no file fits the pattern {path}")
            return _one_kind(sorted(found, key=natural_order), f"the pattern {path}")
        return [existing(path)]
    if not isinstance(filename, list | tuple):
        raise ParameterTypeError(
            f"filename must be a path, a folder, a pattern or a list of paths, not {type(filename).__name__}"
        )
    if not filename:
        raise ParameterError("the list of files is empty")
    wrong = [name for name in filename if not isinstance(name, str | Path)]
    if wrong:
        raise ParameterError(f"the list of files has {wrong[0]!r} in it, which is not a path")
    return [existing(name) for name in filename]


def _one_kind(paths: list[Path], where: str) -> list[Path]:
    known = [
        path
        for path in paths
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and _is_data(path)
    ]
    if not known:
        raise FileFormatError(f"{where} holds no file of the kinds that are read: {' '.join(EXTENSIONS)}")
    kinds = Counter(kind_of(path) for path in known)
    if len(kinds) > 1:
        counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
        most = next(path for path in known if kind_of(path) == kinds.most_common(1)[0][0])
        raise FileFormatError(
            f"{where} holds files of several kinds ({counts}); choose one of them with a pattern, "
            f"such as {most.with_name('*' + most.suffix)}"
        )
    return known


def _is_data(path: Path) -> bool:
    return path.is_file() or is_data_folder(path)


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """A key for sorting, with which 2 comes before 10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def given_mdocs(mdocs: Any, count: int) -> list[Path | None]:
    """One mdoc file, or None, for each of ``count`` files."""
    if mdocs is None:
        return [None] * count
    if not isinstance(mdocs, str | Path | list | tuple):
        raise ParameterTypeError(f"mdocs must be a path or a list of paths, not {type(mdocs).__name__}")
    given = [mdocs] if isinstance(mdocs, str | Path) else list(mdocs)
    if len(given) != count:
        names = listing([Path(name).name for name in given])
        raise ParameterError(f"{len(given)} mdoc file(s) ({names}) for {count} files; give one for each")
    return [existing(name) for name in given]


def read_series(
    paths: list[Path], mdocs: list[Path | None], *, lazy: bool, sort: bool
) -> tuple[TomoStack, list[TiltSource]]:
    """One file per projection (or of its frames), sorted by tilt where that is known and ``sort`` is true.

    Raises
    ------
    ShapeError
        If the images differ in size, or a file holds several tilts.
    MemoryLimitError
        If the whole series would not fit into memory.
    """
    parts = _read_each(paths, mdocs, lazy=lazy)
    _tell_other_pixel_sizes(paths, parts)
    found = _tilts_of(paths, parts)
    order = np.argsort(found.tilts_deg, kind="stable") if found and sort else np.arange(len(paths))
    stacked = (da if lazy else np).stack([parts[i].signal.data for i in order])
    stack = TomoStack(stacked)
    _describe_like(stack, parts[0].signal)
    return stack, [TiltSource(found.name, found.tilts_deg[order])] if found else []


def _read_each(paths: list[Path], mdocs: list[Path | None], *, lazy: bool) -> list[FileContent]:
    parts: list[FileContent] = []
    for path, mdoc in zip(paths, mdocs, strict=True):
        part = read_file(path, mdoc, lazy=lazy)
        data, first = part.signal.data, (parts or [part])[0].signal.data
        if data.shape != first.shape:
            raise ShapeError(f"{path.name} has the shape {data.shape}, {paths[0].name} {first.shape}")
        if not parts and not lazy:  # each is held twice while they are put together
            series = f"a series of {len(paths)} files like {path.name}"
            check_memory(2.0 * len(paths) * data.nbytes, series, "use lazy=True if this is what you expect")
        parts.append(part)
    return parts


def _tell_other_pixel_sizes(paths: list[Path], parts: list[FileContent]) -> None:
    axes = [part.signal.axes_manager._axes[-1] for part in parts]  # noqa: SLF001  (in array order)
    first = axes[0]
    other = [
        path.name
        for path, axis in zip(paths, axes, strict=True)
        if axis.units != first.units or not np.isclose(axis.scale, first.scale, rtol=_SAME_PIXEL, atol=0)
    ]
    if other:
        warnings.warn(
            f"{listing(other)}: the pixel size is another than that of {paths[0].name} "
            f"({first.scale:.4g} {first.units}), which is used for all; are they of one magnification?",
            stacklevel=4,
        )


def _tilts_of(paths: list[Path], parts: list[FileContent]) -> TiltSource | None:
    known = [_tilt_of(path, part) for path, part in zip(paths, parts, strict=True)]
    with_mdoc = [tilt is not None and tilt.name.endswith(".mdoc") for tilt in known]
    odd = "no mdoc file, as the others have, and " if any(with_mdoc) else ""
    missing = [path.name for path, tilt in zip(paths, known, strict=True) if tilt is None]
    if missing:
        named = file_names.tilts_of([path.name for path in paths])
        if len(missing) < len(paths):
            instead = "those of the file names are used" if named is not None else "so none are used"
            warnings.warn(f"{listing(missing)}: {odd}no tilt was found there, {instead}", stacklevel=4)
        return None if named is None else TiltSource("file names", named)
    tilts = [tilt for tilt in known if tilt is not None]
    source = "mdoc files" if all(with_mdoc) else tilts[with_mdoc.index(False)].name
    if odd and not all(with_mdoc):
        without = [path.name for path, its in zip(paths, with_mdoc, strict=True) if not its]
        warnings.warn(f"{listing(without)}: {odd}the tilt is from: {source}", stacklevel=4)
        source = f"mdoc files and {source}"
    return TiltSource(source, np.concatenate([tilt.tilts_deg for tilt in tilts]))


def _tilt_of(path: Path, part: FileContent) -> TiltSource | None:
    """The one tilt of a file that holds one projection or the frames of one."""
    if part.sources:
        values = part.sources[0].tilts_deg
        if np.ptp(values) > ONE_TILT_DEG:
            raise ShapeError(
                f"{path.name} of the list holds several tilts ({values[:5]}...); load it by itself"
            )
        return TiltSource(part.sources[0].name, np.array([values.mean()]))
    return part.stage_tilt


def _describe_like(stack: TomoStack, first: Any) -> None:
    """Copy scales, units and what is known of the microscope from one file's signal."""
    for name, source_axis in zip(("y", "x"), first.axes_manager._axes[-2:], strict=True):  # noqa: SLF001
        axis = stack.axes_manager[name]
        axis.scale, axis.offset = source_axis.scale, source_axis.offset
        axis.units = source_axis.units if isinstance(source_axis.units, str) else "pixels"
    for node in ("Acquisition_instrument", "General"):
        if first.metadata.has_item(node):
            stack.metadata.add_dictionary({node: first.metadata[node].as_dictionary()})
    for item in ("Tomography.header_tiltaxis", "Tomography.tilt_axis_angle_deg"):
        axis_angle = first.metadata.get_item(item, default=None)
        if axis_angle is not None:
            stack.metadata.set_item(item, axis_angle)
    stack.original_metadata.add_dictionary(first.original_metadata.as_dictionary())
