"""The geometry that all x slices share: angles, detector width, slice size; knows no algorithm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count, checked_reals
from etwidgets.errors import DataError, ParameterError, ShapeError, TiltCountError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Geometry:
    """Parallel projections of a slice ``(Z, Y)`` onto a line of ``Y`` pixels.

    The detector coordinate of the point (row r, column y), all from their centers, is
    ``t = y cos(angle) - r sin(angle)``; pixels and detector cells have the width 1.

    Parameters
    ----------
    angles_rad
        ``(T,)`` radians, in any order.
    n_y
        Pixels of the detector, and columns of the slice.
    n_z
        Rows of the slice; default ``n_y``.

    Raises
    ------
    ParameterError
        If there is no angle, a size is not a positive integer.
    DataError
        If an angle is not finite.
    """

    angles_rad: NDArray[np.float64] = field(repr=False)
    n_y: int
    n_z: int

    def __init__(self, angles_rad: ArrayLike, n_y: int, n_z: int | None = None) -> None:
        angles = np.array(checked_reals("angles", angles_rad)).ravel()
        if angles.size == 0:
            raise ParameterError("no angle is given; a projection needs at least one tilt")
        if not np.isfinite(angles).all():
            bad = np.flatnonzero(~np.isfinite(angles)).tolist()
            raise DataError(f"angle(s) {bad} are not finite")
        angles.flags.writeable = False
        object.__setattr__(self, "angles_rad", angles)
        object.__setattr__(self, "n_y", checked_count("n_y", n_y))
        object.__setattr__(self, "n_z", checked_count("n_z", n_y if n_z is None else n_z))

    @property
    def n_angles(self) -> int:
        """The number of projections."""
        return int(self.angles_rad.size)

    def subset(self, tilts: Sequence[int] | NDArray[np.intp]) -> Geometry:
        """The geometry of some of the projections, in the given order."""
        return Geometry(self.angles_rad[np.asarray(tilts)], self.n_y, self.n_z)

    def checked_projections(self, projections: Any) -> NDArray[Any]:
        """``(T, Y, X)`` real, finite numbers that fit this geometry; not copied."""
        data = _checked(projections, "projections (T, Y, X)")
        if data.shape[0] != self.n_angles:
            raise TiltCountError(self.n_angles, data.shape[0])
        if data.shape[1] != self.n_y:
            raise ShapeError(f"projections are {data.shape[1]} high, the geometry is {self.n_y}")
        return data

    def checked_volume(self, volume: Any) -> NDArray[Any]:
        """``(X, Z, Y)`` real, finite numbers that fit this geometry; not copied."""
        data = _checked(volume, "a volume (X, Z, Y)")
        if data.shape[1:] != (self.n_z, self.n_y):
            raise ShapeError(f"slices are {data.shape[1:]}, the geometry is {(self.n_z, self.n_y)}")
        return data


def _checked(values: Any, what: str) -> NDArray[Any]:
    data = np.asarray(values)
    if data.ndim != 3 or 0 in data.shape:
        raise ShapeError(f"expected {what}, got the empty shape {data.shape}")
    if data.dtype.kind not in "biuf":
        raise DataError(f"{what} must be real numbers, not {data.dtype}")
    if data.dtype.kind == "f" and not np.isfinite(data.sum(dtype=np.float64)):
        n_bad = int(np.count_nonzero(~np.isfinite(data)))
        if n_bad:
            raise DataError(f"{n_bad} value(s) of {what} are NaN or infinite; repair or remove them first")
    if data.dtype.kind == "f" and max(data.max(), -data.min()) > _LARGEST:
        raise DataError(f"{what} exceed {_LARGEST:.1e}, the largest float32 number; scale them down first")
    return data
