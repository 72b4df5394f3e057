"""Filters images before their alignment is measured; does not align."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections, match_name
from etwidgets.checks import is_number, is_whole
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

FILTERS = ("median", "sobel", "bpf", "both")
_LOW_CUT, _HIGH_CUT = 0.05, 0.1  # cycles per pixel: passes details of 10 to 20 px
_BUTTERWORTH_ORDER = 3


def filter_projections(
    projections: ArrayLike,
    method: str = "median",
    *,
    size: int = 5,
    taper: float = 0.0,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Filter every projection.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; any real type.
    method
        ``"median"`` (removes spikes and noise), ``"sobel"`` (magnitude of the gradient), ``"both"``
        (median, then sobel), or ``"bpf"`` (band-pass, 0.05 to 0.1 cycles per pixel: details of 10 to 20
        px stay). A band-passed image has mean 0 and is not suitable for center-of-mass methods.
    size
        Side of the median's square, pixels; odd, so that nothing moves, and no larger than the image.
    taper
        Fraction of the height and width over which the filtered image fades, at each edge, into its
        mean (a cosine); 0 to 0.5. The size of the images stays.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T, Y, X)``, float32.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    ParameterError
        If the method is unknown, or ``size`` or ``taper`` is out of range.
    """
    images = checked_projections(projections)
    name = match_name(method, FILTERS, "filter")
    largest = min(images.shape[1:])
    if not is_whole(size) or size < 1 or size % 2 == 0 or size > largest:
        raise ParameterError(
            f"size must be an odd integer (pixels), at most {largest} (the image), not {size!r}"
        )
    if not (is_number(taper) and 0 <= taper <= 0.5):
        raise ParameterError(f"taper must be a fraction from 0 to 0.5, not {taper!r}")
    apply = _image_filter(name, int(size), images.shape[1:])
    fade = [_edge_window(n, taper) for n in images.shape[1:]]
    result = np.empty(images.shape, np.float32)

    def one(index: int) -> None:
        filtered = apply(images[index].astype(np.float32))
        if taper:
            mean = filtered.mean()
            filtered = (filtered - mean) * fade[0][:, None] * fade[1] + mean
        result[index] = filtered

    run_all(one, len(images), progress or NullProgress(), f"{name} filter")
    return result


def _image_filter(
    name: str, size: int, shape: tuple[int, ...]
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    def median(image: NDArray[np.float32]) -> NDArray[np.float32]:
        filtered: NDArray[np.float32] = scipy.ndimage.median_filter(image, size)
        return filtered

    def sobel(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.hypot(scipy.ndimage.sobel(image, 0), scipy.ndimage.sobel(image, 1))

    def both(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return sobel(median(image))

    if name != "bpf":
        return {"median": median, "sobel": sobel, "both": both}[name]
    gain = band_pass_gain(shape)

    def band_pass(image: NDArray[np.float32]) -> NDArray[np.float32]:
        # the cosine transform mirrors the image at its edges: no wrapping, no step
        filtered: NDArray[np.float32] = scipy.fft.idctn(scipy.fft.dctn(image) * gain)
        return filtered

    return band_pass


def band_pass_gain(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Butterworth band-pass for the cosine transform of an image of this shape; 0 at frequency 0."""
    y, x = (np.arange(n) / (2 * n) for n in shape)
    radius = np.hypot(y[:, None], x)
    power = 2 * _BUTTERWORTH_ORDER
    low_pass = 1 / (1 + (radius / _HIGH_CUT) ** power)
    high_pass = 1 - 1 / (1 + (radius / _LOW_CUT) ** power)
    gain: NDArray[np.float32] = np.sqrt(low_pass * high_pass).astype(np.float32)
    return gain


def _edge_window(size: int, taper: float) -> NDArray[np.float32]:
    """One inside, and down to zero over ``taper * size`` pixels at either end."""
    from_edge = np.minimum(np.arange(size), np.arange(size)[::-1])
    width = max(taper * size, 1e-9)
    return (0.5 - 0.5 * np.cos(np.pi * np.clip(from_edge / width, 0, 1))).astype(np.float32)
