"""Finds the shift between images by phase correlation; does not know tilts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

from etwidgets.align._workers import run_all
from etwidgets.align.chain import add_up
from etwidgets.align.parabola import vertex
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_PAIRS_PER_CALL = 8
_NEIGHBORHOOD_PX = 1.5  # width of the finely sampled window around the integer peak
_TINY = 1e-20


@dataclass(frozen=True)
class PhaseCorrelationOptions:
    """Options of :func:`phase_correlation_shifts`."""

    upsample_factor: int = option(
        20,
        label="upsampling",
        help="The peak of the correlation is sampled in this many steps per pixel.",
        lowest=1,
        highest=1000,
    )


def phase_correlation_shifts(
    series: OrderedSeries, options: PhaseCorrelationOptions, progress: Progress
) -> NDArray[np.float64]:
    """Shifts ``(T, 2)``, pixels ``(y, x)``, by phase correlation of neighbors in tilt."""
    steps = chain_steps(series.images, upsample_factor=options.upsample_factor, progress=progress)
    return add_up(steps, series.start)


def chain_steps(images: NDArray[Any], *, upsample_factor: int, progress: Progress) -> NDArray[np.float64]:
    """Shifts that bring each image onto the one before it.

    Parameters
    ----------
    images
        ``(T, Y, X)`` in the order of the chain.
    upsample_factor
        The correlation is sampled in steps of ``1 / upsample_factor`` pixel around its peak.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T - 1, 2)`` pixels ``(y, x)`` to apply to image ``i + 1``.
    """
    steps = np.zeros((len(images) - 1, 2))
    shape = images.shape[1:]

    def part(number: int) -> None:
        first = number * _PAIRS_PER_CALL
        reference = _spectrum(images[first])
        for i in range(first, min(first + _PAIRS_PER_CALL, len(steps))):
            moving = _spectrum(images[i + 1])
            steps[i] = spectra_shift(reference, moving, shape, upsample_factor)
            reference = moving

    run_all(part, -(-len(steps) // _PAIRS_PER_CALL), progress, "phase correlation")
    return steps


def spectra_shift(
    reference: NDArray[np.complex64],
    moving: NDArray[np.complex64],
    shape: tuple[int, ...],
    upsample_factor: int,
) -> NDArray[np.float64]:
    """Shift ``(y, x)`` to apply to ``moving``, both given as ``rfft2``, to bring it onto ``reference``.

    The integer peak of the phase correlation is refined on a fine grid that a small Fourier matrix on
    either side computes for its neighborhood only (Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156),
    and a parabola through its three best values removes the step of that grid: along a chain of a hundred
    images the steps' rounding would add up to a tenth of a pixel. With ``upsample_factor=1`` whole pixels
    are returned.
    """
    product = reference * moving.conj()
    product /= np.maximum(np.abs(product), _TINY)
    correlation = scipy.fft.irfft2(product, s=shape)
    peak = np.array(np.unravel_index(np.argmax(correlation), shape), dtype=float)
    peak = np.where(peak > np.array(shape) // 2, peak - shape, peak)
    if upsample_factor == 1:
        return peak
    n_fine = int(np.ceil(_NEIGHBORHOOD_PX * upsample_factor))
    offsets = (np.arange(n_fine) - n_fine // 2) / upsample_factor
    fine = fine_correlation(product, shape, peak[0] + offsets, peak[1] + offsets)
    row, column = np.unravel_index(np.argmax(fine), fine.shape)
    best = np.array([vertex(fine[:, column], int(row)), vertex(fine[row], int(column))])
    return peak + offsets[0] + best / upsample_factor


def fine_correlation(
    product: NDArray[np.complex64], shape: tuple[int, ...], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The correlation whose ``rfft2`` is ``product``, at the fractional positions ``y`` by ``x``."""
    weight = np.full(product.shape[1], 2.0)
    weight[0] = 1
    if shape[1] % 2 == 0:
        weight[-1] = 1
    kernel_y = np.exp(2j * np.pi * np.outer(y, scipy.fft.fftfreq(shape[0]))).astype(np.complex64)
    kernel_x = np.exp(2j * np.pi * np.outer(scipy.fft.rfftfreq(shape[1]), x)) * weight[:, None]
    values: NDArray[np.float32] = ((kernel_y @ product) @ kernel_x.astype(np.complex64)).real
    return values


def _spectrum(image: NDArray[Any]) -> NDArray[np.complex64]:
    spectrum: NDArray[np.complex64] = scipy.fft.rfft2(image.astype(np.float32, copy=False))
    return spectrum
