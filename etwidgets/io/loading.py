"""Loads tilt series and volumes from files; finds their tilts, and says where from.

Files are opened by an allowlist of endings, each with its reader; contents are never guessed at.
"""

from __future__ import annotations

import logging
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import hyperspy.api as hs
import numpy as np

from etwidgets.errors import (
    DataError,
    FileFormatError,
    FileTypeError,
    ParameterError,
    ParameterTypeError,
    ShapeError,
)
from etwidgets.io import mdoc as mdoc_files
from etwidgets.io import tilt_sources
from etwidgets.io.hdf5 import check_hdf5
from etwidgets.io.mrc import read_mrc
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from etwidgets.io.mdoc import MdocSeries
    from etwidgets.io.tilt_sources import TiltSource

_log = logging.getLogger(__name__)
MRC = (".mrc", ".ali", ".rec", ".st", ".mrcs", ".map")
_READERS = {
    ".hspy": "HSPY", ".hdf5": "HSPY", ".h5": "HSPY", ".zspy": "ZSPY",
    ".dm3": "DigitalMicrograph", ".dm4": "DigitalMicrograph",
    ".tif": "TIFF", ".tiff": "TIFF", ".emd": "EMD",
}  # fmt: skip
EXTENSIONS = (*MRC, *_READERS)
"""The endings that :func:`load` opens."""
_HDF5 = (".hspy", ".hdf5", ".h5", ".emd")
_OWN = ("HSPY", "ZSPY")
# a damaged file can make RosettaSciIO raise any of these, and struct.error
_READER_FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)
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
    if isinstance(filename, str | Path):
        path = _existing(filename)
        signal, sources, own = _load_file(path, mdocs, lazy=lazy)
    elif isinstance(filename, list | tuple):
        signal, sources, own = _load_list([_existing(name) for name in filename], mdocs, lazy=lazy)
        path = Path(filename[0])
    else:
        raise ParameterTypeError(f"filename must be a path or a list of paths, not {type(filename).__name__}")
    if signal.metadata.Signal.signal_type in _VOLUMES:
        return RecStack(signal)
    stack = TomoStack(signal)
    if stack.has_tilts and not signal.metadata.has_item("Tomography.tilts"):  # the last of the sources
        sources.append(tilt_sources.TiltSource("navigation axis", stack.tilts_deg.copy()))
        del stack.tilts
    _set_tilts(stack, [tilt_sources.given(tilts)] if tilts is not None else [], sources, path.name)
    return _without_offset(stack, offset, path.name, own=own)


def _load_file(path: Path, mdocs: Any, *, lazy: bool) -> tuple[Any, list[TiltSource], bool]:
    """A HyperSpy signal, its tilt sources in order of precedence, and whether HyperSpy wrote the file."""
    ending = path.suffix.lower()
    if ending not in EXTENSIONS:
        raise FileTypeError(
            f"{path.name}: files of type {ending or '(none)'} are not read; known: {' '.join(EXTENSIONS)}"
        )
    sources = []
    mdoc_path = _existing(mdocs) if isinstance(mdocs, str | Path) else mdoc_files.beside(path)
    said = mdoc_files.read_mdoc(mdoc_path) if ending in MRC and mdoc_path is not None else None
    if said is not None:
        sources.append(tilt_sources.TiltSource(said.name, said.tilts_deg))
    sources += tilt_sources.beside(path)
    if ending in MRC:
        signal, header = _mrc_signal(path, said, lazy=lazy)
        return signal, sources + header, False
    signal = _read(path, _READERS[ending], lazy=lazy)
    count = int(np.prod(signal.data.shape[:-2]))
    if ending in (".dm3", ".dm4"):
        sources += tilt_sources.of_dm_tags(signal.original_metadata.as_dictionary(), count)
    sources += tilt_sources.of_metadata(signal.metadata.as_dictionary(), count)
    return signal, sources, _READERS[ending] in _OWN


def _mrc_signal(path: Path, said: MdocSeries | None, *, lazy: bool) -> tuple[Any, list[TiltSource]]:
    series = read_mrc(path, lazy=lazy)
    stack = TomoStack(series.data)
    stack.original_metadata.add_dictionary({"mrc": series.header})
    tomography = stack.metadata.Tomography
    pixel, axis = series.pixel_size_nm, series.tilt_axis_deg
    microscope: dict[str, float] = {}
    if series.magnification:
        microscope["magnification"] = series.magnification
    if said is not None:
        pixel, axis = said.pixel_size_nm or pixel, said.tilt_axis_deg if axis is None else axis
        microscope |= said.microscope
        stack.original_metadata.add_dictionary({"mdoc": said.original})
    if pixel:
        for name in ("x", "y"):
            stack.axes_manager[name].scale, stack.axes_manager[name].units = pixel, "nm"
    if axis is not None:
        tomography.set_item("header_tiltaxis", axis)
    if microscope:
        stack.metadata.add_dictionary({"Acquisition_instrument": {"TEM": microscope}})
    stack.metadata.General.original_filename = path.name
    sources = []
    if series.tilts_deg is not None:
        sources.append(tilt_sources.TiltSource(series.tilt_source, series.tilts_deg))
    return stack, sources


