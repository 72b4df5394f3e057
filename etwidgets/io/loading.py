"""Loads tilt series and volumes from files; finds their tilts, and says where from.

Files are opened by an allowlist of endings, each with its reader; contents are never guessed at.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import DataError
from etwidgets.io import tilt_sources
from etwidgets.io.readers import read_file
from etwidgets.io.series import find_files, given_mdocs, read_series
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from etwidgets.io.tilt_sources import TiltSource

_log = logging.getLogger(__name__)
_TO_NM = {
    "m": 1e9,
    "mm": 1e6,
    "µm": 1e3,
    "μm": 1e3,
    "um": 1e3,
    "A": 0.1,
    "Å": 0.1,
    "angstrom": 0.1,
    "pm": 1e-3,
}
_VOLUMES = ("ETWRecStack", "RecStack")


def load(
    filename: str | Path | Sequence[str | Path],
    tilts: ArrayLike | str | Path | None = None,
    mdocs: str | Path | Sequence[str | Path] | None = None,
    *,
    lazy: bool = False,
    offset: float | None = None,
) -> TomoStack | RecStack:
    """Load a tilt series, or a volume that we saved.

    Parameters
    ----------
    filename
        One file: ``.mrc .ali .rec .st .mrcs .map .dm3 .dm4 .hspy .hdf5 .h5 .zspy .tif .tiff .emd``; or a
        list: one file per projection, or one file of frames per projection.
    tilts
        ``(T,)`` degrees, or a text file with one per line, or an mdoc file. Default: from, in this
        order, the mdoc, a ``.rawtlt`` or ``.tlt`` beside the file, the extended header of an MRC file,
        Digital Micrograph's tags, the metadata, and file names such as ``wire_-12.0deg.tif``. Two
        sources that differ by more than 0.5 degrees are a warning. ``metadata.Tomography.tilt_source``
        says which was used.
    mdocs
        SerialEM's mdoc file, or one per file of the list. Default: those beside the files.
    lazy
        Leave the data on disk until they are needed.
    offset
        Subtracted from the data; 0 keeps them as stored. Default: the minimum, if the file is a
        camera's, of integers, and that is negative (unsigned counts stored as signed); it is then
        recorded in ``metadata.Tomography.intensity_offset``.

    Returns
    -------
    TomoStack or RecStack
        The data type is the stored one, or its unsigned variant where an offset was removed; x and y
        are in nm where the file knows them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, or of a kind that is not read.
    UnsafeFileError
        If it refers to other files, or would fill the memory.
    TiltCountError
        If there is not one tilt per projection.
    """
    paths = find_files(filename)
    given = [tilt_sources.given(tilts)] if tilts is not None else []
    if len(paths) == 1 and isinstance(filename, str | Path):
        content = read_file(paths[0], given_mdocs(mdocs, 1)[0], lazy=lazy)
        signal, sources, own = content.signal, content.sources, content.own
    else:
        signal, sources = read_series(paths, given_mdocs(mdocs, len(paths)), lazy=lazy, sort=not given)
        own = False
    if signal.metadata.Signal.signal_type in _VOLUMES:
        return RecStack(signal)
    stack = TomoStack(signal)
    _to_nm(stack)
    _set_tilts(stack, given, sources, paths[0].name)
    return _without_offset(stack, offset, paths[0].name, own=own)


def _set_tilts(stack: TomoStack, given: list[TiltSource], sources: list[TiltSource], what: str) -> None:
    frames = stack.axes_manager.navigation_dimension > 1
    count = stack.data.shape[0] if stack.data.ndim > 2 else 1
    if stack.has_tilts and not given:  # an own file: what it says stands
        if not stack.metadata.Tomography.has_item("tilt_source"):
            stack.metadata.Tomography.tilt_source = "file"
        return
    if frames and not given:
        sources = [source for source in sources if source.tilts_deg.size == count]
    chosen = tilt_sources.resolve([*given, *sources], count, what)
    if chosen is None:
        if stack.data.ndim > 2:
            warnings.warn(
                f"{what}: no tilts were found; give them with load(..., tilts=[...]) or a .rawtlt file "
                "beside it, or set them with s.set_tilts(start, increment)",
                stacklevel=3,
            )
        return
    stack.tilts = chosen.tilts_deg
    stack.metadata.Tomography.tilt_source = chosen.name


def _to_nm(stack: TomoStack) -> None:
    for name in ("x", "y"):
        axis = stack.axes_manager[name]
        factor = _TO_NM.get(axis.units)
        if factor is not None:
            axis.scale, axis.offset, axis.units = axis.scale * factor, axis.offset * factor, "nm"


def _without_offset(stack: TomoStack, offset: float | None, what: str, *, own: bool) -> TomoStack:
    kind = stack.data.dtype.kind
    if offset is None:
        if own or kind != "i":
            return stack
        lowest = int(stack.data.min())
        if lowest >= 0:
            return stack
        _log.warning(
            "%s: the smallest value is %d; it was subtracted (counts stored with a sign). "
            "load(..., offset=0) keeps the data as stored",
            what,
            lowest,
        )
        offset = lowest
    elif not np.isfinite(offset):
        raise DataError(f"offset must be a number, not {offset}")
    if offset == 0:
        return stack
    whole = float(offset).is_integer() and kind in "iu" and int(stack.data.min()) >= offset
    if whole:
        # the same number of bits holds every difference, and wraps round to it
        unsigned = np.dtype(f"u{stack.data.dtype.itemsize}")
        data = (stack.data - np.array(int(offset)).astype(stack.data.dtype)).astype(unsigned)
    else:
        data = stack.data.astype(np.float32) - np.float32(offset)
    result = stack._deepcopy_with_new_data(data)  # noqa: SLF001  (HyperSpy's own way to change data)
    result.metadata.Tomography.intensity_offset = float(offset)
    return result
