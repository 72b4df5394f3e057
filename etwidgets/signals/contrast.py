"""Which intensities are drawn black and white; draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def contrast_limits(
    image: NDArray[Any], percentiles: tuple[float, float] = (0.5, 99.8)
) -> tuple[float, float]:
    """The intensities at two percentiles of the finite values; always two different ones."""
    values = np.asarray(image, dtype=float).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, percentiles))
    return (low, high) if high > low else (low, low + (abs(low) or 1.0) * 1e-6)