def _load_list(paths: list[Path], mdocs: Any, *, lazy: bool) -> tuple[Any, list[TiltSource], bool]:
    """One file per projection (or of frames per projection), sorted by tilt where that is known."""
    if not paths:
        raise ParameterError("the list of files is empty")
    given = (
        [None] * len(paths)
        if mdocs is None
        else [_existing(m) for m in np.atleast_1d(np.asarray(mdocs, object))]
    )
    if len(given) != len(paths):
        raise ParameterError(f"{len(given)} mdoc files for {len(paths)} files; give one for each")
    parts: list[Any] = []
    tilts: list[float | None] = []
    names: list[str] = []
    for path, mdoc_path in zip(paths, given, strict=True):
        signal, sources, _ = _load_file(path, mdoc_path, lazy=lazy)
        if parts and signal.data.shape != parts[0].data.shape:
            raise ShapeError(
                f"{path.name} has the shape {signal.data.shape}, {paths[0].name} {parts[0].data.shape}"
            )
        parts.append(signal)
        tilts.append(_common_tilt(signal, sources))
        names.append(sources[0].name if sources else "metadata (stage tilt)")
    stacked = (da if lazy else np).stack([part.data for part in parts])
    found: list[TiltSource] = []
    order = np.arange(len(paths))
    if all(tilt is not None for tilt in tilts):
        source = "mdoc files" if names[0].endswith(".mdoc") else names[0]
        found = [tilt_sources.TiltSource(source, np.array(tilts, dtype=float))]
    else:
        found = tilt_sources.of_names([path.name for path in paths])
    if found:
        order = np.argsort(found[0].tilts_deg, kind="stable")
        found = [tilt_sources.TiltSource(item.name, item.tilts_deg[order]) for item in found]
    stack = TomoStack(stacked[order])
    _describe_like(stack, parts[int(order[0])])
    return stack, found, False


def _describe_like(stack: TomoStack, first: Any) -> None:
    """Copy scales, units and what is known of the microscope from one file's signal."""
    for name, source_axis in zip(("y", "x"), first.axes_manager._axes[-2:], strict=True):  # noqa: SLF001
        axis = stack.axes_manager[name]
        axis.scale, axis.offset = source_axis.scale, source_axis.offset
        axis.units = source_axis.units if isinstance(source_axis.units, str) else "pixels"
    for node in ("Acquisition_instrument", "General"):
        if first.metadata.has_item(node):
            stack.metadata.add_dictionary({node: first.metadata[node].as_dictionary()})
    axis_angle = first.metadata.get_item("Tomography.header_tiltaxis", default=None)
    if axis_angle is not None:
        stack.metadata.set_item("Tomography.header_tiltaxis", axis_angle)
    stack.original_metadata.add_dictionary(first.original_metadata.as_dictionary())


def _common_tilt(signal: Any, sources: list[TiltSource]) -> float | None:
    """The one tilt of a file that holds one projection or the frames of one."""
    if sources:
        values = sources[0].tilts_deg
        if np.ptp(values) > 0.1:  # degrees; a stage wobbles less
            raise ShapeError(f"a file of the list holds several tilts ({values}); load it by itself")
        return float(values.mean())
    stage = signal.metadata.get_item("Acquisition_instrument.TEM.Stage.tilt_alpha", default=None)
    return float(stage) if isinstance(stage, int | float) else None


def read_signals(filename: str | Path, *, lazy: bool) -> list[Any]:
    """All HyperSpy signals of real numbers in a file, whatever they are; checked as :func:`load` does.

    Raises
    ------
    FileNotFoundError, FileFormatError, UnsafeFileError
        As :func:`load`.
    """
    path = _existing(filename)
    if path.suffix.lower() not in _READERS:
        raise FileFormatError(f"{path.name}: known are {' '.join(_READERS)}")
    return _read_all(path, _READERS[path.suffix.lower()], lazy=lazy)


def _read_all(path: Path, reader: str, *, lazy: bool) -> list[Any]:
    """Through HyperSpy, with the reader that the ending names."""
    if path.suffix.lower() in _HDF5:
        check_hdf5(path, lazy=lazy)
    if reader == "ZSPY":
        _need_zarr_2()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "The NestedDirectoryStore is deprecated"
            )  # rosettasciio, zarr 2
            found = hs.load(str(path), file_format=reader, lazy=lazy)
    except _READER_FAULTS as error:
        raise FileFormatError(f"{path.name} cannot be read as {reader}: {error}") from error
    signals = found if isinstance(found, list) else [found]
    return [signal for signal in signals if signal.data.dtype.kind in "biuf"]


def _read(path: Path, reader: str, *, lazy: bool) -> Any:
    """One image signal."""
    images = [signal for signal in _read_all(path, reader, lazy=lazy) if signal.data.ndim >= 2]
    if not images:
        raise FileFormatError(f"{path.name} holds no images of real numbers")
    if len(images) > 1:
        _log.warning("%s holds %d data sets; the largest is loaded", path.name, len(images))
    best = max(images, key=lambda signal: signal.data.size)
    if best.axes_manager.signal_dimension == 1 and best.axes_manager.navigation_dimension > 1:
        raise FileFormatError(
            f"{path.name} holds spectra ({best.data.shape[-1]} energies); open it as spectra, "
            "with etwidgets.spectral.load or in the step Spectral"
        )
    return best if best.axes_manager.signal_dimension == 2 else best.as_signal2D((0, 1))


def _need_zarr_2() -> None:
    from importlib.metadata import version

    if int(version("zarr").split(".")[0]) >= 3:
        raise FileFormatError("HyperSpy reads .zspy with zarr 2 only: pip install 'zarr<3', or save as .hspy")


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


def _existing(name: Any) -> Path:
    path = Path(name).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if path.is_dir() and path.suffix.lower() != ".zspy":
        raise FileFormatError(f"{path} is a folder; give its files as a list, sorted(folder.glob('*.dm3'))")
    return path
