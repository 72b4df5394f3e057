"""Finds the empty part of projections, and the level there, without a bias by noise; subtracts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMOOTHING_PX = 2.0
_CLEAR_PX = 6  # from matter: three times the smoothing
_FLAT_PX = 5  # side of the square in which a fill value is the only one
_BINS = 512
_LEAST_HEIGHT = 0.2  # of the highest peak
_WINDOW, _MATTER = 2.5, 4.0  # standard deviations of smoothed vacuum
_BLOCK_PX = 8
_ROUNDS = 8
_CUT_OFF = 0.35  # of the pixels at the lowest value; half of them if the noise is about zero


@dataclass(frozen=True, slots=True)
class Peak:
    """The lowest peak of a histogram of smoothed intensities.

    Attributes
    ----------
    level, width
        Its center, and its standard deviation by its lower flank, which no matter widens.
    """

    level: float
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class EmptyArea:
    """Where a projection is empty.

    Attributes
    ----------
    pixels
        ``(Y, X)`` truth values.
    level, error
        The mean there, and its standard error by the means of blocks of 8 px.
    """

    pixels: NDArray[np.bool_]
    level: float
    error: float

    @property
    def share(self) -> float:
        """Part of the field that is empty."""
        return float(self.pixels.mean())


def smoothed(image: NDArray[Any]) -> NDArray[np.float32]:
    """An image in which the noise of single pixels is a seventh."""
    result: NDArray[np.float32] = scipy.ndimage.gaussian_filter(
        np.asarray(image, np.float32), _SMOOTHING_PX, mode="nearest", truncate=3.0
    )
    return result


def flat_pixels(image: NDArray[Any]) -> NDArray[np.bool_]:
    """Where all pixels around have one value: filled margins, or a vacuum without any count."""
    flat: NDArray[np.bool_] = scipy.ndimage.maximum_filter(image, _FLAT_PX) == scipy.ndimage.minimum_filter(
        image, _FLAT_PX
    )
    return scipy.ndimage.binary_dilation(flat, iterations=_FLAT_PX // 2) if flat.any() else flat


def lowest_peak(values: NDArray[Any]) -> Peak:
    """The lowest peak of intensities that were smoothed; matter may fill the histogram above it."""
    sample = np.asarray(values, dtype=float).ravel()
    low, high = np.percentile(sample, (0.05, 99.9))
    if high <= low:
        return Peak(float(low), 0.0)
    step = (high - low) / _BINS
    counts, edges = np.histogram(sample, _BINS + 64, (low - 32 * step, high + 32 * step))
    heights = scipy.ndimage.gaussian_filter1d(counts.astype(float), 2.0)
    inner = heights[1:-1]
    tops = np.flatnonzero((inner >= heights[:-2]) & (inner > heights[2:])) + 1
    first = tops[heights[tops] >= _LEAST_HEIGHT * heights.max()][0]
    level = float((edges[first] + edges[first + 1]) / 2)
    for _ in range(_ROUNDS):
        below = sample[sample < level]
        width = 1.4826 * float(np.median(level - below)) if below.size else 0.0
        inside = sample[np.abs(sample - level) <= max(1.5 * width, step)]
        if not inside.size:
            break
        level = float(inside.mean())
    return Peak(level, max(width, step / 4))


def empty_area(
    image: NDArray[Any], smooth: NDArray[np.float32], start: Peak, left_out: NDArray[np.bool_]
) -> EmptyArea:
    """Pixels of the level of a peak and away from matter, and the mean of their intensities.

    The pixels are chosen by their smoothed intensity, symmetrically about the level; the mean of the
    intensities themselves has then no bias, whatever the noise.

    Parameters
    ----------
    image, smooth
        ``(Y, X)``, and the same smoothed.
    start
        Level and width to begin with.
    left_out
        ``(Y, X)`` truth values: filled margins.
    """
    level, width = start.level, start.width
    pixels = np.zeros(image.shape, bool)
    for _ in range(_ROUNDS):
        matter = smooth > level + _MATTER * width
        clear = ~scipy.ndimage.binary_dilation(matter, iterations=_CLEAR_PX) & ~left_out
        pixels = clear & (np.abs(smooth - level) <= _WINDOW * width)
        if not pixels.any():
            pixels = ~left_out & (np.abs(smooth - level) <= _WINDOW * width)
        if not pixels.any():
            return EmptyArea(pixels, level, np.inf)
        before, level = level, float(smooth[pixels].mean())
        if abs(level - before) < 0.01 * width:
            break
    return EmptyArea(pixels, *level_of(image, pixels))


def level_of(image: NDArray[Any], pixels: NDArray[np.bool_]) -> tuple[float, float]:
    """Level of some pixels, and its standard error by the scatter of means of blocks.

    Where half of the noise was cut off, the mean is too high; the median is not.
    """
    values = np.asarray(image[pixels], dtype=float)
    level = float(np.median(values)) if is_clipped(values) else float(values.mean())
    rows, columns = (np.arange(n) // _BLOCK_PX for n in image.shape)
    labels = rows[:, None] * (columns[-1] + 1) + columns
    counts = np.bincount(labels[pixels])
    sums = np.bincount(labels[pixels], weights=values)
    full = counts >= _BLOCK_PX**2 // 2
    if full.sum() < 3:
        return level, float(values.std() / np.sqrt(max(len(values) // _BLOCK_PX, 1)))
    means = sums[full] / counts[full]
    return level, float(means.std(ddof=1) / np.sqrt(full.sum()))


def is_clipped(values: NDArray[np.float64]) -> bool:
    """Whether the lowest value is there too often for noise: what was below it was cut off.

    Single counts have many zeros by rights: of ``m`` on average, ``exp(-m)`` of the pixels have none.
    """
    lowest = values.min()
    spread = float(values.std())
    if spread == 0:
        return False
    at_lowest = float((values <= lowest + 1e-3 * spread).mean())
    steps = np.diff(np.unique(values))
    steps = steps[steps > 1e-2 * spread]
    unit = float(steps.min()) if steps.size else spread
    by_rights = float(np.exp(-(values.mean() - lowest) / unit))
    return at_lowest > max(_CUT_OFF, 1.5 * by_rights)
