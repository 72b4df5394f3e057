"""The one place where signals become files, whatever the format; knows no widget and reads nothing.

Every format is written to a temporary file that replaces the old one when it is whole, after a look at the
room on the disk.
"""

from __future__ import annotations

import warnings
import zlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hyperspy.signals import Signal2D

from etwidgets.atomic import atomic_path, check_target
from etwidgets.errors import ParameterError, ParameterTypeError
from etwidgets.resources import check_memory, free_disk
from etwidgets.signals.emd_writing import write_emd
from etwidgets.signals.hdf5_writing import patient_file
from etwidgets.signals.mrc_writing import MRC, OURS, as_mrc, axis_title, write_mrc
from etwidgets.signals.ome_zarr_writing import write_ome_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TIFF_TAG = 65000
"""Number of the tag in our TIFF files; those from 65000 on are free for anyone's use."""
_HSPY, _TIFF, _EMD = (".hspy", ".hdf5", ".h5"), (".tif", ".tiff"), ".emd"
_OME_ZARR = ".zarr"
_OFFERED = (".hspy", ".zspy", *_TIFF, _EMD, *MRC, ".rpl", ".ome.zarr")
_OTHER_HDF5 = ("EMD", "NeXus", "USID")  # HDF5 opens these files itself, and ends the process on a full disk
_HEADERS = 1 << 16  # bytes, for what a file has beside its data
_SAMPLES, _SAMPLE = 16, 1 << 16  # pieces, and values of each, that show how well data compress


def save(
    signal: Signal2D,
    filename: str | Path,
    *,
    overwrite: bool = False,
    file_format: str | None = None,
    **kwargs: Any,
) -> Path:
    """Save a stack or a volume; ``signal.save`` is the same.

    Parameters
    ----------
    signal
        What to save.
    filename
        ``.hspy`` and ``.zspy`` keep everything. ``.mrc`` (also ``.ali .rec .st .mrcs .map``) and ``.tif``
        keep data, pixel size and direction of the tilt axis, and the tilts beside them as ``.rawtlt``.
        ``.emd`` is Tomviz's form: data, pixel size, tilts. ``.ome.zarr`` (OME-Zarr 0.5, for napari and
        others) takes volumes: data, scale and unit, with a pyramid; ``label_image=True`` says that the
        numbers are labels, ``labels={"particles": array}`` writes some with the volume. ``.rpl`` and what
        else HyperSpy writes keep the data.
    overwrite
        Replace an existing file; without it that is an error.
    file_format
        HyperSpy's name of the writer, where the ending is ambiguous.
    **kwargs
        Passed to HyperSpy's writer, for example ``chunks`` and ``compression``.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is not true.
    FileNotFoundError
        If the folder does not exist.
    DiskFullError
        If there is no room; the old file is as it was.
    ParameterError
        If the format is not known, or cannot hold these data; or the name is none.
    DataError
        If the format would change integers.
    """
    if not isinstance(signal, Signal2D):
        raise ParameterTypeError(
            f"save takes a TomoStack or a RecStack, not {type(signal).__name__}; make one of an array first: "
            "TomoStack(array, tilts)"
        )
    path = path_of(filename)
    if not path.suffix:
        path = path.with_name(f"{path.name}.hspy")
    check_target(path)
    write, n_bytes, beside = _writer(signal, path, file_format, kwargs)
    stale = _check_free(path, signal, beside, overwrite=overwrite)
    with atomic_path(path, n_bytes, beside) as temporary:
        write(temporary)
    if stale:
        path.with_suffix(".rawtlt").unlink(missing_ok=True)
    return path


def path_of(filename: Any) -> Path:
    """The path of a file to be written.

    Raises
    ------
    ParameterError
        If it is not a valid file name; a ParameterTypeError if it is not a path.
    """
    if not isinstance(filename, str | Path):
        raise ParameterTypeError(f"filename must be a path such as 'a.hspy', not {type(filename).__name__}")
    path = Path(filename)
    if not path.name or "\0" in path.name:
        raise ParameterError(f"{str(filename)!r} is not the name of a file; give one such as 'a.hspy'")
    return path


Writer = tuple["Callable[[Path], None]", float, tuple[str, ...]]


def _writer(signal: Signal2D, path: Path, file_format: str | None, kwargs: dict[str, Any]) -> Writer:
    """What writes the file, the bytes that it will have, and what is written beside it."""
    ending, size = path.suffix.lower(), float(signal.data.nbytes) + _HEADERS
    if file_format is None and ending in (*MRC, *_TIFF, _EMD):
        if signal.data.ndim > 3:
            raise ParameterError(f"{ending} cannot store frames; average them first: s.mean('Frames')")
        if not isinstance(signal.data, np.ndarray):
            check_memory(size, f"saving as {ending}", "save it as .hspy or .zspy, which goes piece by piece")
        beside = (".rawtlt",) if ending != _EMD and _tilts(signal) is not None else ()
        if ending == _EMD:
            return lambda target: write_emd(signal, target), size, ()
        if ending in MRC:
            data = as_mrc(signal.data)
            return (
                lambda target: _with_tilts(signal, target, lambda: write_mrc(signal, data, target)),
                data.nbytes + _HEADERS,
                beside,
            )
        return (
            lambda target: _with_tilts(signal, target, lambda: _write_tiff(signal, target, kwargs)),
            size,
            beside,
        )
    if (ending in _HSPY and file_format is None) or file_format == "HSPY":
        return lambda target: _write_hspy(signal, target, kwargs), _compressed(signal, path, kwargs), ()
    if ending == _OME_ZARR and file_format is None:
        return lambda target: write_ome_zarr(signal, target, **kwargs), _compressed(signal, path, {}), ()
    name = file_format or ("ZSPY" if ending == ".zspy" else _name_of_writer(ending))
    if name in _OTHER_HDF5:
        raise ParameterError(f"{name} files are not written here; use one of {' '.join(_OFFERED)}")
    if name == "ZSPY":
        size = _compressed(signal, path, kwargs)
    return (
        lambda target: _by_hyperspy(signal, target, name, kwargs),
        size,
        (".raw",) if name == "Ripple" else (),
    )


