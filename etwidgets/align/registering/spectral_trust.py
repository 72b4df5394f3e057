"""Spectra of tapered images, and which frequencies neighbors agree on; knows no shifts of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import scipy.ndimage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_TAPER = 0.2  # of each side, at either end: what crosses the frame must not ring
_SMOOTHING = 2.0  # pixels of the spectrum, over which a coherence is averaged
_LEAST_COHERENCE = 0.4  # below, a frequency is noise
_RANGE = 1e-5  # of the strongest power: below is what the taper leaks
_CHANGE = 0.03  # of the power is taken as changing between neighbors, beside the noise
_TINY = 1e-30


def taper(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A window ``(Y, X)``: one in the middle, down to zero by a cosine over a fifth of each side."""
    sides = []
    for size in shape:
        width = max(2, round(_TAPER * size))
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(width) + 0.5) / width)
        side = np.ones(size, np.float32)
        side[:width] = ramp
        side[-width:] = ramp[::-1]
        sides.append(side)
    window: NDArray[np.float32] = np.outer(*sides).astype(np.float32)
    return window


def spectrum(image: NDArray[Any], window: NDArray[np.float32]) -> NDArray[np.complex64]:
    """``rfft2`` of an image inside a window, without its mean there, of sum of squares 1."""
    values = image.astype(np.float32)
    values -= float((values * window).sum(dtype=float) / window.sum(dtype=float))
    values *= window
    result: NDArray[np.complex64] = scipy.fft.rfft2(values, overwrite_x=True)
    result[0, 0] = 0
    result /= max(float(np.linalg.norm(result)), 1e-20)
    return result


def ramp(shape: tuple[int, ...], shift: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Factors ``(Y, X//2 + 1)`` that move an image by a shift ``(y, x)``, pixels, in its ``rfft2``."""
    y = np.exp(-2j * np.pi * shift[0] * scipy.fft.fftfreq(shape[0])).astype(np.complex64)
    x = np.exp(-2j * np.pi * shift[1] * scipy.fft.rfftfreq(shape[1])).astype(np.complex64)
    return np.multiply.outer(y, x)


class Agreement:
    """Adds up over pairs of neighbors how far their spectra agree.

    The shift between a pair needs to be known to a few pixels only: the coherence is the size of the
    cross-spectrum averaged over near frequencies, over which a small shift turns the phase but little.
    """

    def __init__(self) -> None:
        self.cross: Any = 0.0
        self.powers: Any = 0.0
        self.power: Any = 0.0

    def add(self, reference: NDArray[np.complex64], moving: NDArray[np.complex64]) -> None:
        """Add a pair of spectra, moved onto each other to a few pixels."""
        product = reference * moving.conj()
        self.cross = self.cross + _smooth(product.real) ** 2 + _smooth(product.imag) ** 2
        one, other = _smooth(np.abs(reference) ** 2), _smooth(np.abs(moving) ** 2)
        self.powers = self.powers + one * other
        self.power = self.power + (one + other) / 2


def trust(agreements: Iterable[Agreement]) -> NDArray[np.float32]:
    """The weight ``(Y, X//2 + 1)`` of each frequency of a cross-spectrum; zero where it is noise.

    Notes
    -----
    The weight is ``g / ((1 - g) S + 0.03 S)`` with the power ``S`` and the coherence ``g`` of neighbors: it
    whitens where neighbors agree, and leaves out what they do not (noise, whatever its spectrum; the
    weights of Knapp and Carter 1976, doi:10.1109/TASSP.1976.1162830, without the whitening of single
    frequencies). Frequencies of a power below ``1e-5`` of the strongest hold what the taper leaks.
    """
    parts = list(agreements)
    cross = sum(part.cross for part in parts)
    powers = sum(part.powers for part in parts)
    power = np.asarray(sum(part.power for part in parts)) / len(parts)
    chance = 1.5 / (4 * np.pi * _SMOOTHING**2)  # of one average over independent frequencies
    squared = (cross / (powers + _TINY) - chance) / (1 - chance)
    coherence = np.sqrt(np.clip(squared, 0, 0.998))
    known = (coherence > _LEAST_COHERENCE) & (power > _RANGE * power.max())
    weight = np.where(known, coherence / ((1 - coherence + _CHANGE) * power + _TINY), 0)
    weight[0, 0] = 0
    return (weight / max(float(weight.max()), _TINY)).astype(np.float32)


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float64]:
    smoothed: NDArray[np.float64] = scipy.ndimage.gaussian_filter(
        values.astype(float), _SMOOTHING, mode=("wrap", "nearest"), truncate=2.5
    )
    return smoothed
