"""How well small templates fit at every place of a window: normalized cross-correlation; knows no marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from etwidgets.align.parabola import vertex

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

_TINY = 1e-12


def disc(radius: int) -> NDArray[np.float64]:
    """Weights ``(2 r + 1, 2 r + 1)`` of the pixels of a patch: even in a disc, 0 outside; their sum is 1."""
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    weights = np.clip(radius + 1 - np.hypot(y, x), 0, 1)
    return weights / weights.sum()


def patch(image: NDArray[Any], place: ArrayLike, radius: int) -> NDArray[np.float64]:
    """The image around a place ``(y, x)`` between pixels, by linear interpolation; its border is repeated."""
    y, x = np.asarray(place, dtype=float)
    top, left = int(np.floor(y)), int(np.floor(x))
    down, right = y - top, x - left
    rows = np.clip(np.arange(top - radius, top + radius + 2), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left - radius, left + radius + 2), 0, image.shape[1] - 1)
    cut = image[np.ix_(rows, columns)].astype(float)
    cut = (1 - down) * cut[:-1] + down * cut[1:]
    return (1 - right) * cut[:, :-1] + right * cut[:, 1:]


def deviation_map(image: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weighted standard deviation ``(Y, X)`` of the surroundings of each pixel; the border is repeated."""
    radius = len(weights) // 2
    wide = np.pad(image.astype(float), radius, mode="edge")
    mean, square = (_filtered(each, weights) for each in (wide, wide**2))
    floor = 1e-6 * float(np.abs(image).max()) + _TINY
    return np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), floor).astype(np.float32)


def correlation_map(
    image: NDArray[Any],
    deviation: NDArray[Any],
    template: NDArray[np.float64],
    weights: NDArray[np.float64],
    place: ArrayLike,
    reach: int,
) -> NDArray[np.float64]:
    """Weighted correlation (-1 to 1) of a template with the image around a place.

    Parameters
    ----------
    image, deviation
        ``(Y, X)``, and its :func:`deviation_map`; beyond the border there is no correlation.
    template, weights
        ``(2 r + 1, 2 r + 1)``.
    place
        ``(y, x)`` pixels, whole numbers: the middle of the map.
    reach
        Pixels to each side.

    Returns
    -------
    array
        ``(2 reach + 1, 2 reach + 1)``.
    """
    radius = len(template) // 2
    y, x = (int(each) for each in np.asarray(place))
    far = radius + reach
    rows, columns = np.arange(y - far, y + far + 1), np.arange(x - far, x + far + 1)
    height, width = image.shape
    window = image[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))].astype(float)
    flat = template - (weights * template).sum()
    weighted = weights * flat
    if reach > radius:
        product = _filtered(window, weighted)
    else:
        product = np.tensordot(sliding_window_view(window, template.shape), weighted, 2)
    rows, columns = rows[radius:-radius], columns[radius:-radius]
    around = deviation[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))]
    found: NDArray[np.float64] = product / (around * np.sqrt(max((weighted * flat).sum(), _TINY)))
    found[(rows < 0) | (rows > height - 1)] = 0
    found[:, (columns < 0) | (columns > width - 1)] = 0
    return found


def peak(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The place of the highest value, between pixels ``(y, x)`` from the middle of the map, and that value.

    By a parabola through the peak and its neighbors in each direction.
    """
    row, column = np.unravel_index(np.argmax(values), values.shape)
    offset = np.array([vertex(values[:, column], int(row)), vertex(values[row], int(column))])
    return offset - np.array(values.shape) // 2, float(values[row, column])


def _filtered(image: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlation of an image with a kernel, where the kernel lies inside."""
    height, width = np.array(image.shape) - np.array(kernel.shape) + 1
    shape = [scipy.fft.next_fast_len(n, real=True) for n in image.shape]
    product = scipy.fft.rfft2(image, shape) * scipy.fft.rfft2(kernel, shape).conj()
    found: NDArray[np.float64] = scipy.fft.irfft2(product, shape)[:height, :width]
    return found
