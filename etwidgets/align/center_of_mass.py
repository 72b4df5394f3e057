"""Registers by conserved mass along the tilt axis and tracks of mass across it; knows one method only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.align.checks import listing, refuse_negative
from etwidgets.align.phase_correlation import vertex
from etwidgets.checks import checked_count, is_whole
from etwidgets.errors import AlignmentError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_PASSES = 4  # of re-estimating the mean mass profile; the shifts move by less than 0.01 px after three
_LEAST_COLUMNS = 8


def com_shifts(
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    progress: Progress,
    xrange: Sequence[int] | None = None,
    p: int = 20,
    nslices: int = 20,
) -> NDArray[np.float64]:
    """Shifts by conservation of mass (x) and by tracks of the center of mass (y).

    Parameters
    ----------
    images
        ``(T, Y, X)``, zero or more, in order of tilt.
    tilts_deg
        ``(T,)`` degrees.
    progress
        Told how far the work is, and may stop it.
    xrange
        First and last column (exclusive) in which mass is conserved; default: the middle three fifths.
    p
        Largest shift in x that is looked for, pixels.
    nslices
        Number of columns whose mass tracks are used for y.

    Returns
    -------
    array
        ``(T, 2)`` pixels ``(y, x)``. In y the part that varies as cos and sin of the tilt is zero: it
        would only move the object in the volume. In x the mean is zero.

    Raises
    ------
    AlignmentError
        If values are negative, or the columns are too few.
    ParameterError
        If a parameter does not fit the images.

    Notes
    -----
    Sanders et al. (2015), doi:10.1186/s40679-015-0005-7: the mass of an x slice is the same at every
    tilt, so the profile of mass along x only moves; and the center of mass of an x slice follows
    ``x0 cos(tilt) + z0 sin(tilt)`` with the tilt axis in the image center.
    """
    first, stop = _mass_window(images.shape[2], xrange, p)
    nslices = checked_count("nslices", nslices)
    refuse_negative(images, "COM")
    progress.advance(0.1, "mass profiles")
    mass, moment = mass_profiles(images)
    shifts = np.zeros((len(images), 2))
    shifts[:, 1] = _conserve_mass(mass, first, stop, p, progress.part(0.3, 0.8))
    moved_mass = _shift_rows(mass, shifts[:, 1])[:, first:stop]
    moved_moment = _shift_rows(moment, shifts[:, 1])[:, first:stop]
    chosen = steady_columns(moved_mass, nslices)
    tracks = moved_moment[:, chosen] / moved_mass[:, chosen]
    shifts[:, 0] = -jitter_of_tracks(tracks, tilts_deg)
    progress.advance(1, "mass tracks")
    return shifts


def mass_profiles(images: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mass of every column and its first moment about the middle row, each ``(T, X)``."""
    rows = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    weights = np.stack([np.ones_like(rows), rows])
    profiles = np.stack([weights @ image.astype(float) for image in images])
    return profiles[:, 0], profiles[:, 1]


def steady_columns(mass: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Up to ``count`` columns with much mass that hardly varies with tilt, in rising order.

    Raises
    ------
    AlignmentError
        If no column has mass in every projection.
    """
    mean = mass.mean(0)
    usable = (mass > 0).all(0) & (mean > 0.05 * mean.max())
    if not usable.any():
        empty = np.flatnonzero((mass <= 0).all(1))
        raise AlignmentError(
            "no column holds mass in every projection"
            + (f" (projections {listing(empty)} have none)" if empty.size else "")
            + "; choose other columns, or remove projections that show nothing there"
        )
    spread = mass.std(0) + 1e-6 * mean.max()
    score = np.where(usable, mean / spread, -np.inf)
    best = np.argsort(score, kind="stable")[::-1][: min(count, int(usable.sum()))]
    return np.sort(best)


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


def _mass_window(width: int, xrange: Sequence[int] | None, p: int) -> tuple[int, int]:
    p = checked_count("p, the largest shift in x (px),", p)
    given = (round(width / 5), round(4 * width / 5)) if xrange is None else np.atleast_1d(xrange).tolist()
    if len(given) != 2 or not all(is_whole(x) for x in given) or not 0 <= given[0] < given[1] <= width:
        raise ParameterError(f"xrange must be two rising columns of 0 to {width}, not {xrange!r}")
    first, stop = int(given[0]), int(given[1])
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
