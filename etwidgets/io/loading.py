"""Loads tilt series and volumes from files; finds their tilts, and says where from.

Files are opened by an allowlist of endings, each with its reader; contents are never guessed at.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, ShapeError
from etwidgets.io import tilt_sources
from etwidgets.io.readers import guarded, read_file
from etwidgets.io.series import find_files, given_mdocs, read_series
from etwidgets.signals import RecStack, TomoStack
from etwidgets.signals.tilt_check import tilt_fault
from etwidgets.signals.tomography_node import NAVIGATION_AXIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.io.readers import FileContent
    from etwidgets.io.tilt_sources import TiltSource

_log = logging.getLogger(__name__)
_VOLUMES = ("ETWRecStack", "RecStack")
_STACKS = ("ETWTomoStack", "TomoStack")


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
        One file: ``.mrc .ali .rec .st .mrcs .map .dm3 .dm4 .hspy .hdf5 .h5 .zspy .tif .tiff .emd .zarr``; or
        several, one per projection or one of frames per projection: a folder, a pattern such as
        ``"series/*.tif"``, or a list. Several are sorted by tilt where each has one.
    tilts
        ``(T,)`` degrees, in the order of the projections (of the files, if there are several), or a text
        file with one per line, or an mdoc file; they precede all that is found. Default: from, in this
        order, the mdoc, a ``.rawtlt`` or ``.tlt`` beside the file, the extended header of an MRC file, the
        dimension of an EMD file, Digital Micrograph's tags, the metadata, and file names such as
        ``wire_-12.0deg.tif``. Two sources that differ by more than 0.5 degrees are a warning.
        ``metadata.Tomography.tilt_source`` says which was used. What cannot be tilts (all equal, beyond 360
        degrees, radians) is not used.
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
    ShapeError
        If it is one image, not a series, or the images of several files differ in size.
    TiltCountError, DataError
        If there is not one tilt per projection in ``tilts``, or they cannot be tilts in degrees.

    Warns
    -----
    UserWarning
        If no tilts were found, sources differ or a file beside the data cannot be used, with the reason.
    """
    paths = find_files(filename)
    path = paths[0]
    given = [tilt_sources.given(tilts)] if tilts is not None else []
    if len(paths) == 1 and isinstance(filename, str | Path):
        content = read_file(path, given_mdocs(mdocs, 1)[0], lazy=lazy)
        signal, sources, own = content.signal, content.sources, content.own
        _refuse_one_image(content, path)
    else:
        signal, sources = read_series(paths, given_mdocs(mdocs, len(paths)), lazy=lazy, sort=not given)
        own = False
    if signal.metadata.Signal.signal_type in _VOLUMES:
        if given:
            raise DataError(f"{path.name} holds a reconstruction, which has no tilts; omit tilts=")
        return guarded(path, "volume", lambda: RecStack(signal))
    stack = guarded(path, "tilt series", lambda: TomoStack(signal))
    if stack.has_tilts and not signal.metadata.has_item("Tomography.tilts"):  # the last of the sources
        sources.append(tilt_sources.TiltSource(NAVIGATION_AXIS, stack.tilts_deg.copy()))
        del stack.tilts
    _set_tilts(stack, given, sources, path.name)
    return _without_offset(stack, offset, path.name, own=own)


def _refuse_one_image(content: FileContent, path: Path) -> None:
    shape = tuple(int(n) for n in content.signal.data.shape)
    ours = content.own and content.signal.metadata.Signal.signal_type in (*_STACKS, *_VOLUMES)
    if int(np.prod(shape[:-2])) == 1 and not ours:
        raise ShapeError(
            f"{path.name} is one image of {shape[-1]} x {shape[-2]} pixels; choose all images of the series: "
            f"load the folder, a pattern such as '{path.with_name('*' + path.suffix)}', or a list of files"
        )


def _set_tilts(stack: TomoStack, given: list[TiltSource], sources: list[TiltSource], what: str) -> None:
    count = stack.data.shape[0] if stack.data.ndim > 2 else 1
    own = _own_tilts(stack, what)
    if own is not None and not given:  # an own file: what it says stands
        if not stack.metadata.Tomography.has_item("tilt_source"):
            stack.metadata.Tomography.tilt_source = "file"
        return
    frames = stack.axes_manager.navigation_dimension > 1
    if frames and not given:
        sources = [source for source in sources if source.tilts_deg.size == count]
    chosen = tilt_sources.resolve([*given, *sources], count, what)
    if chosen is None:
        if count > 1:
            warnings.warn(
                f"{what}: no tilts were found; give them with load(..., tilts=[...]) or a .rawtlt file "
                "beside it, or set them with s.set_tilts(start, increment)",
                stacklevel=3,
            )
        return
    stack.tilts = chosen.tilts_deg
    stack.metadata.Tomography.tilt_source = chosen.name


def _own_tilts(stack: TomoStack, what: str) -> NDArray[np.float64] | None:
    """The tilts that a file of HyperSpy has; those that cannot be are forgotten, with a warning."""
    if not stack.has_tilts:
        return None
    tilts = stack.tilts_deg
    fault = tilt_fault(tilts)
    if fault:
        warnings.warn(f"{what}: its own tilts are not used: {fault}", stacklevel=4)
        del stack.tilts
        return None
    return tilts


def _fits(stack: TomoStack, offset: int, unsigned: np.dtype[Any]) -> bool:
    """Whether the same number of bits holds the offset and every difference to it."""
    limits = np.iinfo(stack.data.dtype)
    lowest, highest = int(stack.data.min()), int(stack.data.max())
    return (
        limits.min <= offset <= limits.max and lowest >= offset and highest - offset <= np.iinfo(unsigned).max
    )


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
    elif not isinstance(offset, int | float | np.number) or not np.isfinite(offset):
        raise DataError(f"offset must be a finite number, not {offset!r}")
    if offset == 0:
        return stack
    unsigned = np.dtype(f"u{stack.data.dtype.itemsize}") if kind in "iu" else None
    if unsigned is not None and float(offset).is_integer() and _fits(stack, int(offset), unsigned):
        # the differences wrap round to what they are
        data = (stack.data - np.array(int(offset)).astype(stack.data.dtype)).astype(unsigned)
    else:
        data = stack.data.astype(np.float32) - np.float32(offset)
    result = stack._deepcopy_with_new_data(data)  # noqa: SLF001  (HyperSpy's own way to change data)
    result.metadata.Tomography.intensity_offset = float(offset)
    return result
