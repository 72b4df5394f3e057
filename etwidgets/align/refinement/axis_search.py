"""Searches rotation and shift of the tilt axis with which left-out projections are predicted best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.alignment import Alignment
from etwidgets.align.refinement.prediction import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.refinement.series import PaddedSeries
    from etwidgets.progress import Progress

_N_DRAWS = 400
_BLOCKS = 12
_STEP_DEG = 1.0
_STEP_PX = 1.0  # at the scale of the search
_REACH = 1.5  # steps; beyond, a parabola is a guess
_OUTSIDE = 0.05  # of the draws may have no minimum, for the answer to count as determined


@dataclass(frozen=True)
class AxisIntervals:
    """What left-out projections say of the tilt axis of aligned images.

    Attributes
    ----------
    rotation_deg, shift_px
        What is still to be applied, by the last search; degrees and pixels of the series as given.
    rotation_interval_deg, shift_interval_px
        95 % intervals of it.
    rotation_determined, shift_determined
        Whether the misfit has a minimum that does not depend on which projections are asked.
    """

    rotation_deg: float
    shift_px: float
    rotation_interval_deg: tuple[float, float]
    shift_interval_px: tuple[float, float]
    rotation_determined: bool
    shift_determined: bool


def search_axis(
    series: PaddedSeries,
    alignment: Alignment,
    weights: NDArray[np.float64],
    progress: Progress,
) -> tuple[Alignment, AxisIntervals]:
    """The alignment with a better tilt axis, where there is one, and what is known of it.

    Trial rotations and shifts to either side give each projection a parabola of its misfit; the minimum of
    their sum is taken, and drawing projections again in blocks shows how far to trust it.
    """
    count = len(series.tilts_deg)
    here = predict(series, alignment, weights, progress=progress).misfits ** 2

    def trial(rotation_deg: float, shift_px: float) -> NDArray[np.float64]:
        moved = Alignment.of(np.tile([shift_px, 0.0], (count, 1)), rotation_deg=rotation_deg)
        return predict(series, alignment.then(moved), weights, progress=progress).misfits ** 2

    shift_step = _STEP_PX * series.factor
    turned = [trial(sign * _STEP_DEG, 0) for sign in (-1, 1)]
    shifted = [trial(0, sign * shift_step) for sign in (-1, 1)]
    order = np.argsort(series.tilts_deg, kind="stable")
    rotation = _minimum(turned, here, weights, order)
    shift = _minimum(shifted, here, weights, order)
    found = AxisIntervals(
        rotation[0] * _STEP_DEG,
        shift[0] * shift_step,
        (rotation[1] * _STEP_DEG, rotation[2] * _STEP_DEG),
        (shift[1] * shift_step, shift[2] * shift_step),
        bool(rotation[3]),
        bool(shift[3]),
    )
    change = Alignment.of(
        np.tile([found.shift_px if found.shift_determined else 0.0, 0.0], (count, 1)),
        rotation_deg=found.rotation_deg if found.rotation_determined else 0.0,
    )
    return alignment.then(change), found


def _minimum(
    sides: list[NDArray[np.float64]],
    middle: NDArray[np.float64],
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
) -> tuple[float, float, float, bool]:
    """Place of the minimum of a sum of parabolas, in steps; its 95 % interval; and whether there is one."""
    slope, curvature = (sides[1] - sides[0]) / 2 * weights, (sides[0] + sides[1] - 2 * middle) * weights
    random = np.random.default_rng(0)
    blocks = np.array_split(order, min(_BLOCKS, len(order)))
    sums = np.array([[slope[block].sum(), curvature[block].sum()] for block in blocks])
    drawn = sums[random.integers(0, len(blocks), (_N_DRAWS, len(blocks)))].sum(1)
    convex = drawn[:, 1] > 0
    total = sums.sum(0)
    if convex.mean() < 1 - _OUTSIDE or total[1] <= 0:
        return 0.0, -np.inf, np.inf, False
    places = -drawn[convex, 0] / drawn[convex, 1]
    low, high = np.percentile(places, [2.5, 97.5])
    best = float(np.clip(-total[0] / total[1], -_REACH, _REACH))
    return best, float(low), float(high), True
