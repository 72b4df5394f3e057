"""Brings a new projection onto what the volume so far predicts; the first ones onto their neighbors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align import Alignment, PaddedSeries, correlate
from etwidgets.align.refinement.matching import match, search_shifts
from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 4
"""Projections that predict another."""
_REACH = 0.25  # of the field
_ROUNDS = 3
_LARGEST_STEP_PX = 3.0
_STILL_PX = 0.02


def first_shift(one: PaddedSeries) -> tuple[float, float]:
    """Of the first projection: its center of mass to the middle, unless matter goes on beyond the field."""
    image = one.images[0]
    if one.wider or image.sum() <= 0:
        return 0.0, 0.0
    rows = np.arange(len(image)) - (len(image) - 1) / 2
    center = float((image.sum(1) * rows).sum() / image.sum())
    return -center * one.factor, 0.0


def onto_neighbor(
    one: PaddedSeries, neighbor: PaddedSeries, shift_px: tuple[float, float]
) -> tuple[float, float]:
    """The shift that brings a projection onto its neighbor in tilt, which has this shift."""
    try:
        _, (y, x) = correlate(neighbor.images[0], one.images[0])
    except AlignmentError:  # nothing in common: it will be told that it does not fit
        return shift_px
    return shift_px[0] + y * one.factor, shift_px[1] + x * one.factor


def onto_prediction(
    one: PaddedSeries, predicted: NDArray[np.float32], starts: list[tuple[float, float]]
) -> tuple[tuple[float, float], float]:
    """The shift of a projection that fits its prediction best, and the misfit that is left.

    Parameters
    ----------
    one
        The projection.
    predicted
        ``(1, n_y, X)``.
    starts
        Shifts to begin with, pixels of the series as given: from each it is searched and matched.
    """
    best: tuple[tuple[float, float], float] = (starts[0], np.inf)
    for start in starts:
        found = _matched(one, predicted, start)
        if found[1] < best[1]:
            best = found
    return best


def _matched(
    one: PaddedSeries, predicted: NDArray[np.float32], start: tuple[float, float]
) -> tuple[tuple[float, float], float]:
    shift = np.array([start])
    images, known = one.aligned(Alignment.of(shift))
    reach = round(_REACH * min(one.images.shape[1:]))
    shift = shift + search_shifts(images, predicted, known, reach) * one.factor
    misfit = np.inf
    for _ in range(_ROUNDS):
        images, known = one.aligned(Alignment.of(shift))
        found = match(images, predicted, known)
        step = np.clip(found.values[:, :2], -_LARGEST_STEP_PX, _LARGEST_STEP_PX)
        misfit = float(found.misfit[0])
        shift = shift + step * one.factor
        if np.abs(step).max() < _STILL_PX:
            break
    return (float(shift[0, 0]), float(shift[0, 1])), misfit
