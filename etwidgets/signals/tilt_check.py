"""Which numbers can be the tilts of a series, in degrees; one rule for every file, argument and setter.

Knows numbers alone, not where they come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.checks import listing
from etwidgets.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LARGEST_DEG = 360.0
_RADIANS_RANGE = 3.2  # pi, and a little
_RADIANS_STEP = 0.2  # 11 degrees, if radians
_RADIANS_COUNT = 10  # projections, from which on they are looked at


def tilt_fault(tilts_deg: ArrayLike) -> str:
    """Why numbers cannot be the tilts of a series in degrees; empty if they can.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` or ``(T, 1)``, in the order of the projections.

    Notes
    -----
    They cannot be if one is not finite or beyond 360; if all are equal (what programs write that have no
    tilts); or if ten or more lie within 3.2 in steps of at most 0.2: those are radians, for a series over
    three degrees gives no volume.
    """
    tilts = np.asarray(tilts_deg, dtype=float).ravel()
    bad = np.flatnonzero(~np.isfinite(tilts))
    if bad.size:
        return f"the tilts of projection(s) {listing(bad)} are not finite ({_degrees(tilts[bad])})"
    bad = np.flatnonzero(np.abs(tilts) > _LARGEST_DEG)
    if bad.size:
        return f"the tilts of projection(s) {listing(bad)} are beyond 360 degrees ({_degrees(tilts[bad])})"
    if tilts.size < 2:
        return ""
    if np.ptp(tilts) == 0:
        return (
            f"all {tilts.size} tilts are {tilts[0]:g}: there are none, or these are frames of one projection"
        )
    steps = np.diff(np.sort(tilts))
    if tilts.size >= _RADIANS_COUNT and np.ptp(tilts) < _RADIANS_RANGE and steps.max() <= _RADIANS_STEP:
        return (
            f"the {tilts.size} tilts lie between {tilts.min():.3g} and {tilts.max():.3g}, which looks like "
            "radians; give degrees (times 180/pi)"
        )
    return ""


def check_tilts(tilts_deg: ArrayLike) -> None:
    """Raise if numbers cannot be the tilts of a series in degrees, as :func:`tilt_fault` says.

    Raises
    ------
    DataError
        With the reason.
    """
    fault = tilt_fault(tilts_deg)
    if fault:
        raise DataError(fault)


def repeated(tilts_deg: ArrayLike) -> str:
    """Which tilts occur more than once, with their projections; empty if none does."""
    tilts = np.round(np.asarray(tilts_deg, dtype=float).ravel(), 2)
    values, counts = np.unique(tilts, return_counts=True)
    twice = values[counts > 1]
    return listing(f"{value:g} (projections {listing(np.flatnonzero(tilts == value))})" for value in twice)


def _degrees(tilts: NDArray[np.float64]) -> str:
    return listing(f"{tilt:g}" for tilt in tilts)
