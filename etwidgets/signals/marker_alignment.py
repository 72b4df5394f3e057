"""Alignment of a tilt series by markers; does the arithmetic of none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import align
from etwidgets.align import MarkerFit, MarkerTracks
from etwidgets.checks import checked_reals
from etwidgets.errors import AlignmentError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

WIDEST_INTERVAL_DEG = 5.0
"""Of the rotation of the tilt axis; where markers tell it less well, nothing is aligned."""


def tracks_for(
    stack: TiltSeries,
    markers: MarkerTracks | ArrayLike | None,
    projection: int | None,
    count: int,
    diameter_px: float | None,
    progress: Progress,
) -> MarkerTracks:
    """The tracks that are given, or those of the markers that are given or found."""
    if isinstance(markers, MarkerTracks):
        return markers
    images, tilts = np.asarray(stack.data), stack.tilts_deg
    if markers is None:
        places, diameter_px = align.find_markers(
            images, tilts, count, diameter_px=diameter_px, projection=projection
        )
    else:
        places = checked_reals("markers", _without_none(markers))
        if places.ndim == 3:
            return MarkerTracks.of(places)
        if places.ndim != 2:
            raise ShapeError(
                "markers must have the shape (markers, 2), in one projection, or (markers, projections, 2), "
                f"not {places.shape}"
            )
    return align.track_markers(
        images, tilts, places, projection=projection, diameter_px=diameter_px, progress=progress
    )


def checked_fit(
    tracks: MarkerTracks, tilts_deg: NDArray[np.float64], shape_yx: tuple[int, ...], unknowns: dict[str, Any]
) -> MarkerFit:
    """The geometry; refused where the markers do not tell the rotation of the axis.

    Raises
    ------
    AlignmentError
        If the 95 % interval is wider than 5 degrees to each side, or :func:`etwidgets.align.adjust` refuses.
    """
    fit = align.adjust(tracks, tilts_deg, shape_yx, **unknowns)
    if fit.rotation_interval_deg > WIDEST_INTERVAL_DEG:
        raise AlignmentError(
            f"{len(fit.used)} markers tell the rotation of the tilt axis to ± "
            f"{fit.rotation_interval_deg:.1f} degrees only, and {WIDEST_INTERVAL_DEG:g} is the most that is "
            "accepted; add markers far from each other, or fit no rotation where the axis is "
            "horizontal already"
        )
    return fit


def as_metadata(tracks: MarkerTracks, fit: MarkerFit) -> dict[str, Any]:
    """The record of an alignment by markers: plain arrays and numbers.

    Positions and expected places are in the images as they were before.
    """
    return {
        "positions_px": tracks.positions_px,
        "qualities": tracks.qualities,
        "diameter_px": tracks.diameter_px,
        "expected_px": fit.expected_px,
        "residuals_px": fit.residuals_px,
        "points_px": fit.positions_px,
        "dropped": np.array(fit.dropped, dtype=int),
        "bridged": np.array(fit.bridged, dtype=int),
        "error_px": fit.error_px,
        "rotation_deg": fit.rotation_deg,
        "rotation_interval_deg": fit.rotation_interval_deg,
        "shift_px": fit.shift_px,
        "shift_interval_px": fit.shift_interval_px,
    }


def _without_none(markers: ArrayLike) -> NDArray[Any]:
    """Lists from a JSON file have None where a marker is not seen."""
    values = np.asarray(markers)
    return values.astype(float) if values.dtype == object else values
