"""Refuses what cannot be measured; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked_volume(volume: NDArray[Any]) -> NDArray[np.float32]:
    """A volume ``(X, Z, Y)`` of finite numbers as float32.

    Raises
    ------
    ShapeError, DataError
        If it is none.
    """
    data = np.asarray(volume)
    if data.ndim != 3 or min(data.shape) < 2:
        raise ShapeError(f"a volume has the shape (x, z, y), at least 2 voxels each, not {data.shape}")
    data = data.astype(np.float32, copy=False)
    if not np.isfinite(data).all():
        raise DataError("the volume has voxels that are not finite; it cannot be measured")
    return data


def checked_mask(mask: NDArray[Any], what: str = "the mask") -> NDArray[np.bool_]:
    """A mask ``(X, Z, Y)`` with something in it.

    Raises
    ------
    ShapeError, DataError
        If it is none, or empty.
    """
    found = np.asarray(mask)
    if found.ndim != 3:
        raise ShapeError(f"{what} has the shape {found.shape}, not (x, z, y)")
    found = found.astype(bool, copy=False)
    if not found.any():
        raise DataError(f"{what} is empty; lower the threshold")
    return found


def checked_voxel(voxel_nm: float) -> float:
    """The length of a voxel.

    Raises
    ------
    ParameterError
        If it is not positive.
    """
    if not (np.isfinite(voxel_nm) and voxel_nm > 0):
        raise ParameterError(f"the voxel size must be a positive number of nm, not {voxel_nm}")
    return float(voxel_nm)
