"""Where markers are seen in the projections of a tilt series; knows neither images nor a geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from etwidgets.checks import checked_reals
from etwidgets.errors import DataError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class MarkerTracks:
    """Positions of markers in all projections: found by us, or read from a fiducial model.

    Attributes
    ----------
    positions_px
        ``(M, T, 2)`` pixels ``(y, x)``, projections in order of acquisition; 0 is the middle of the first
        pixel. NaN where a marker is not seen.
    qualities
        ``(M, T)``, 0 to 1: the correlation of the marker with its template; NaN where it is not seen.
    diameter_px
        Of the markers, pixels; 0: not known.
    """

    positions_px: NDArray[np.float64]
    qualities: NDArray[np.float64]
    diameter_px: float = 0.0

    @classmethod
    def of(
        cls, positions_px: ArrayLike, *, qualities: ArrayLike | None = None, diameter_px: float = 0.0
    ) -> Self:
        """Tracks from positions ``(M, T, 2)``; without ``qualities`` all that is seen counts alike.

        Raises
        ------
        ShapeError
            If the arrays have other shapes.
        DataError
            If a position is infinite.
        """
        positions = np.array(checked_reals("marker positions", positions_px))
        if positions.ndim != 3 or positions.shape[2] != 2 or not positions.shape[1]:
            raise ShapeError(
                f"marker positions must have the shape (markers, projections, 2), (y, x) each, "
                f"not {positions.shape}"
            )
        if np.isinf(positions).any():
            raise DataError("some marker positions are infinite; use NaN where a marker is not seen")
        seen = np.isfinite(positions).all(2)
        positions[~seen] = np.nan
        known = np.ones(seen.shape) if qualities is None else np.array(checked_reals("qualities", qualities))
        if known.shape != seen.shape:
            raise ShapeError(f"qualities must have the shape {seen.shape}, not {known.shape}")
        return cls(positions, np.where(seen, known, np.nan), float(diameter_px))

    @property
    def seen(self) -> NDArray[np.bool_]:
        """``(M, T)``: whether a marker is seen in a projection."""
        return np.asarray(np.isfinite(self.positions_px).all(2))

    def __len__(self) -> int:
        return len(self.positions_px)

    def select(self, keep: ArrayLike) -> MarkerTracks:
        """The tracks of some markers, by index or truth value."""
        index = np.asarray(keep)
        return replace(self, positions_px=self.positions_px[index], qualities=self.qualities[index])

    def select_projections(self, keep: ArrayLike) -> MarkerTracks:
        """The tracks in some projections, in the given order."""
        index = np.asarray(keep)
        return replace(self, positions_px=self.positions_px[:, index], qualities=self.qualities[:, index])
