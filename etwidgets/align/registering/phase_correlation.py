"""Registers by weighted phase correlation of neighbors in tilt, and bridges what does not correlate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.checks import indices_text
from etwidgets.align.registering.chain import bridged
from etwidgets.align.registering.found_shifts import FoundShifts
from etwidgets.align.registering.pairs import PairShifts, pair_shifts, pair_trust
from etwidgets.align.registering.static_pattern import has_static_pattern, without_static_pattern
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_LEAST_SIDE_PX = 16
_STEEPEST_DEG = 80.0
_WEAK = 0.4  # of the usual z of the series: a pair below is doubted
_MOST_BAD = 0.5  # of all pairs
_MOVES_PX = 0.5  # RMS step of a series that moves; one that does not needs no pattern taken out


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
    max_shift: float | None = option(
        None,
        label="max shift",
        help="Largest shift between neighbors that is looked for.",
        unit="px",
        lowest=1,
        none_means="any that leaves an overlap",
    )
    roi: tuple[int, int, int, int] | None = option(
        None,
        label="region",
        help="First and last row, first and last column (last exclusive) of the part that is compared.",
        unit="px",
        lowest=0,
        none_means="whole projection",
    )
    stretch: bool = option(
        default=False,
        label="stretch",
        help="Stretch each projection across the tilt axis to its neighbor's height: for a flat specimen "
        "that fills the field.",
    )


def phase_correlation_shifts(
    series: OrderedSeries, options: PhaseCorrelationOptions, progress: Progress
) -> FoundShifts:
    """Shifts ``(T, 2)``, pixels ``(y, x)``, by phase correlation of neighbors in tilt.

    Parameters
    ----------
    series
        In order of tilt.
    options
        See :class:`PhaseCorrelationOptions`.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    AlignmentError
        If half of the pairs of neighbors do not correlate better than chance.
    ParameterError
        If the region does not fit the images, or tilts are too high to stretch.

    Notes
    -----
    With ``stretch`` a flat specimen at the tilt ``t`` is taken to be seen ``cos(t)`` as high, about the
    middle row (Guckenberger 1982, doi:10.1016/0304-3991(82)90236-8). The shifts divided by ``cos(t)`` then
    add up.
    """
    images = _region(series.images, options.roi)
    heights = _heights(series.tilts_deg) if options.stretch else None
    found = _aligned(images, series.start, options, heights, progress.part(0, 0.6))
    notes: tuple[str, ...] = ()
    if has_static_pattern(images):
        other = _aligned(
            without_static_pattern(images), series.start, options, heights, progress.part(0.6, 1)
        )
        if len(other.bridged) <= _MOST_BAD * (len(images) - 1) and _moves(other):
            note = "A pattern that does not move with the specimen was taken out before the correlation."
            found, notes = other, (note,)
    if len(found.bridged) > _MOST_BAD * (len(images) - 1):
        raise AlignmentError(
            f"PC: {len(found.bridged)} of {len(images) - 1} pairs of neighbors in tilt do not correlate "
            f"better than chance (projections {indices_text(series.order[list(found.bridged)])} and their "
            "neighbors); filter or bin the images, give a roi with the specimen, or use StackReg"
        )
    progress.advance(1, "phase correlation")
    return FoundShifts(found.shifts_px, found.pairs, found.bridged, notes=notes)


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
    pairs = [(i, i + 1) for i in range(len(images) - 1)]
    return pair_shifts(images, pairs, upsample_factor=upsample_factor, progress=progress).shifts_px


def _region(images: NDArray[Any], roi: tuple[int, int, int, int] | None) -> NDArray[Any]:
    if roi is None:
        return images
    height, width = images.shape[1:]
    top, bottom, left, right = roi
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ParameterError(f"roi must be rows of 0 to {height} and columns of 0 to {width}, not {roi!r}")
    if min(bottom - top, right - left) < _LEAST_SIDE_PX:
        raise ParameterError(f"roi must be at least {_LEAST_SIDE_PX} px on each side, not {roi!r}")
    part = images[:, top:bottom, left:right]
    blank = [i for i, image in enumerate(part) if image.min() == image.max()]
    if blank:
        raise AlignmentError(f"PC: {len(blank)} projections are blank in the roi {roi!r}; choose another one")
    return part


def _heights(tilts_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.abs(tilts_deg).max() > _STEEPEST_DEG:
        raise ParameterError(
            f"stretch needs tilts within {_STEEPEST_DEG:g} deg, and they go to {np.abs(tilts_deg).max():g}; "
            "remove the highest, or do without"
        )
    heights: NDArray[np.float64] = np.cos(np.deg2rad(tilts_deg))
    return heights


def _aligned(
    images: NDArray[Any],
    start: int,
    options: PhaseCorrelationOptions,
    heights: NDArray[np.float64] | None,
    progress: Progress,
) -> FoundShifts:
    count = len(images)
    pairs = [(i, i + 1) for i in range(count - 1)]
    weight = pair_trust(images, pairs, progress.part(0, 0.3))
    correlated = partial(
        pair_shifts,
        images,
        upsample_factor=options.upsample_factor,
        max_shift=options.max_shift,
        weight=weight,
        heights=heights,
    )
    found = correlated(pairs, progress=progress.part(0.3, 0.9))
    fine = _good(found)
    bad = tuple(int(i) for i in np.flatnonzero(~fine))
    known, differences = [pairs[i] for i in np.flatnonzero(fine)], found.shifts_px[fine]
    if bad and len(bad) <= _MOST_BAD * len(pairs):
        wider = sorted({(i, i + lag) for k in bad for lag in (2, 3) for i in range(k - lag + 1, k + 1)})
        over = [(i, j) for i, j in wider if i >= 0 and j < count]
        bridges = correlated(over, progress=progress.part(0.9, 1))
        holds = bridges.good & (bridges.z > _WEAK * np.median(found.z[fine]))
        known += [over[i] for i in np.flatnonzero(holds)]
        differences = np.concatenate([differences, bridges.shifts_px[holds]])
    if heights is None:
        return FoundShifts(bridged(count, known, differences, start), found, bad)
    scale = np.ones((count, 2))
    scale[:, 0] = heights
    first = np.array([i for i, _ in known], dtype=int)
    shifts = bridged(count, known, differences / scale[first], start) * scale
    return FoundShifts(shifts, found, bad)


def _good(found: PairShifts) -> NDArray[np.bool_]:
    """Which pairs are better than chance, and not far worse than the rest of the series."""
    good = found.good
    usual = float(np.median(found.z[good])) if good.any() else 0.0
    return good & (found.z > _WEAK * usual)


def _moves(found: FoundShifts) -> bool:
    steps = np.diff(found.shifts_px, axis=0)
    return bool(np.sqrt((steps**2).sum(1).mean()) > _MOVES_PX)
