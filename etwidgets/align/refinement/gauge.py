"""What of an alignment only moves the volume, and is therefore kept fixed; knows no images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
