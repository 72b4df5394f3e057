"""What of an alignment only moves the volume, and is therefore kept fixed; knows no images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLOW = 7  # degree of what changes slowly over the whole series


def without_gauge(
    shifts: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    keep_constant: bool = True,
) -> NDArray[np.float64]:
    """Shifts ``(T, 2)`` without what only moves the volume: the mean in x, cos and sin of the tilt in y.

    Without ``keep_constant`` the mean in y, which is the shift of the tilt axis, goes as well.
    """
    tilts = np.deg2rad(tilts_deg)
    orbit = [np.cos(tilts), np.sin(tilts)]
    design = np.stack(orbit if keep_constant else [np.ones_like(tilts), *orbit], axis=1)
    root = np.sqrt(weights)
    fitted = np.linalg.lstsq(design * root[:, None], shifts[:, 0] * root, rcond=None)[0]
    return np.stack(
        [shifts[:, 0] - design @ fitted, shifts[:, 1] - np.average(shifts[:, 1], weights=weights)], axis=1
    )


def slow_part(
    values: NDArray[np.float64], tilts_deg: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What of ``(T,)`` values changes slowly with the tilt: a weighted fit of Legendre polynomials.

    The lowest terms are nearly the gauge, constant, cos and sin.
    """
    low, high = float(tilts_deg.min()), float(tilts_deg.max())
    places = 2 * (tilts_deg - low) / max(high - low, 1e-9) - 1
    design = np.polynomial.legendre.legvander(places, min(_SLOW, max(len(values) // 4, 1)))
    root = np.sqrt(weights)
    fitted = np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0]
    slow: NDArray[np.float64] = design @ fitted
    return slow
