"""A checked tilt series in order of tilt, as every registration method gets it; knows no method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.checks import checked_projections, checked_tilts
from etwidgets.checks import is_whole
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class OrderedSeries:
    """Projections in order of tilt, with the way back to their order of acquisition.

    Attributes
    ----------
    images
        ``(T, Y, X)``, finite, in order of tilt.
    tilts_deg
        ``(T,)`` degrees, rising.
    order
        ``(T,)``: which projection, counted as acquired, is at each place.
    start
        Place of the projection that stays where it is.
    """

    images: NDArray[Any]
    tilts_deg: NDArray[np.float64]
    order: NDArray[np.intp]
    start: int

    def place_of(self, projection: int, what: str) -> int:
        """The place in order of tilt of a projection, counted as acquired.

        Raises
        ------
        ParameterError
            If there is no such projection; ``what`` is its name in the message.
        """
        return _place(self.order, _checked_index(projection, len(self.order), what))

    def as_acquired(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values ``(T, ...)`` of the projections in order of tilt, in the order of acquisition."""
        result = np.empty(values.shape)
        result[self.order] = values
        return result


def in_order_of_tilt(projections: ArrayLike, tilts_deg: ArrayLike, start: int | None) -> OrderedSeries:
    """Check a series and put it into order of tilt.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, in any order of acquisition.
    tilts_deg
        ``(T,)`` degrees.
    start
        Index of the projection that stays where it is; None: the tilt nearest the middle of the range.

    Raises
    ------
    ShapeError, TiltCountError, DataError, AlignmentError
        If it is not a series of two or more finite images with one tilt each.
    ParameterError
        If ``start`` is not the index of a projection.
    """
    images = checked_projections(projections, least=2)
    tilts = checked_tilts(tilts_deg, len(images))
    order = np.argsort(tilts, kind="stable")
    first = _checked_index(_middle(tilts) if start is None else start, len(images), "start")
    is_ordered = (order == np.arange(len(order))).all()
    return OrderedSeries(images if is_ordered else images[order], tilts[order], order, _place(order, first))


def _middle(tilts: NDArray[np.float64]) -> int:
    """The projection nearest the middle of the tilt range; of two, the one of lower tilt."""
    distance = np.abs(tilts - (tilts.min() + tilts.max()) / 2)
    nearest = np.flatnonzero(distance <= distance.min() + 1e-9)
    return int(nearest[np.argmin(tilts[nearest])])


def _checked_index(index: int, count: int, what: str) -> int:
    if not is_whole(index) or not -count <= index < count:
        raise ParameterError(f"{what} must be a projection, 0 to {count - 1}, not {index!r}")
    return int(index) % count


def _place(order: NDArray[np.intp], index: int) -> int:
    return int(np.flatnonzero(order == index)[0])
