"""Tilt schemes: which angles to acquire; does not know images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN_RATIO = (1 + 5**0.5) / 2


def calc_est_angles(num_points: int) -> NDArray[np.float64]:
    """Tilts of equally sloped tomography.

    Parameters
    ----------
    num_points
        Number of detector pixels N, at least 1: slopes are multiples of ``2/N``.

    Returns
    -------
    array
        ``(2 N,)`` degrees, rising, above -90 and up to 90: the angles whose slope, against one axis or
        the other, is ``(N - 2k) / N``.

    Raises
    ------
    ParameterError
        If ``num_points`` is not a positive integer.

    Notes
    -----
    Miao, Foerster and Levi (2005), doi:10.1103/PhysRevB.72.052103.
    """
    if isinstance(num_points, bool) or num_points != int(num_points) or num_points < 1:
        raise ParameterError(f"num_points must be a positive integer, not {num_points!r}")
    number = int(num_points)
    slopes = (number - 2 * np.arange(number + 1)) / number
    flat = np.rad2deg(np.arctan(slopes))
    steep = 90 - flat[1:-1]
    steep[steep > 90] -= 180
    angles: NDArray[np.float64] = np.sort(np.concatenate([flat, steep]))
    return angles


def calc_golden_ratio_angles(tilt_range: float, nangles: int) -> NDArray[np.float64]:
    """Tilts of golden-ratio acquisition, in the order in which they are acquired.

    Parameters
    ----------
    tilt_range
        Total range, degrees, above 0 and up to 180.
    nangles
        How many, at least 1.

    Returns
    -------
    array
        ``(nangles,)`` degrees within plus and minus half the range. Any first part of the list covers
        the range nearly evenly, so that a series may end at any time.

    Raises
    ------
    ParameterError
        If a number is out of range.

    Notes
    -----
    Kaestner et al. (2011), doi:10.1117/1.3660298: angle ``i`` is ``i`` golden ratios of the range,
    wrapped into it.
    """
    if not 0 < tilt_range <= 180:
        raise ParameterError(f"tilt_range must be above 0 and at most 180 deg, not {tilt_range!r}")
    if isinstance(nangles, bool) or nangles != int(nangles) or nangles < 1:
        raise ParameterError(f"nangles must be a positive integer, not {nangles!r}")
    turns = np.arange(1, int(nangles) + 1) * tilt_range * _GOLDEN_RATIO
    angles: NDArray[np.float64] = np.mod(turns, tilt_range) - tilt_range / 2
    return angles
