"""Registers by the center of mass across the tilt axis and common lines along it; knows one method only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

from etwidgets.align.center_of_mass import mass_profiles
from etwidgets.align.checks import listing, refuse_negative
from etwidgets.align.phase_correlation import vertex
from etwidgets.checks import checked_count, is_number
from etwidgets.errors import AlignmentError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_PASSES = 3  # against one line, then twice against the mean of the aligned lines
_LEAST_COLUMNS = 8
_FINEST_PX, _MOST_PARTS = 1e-6, 1000  # beyond, rounding says more than the images


def common_line_shifts(
    images: NDArray[Any],
    start: int,
    *,
    progress: Progress,
    com_ref_index: float | None = None,
    cl_ref_index: int | None = None,
    cl_resolution: float = 0.05,
    cl_div_factor: int = 8,
) -> NDArray[np.float64]:
    """Shifts by the center of mass (y) and by common lines (x).

    Parameters
    ----------
    images
        ``(T, Y, X)``, zero or more, in order of tilt.
    start
        Index of the projection that is the reference unless ``cl_ref_index`` is given.
    progress
        Told how far the work is, and may stop it.
    com_ref_index
        Pixel row onto which the centers of mass are put; default: the middle row ``(Y-1)/2``.
    cl_ref_index
        Index of the projection that keeps its place in x.
    cl_resolution
        Step of the finest search, pixels (above 0, below 0.5); a parabola refines it further.
    cl_div_factor
        Parts into which each search divides half the interval of the one before; at least 3.

    Returns
    -------
    array
        ``(T, 2)`` pixels ``(y, x)``.

    Raises
    ------
    AlignmentError
        If values are negative, a projection holds no mass, or the columns are too few.
    ParameterError
        If a parameter is out of range.

    Notes
    -----
    Scott et al. (2012), doi:10.1038/nature10934: the tilt axis passes through the center of mass of the
    object, which must therefore lie whole within every projection; and the sum of a projection across
    the tilt axis, the common line, is the same at every tilt. The lines are compared first with that of
    the reference, then with the mean of all aligned lines, which one bad projection cannot spoil.
    """
    _, height, width = images.shape
    row = (height - 1) / 2 if com_ref_index is None else com_ref_index
    reference = start if cl_ref_index is None else cl_ref_index
    _check(row, reference, cl_resolution, cl_div_factor, images.shape)
    if width < _LEAST_COLUMNS:
        raise AlignmentError(
            f"COM-CL needs at least {_LEAST_COLUMNS} columns to compare common lines, not {width}"
        )
    refuse_negative(images, "COM-CL")
    progress.advance(0.1, "centers of mass")
    mass, moment = mass_profiles(images)
    total = mass.sum(1)
    if (total <= 0).any():
        raise AlignmentError(
            f"COM-CL: projections {listing(np.flatnonzero(total <= 0))} hold no mass; remove them"
        )
    shifts = np.zeros((len(images), 2))
    shifts[:, 0] = row - (height - 1) / 2 - moment.sum(1) / total
    shifts[:, 1] = _match_lines(mass, reference, cl_resolution, cl_div_factor, progress.part(0.4, 1))
    return shifts


def _check(row: float, reference: int, resolution: float, parts: int, shape: tuple[int, ...]) -> None:
    if not (is_number(row) and 0 <= row <= shape[1] - 1):
        raise ParameterError(f"com_ref_index is a pixel row, 0 to {shape[1] - 1}, not {row!r}")
    if not 0 <= reference < shape[0]:
        raise ParameterError(f"cl_ref_index must be a projection, 0 to {shape[0] - 1}, not {reference}")
    if not (is_number(resolution) and _FINEST_PX <= resolution < 0.5):
        raise ParameterError(
            f"cl_resolution must be above 0 ({_FINEST_PX:g} at least) and below 0.5 px, not {resolution!r}"
        )
    checked_count("cl_div_factor", parts, 3, _MOST_PARTS)


def _match_lines(
    lines: NDArray[np.float64], reference: int, resolution: float, parts: int, progress: Progress
) -> NDArray[np.float64]:
    spectra = _spectra(lines)
    target = spectra[reference]
    size = 2 * (spectra.shape[1] - 1)
    frequencies = scipy.fft.rfftfreq(size)
    shifts = np.zeros(len(lines))
    for number in range(_PASSES):
        for i, spectrum in enumerate(spectra):
            shifts[i] = _line_shift(target * spectrum.conj(), size, resolution, parts)
            progress.advance((number + (i + 1) / len(spectra)) / _PASSES, "common lines")
        shifts -= shifts[reference]
        target = (spectra * np.exp(-2j * np.pi * np.outer(shifts, frequencies))).mean(0)
    return shifts


def _spectra(lines: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Fourier transforms of the lines, whose ends fade over as many pixels again: no step, no wrapping."""
    width = lines.shape[1]
    size = 2 * scipy.fft.next_fast_len(width, real=True)
    margin = (size - width) // 2
    source = np.clip(np.arange(size) - margin, 0, width - 1)
    beyond = np.abs(np.arange(size) - margin - source) / max(margin, 1)
    levelled = lines - (lines[:, :1] + lines[:, -1:]) / 2
    faded = levelled[:, source] * (0.5 + 0.5 * np.cos(np.pi * np.clip(beyond, 0, 1)))
    spectra: NDArray[np.complex128] = scipy.fft.rfft(faded, axis=1)
    return spectra


def _line_shift(product: NDArray[np.complex128], size: int, resolution: float, parts: int) -> float:
    """Where the correlation with this Fourier transform is highest: whole pixels, then finer and finer."""
    correlation = scipy.fft.irfft(product, size)
    peak = int(np.argmax(correlation))
    center = float(peak - size if peak > size // 2 else peak)
    frequencies = scipy.fft.rfftfreq(size)
    half = 1.0
    while True:
        step = half / parts
        positions = center + np.arange(-parts, parts + 1) * step
        values = (np.exp(2j * np.pi * np.outer(positions, frequencies)) @ product).real
        best = int(np.argmax(values))
        if step <= resolution:
            return float(positions[0] + vertex(values, best) * step)
        center, half = positions[best], 2 * step
