"""Finds the tilt axis by the method of choice; knows arrays and tilts, and no signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets.align.checks import checked_projections, checked_tilts, match_name, refuse_blank
from etwidgets.align.methods import AXIS_METHODS
from etwidgets.options import checked
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from etwidgets.align.axis.estimate import AxisEstimate
    from etwidgets.progress import Progress


def find_tilt_axis(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    method: str = "CoM",
    *,
    progress: Progress | None = None,
    **params: Any,
) -> AxisEstimate:
    """Find shift and rotation of the tilt axis of a registered series.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; the tilt axis roughly along x.
    tilts_deg
        ``(T,)`` degrees.
    method
        A name in :data:`AXIS_METHODS`, in any letter case.
    progress
        Reports progress and can cancel the work.
    **params
        Options of the method; ``AXIS_METHODS[method].options`` lists them with their defaults and limits.

    Returns
    -------
    AxisEstimate
        What to apply with ``transform(yshift=estimate.shift_px, angle_deg=estimate.rotation_deg)``.

    Raises
    ------
    ShapeError, TiltCountError, DataError
        If the input is not a series of finite images with one tilt each.
    AlignmentError
        If what the method assumes does not hold: the message says what.
    ParameterError
        If the method or a keyword is unknown, or a value is out of range.
    """
    name = match_name(method, AXIS_METHODS, "tilt axis method")
    options = checked(AXIS_METHODS[name].options_type, params, name)
    images = checked_projections(projections, least=2)
    tilts = checked_tilts(tilts_deg, len(images))
    refuse_blank(images, name)
    return AXIS_METHODS[name].function(images, tilts, options, progress or NullProgress())
