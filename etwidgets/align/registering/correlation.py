"""The cross-correlation of two images, to look at; does not know tilt series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from etwidgets.align.checks import checked_projections, refuse_blank
from etwidgets.align.registering.pairs import pair_shifts, pair_trust
from etwidgets.align.registering.spectral_trust import spectrum, taper
from etwidgets.errors import AlignmentError, ShapeError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_UPSAMPLING = 20


def correlate(image_a: ArrayLike, image_b: ArrayLike) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Phase correlation of two images, weighted as the method PC does it, and where it peaks.

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
        If one is blank, or they have nothing in common.
    """
    reference, moving = np.asarray(image_a), np.asarray(image_b)
    if reference.ndim != 2 or reference.shape != moving.shape:
        raise ShapeError(f"two images of one shape are needed, not {reference.shape} and {moving.shape}")
    pair = checked_projections(np.stack([reference, moving]).astype(np.float32))
    refuse_blank(pair, "correlation")
    weight = pair_trust(pair, [(0, 1)], NullProgress())
    if not weight.any():
        raise AlignmentError(
            "the images have no detail in common above the noise; filter or bin them, or choose others"
        )
    window = taper(reference.shape)
    spectra = [spectrum(each, window) for each in pair]
    product = spectra[0] * spectra[1].conj() * weight
    best = scipy.fft.irfft2(np.abs(product), s=reference.shape)[0, 0]
    image: NDArray[np.float32] = scipy.fft.fftshift(scipy.fft.irfft2(product, s=reference.shape)) / best
    shift = pair_shifts(
        pair, [(0, 1)], upsample_factor=_UPSAMPLING, weight=weight, progress=NullProgress()
    ).shifts_px[0]
    return image, (float(shift[0]), float(shift[1]))
