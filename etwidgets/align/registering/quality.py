"""How far a registration can be trusted, in one form for all methods; does not register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.checks import named_projections
from etwidgets.align.registering.chain import add_up
from etwidgets.align.registering.pairs import overlap_correlation, pair_shifts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.registering.found_shifts import FoundShifts
    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_UPSAMPLING = 10
_LEAST_OFF_PX, _DEVIATIONS = 1.0, 6.0
_APART_PX = 4.0  # RMS along the tilt axis between a method and the correlation of neighbors


@dataclass(frozen=True, slots=True, eq=False)
class RegistrationQuality:
    """Result of :func:`etwidgets.align.register`, beside the shifts; all in the order of acquisition.

    Attributes
    ----------
    method
        Its name.
    steps_px
        ``(T, 2)`` pixels ``(y, x)``: the shift of each projection against its neighbor of lower tilt; zero
        for the lowest.
    off_px
        ``(T, 2)`` pixels ``(y, x)``: what both neighbors agree that each projection is still off, by
        phase correlation; positive would have to move it to a larger index.
    correlation
        ``(T,)`` from 0 to 1: mean correlation coefficient with its neighbors, where they overlap. It is low
        for noisy images, however well they are registered: compare projections of one series.
    z
        ``(T,)`` height of the correlation peak with the better neighbor, in standard deviations of a
        correlation by chance; below about 5 there is nothing to go by.
    bridged
        Pairs ``(i, j)`` of neighbors in tilt that do not correlate; PC bridges them from the next ones.
    doubted
        Projections that correlate with no neighbor, or are off from both.
    text
        All that in a sentence or two.
    warning
        What the user should know before going on; empty if there is nothing.
    """

    method: str
    steps_px: NDArray[np.float64]
    off_px: NDArray[np.float64]
    correlation: NDArray[np.float64]
    z: NDArray[np.float64]
    bridged: tuple[tuple[int, int], ...]
    doubted: tuple[int, ...]
    text: str
    warning: str


def judged(series: OrderedSeries, method: str, found: FoundShifts, progress: Progress) -> RegistrationQuality:
    """The quality of a registration; the pairs are correlated unless the method has done it.

    Parameters
    ----------
    series
        In order of tilt, not registered.
    method
        Its name.
    found
        The shifts, in order of tilt.
    progress
        Reports progress and can cancel the work.
    """
    count = len(series.images)
    neighbors = [(i, i + 1) for i in range(count - 1)]
    pairs = found.pairs or pair_shifts(
        series.images, neighbors, upsample_factor=_UPSAMPLING, progress=progress
    )
    steps = np.diff(found.shifts_px, axis=0)
    unsure = set(found.bridged) if found.pairs is not None else set(np.flatnonzero(~pairs.good).tolist())
    sure = np.array([i not in unsure for i in range(count - 1)])
    off = _off_both(np.where(sure[:, None], pairs.shifts_px - steps, 0), sure)
    doubted = ~_beside(sure) | _far_off(off)
    overlaps = [
        overlap_correlation(series.images[i], series.images[i + 1], step) for i, step in enumerate(steps)
    ]
    warning = _warning(series, method, found, pairs.shifts_px, sure, doubted)
    text = f"{method}: {int(sure.sum())} of {count - 1} pairs of neighbors correlate better than chance"
    text += f" (lowest z {pairs.z[sure].min():.0f})." if sure.any() else "."
    return RegistrationQuality(
        method,
        series.as_acquired(np.concatenate([np.zeros((1, 2)), steps])),
        series.as_acquired(off),
        series.as_acquired(np.clip(_mean_beside(np.array(overlaps)), 0, 1)),
        series.as_acquired(_larger_beside(pairs.z)),
        tuple((int(series.order[i]), int(series.order[i + 1])) for i in sorted(unsure)),
        tuple(sorted(int(i) for i in series.order[doubted])),
        " ".join(filter(None, (text, *found.notes, warning))),
        warning,
    )


def _warning(
    series: OrderedSeries,
    method: str,
    found: FoundShifts,
    steps: NDArray[np.float64],
    sure: NDArray[np.bool_],
    doubted: NDArray[np.bool_],
) -> str:
    said = list(found.remarks)
    if not sure.all():
        names = ", ".join(
            f"{series.order[i] + 1} and {series.order[i + 1] + 1}" for i in np.flatnonzero(~sure)[:6].tolist()
        )
        more = ", and more" if (~sure).sum() > 6 else ""
        done = "; they were bridged from their neighbors" if found.pairs is not None else ""
        said.append(f"Neighbors that do not correlate better than chance: {names}{more}{done}.")
    if doubted.any():
        which = named_projections(np.sort(series.order[doubted]), series.as_acquired(series.tilts_deg))
        said.append(f"Doubted projections: {which}; look at them, nudge or exclude them.")
    if found.pairs is None and sure.all():
        apart = found.shifts_px[:, 1] - add_up(steps, 0)[:, 1]
        if apart.std() > _APART_PX:
            said.append(
                f"{method} and the correlation of neighbors differ by {apart.std():.1f} px RMS along the "
                "tilt axis: one of them is wrong; compare with PC or StackReg."
            )
    return " ".join(said)


def _off_both(left: NDArray[np.float64], sure: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What both neighbors agree on ``(T, 2)``, from what is left of the pairs; 0 at the ends."""
    off = np.zeros((len(left) + 1, 2))
    one, other = left[:-1], -left[1:]
    both = (one * other > 0) & (sure[:-1] & sure[1:])[:, None]
    off[1:-1] = np.where(both, np.where(np.abs(one) < np.abs(other), one, other), 0)
    return off


def _far_off(off: NDArray[np.float64]) -> NDArray[np.bool_]:
    spread = 1.4826 * np.median(np.abs(off), axis=0)
    far = np.abs(off) > np.maximum(_LEAST_OFF_PX, _DEVIATIONS * spread)
    return np.asarray(far.any(axis=1))


def _beside(pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether one of the two pairs ``(T - 1,)`` of each image is."""
    return _larger_beside(pairs.astype(float)) > 0


def _larger_beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(np.append(values, values[-1]), np.insert(values, 0, values[0]))


def _mean_beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.append(values, values[-1]) + np.insert(values, 0, values[0])) / 2
