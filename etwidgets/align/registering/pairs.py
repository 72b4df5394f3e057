"""Shifts between pairs of images by weighted phase correlation, each with its chance; knows no tilts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import scipy.ndimage
from scipy.special import log_ndtr

from etwidgets.align._workers import run_all, run_pieces
from etwidgets.align.parabola import vertex
from etwidgets.align.registering.spectral_trust import Agreement, ramp, spectrum, taper, trust
from etwidgets.cluster import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_PAIRS_PER_CALL = 8
_MOST_JUDGED = 32  # pairs from which the trust in frequencies is found
_NEIGHBORHOOD_PX = 1.5  # width of the finely sampled window around the integer peak
_FAR = 0.2  # of a side: a shift beyond may be one by the other way around
_LEAST_OVERLAP = 0.1  # of a side
_RIVAL, _RIVAL_PX = 0.92, 4.0  # a second peak: how high, how far off
_CHANCE = 0.01
_TAPERED = 1.3  # the taper gathers chance correlations at small shifts; measured on pure noise


@dataclass(frozen=True, slots=True, eq=False)
class PairShifts:
    """What the correlation of pairs of images found.

    Attributes
    ----------
    shifts_px
        ``(P, 2)`` pixels ``(y, x)`` to apply to the second image of each pair.
    z
        ``(P,)`` height of the peak over the standard deviation of a correlation of unrelated phases.
    chance
        ``(P,)`` probability that unrelated images have such a peak somewhere.
    ambiguous
        ``(P,)`` whether another peak elsewhere is nearly as high.
    """

    shifts_px: NDArray[np.float64]
    z: NDArray[np.float64]
    chance: NDArray[np.float64]
    ambiguous: NDArray[np.bool_]

    @property
    def good(self) -> NDArray[np.bool_]:
        """``(P,)`` whether a pair is better than chance, and its peak the only one."""
        good: NDArray[np.bool_] = (self.chance < _CHANCE) & ~self.ambiguous
        return good


def pair_shifts(
    images: NDArray[Any],
    pairs: Sequence[tuple[int, int]],
    *,
    upsample_factor: int,
    max_shift: float | None = None,
    weight: NDArray[np.float32] | None = None,
    heights: NDArray[np.float64] | None = None,
    progress: Progress,
) -> PairShifts:
    """Shifts that bring the second image of each pair onto the first.

    Parameters
    ----------
    images
        ``(T, Y, X)``.
    pairs
        Indices of the images of each pair.
    upsample_factor
        The correlation is sampled in steps of ``1 / upsample_factor`` pixel around its peak; a parabola
        refines it further. 1: whole pixels.
    max_shift
        The largest shift in y and in x that is looked for, pixels; None: any that leaves an overlap.
    weight
        Of :func:`pair_trust`; None: found from these pairs.
    heights
        ``(T,)`` relative heights of what is seen; the second image of a pair is stretched in y, about the
        middle row, to the height of the first. None: nothing is stretched.
    progress
        Reports progress and can cancel the work.
    """
    if weight is None:
        weight = pair_trust(images, pairs, progress.part(0, 0.4))
    found: list[tuple[Any, ...]] = [()] * len(pairs)

    def piece(number: int) -> _Some:
        some = pairs[number * _PAIRS_PER_CALL : (number + 1) * _PAIRS_PER_CALL]
        needed = {i for pair in some for i in pair}
        return _Some({i: images[i] for i in needed}, some)

    def take(number: int, peaks: Sequence[tuple[Any, ...]]) -> None:
        found[number * _PAIRS_PER_CALL : number * _PAIRS_PER_CALL + len(peaks)] = peaks

    shared = _Search(weight, upsample_factor, max_shift, heights)
    pieces = Pieces(_peaks, shared, -(-len(pairs) // _PAIRS_PER_CALL), piece, take)
    run_pieces(pieces, progress.part(0.4, 1), "phase correlation")
    shifts, z, chance, ambiguous = zip(*found, strict=True) if found else ((), (), (), ())
    return PairShifts(
        np.array(shifts, float).reshape(-1, 2), np.array(z), np.array(chance), np.array(ambiguous, bool)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """How the shift of any pair is looked for."""

    weight: NDArray[np.float32]
    upsample_factor: int
    max_shift: float | None
    heights: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Some:
    """A few pairs, and their images by number."""

    images: dict[int, NDArray[Any]]
    pairs: Sequence[tuple[int, int]]


def _peaks(search: _Search, some: _Some, step: Callable[[], None]) -> list[tuple[Any, ...]]:
    """Of each pair: shift, z, chance, whether there is a rival."""
    images, heights, found = some.images, search.heights, []
    shape = images[some.pairs[0][0]].shape
    window = taper(shape)
    known: dict[int, NDArray[np.complex64]] = {}
    for one, other in some.pairs:
        known = {i: known[i] if i in known else spectrum(images[i], window) for i in (one, other)}
        moving, second = images[other], known[other]
        if heights is not None:
            moving = _stretched(moving, heights[one] / heights[other])
            second = spectrum(moving, window)
        product = known[one] * second.conj() * search.weight
        peak = weighted_shift(product, shape, search.upsample_factor, search.max_shift)
        found.append((_unwrapped(images[one], moving, peak[0], search.max_shift), *peak[1:]))
    step()
    return found


def pair_trust(
    images: NDArray[Any], pairs: Sequence[tuple[int, int]], progress: Progress
) -> NDArray[np.float32]:
    """The weight of each frequency, as :func:`trust` gives it from at most 32 pairs."""
    shape = images.shape[1:]
    window = taper(shape)
    chosen = np.unique(np.linspace(0, len(pairs) - 1, min(len(pairs), _MOST_JUDGED)).round().astype(int))
    agreements = [Agreement() for _ in range(-(-len(chosen) // _PAIRS_PER_CALL))]

    def part(number: int) -> None:
        for place in chosen[number * _PAIRS_PER_CALL : (number + 1) * _PAIRS_PER_CALL]:
            reference, moving = (spectrum(images[i], window) for i in pairs[place])
            correlation = scipy.fft.irfft2(reference * moving.conj(), s=shape)
            shift = _signed(np.unravel_index(np.argmax(correlation), shape), shape)
            agreements[number].add(reference, moving * ramp(shape, shift))

    run_all(part, len(agreements), progress, "comparing the spectra")
    return trust(agreements)


def weighted_shift(
    product: NDArray[np.complex64],
    shape: tuple[int, ...],
    upsample_factor: int,
    max_shift: float | None = None,
) -> tuple[NDArray[np.float64], float, float, bool]:
    """Where the correlation with this ``rfft2`` peaks, its z, the probability of that by chance, a rival.

    The integer peak is refined on a fine grid that a small Fourier matrix on either side computes for its
    neighborhood only (Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156), and a parabola through its
    three best values removes the step of that grid: along a chain of a hundred images the steps' rounding
    would add up to a tenth of a pixel.
    """
    correlation = scipy.fft.irfft2(product, s=shape)
    if max_shift is not None:
        for axis, size in enumerate(shape):
            off = np.abs(scipy.fft.fftfreq(size, 1 / size))
            outside = np.minimum(off, size - off if max_shift > size / 2 else off) > max_shift
            correlation[outside if axis == 0 else (slice(None), outside)] = -np.inf
    place = np.unravel_index(np.argmax(correlation), shape)
    z, chance = _significance(product, shape, float(correlation[place]))
    rival = _has_rival(correlation, place)
    peak = _signed(place, shape)
    if upsample_factor == 1:
        return peak, z, chance, rival
    n_fine = int(np.ceil(_NEIGHBORHOOD_PX * upsample_factor))
    offsets = (np.arange(n_fine) - n_fine // 2) / upsample_factor
    fine = fine_correlation(product, shape, peak[0] + offsets, peak[1] + offsets)
    row, column = np.unravel_index(np.argmax(fine), fine.shape)
    best = np.array([vertex(fine[:, column], int(row)), vertex(fine[row], int(column))])
    return peak + offsets[0] + best / upsample_factor, z, chance, rival


def fine_correlation(
    product: NDArray[np.complex64], shape: tuple[int, ...], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The correlation whose ``rfft2`` is ``product``, at the fractional positions ``y`` by ``x``."""
    kernel_y = np.exp(2j * np.pi * np.outer(y, scipy.fft.fftfreq(shape[0]))).astype(np.complex64)
    kernel_x = np.exp(2j * np.pi * np.outer(scipy.fft.rfftfreq(shape[1]), x)) * _twice(shape)[:, None]
    values: NDArray[np.float32] = ((kernel_y @ product) @ kernel_x.astype(np.complex64)).real
    return values


