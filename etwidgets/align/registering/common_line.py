"""Registers by the center of mass across the tilt axis and common lines along it; knows one method only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from etwidgets.align.checks import indices_text, refuse_negative
from etwidgets.align.intensity.background_pull import check_background
from etwidgets.align.parabola import vertex
from etwidgets.align.registering.found_shifts import FoundShifts
from etwidgets.align.registering.mass_profiles import mass_profiles
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_PASSES = 3  # against one line, then twice against the mean of the aligned lines
_LEAST_COLUMNS = 8


@dataclass(frozen=True)
class CommonLineOptions:
    """Options of :func:`common_line_shifts`."""

    com_ref_index: float | None = option(
        None,
        label="axis row",
        help="Pixel row to which the centers of mass, and so the tilt axis, are moved.",
        lowest=0,
        none_means="middle row",
    )
    cl_ref_index: int | None = option(
        None,
        label="reference for x",
        help="Index of the projection that is not shifted in x.",
        none_means="as reference",
    )
    cl_resolution: float = option(
        0.05,
        label="resolution",
        help="Step of the finest search; a parabola refines it further.",
        unit="px",
        lowest=1e-6,  # below, rounding errors dominate
        highest=0.5,
    )
    cl_div_factor: int = option(
        8,
        label="subdivision",
        help="Each search divides half the interval of the one before into so many steps.",
        lowest=3,
        highest=1000,
    )


def common_line_shifts(series: OrderedSeries, options: CommonLineOptions, progress: Progress) -> FoundShifts:
    """Shifts by the center of mass (y) and by common lines (x).

    Parameters
    ----------
    series
        Zero or more everywhere.
    options
        See :class:`CommonLineOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    FoundShifts
        ``(T, 2)`` pixels ``(y, x)``.

    Raises
    ------
    AlignmentError
        If values are negative, a background would make the result wrong, a projection holds no mass, or
        the columns are too few.
    ParameterError
        If a parameter is out of range.

    Notes
    -----
    Scott et al. (2012), doi:10.1038/nature10934: the tilt axis passes through the center of mass of the
    object, which must therefore lie whole within every projection; and the sum of a projection across
    the tilt axis, the common line, is the same at every tilt. The lines are compared first with that of
    the reference, then with the mean of all aligned lines, which one bad projection cannot spoil.
    """
    images = series.images
    _, height, width = images.shape
    row = _checked_row(options.com_ref_index, height)
    index = options.cl_ref_index
    reference = series.start if index is None else series.place_of(index, "cl_ref_index")
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
            f"COM-CL: projections {indices_text(np.flatnonzero(total <= 0))} hold no mass; remove them"
        )
    remarks = check_background(images, "COM-CL")
    shifts = np.zeros((len(images), 2))
    shifts[:, 0] = row - (height - 1) / 2 - moment.sum(1) / total
    shifts[:, 1] = match_lines(
        mass, reference, options.cl_resolution, options.cl_div_factor, progress.part(0.4, 1)
    )
    return FoundShifts(shifts, remarks=remarks)


def _checked_row(row: float | None, height: int) -> float:
    if row is None:
        return (height - 1) / 2
    if row > height - 1:
        raise ParameterError(f"com_ref_index must be a pixel row, 0 to {height - 1}, not {row:g}")
    return row


def match_lines(
    lines: NDArray[np.float64], reference: int, resolution: float, parts: int, progress: Progress
) -> NDArray[np.float64]:
    """Shifts ``(T,)``, pixels, that bring lines ``(T, X)`` to each other; that of ``reference`` is 0.

    ``resolution`` (px) and ``parts`` are those of :class:`CommonLineOptions`.
    """
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
