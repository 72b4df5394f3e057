"""How pictures on the page, in figures and in movies are scaled: contrast limits, lengths of scale bars."""

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


def nice_length(most: float) -> float:
    """The largest of 1, 2, 5, 10, 20, ... and their tenths that is not more than ``most``."""
    power = 10 ** np.floor(np.log10(most))
    return float(next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9)))


def nice_lengths(most: float, least: float) -> list[float]:
    """All of 1, 2, 5, 10, 20, ... and their tenths from ``nice_length(least)`` to ``nice_length(most)``."""
    lengths = [nice_length(most)]
    while lengths[-1] > least * (1 + 1e-9):
        lengths.append(nice_length(0.99 * lengths[-1]))
    return lengths[::-1]
