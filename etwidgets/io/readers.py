"""Reads one file into a HyperSpy signal with what it says of its tilts; an allowlist of endings, no guessing.

Knows no tilt series of several files; that is :mod:`etwidgets.io.series`.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dask.array as da
import hyperspy.api as hs
import numpy as np
from hyperspy.io import dict2signal
from hyperspy.signals import Signal2D

from etwidgets.align import axis_angle_after, axis_angle_upside_down
from etwidgets.atomic import is_data_folder
from etwidgets.errors import EtwidgetsError, FileFormatError, FileTypeError
from etwidgets.io import mdoc as mdoc_files
from etwidgets.io import tilt_sources
from etwidgets.io.emd import read_emd
from etwidgets.io.hdf5 import check_hdf5, check_size
from etwidgets.io.mrc import read_mrc
from etwidgets.io.mrc_extended import axis_in
from etwidgets.io.ome_zarr import read_ome_zarr
from etwidgets.io.tiff import check_tiff, lazy_dictionaries
from etwidgets.signals import RecStack, TomoStack
from etwidgets.signals.mrc_writing import MRC, OURS
from etwidgets.signals.saving import TIFF_TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.io.emd import EmdImages
    from etwidgets.io.mdoc import MdocSeries
    from etwidgets.io.mrc import MrcSeries
    from etwidgets.io.tilt_sources import TiltSource

_T = TypeVar("_T")
_READERS = {
    ".hspy": "HSPY", ".hdf5": "HSPY", ".h5": "HSPY", ".zspy": "ZSPY",
    ".dm3": "DigitalMicrograph", ".dm4": "DigitalMicrograph",
    ".tif": "TIFF", ".tiff": "TIFF", ".emd": "EMD", ".zarr": "OME-Zarr",
}  # fmt: skip
EXTENSIONS = (*MRC, *_READERS)
"""The endings that :func:`load` opens."""
_HDF5 = (".hspy", ".hdf5", ".h5", ".emd")
_OWN = ("HSPY", "ZSPY")
_WITH_MDOC = ("MRC", "TIFF")  # what SerialEM writes


@dataclass(frozen=True, eq=False)
class FileContent:
    """What one file holds.

    Attributes
    ----------
    signal
        HyperSpy's, with two signal dimensions.
    sources
        Where its tilts may come from, in order of precedence.
    own
        Whether a program wrote the file, not a microscope: its values are kept as they are.
    """

    signal: Any
    sources: list[TiltSource]
    own: bool

    @property
    def stage_tilt(self) -> TiltSource | None:
        """The tilt of the stage that the metadata of one image have, or None."""
        stage = self.signal.metadata.get_item("Acquisition_instrument.TEM.Stage.tilt_alpha", default=None)
        if not isinstance(stage, int | float) or not np.isfinite(stage):
            return None
        return tilt_sources.TiltSource("metadata (stage tilt)", np.array([float(stage)]))


def read_file(path: Path, mdoc: str | Path | None, *, lazy: bool) -> FileContent:
    """Read one file of those in :data:`EXTENSIONS`; ``mdoc`` is the mdoc file, if one was given.

    Raises
    ------
    FileFormatError, UnsafeFileError
        As :func:`etwidgets.io.load`.
    """
    ending = path.suffix.lower()
    if ending not in EXTENSIONS:
        raise FileTypeError(
            f"{path.name}: files of type {ending or '(none)'} are not read; known: {' '.join(EXTENSIONS)}"
        )
    if not lazy and path.is_file():
        check_size(path, path.stat().st_size)  # what is compressed becomes larger; its reader looks again
    return guarded(path, kind_of(path), lambda: _content(path, mdoc, lazy=lazy))


def guarded(path: Path, kind: str, read: Callable[[], _T]) -> _T:
    """What ``read`` gives; whatever it raises at a damaged file becomes one error that names the file.

    Raises
    ------
    FileFormatError
        With the reason.
    """
    try:
        return read()
    except (EtwidgetsError, FileNotFoundError, Warning):
        raise
    except Exception as error:  # the border to other packages, which raise anything at damaged bytes
        reason = str(error) or type(error).__name__
        raise FileFormatError(
            f"{path.name} cannot be read as {kind}: {reason}. It is damaged, cut short, or of another kind "
            "than its ending says; copy or export it again"
        ) from error


def _content(path: Path, mdoc: str | Path | None, *, lazy: bool) -> FileContent:
    kind = kind_of(path)
    said, sources = sources_beside(path, mdoc)
    if kind == "MRC":
        series = read_mrc(path, lazy=lazy)
        if series.volume:
            return FileContent(_mrc_volume(series), [], own=True)
        signal, header = _mrc_signal(path, series)
        content = FileContent(signal, sources + header, own=series.ours)
    elif kind == "OME-Zarr":
        return FileContent(read_ome_zarr(path, lazy=lazy), [], own=True)
    elif kind == "EMD" and (images := _emd_images(path, lazy=lazy)) is not None:
        content = _emd_content(path, images, sources)
    else:
        signal = _read(path, kind, lazy=lazy)
        _note_own_axis(signal)
        content = FileContent(signal, sources + _header_sources(signal, kind), own=kind in _OWN)
    if said is not None:
        _describe_by_mdoc(content.signal, said, first_row_below=kind == "MRC")
    return content


def sources_beside(path: Path, mdoc: str | Path | None) -> tuple[MdocSeries | None, list[TiltSource]]:
    """What the mdoc file says that was given or lies beside a file, and the tilts of all such files."""
    said = _mdoc(path, mdoc) if mdoc is not None or kind_of(path) in _WITH_MDOC else None
    sources = tilt_sources.tilts_beside(path)
    if said is not None and said.tilts_deg is not None:
        sources.insert(0, tilt_sources.TiltSource(said.name, said.tilts_deg))
    return said, sources


def _mdoc(path: Path, given: str | Path | None) -> MdocSeries | None:
    """What the mdoc file says that was given, or lies beside a file; a bad one beside it is a warning."""
    found = existing(given) if given is not None else mdoc_files.mdoc_beside(path)
    if found is None:
        return None
    try:
        said = mdoc_files.read_mdoc(found)
    except FileFormatError as error:
        if given is not None:
            raise
        tilt_sources.warn_unused(path.name, str(error))
        return None
    if said.lacking:
        tilt_sources.warn_unused(path.name, f"the tilts of {said.name}: {said.lacking}")
    return said


def _header_sources(signal: Any, kind: str) -> list[TiltSource]:
    count = int(np.prod(signal.data.shape[:-2]))
    found = []
    if kind == "DigitalMicrograph":
        found = tilt_sources.of_dm_tags(signal.original_metadata.as_dictionary(), count)
    return found + tilt_sources.of_metadata(signal.metadata.as_dictionary(), count)


def _mrc_volume(series: MrcSeries) -> Any:
    volume = RecStack(series.data)
    if series.pixel_size_nm:
        for axis in volume.axes_manager._axes:  # noqa: SLF001  (HyperSpy's axes in array order are private)
            axis.scale, axis.units = series.pixel_size_nm, "nm"
    volume.original_metadata.add_dictionary({"mrc": series.header})
    return volume


def _mrc_signal(path: Path, series: MrcSeries) -> tuple[Any, list[TiltSource]]:
    stack = TomoStack(series.data)
    stack.original_metadata.add_dictionary({"mrc": series.header})
    said = series.sections
    _set_pixel_size(stack, series.pixel_size_nm)
    if said.tilt_axis_deg is not None:
        _note_axis(stack, said.tilt_axis_deg, axis_angle_after(said.axis_sign * said.tilt_axis_deg, 0))
    if said.magnification:
        microscope = {"magnification": said.magnification}
        stack.metadata.add_dictionary({"Acquisition_instrument": {"TEM": microscope}})
    stack.metadata.General.original_filename = path.name
    return stack, [] if said.tilts_deg is None else [tilt_sources.TiltSource(said.source, said.tilts_deg)]


def _describe_by_mdoc(signal: Any, said: MdocSeries, *, first_row_below: bool) -> None:
    """SerialEM's own words precede those of the header, but for the tilt axis.

    SerialEM and IMOD draw the first row of an MRC file below, and that of a TIFF file above.
    """
    _set_pixel_size(signal, said.pixel_size_nm)
    axis = said.tilt_axis_deg
    if axis is not None and not signal.metadata.has_item("Tomography.tilt_axis_angle_deg"):
        _note_axis(
            signal, axis, axis_angle_after(axis, 0) if first_row_below else axis_angle_upside_down(axis)
        )
    if said.microscope:
        signal.metadata.add_dictionary({"Acquisition_instrument": {"TEM": said.microscope}})
    signal.original_metadata.add_dictionary({"mdoc": said.original})


def _note_axis(signal: Any, as_written: float, angle_deg: float) -> None:
    """The tilt axis as the file has it, and as :func:`etwidgets.align.quarter_turns_for` takes it."""
    signal.metadata.set_item("Tomography.header_tiltaxis", as_written)
    signal.metadata.set_item("Tomography.tilt_axis_angle_deg", angle_deg)


def _note_own_axis(signal: Any) -> None:
    """The tilt axis that we wrote into a TIFF file, seen in pixels."""
    said = str(signal.original_metadata.get_item(f"Number_{TIFF_TAG}", default=""))
    axis = axis_in(said) if OURS in said else None
    if axis is not None:
        _note_axis(signal, axis, axis)


def _set_pixel_size(signal: Any, pixel_size_nm: float | None) -> None:
    if pixel_size_nm:
        for axis in signal.axes_manager._axes[-2:]:  # noqa: SLF001  (HyperSpy's axes in array order are private)
            axis.scale, axis.units = pixel_size_nm, "nm"


def _emd_images(path: Path, *, lazy: bool) -> EmdImages | None:
    check_hdf5(path, lazy=lazy)
    return read_emd(path, lazy=lazy)


def read_signals(filename: str | Path, *, lazy: bool) -> list[Any]:
    """All HyperSpy signals of real numbers in a file, whatever they are; checked as :func:`load` does.

    Raises
    ------
    FileNotFoundError, FileFormatError, UnsafeFileError
        As :func:`load`.
    """
    path = existing(filename)
    if path.suffix.lower() not in _READERS:
        raise FileFormatError(f"{path.name}: known are {' '.join(_READERS)}")
    return guarded(path, kind_of(path), lambda: _read_all(path, kind_of(path), lazy=lazy))


def _read_all(path: Path, reader: str, *, lazy: bool) -> list[Any]:
    """Through HyperSpy, with the reader that the ending names."""
    if path.suffix.lower() in _HDF5:
        check_hdf5(path, lazy=lazy)
    if reader == "TIFF":
        check_tiff(path, lazy=lazy)
    log = logging.getLogger("hyperspy.io")
    log.addFilter(_no_call_to_report)
    try:
        with warnings.catch_warnings():
            # rosettasciio with zarr 2
            warnings.filterwarnings("ignore", "The NestedDirectoryStore is deprecated")
            if reader == "TIFF" and lazy:
                found = [dict2signal(each, lazy=True) for each in lazy_dictionaries(path)]
            else:
                found = hs.load(str(path), file_format=reader, lazy=lazy)
    finally:
        log.removeFilter(_no_call_to_report)
    signals = found if isinstance(found, list) else [found]
    return [signal for signal in signals if signal.data.dtype.kind in "biuf"]


def _no_call_to_report(record: logging.LogRecord) -> bool:
    """Whether a message of HyperSpy is not the one that asks to report each damaged file as its fault."""
    return "please report this error" not in record.getMessage()


def _emd_content(path: Path, images: EmdImages, sources: list[TiltSource]) -> FileContent:
    signal = RecStack(images.data) if images.is_volume else Signal2D(images.data)
    if not images.is_volume and isinstance(images.data, da.Array):
        signal = signal.as_lazy()
    for axis, known in zip(signal.axes_manager._axes[-len(images.axes) :], images.axes, strict=True):  # noqa: SLF001
        axis.name, axis.scale, axis.offset = known["name"], known["scale"], known["offset"]
        if known["units"]:
            axis.units = known["units"]
    signal.metadata.General.original_filename = path.name
    signal.original_metadata.add_dictionary(images.original)
    if images.tilts_deg is not None:
        sources = [*sources, tilt_sources.TiltSource(images.tilt_source, images.tilts_deg)]
    return FileContent(signal, sources, own=True)


def _read(path: Path, reader: str, *, lazy: bool) -> Any:
    """One image signal."""
    images = [signal for signal in _read_all(path, reader, lazy=lazy) if signal.data.ndim >= 2]
    if not images:
        raise FileFormatError(f"{path.name} holds no images of real numbers")
    shapes = [tuple(int(n) for n in signal.data.shape) for signal in images]
    if reader == "TIFF" and len(images) > 1 and len(set(shapes)) == 1 and len(shapes[0]) == 2:
        return hs.stack(images, show_progressbar=False)  # pages that were written one by one
    best = max(images, key=lambda signal: signal.data.size)
    if len(images) > 1:
        warnings.warn(
            f"{path.name} holds {len(images)} data sets, of the shapes {', '.join(map(str, shapes[:5]))}"
            f"{'...' if len(shapes) > 5 else ''}; the largest is loaded",
            stacklevel=6,
        )
    if best.axes_manager.signal_dimension == 1 and best.axes_manager.navigation_dimension > 1:
        raise FileFormatError(
            f"{path.name} holds spectra ({best.data.shape[-1]} energies); open it as spectra, "
            "with etwidgets.spectral.load or in the Spectral tab"
        )
    return best if best.axes_manager.signal_dimension == 2 else best.as_signal2D((0, 1))


def kind_of(path: Path) -> str:
    """What reads the file; ``.tif`` and ``.tiff`` are one kind, and so is the family of ``.mrc``."""
    return _READERS.get(path.suffix.lower(), "MRC")


def reader_of(path: Path) -> str:
    """The short name of what reads the file, such as ``"DM"``; empty if nothing does."""
    if path.suffix.lower() not in EXTENSIONS:
        return ""
    kind = kind_of(path)
    return "DM" if kind == "DigitalMicrograph" else kind


def existing(name: Any) -> Path:
    """The path of a file that is there.

    Raises
    ------
    FileNotFoundError, FileFormatError
        If there is none, or it is a folder.
    """
    path = Path(name).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if path.is_dir() and not is_data_folder(path):
        raise FileFormatError(f"{path} is a folder, where a file is needed")
    return path
