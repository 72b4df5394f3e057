"""What values depart from their smooth trend over the tilts; knows not of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_WINDOW = 5  # projections on each side
_ROUNDS = 6
_BIWEIGHT = 4.7  # robust standard deviations, beyond which a projection does not count


def departures(
    values: NDArray[np.float64], *, degree: int = 2, leave_out: bool = False
) -> NDArray[np.float64]:
    """What values in order of tilt depart from a local polynomial over 11 of them, robustly.

    Parameters
    ----------
    values
        ``(T,)``.
    degree
        Of the polynomial.
    leave_out
        Each value is predicted from the others alone, and what it departs is divided by the standard error
        of such a prediction in units of the scatter: at the ends a prediction is worse.

    Notes
    -----
    Cleveland 1979, doi:10.1080/01621459.1979.10481038, with Tukey's biweight.
    """
    count = len(values)
    trust, left = np.ones(count), np.zeros(count)
    span = 2 * _HALF_WINDOW + 1
    for _ in range(_ROUNDS):
        for i in range(count):
            begin = int(np.clip(i - _HALF_WINDOW, 0, max(0, count - span)))
            near = np.arange(begin, min(count, begin + span))
            if leave_out:
                near = near[near != i]
            if len(near) <= degree:
                continue
            place = (near - i) / span
            weight = trust[near] * (1 - np.abs(place) ** 3) ** 3 + 1e-9
            powers = np.vander(place, degree + 1, increasing=True)
            inverse = np.linalg.pinv(powers.T @ (powers * weight[:, None]))
            at = (inverse @ (powers * weight[:, None]).T)[0]
            left[i] = values[i] - at @ values[near]
            if leave_out:
                left[i] /= np.sqrt(1 + at @ at)
        limit = _BIWEIGHT * max(spread(left), 1e-9)
        trust = np.clip(1 - (left / limit) ** 2, 0, None) ** 2
    return left


def line_departures(
    values: NDArray[np.float64], places: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What values at places (tilts) depart from a line through their ``count`` nearest others, by medians.

    Of 11 to 15 values it finds single ones that :func:`departures` takes for part of the trend; a trend that
    bends within the neighbors, it takes for departures.

    Returns
    -------
    departures
        ``(T,)``.
    reach
        ``(T,)``: how far each is from the middle of those others, in standard deviations of their places:
        0 amid them, and 2 at the ends of a series.

    Notes
    -----
    Theil 1950 and Sen 1968, doi:10.1080/01621459.1968.10480934.
    """
    left, reach = np.empty(len(values)), np.empty(len(values))
    for i, place in enumerate(places):
        off = np.abs(places - place)
        off[i] = np.inf
        near = np.argsort(off, kind="stable")[:count]
        first, second = np.triu_indices(len(near), 1)
        runs = places[near[second]] - places[near[first]]
        rises = values[near[second]] - values[near[first]]
        slope = np.median(rises[runs != 0] / runs[runs != 0]) if runs.any() else 0.0
        left[i] = values[i] - np.median(values[near] + slope * (place - places[near]))
        reach[i] = abs(place - places[near].mean()) / max(places[near].std(), 1e-9)
    return left, reach


def spread(values: NDArray[Any]) -> float:
    """Robust standard deviation: 1.4826 times the median of the absolute deviations from the median."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
