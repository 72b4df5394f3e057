"""The cross-correlation of two images, to look at; does not know tilt series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from etwidgets.align.checks import checked_projections, refuse_blank
from etwidgets.align.phase_correlation import spectra_shift
from etwidgets.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_UPSAMPLING = 20


def correlate(image_a: ArrayLike, image_b: ArrayLike) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Phase correlation of two images, and where it peaks.

    Parameters
    ----------
    image_a
        The reference, ``(Y, X)``.
    image_b
        The image that moves, of the same shape.

    Returns
    -------
    tuple
        The correlation ``(Y, X)``, float32, 1 for identical images, in which shift 0 is the pixel
        ``(Y//2, X//2)``; and the shift ``(y, x)``, pixels, to apply to ``image_b``.

    Raises
    ------
    ShapeError
        If they are not images of one shape.
    DataError
        If a value is NaN or infinite.
    AlignmentError
        If one is blank.
    """
    reference, moving = np.asarray(image_a), np.asarray(image_b)
    if reference.ndim != 2 or reference.shape != moving.shape:
        raise ShapeError(f"two images of one shape are needed, not {reference.shape} and {moving.shape}")
    pair = checked_projections(np.stack([reference, moving]).astype(np.float32))
    refuse_blank(pair, "correlation")
    spectra = scipy.fft.rfft2(pair)
    product = spectra[0] * spectra[1].conj()
    product /= np.maximum(np.abs(product), np.finfo(np.float32).tiny)
    image: NDArray[np.float32] = scipy.fft.fftshift(scipy.fft.irfft2(product, s=reference.shape))
    shift = spectra_shift(spectra[0], spectra[1], reference.shape, _UPSAMPLING)
    return image, (float(shift[0]), float(shift[1]))
