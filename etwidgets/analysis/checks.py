"""Rejects data that cannot be measured; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import is_number
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked_volume(volume: NDArray[Any]) -> NDArray[np.float32]:
    """A volume ``(X, Z, Y)`` of finite numbers as float32.

    Raises
    ------
    ShapeError, DataError
        If it is not one.
    """
    data = np.asarray(volume)
    if data.ndim != 3 or min(data.shape) < 2:
        raise ShapeError(f"a volume has the shape (x, z, y), at least 2 voxels each, not {data.shape}")
    if data.dtype.kind not in "biuf":
        raise DataError(f"a volume must be real numbers, not {data.dtype}")
    data = data.astype(np.float32, copy=False)
    bad = int(np.count_nonzero(~np.isfinite(data)))
    if bad:
        raise DataError(f"{bad} voxel(s) of the volume are not finite; repair them before measuring")
    return data


def checked_mask(mask: NDArray[Any], what: str = "the mask") -> NDArray[np.bool_]:
    """A mask ``(X, Z, Y)`` that is not empty.

    Raises
    ------
    ShapeError, DataError
        If it is not a mask, or empty.
    """
    found = np.asarray(mask)
    if found.ndim != 3:
        raise ShapeError(f"{what} has the shape {found.shape}, not (x, z, y)")
    found = found.astype(bool, copy=False)
    if not found.any():
        raise DataError(f"{what} is empty; lower the threshold")
    return found


def checked_threshold(threshold: Any, what: str = "the threshold") -> float:
    """An intensity at which a volume is segmented.

    Raises
    ------
    ParameterError
        If it is not a finite number.
    """
    if not is_number(threshold):
        raise ParameterError(
            f"{what} must be a number in units of the volume, not {threshold!r}; "
            "a method such as half gives one"
        )
    return float(threshold)


def checked_voxel(voxel_nm: float) -> float:
    """The length of a voxel.

    Raises
    ------
    ParameterError
        If it is not positive.
    """
    if not is_number(voxel_nm) or voxel_nm <= 0:
        raise ParameterError(f"the voxel size must be a positive number of nm, not {voxel_nm!r}")
    return float(voxel_nm)
