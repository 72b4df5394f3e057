"""A pattern of the detector that stays while the specimen moves; found and taken out before a correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import scipy.ndimage

from etwidgets.align.registering.spectral_trust import spectrum, taper

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_IMAGES = 8  # the mean of fewer holds too much of the specimen
_MOST_PAIRS = 16
_FINE = 0.2  # cycles per pixel: beyond, projections of far tilts have nothing else in common
_DEVIATIONS = 10.0
_SMOOTHING_PX = 3.0


def has_static_pattern(images: NDArray[Any]) -> bool:
    """Whether fine detail of projections far apart in tilt coincides without any shift.

    Parameters
    ----------
    images
        ``(T, Y, X)`` in order of tilt, not registered.
    """
    half = len(images) // 2
    if len(images) < _LEAST_IMAGES:
        return False
    window = taper(images.shape[1:])
    frequencies = np.hypot(
        scipy.fft.fftfreq(images.shape[1])[:, None], scipy.fft.rfftfreq(images.shape[2])[None]
    )
    fine = frequencies > _FINE
    chosen = np.unique(np.linspace(0, half - 1, min(half, _MOST_PAIRS)).round().astype(int))
    total = 0.0
    for i in chosen:
        product = (spectrum(images[i], window) * spectrum(images[i + half], window).conj())[fine]
        total += float((product.real / np.maximum(np.abs(product), 1e-30)).sum())
    return total > _DEVIATIONS * np.sqrt(fine.sum() * len(chosen) / 2)


def without_static_pattern(images: NDArray[Any]) -> NDArray[np.float32]:
    """The images without the fine detail of their mean."""
    mean = images.mean(axis=0, dtype=float)
    pattern = mean - scipy.ndimage.gaussian_filter(mean, _SMOOTHING_PX, mode="nearest")
    cleaned = np.empty(images.shape, np.float32)
    for image, result in zip(images, cleaned, strict=True):
        result[:] = image - pattern
    return cleaned
