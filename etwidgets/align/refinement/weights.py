"""How far each projection is trusted, from how well the others predict it; knows no alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OUTLIER = 3.0  # robust standard deviations
_LEAST_SPREAD = 0.12  # of the logarithm of misfits: good projections may differ by so much


def robust_weights(misfits: NDArray[np.float64], tilts_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(T,)`` weights from 0 to 1: low where the misfit is far above that of the neighbors in tilt.

    Toward the ends of the series, where neighbors are on one side only, more is allowed.
    """
    order = np.argsort(tilts_deg, kind="stable")
    values = np.log(np.maximum(misfits[order], 1e-9))
    expected, reach = _trend(values, min(max(4, len(values) // 6), len(values) - 1))
    over = values - expected
    spread = max(1.4826 * float(np.median(np.abs(over))), _LEAST_SPREAD) * np.sqrt(1 + reach**2)
    excess = np.maximum(over / spread - _OUTLIER, 0)
    weights = np.empty(len(values))
    weights[order] = 1 / (1 + excess**2)
    return weights


def _trend(values: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the nearest others let expect of each value: a line through them, by medians (Theil and Sen).

    Also how far each is from the middle of those others, in standard deviations of their places.
    """
    places = np.arange(len(values))
    expected, reach = np.empty(len(values)), np.empty(len(values))
    for i in places:
        near = np.setdiff1d(np.argsort(np.abs(places - i), kind="stable")[: count + 1], [i])
        first, second = np.triu_indices(len(near), 1)
        slopes = (values[near[second]] - values[near[first]]) / (near[second] - near[first])
        expected[i] = np.median(values[near] + np.median(slopes) * (i - near))
        reach[i] = abs(i - near.mean()) / near.std()
    return expected, reach
