"""What brings each projection onto its prediction, by least squares; knows no volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_FINE_PX, _COARSE_PX = 1.0, 12.0  # standard deviations of the band-pass
_PAD_PX = 16
_TOGETHER = 8  # projections, transformed together
_SMOOTH_PX = 0.5  # before the gradient is taken
_LEAST_SEEN = 0.15  # of the most that is known of an image
_CLEARLY = 1.15  # times the correlation without a shift
UNKNOWNS = ("y", "x", "rotation", "magnification", "tilt")


@dataclass(frozen=True, eq=False)
class Match:
    """What was found.

    Attributes
    ----------
    values
        ``(T, 5)``: what is still to be done to each projection: shift in y and x, pixels; rotation,
        radians; magnification minus 1; and how far its tilt is off, radians. 0 where it was not free.
    errors
        ``(T, 5)`` standard errors, from what is left; infinite where it was not free.
    misfit
        ``(T,)``: what is left, relative to the image, both band-passed, after the fit.
    misfit_before
        ``(T,)``: the same before the fit, the intensity alone fitted.
    intensities
        ``(T,)``: of each image, over that of its prediction.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    misfit: NDArray[np.float64]
    misfit_before: NDArray[np.float64]
    intensities: NDArray[np.float64]


def match(
    images: NDArray[np.float32],
    predicted: NDArray[np.float32],
    known: NDArray[np.float32],
    *,
    free: tuple[str, ...] = ("y", "x"),
    tilted: NDArray[np.float32] | None = None,
    progress: Progress | None = None,
) -> Match:
    """Least squares of the band-passed difference of each image from its prediction.

    Parameters
    ----------
    images, predicted
        ``(T, Y, X)``.
    known
        ``(T, Y, X)``: how much each pixel counts. The difference and its derivatives are multiplied with it
        before the band-pass, so that the border of what is known makes an edge in neither.
    free
        Of :data:`UNKNOWNS`; the intensity is always free.
    tilted
        ``(T, Y, X)`` derivative of the prediction with the tilt, per radian; for ``"tilt"``.
    progress
        Reports progress and can cancel the work.
    """
    count = len(images)
    result = Match(np.zeros((count, 5)), np.full((count, 5), np.inf), *np.ones((3, count)))
    shape = tuple(scipy.fft.next_fast_len(n + _PAD_PX, real=True) for n in images.shape[1:])
    weight = _band(shape) * _for_whole(shape)
    chunks = np.array_split(np.arange(count), max(1, count // _TOGETHER))

    def some(number: int) -> None:
        part = slice(chunks[number][0], chunks[number][-1] + 1)
        given, there = predicted[part], known[part]
        moved = None if tilted is None else tilted[part]
        rows = [images[part] - given, given, *_derivatives(given, moved, free), images[part]]
        spectra = np.stack([scipy.fft.rfft2(row * there, shape) * weight for row in rows])
        flat = spectra.reshape(len(rows), len(there), -1).transpose(1, 0, 2).astype(np.complex128)
        products = (flat @ flat.conj().transpose(0, 2, 1)).real / np.prod(shape)
        for k, i in enumerate(chunks[number]):
            _solve(products[k, :-1, :-1], products[k, -1, -1], _independent(there[k]), free, int(i), result)

    run_all(some, len(chunks), progress or NullProgress(), "matching")
    seen = known.sum((1, 2))
    unseen = seen < _LEAST_SEEN * seen.max(initial=0)  # nothing to compare is no agreement
    result.misfit[unseen] = np.maximum(result.misfit[unseen], 1)
    result.misfit_before[unseen] = np.maximum(result.misfit_before[unseen], 1)
    return result


def search_shifts(
    images: NDArray[np.float32],
    predicted: NDArray[np.float32],
    known: NDArray[np.float32],
    reach_px: int,
) -> NDArray[np.float64]:
    """Shifts ``(T, 2)``, whole pixels, at which images correlate best with their prediction.

    Finds what is too far off for least squares. Where the best is not clearly better than no shift, it is 0.

    Parameters
    ----------
    images, predicted
        ``(T, Y, X)``.
    known
        ``(T, Y, X)``: how much each pixel counts.
    reach_px
        Largest shift along y, and along x.
    """
    shape = tuple(scipy.fft.next_fast_len(n + reach_px, real=True) for n in images.shape[1:])
    band = _band(shape)
    y, x = (np.arange(n) - n * (np.arange(n) > n // 2) for n in shape)
    within = (np.abs(y) <= reach_px)[:, None] & (np.abs(x) <= reach_px)
    found = np.zeros((len(images), 2))
    for i, (image, other, there) in enumerate(zip(images, predicted, known, strict=True)):
        spectra = (scipy.fft.rfft2(each * there, shape) * band for each in (image, other))
        correlation = scipy.fft.irfft2(np.conj(next(spectra)) * next(spectra), shape)
        best = np.unravel_index(np.argmax(np.where(within, correlation, -np.inf)), shape)
        if correlation[best] > _CLEARLY * max(float(correlation[0, 0]), 0.0):
            found[i] = y[best[0]], x[best[1]]
    return found


def _derivatives(
    predicted: NDArray[np.float32], tilted: NDArray[np.float32] | None, free: tuple[str, ...]
) -> list[NDArray[Any]]:
    """How images change with each unknown that is still to be undone."""
    if not free:
        return []
    smooth = scipy.ndimage.gaussian_filter(predicted, (0, _SMOOTH_PX, _SMOOTH_PX), mode="nearest")
    by_y, by_x = np.gradient(smooth, axis=(1, 2))
    y, x = (np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in predicted.shape[1:])
    y = y[:, None]
    made: dict[str, Callable[[], Any]] = {
        "y": lambda: by_y,
        "x": lambda: by_x,
        "rotation": lambda: by_y * x - by_x * y,
        "magnification": lambda: by_y * y + by_x * x,
        "tilt": lambda: tilted,
    }
    return [made[name]() for name in free]


def _solve(
    products: NDArray[np.float64],
    energy: float,
    n_independent: float,
    free: tuple[str, ...],
    i: int,
    result: Match,
) -> None:
    energy = max(energy, 1e-30)
    normal, right, before = products[1:, 1:].copy(), products[1:, 0], products[0, 0]
    normal[np.diag_indices_from(normal)] *= 1 + 1e-6
    normal += 1e-12 * energy * np.eye(len(normal))
    solution = np.linalg.solve(normal, right)
    left = max(before - solution @ right, 0.0)
    gain_only = before - right[0] ** 2 / normal[0, 0]
    places = [UNKNOWNS.index(name) for name in free]
    result.values[i, places] = solution[1:]
    result.intensities[i] = 1 + solution[0]
    spread = np.diag(np.linalg.inv(normal))[1:] * left / max(n_independent - len(normal), 1)
    result.errors[i, places] = np.sqrt(np.maximum(spread, 0))
    result.misfit[i], result.misfit_before[i] = np.sqrt([left / energy, max(gain_only, 0) / energy])


def _independent(known: NDArray[np.float32]) -> float:
    """How many independent pixels are left after the band-pass."""
    return float(known.sum()) / (4 * np.pi * _FINE_PX**2)


def _band(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Difference of two Gaussians, in Fourier space."""
    y, x = scipy.fft.fftfreq(shape[0])[:, None], scipy.fft.rfftfreq(shape[1])
    square = 2 * np.pi**2 * (y**2 + x**2)
    band: NDArray[np.float32] = (np.exp(-square * _FINE_PX**2) - np.exp(-square * _COARSE_PX**2)).astype(
        np.float32
    )
    return band


def _for_whole(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Factors ``(X / 2 + 1,)`` that make sums of products over half a spectrum those over all of it."""
    twice = np.full(shape[1] // 2 + 1, np.sqrt(2.0), np.float32)
    twice[0] = 1
    if shape[1] % 2 == 0:
        twice[-1] = 1
    return twice
