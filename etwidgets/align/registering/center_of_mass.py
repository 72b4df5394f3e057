"""Registers by conserved mass along the tilt axis and tracks of mass across it; knows one method only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.align.checks import refuse_negative
from etwidgets.align.intensity.background_pull import check_background
from etwidgets.align.intensity.dark_level import OPEN, crossed_cells, dark_level
from etwidgets.align.parabola import vertex
from etwidgets.align.registering.found_shifts import FoundShifts
from etwidgets.align.registering.mass_profiles import mass_profiles, steady_columns
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_PASSES = 4  # of re-estimating the mean mass profile; the shifts move by less than 0.01 px after three
_LEAST_COLUMNS = 8
_LEAST_PROJECTIONS = 5  # of which a dark level is told from a film


@dataclass(frozen=True)
class ComOptions:
    """Options of :func:`com_shifts`."""

    xrange: tuple[int, int] | None = option(
        None,
        label="columns",
        help="First and last column (exclusive) whose mass is the same at every tilt.",
        unit="px",
        lowest=0,
        none_means="middle three fifths",
    )
    p: int = option(
        20, label="max shift", help="Largest shift along x that is looked for.", unit="px", lowest=1
    )
    nslices: int = option(
        20,
        label="columns for y",
        help="Number of columns whose centers of mass give the shift along y.",
        lowest=1,
    )


def com_shifts(series: OrderedSeries, options: ComOptions, progress: Progress) -> FoundShifts:
    """Shifts by conservation of mass (x) and by tracks of the center of mass (y).

    Parameters
    ----------
    series
        Zero or more everywhere.
    options
        See :class:`ComOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    FoundShifts
        ``(T, 2)`` pixels ``(y, x)``. In y the part that varies as cos and sin of the tilt is zero: it
        would only move the object in the volume. In x the mean is zero.

    Raises
    ------
    AlignmentError
        If values are negative, a background would make the result wrong, or the columns are too few.
    ParameterError
        If a parameter does not fit the images.

    Notes
    -----
    Sanders et al. (2015), doi:10.1186/s40679-015-0005-7: the mass of an x slice is the same at every
    tilt, so the profile of mass along x only moves; and the center of mass of an x slice follows
    ``x0 cos(tilt) + z0 sin(tilt)`` with the tilt axis in the image center.
    """
    images, p = series.images, options.p
    first, stop = _mass_window(images.shape[2], options.xrange, p)
    refuse_negative(images, "COM")
    remarks = check_background(images, "COM")
    remarks = _edge_remarks(images, series.tilts_deg) or remarks  # of a film, the level is no background
    progress.advance(0.1, "mass profiles")
    mass, moment = mass_profiles(images)
    shifts = np.zeros((len(images), 2))
    shifts[:, 1] = _conserve_mass(mass, first, stop, p, progress.part(0.3, 0.8))
    moved_mass = _shift_rows(mass, shifts[:, 1])[:, first:stop]
    moved_moment = _shift_rows(moment, shifts[:, 1])[:, first:stop]
    chosen = steady_columns(moved_mass, options.nslices)
    tracks = moved_moment[:, chosen] / moved_mass[:, chosen]
    shifts[:, 0] = -jitter_of_tracks(tracks, series.tilts_deg)
    progress.advance(1, "mass tracks")
    return FoundShifts(shifts, remarks=remarks)


def _edge_remarks(images: NDArray[Any], tilts_deg: NDArray[np.float64]) -> tuple[str, ...]:
    """What to say where matter enters the field across the axis; nothing where the object lies within."""
    if len(images) < _LEAST_PROJECTIONS:
        return ()
    dark = dark_level(images, tilts_deg)
    if not dark.film and crossed_cells(images, dark).mean() <= OPEN:
        return ()
    what = "A film fills the field" if dark.film else "Matter crosses the upper or lower edge of the field"
    remark = (
        f"{what}: what enters moves the centers of mass, and the shifts across the tilt axis may be wrong by "
        "several pixels; use PC with stretch, or Align automatically (auto_align)."
    )
    return (remark,)


def jitter_of_tracks(tracks: NDArray[np.float64], tilts_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Common displacement ``(T,)`` of tracks ``(T, K)``, without any part along cos and sin of the tilt.

    Least squares for ``tracks[i, k] = d[i] + x0[k] cos + z0[k] sin``; of the solutions, which differ by
    cos and sin, the shortest. The mean over the tracks is replaced by their median, so that a column
    through which another object passes at some tilts does no harm.
    """
    tilts = np.deg2rad(tilts_deg)
    orbit = np.stack([np.cos(tilts), np.sin(tilts)], axis=1)
    projector = np.eye(len(tilts)) - orbit @ np.linalg.pinv(orbit)
    return projector @ np.median(projector @ tracks, axis=1)


def _mass_window(width: int, xrange: tuple[int, int] | None, p: int) -> tuple[int, int]:
    first, stop = (round(width / 5), round(4 * width / 5)) if xrange is None else xrange
    if not 0 <= first < stop <= width:
        raise ParameterError(f"xrange must be two increasing columns of 0 to {width}, not {xrange!r}")
    inner_first, inner_stop = max(first, p), min(stop, width - p)
    if inner_stop - inner_first < _LEAST_COLUMNS:
        raise AlignmentError(
            f"COM: of {width} columns, {max(0, inner_stop - inner_first)} remain within {first} to {stop} "
            f"and p={p} px off the edges, and {_LEAST_COLUMNS} are needed; give a smaller p or a wider xrange"
        )
    return inner_first, inner_stop


def _conserve_mass(
    mass: NDArray[np.float64], first: int, stop: int, p: int, progress: Progress
) -> NDArray[np.float64]:
    """Shifts ``(T,)`` in x that bring the mass profiles onto their common mean, which is refined."""
    candidates = np.arange(-p, p + 1)
    windows = np.stack([mass[:, first + c : stop + c] for c in candidates], axis=1)
    shifts = np.zeros(len(mass))
    mean = mass[:, first:stop].mean(0)
    for number in range(_PASSES):
        misfit = ((windows - mean) ** 2).sum(2)
        best = misfit.argmin(1)
        found = np.array([vertex(row, int(i)) for row, i in zip(misfit, best, strict=True)])
        shifts = p - found
        shifts -= shifts.mean()
        mean = _shift_rows(mass, shifts)[:, first:stop].mean(0)
        progress.advance((number + 1) / _PASSES, "conservation of mass")
    return shifts


def _shift_rows(rows: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row ``(T, X)`` moved by its shift, pixels; the ends are repeated."""
    moved = [
        scipy.ndimage.shift(row, shift, order=3, mode="nearest")
        for row, shift in zip(rows, shifts, strict=True)
    ]
    return np.array(moved)
