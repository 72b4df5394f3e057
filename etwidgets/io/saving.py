"""Saves signals so that a crash leaves the old file or the new one; formats for other programs as well."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mrcfile
import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.io.readers import MRC

if TYPE_CHECKING:
    from etwidgets.signals import RecStack, TomoStack

_HYPERSPY = (".hspy", ".zspy", ".tif", ".tiff")
_MRC_TYPES = {
    "int8": np.int8,
    "int16": np.int16,
    "uint16": np.uint16,
    "float32": np.float32,
    "float16": np.float16,
}


def save(
    signal: TomoStack | RecStack, filename: str | Path, *, overwrite: bool = False, **kwargs: Any
) -> Path:
    """Save a stack or a volume.

    Parameters
    ----------
    signal
        What to save.
    filename
        ``.hspy`` and ``.zspy`` keep everything. ``.mrc`` (also ``.ali .rec .st .mrcs .map``) keeps data
        and pixel size, and writes the tilts beside it as ``.rawtlt``; ``.tif`` keeps data and scale.
    overwrite
        Replace an existing file; without it that is an error.
    **kwargs
        Passed to HyperSpy's writer.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is not true.
    ParameterError
        If the format is not known.
    """
    path = Path(filename)
    ending = path.suffix.lower() or ".hspy"
    if ending in MRC:
        return _save_mrc(signal, path, overwrite=overwrite)
    if ending not in _HYPERSPY:
        raise ParameterError(f"cannot write {ending} files; use one of {' '.join((*_HYPERSPY, *MRC))}")
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "The NestedDirectoryStore is deprecated"
        )  # rosettasciio with zarr 2
        return signal.save(path, overwrite=overwrite, **kwargs)


def _save_mrc(signal: TomoStack | RecStack, path: Path, *, overwrite: bool) -> Path:
    tilts = signal.tilts_deg if getattr(signal, "has_tilts", False) else None
    tilt_path = path.with_suffix(".rawtlt")
    for existing in (path, *([tilt_path] if tilts is not None else [])):
        if existing.exists() and not overwrite:
            raise FileExistsError(f"{existing} exists; choose another name or pass overwrite=True")
    data = np.asarray(signal.data)
    data = data.astype(_MRC_TYPES.get(data.dtype.name, np.float32), copy=False)
    if data.ndim == 4:
        raise ParameterError("MRC has no place for frames; average them first: s.mean('Frames')")
    with atomic_path(path) as temporary, mrcfile.new(temporary, np.ascontiguousarray(data)) as file:
        scales = {axis.name: axis.scale for axis in signal.axes_manager._axes if axis.units == "nm"}  # noqa: SLF001
        if "x" in scales and "y" in scales:
            # an MRC file counts columns, rows, sections as x, y, z, in Angstrom; a volume's are y, z, x
            names = ("x", "y", "x") if tilts is not None or "z" not in scales else ("y", "z", "x")
            file.voxel_size = tuple(10 * scales[name] for name in names)
    if tilts is not None:
        with atomic_path(tilt_path) as temporary:
            temporary.write_text("".join(f"{tilt:.6g}\n" for tilt in tilts), encoding="utf-8")
    return path