def _twice(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """How often each column of an ``rfft2`` stands in the full transform."""
    weight = np.full(shape[1] // 2 + 1, 2.0, np.float32)
    weight[0] = 1
    if shape[1] % 2 == 0:
        weight[-1] = 1
    return weight


def _significance(product: NDArray[np.complex64], shape: tuple[int, ...], peak: float) -> tuple[float, float]:
    """Height of a peak in standard deviations of unrelated phases, and the chance of it anywhere.

    The number of independent places is that of the frequencies that matter (their participation ratio).
    """
    squares = (np.abs(product) ** 2).astype(float)
    second = float((squares * _twice(shape)).sum())
    if second <= 0 or not np.isfinite(peak):
        return 0.0, 1.0
    fourth = float((squares**2 * _twice(shape)).sum())
    z = peak * float(np.prod(shape)) / np.sqrt(second) / _TAPERED
    places = max(second**2 / fourth, 1.0)
    return z, float(-np.expm1(places * log_ndtr(z)))


def _stretched(image: NDArray[Any], factor: float) -> NDArray[np.float32]:
    """An image magnified in y about its middle row."""
    middle = (image.shape[0] - 1) / 2
    stretched: NDArray[np.float32] = scipy.ndimage.affine_transform(
        image.astype(np.float32), [1 / factor, 1], [middle - middle / factor, 0], mode="nearest"
    )
    return stretched


def _signed(place: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A place in a correlation as a shift of either sign."""
    peak, size = np.array(place, dtype=float), np.array(shape)
    return np.where(peak > size // 2, peak - size, peak)


def _has_rival(correlation: NDArray[np.float32], place: Any) -> bool:
    """Whether a second peak, not connected with the first, is nearly as high."""
    shape = correlation.shape
    moved = np.roll(correlation, tuple(n // 2 - int(p) for n, p in zip(shape, place, strict=True)), (0, 1))
    high = moved > _RIVAL * correlation[place]
    rows, columns = np.nonzero(high)
    middle = np.array(shape) // 2
    if np.hypot(rows - middle[0], columns - middle[1]).max(initial=0) <= _RIVAL_PX:
        return False
    return int(scipy.ndimage.label(high, np.ones((3, 3)))[1]) > 1


def _unwrapped(
    reference: NDArray[Any], moving: NDArray[Any], shift: NDArray[np.float64], max_shift: float | None
) -> NDArray[np.float64]:
    """Of a shift and those by the other way around the image, that under which the overlap agrees best."""
    shape = reference.shape
    choices = []
    for value, size in zip(shift, shape, strict=True):
        other = value - np.copysign(size, value)
        limit = size * (1 - _LEAST_OVERLAP) if max_shift is None else max_shift
        both = abs(value) > _FAR * size and abs(other) <= limit
        choices.append((value, other) if both else (value,))
    candidates = [np.array((y, x)) for y in choices[0] for x in choices[1]]
    if len(candidates) == 1:
        return candidates[0]
    return max(candidates, key=lambda each: overlap_correlation(reference, moving, each))


def overlap_correlation(reference: NDArray[Any], moving: NDArray[Any], shift: NDArray[np.float64]) -> float:
    """Correlation coefficient of the parts of two images that overlap under a shift, to the nearest pixel."""
    ours, theirs = [], []
    for value, size in zip(np.rint(shift).astype(int), reference.shape, strict=True):
        ours.append(slice(max(value, 0), min(size + value, size)))
        theirs.append(slice(max(-value, 0), min(size - value, size)))
    one, other = (
        part - part.mean() if part.size else np.zeros(1)
        for part in (reference[tuple(ours)].astype(float), moving[tuple(theirs)].astype(float))
    )
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / size if size > 0 else 0.0
