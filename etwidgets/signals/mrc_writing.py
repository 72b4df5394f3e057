"""Stacks and volumes as MRC files; knows no other format."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from hyperspy.signals import Signal2D
    from numpy.typing import NDArray

OURS = "written by etwidgets"
"""A label of our files: their values are right as they are stored."""
KNOWN_PIXEL = "the pixel size is known"
"""Another one: 1 Angstrom per pixel is otherwise what programs write that do not know it."""
VOLUME = "a volume: sections x, rows z, columns y"
"""Another one: a volume looks like a tilt series otherwise."""
MRC = (".mrc", ".ali", ".rec", ".st", ".mrcs", ".map")
"""Endings of the one format."""
_KEPT = ("int8", "int16", "uint16", "float32", "float16")


def as_mrc(data: Any) -> NDArray[Any]:
    """The data in a type that MRC files have: float32 where their own is none.

    Raises
    ------
    DataError
        If integers would be rounded, or numbers are beyond the range.

    Warns
    -----
    UserWarning
        If float64 is rounded.
    """
    given = np.asarray(data)
    if given.dtype.name in _KEPT:
        return np.ascontiguousarray(given)
    with np.errstate(over="ignore"):
        kept = given.astype(np.float32)
    if given.dtype.itemsize < np.dtype(np.float32).itemsize:
        return kept
    kind = given.dtype.name
    n_wrong, worst = 0, 0.0
    for image, stored in zip(given, kept, strict=True):  # one by one, for the memory's sake
        wrong = _differences(image, stored)
        if not np.isfinite(wrong[np.isfinite(image)]).all():
            raise DataError(f"MRC holds float32, up to 3.4e38, and these {kind} data go beyond; scale them")
        n_wrong += int(np.count_nonzero(wrong))
        worst = max(worst, float(wrong.max(initial=0)))
    if n_wrong and given.dtype.kind in "iu":
        raise DataError(
            f"MRC holds float32, exact up to 16777216; {n_wrong} of {given.size} {kind} values (largest "
            f"{given.max()}) would change by up to {worst:g}. Save as .hspy or .tif, or scale or convert the "
            "data first: s.change_data_type('float32')"
        )
    if n_wrong:
        warnings.warn(
            f"MRC holds float32: {n_wrong} of {given.size} {kind} values are rounded, by at most {worst:.2g}",
            stacklevel=5,
        )
    return kept


def axis_title(signal: Signal2D) -> str:
    """The tilt axis as SerialEM and IMOD write it among the titles; empty if it is not known."""
    angle = signal.metadata.get_item("Tomography.tilt_axis_angle_deg", default=None)
    return "" if angle is None else f"    Tilt axis angle = {angle:.4f}"


def _differences(image: NDArray[Any], stored: NDArray[np.float32]) -> NDArray[Any]:
    if image.dtype.kind == "f":
        return np.abs(stored.astype(image.dtype) - image)
    with np.errstate(invalid="ignore"):  # the largest number may be rounded to one that no integer holds
        back = stored.astype(image.dtype)
    return np.where(back > image, back - image, image - back)


def write_mrc(signal: Signal2D, data: NDArray[Any], target: Path) -> None:
    """Write data from :func:`as_mrc` with the signal's pixel size."""
    import mrcfile

    scales = {axis.name: axis.scale for axis in signal.axes_manager._axes if axis.units == "nm"}
    file = mrcfile.new(target)
    try:
        with file:
            file.set_data(data)
            file.add_label(OURS)
            volume = any(axis.name == "z" for axis in signal.axes_manager._axes)
            if volume:
                file.add_label(VOLUME)
            elif axis_title(signal):
                file.add_label(axis_title(signal))
            if "x" in scales and "y" in scales:
                # an MRC file counts columns, rows, sections as x, y, z, in Angstrom; a volume's are y, z, x
                names = ("y", "z", "x") if volume and "z" in scales else ("x", "y", "x")
                file.voxel_size = tuple(10 * scales[name] for name in names)
                file.add_label(KNOWN_PIXEL)
    except OSError:
        file._iostream.close()  # mrcfile 1.5 leaves it open where its last write fails
        raise
