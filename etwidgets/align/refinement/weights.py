"""How far each projection is trusted, from how well the others predict it; knows no alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.refinement.reference import N_PARTS
from etwidgets.align.trend import line_departures

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEIGHBORS = 6  # at least; one of them may be bad, too
_LEAST_IN_PART = 11  # projections, that have neighbors enough among themselves
_OUTLIER = 3.0  # robust standard deviations
_LEAST_SPREAD = 0.08  # of the logarithm of misfits: good projections may differ by so much


def robust_weights(
    fitted_misfits: NDArray[np.float64], tilts_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``(T,)`` weights from 0 to 1: low where the misfit is far above that of the neighbors in tilt.

    Toward the ends of the series, where neighbors are on one side only, more is allowed.
    """
    excess = np.maximum(outlying(fitted_misfits, tilts_deg, least_spread=_LEAST_SPREAD) - _OUTLIER, 0)
    return np.asarray(1 / (1 + excess**2))


def outlying(
    values: NDArray[np.float64], tilts_deg: NDArray[np.float64], *, least_spread: float = 0.0
) -> NDArray[np.float64]:
    """By how many robust standard deviations ``(T,)`` the logarithms of values are above their neighbors.

    Those are compared that were left out together: a bad projection worsens the prediction of all others.
    """
    order = np.argsort(tilts_deg, kind="stable")
    n_parts = N_PARTS if len(order) >= _LEAST_IN_PART * N_PARTS else 1
    over, reach = np.empty(len(order)), np.empty(len(order))
    for part in (order[first::n_parts] for first in range(n_parts)):
        logs = np.log(np.maximum(values[part], 1e-9))
        over[part], reach[part] = line_departures(logs, tilts_deg[part], max(_NEIGHBORS, len(logs) // 6))
    usual = max(1.4826 * float(np.median(np.abs(over))), least_spread, 1e-9)
    return np.asarray(over / usual / np.sqrt(1 + reach**2))