def _name_of_writer(ending: str) -> str:
    from hyperspy.io import IO_PLUGINS

    for plugin in IO_PLUGINS:
        if plugin["writes"] is not False and ending[1:] in plugin["file_extensions"]:
            return str(plugin["name"])
    raise ParameterError(f"cannot write {ending} files; use one of {' '.join(_OFFERED)}")


def _by_hyperspy(signal: Signal2D, target: Path, name: str, kwargs: dict[str, Any]) -> None:
    flat = name == "Ripple" and signal.axes_manager.navigation_dimension > 1
    shown = signal.as_signal2D((-2, -1)) if flat else signal
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The NestedDirectoryStore is deprecated")  # rosettasciio, zarr 2
        try:
            Signal2D.save(shown, target, overwrite=True, file_format=name, **kwargs)
        except TypeError as error:
            if "does not support this data" not in str(error):
                raise
            raise ParameterError(
                f"{target.suffix} cannot store data of the shape {signal.data.shape}; use one of "
                f"{' '.join(_OFFERED)}"
            ) from error


def _write_tiff(signal: Signal2D, target: Path, kwargs: dict[str, Any]) -> None:
    """As HyperSpy does, and with a tag of ours that names the tilt axis."""
    axis = axis_title(signal)
    if axis:
        tag = (TIFF_TAG, "s", 1, f"{OURS}; {axis.strip()}", False)
        kwargs = {**kwargs, "extratags": [*(kwargs.get("extratags") or []), tag]}
    _by_hyperspy(signal, target, "TIFF", kwargs)


def _write_hspy(signal: Signal2D, target: Path, kwargs: dict[str, Any]) -> None:
    """As HyperSpy does, but into a file that no full disk can break."""
    from hyperspy.misc.utils import get_object_package_info

    content = signal._to_dictionary(add_models=True)
    content["package_info"] = get_object_package_info(signal)
    with patient_file(target) as file:
        import_module("rsciio.hspy").file_writer(file, content, **kwargs)


def _with_tilts(signal: Signal2D, target: Path, write: Callable[[], None]) -> None:
    write()
    tilts = _tilts(signal)
    if tilts is not None:
        target.with_suffix(".rawtlt").write_text(_in_lines(tilts), encoding="utf-8")


def _tilts(signal: Any) -> NDArray[np.float64] | None:
    return signal.tilts_deg if getattr(signal, "has_tilts", False) else None


def _in_lines(tilts: NDArray[np.float64]) -> str:
    return "".join(f"{tilt:.6g}\n" for tilt in tilts)


def _check_free(path: Path, signal: Signal2D, beside: tuple[str, ...], *, overwrite: bool) -> bool:
    """Refuse to replace a file, or tilts of another one; tell whether old tilts must go with the old file."""
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True")
    tilt_file = path.with_suffix(".rawtlt")
    if path.suffix.lower() not in (*MRC, *_TIFF) or not tilt_file.exists():
        return False
    tilts = _tilts(signal)
    if tilts is not None and tilt_file.read_bytes() == _in_lines(tilts).encode():
        return False
    others = [path.with_suffix(ending) for ending in (*MRC, *_TIFF) if ending != path.suffix.lower()]
    owners = [other.name for other in others if other.exists()]
    if owners:
        raise FileExistsError(
            f"{tilt_file} exists, with the tilts of {owners[0]}, and belongs to every file of that name; "
            "choose another name"
        )
    if not overwrite or (tilts is None and not path.exists()):
        cure = "" if tilts is None else " or pass overwrite=True"
        raise FileExistsError(
            f"{tilt_file} exists and would be taken for the tilts of {path.name}; choose another name{cure}"
        )
    return ".rawtlt" not in beside


def _compressed(signal: Signal2D, path: Path, kwargs: dict[str, Any]) -> float:
    """Bytes that a compressed file will have: looked into only where the disk is nearly full."""
    data = signal.data
    size = float(data.nbytes)
    if kwargs.get("compression", "gzip") is None:
        return size + _HEADERS
    if not path.parent.is_dir() or free_disk(path.resolve().parent) > size + _HEADERS:
        return 0
    if not isinstance(data, np.ndarray):
        return 0  # not known before it is computed
    flat = data.reshape(-1) if data.flags.c_contiguous else data[:: max(1, len(data) // _SAMPLES)].reshape(-1)
    starts = np.linspace(0, max(0, flat.size - _SAMPLE), _SAMPLES).astype(int)
    pieces = [np.ascontiguousarray(flat[start : start + _SAMPLE]) for start in starts]
    # the writers sort the bytes by their place in a number before they compress
    sorted_bytes = [piece.view(np.uint8).reshape(piece.size, -1).T.tobytes() for piece in pieces]
    ratio = sum(len(zlib.compress(each, 4)) for each in sorted_bytes) / sum(map(len, sorted_bytes))
    return 0.9 * ratio * size  # a sample may err: what is refused must be sure not to fit
