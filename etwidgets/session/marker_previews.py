"""Markers found, followed and judged on trial; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets import align
from etwidgets.errors import EtwidgetsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align import MarkerFit, MarkerTracks

_Found = tuple["MarkerTracks", "MarkerFit"]


def followed_markers(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    places: NDArray[np.float64] | None,
    projection: int | None,
    count: int,
) -> _Found | EtwidgetsError:
    """Markers followed through a series ``(T, Y, X)``, and the geometry that they tell; or why there is none.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    places, projection
        ``(M, 2)`` pixels ``(y, x)`` in a projection; None: so many as ``count`` are found.
    count
        How many are found at most.
    """
    try:
        diameter = None
        if places is None:
            places, diameter = align.find_markers(projections, tilts_deg, count, projection=projection)
        tracks = align.track_markers(
            projections, tilts_deg, places, projection=projection, diameter_px=diameter
        )
        return tracks, align.adjust(tracks, tilts_deg, projections.shape)
    except EtwidgetsError as error:
        return error


def fitted_markers(
    tracks: MarkerTracks, tilts_deg: NDArray[np.float64], shape: tuple[int, ...], intervals: bool
) -> _Found | EtwidgetsError:
    """The same tracks, and the geometry that they tell; or why they tell none."""
    try:
        return tracks, align.adjust(tracks, tilts_deg, shape, intervals=intervals)
    except EtwidgetsError as error:
        return error
