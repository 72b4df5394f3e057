"""Searches rotation and shift of the tilt axis with which left-out projections are predicted best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align._workers import WorkerProgress, run_all
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
_WIDEST = 2.0  # steps; a wider interval determines nothing
_MODEL_PX = 0.2  # at the scale of the search: what the model of the specimen adds to a 95 % interval
_OUTSIDE = 0.05  # of the draws may have no minimum, for the answer to count as determined


@dataclass(frozen=True)
class AxisIntervals:
    """What left-out projections say of the tilt axis of aligned images.

    Attributes
    ----------
    rotation_deg, shift_px
        What the search applied; degrees and pixels of the series as given.
    rotation_interval_deg, shift_interval_px
        95 % intervals of what may still be left to apply.
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
    their sum is taken, and drawing projections again in blocks shows how far to trust it. To that is added,
    in squares, by how much the minimum was wrong on simulated series whose truth is known.
    """
    count = len(series.tilts_deg)
    shift_step = _STEP_PX * series.factor
    places = [(0.0, 0.0), *((sign * _STEP_DEG, 0.0) for sign in (-1, 1))]
    places += [(0.0, sign * shift_step) for sign in (-1, 1)]
    squares = np.empty((len(places), count))
    worker = WorkerProgress()

    def trial(number: int) -> None:
        rotation_deg, shift_px = places[number]
        moved = Alignment.of(np.tile([shift_px, 0.0], (count, 1)), rotation_deg=rotation_deg)
        found = predict(series, alignment.then(moved), weights, progress=worker)
        squares[number] = found.misfits**2

    run_all(trial, len(places), progress, worker=worker)
    here, *sides = squares
    turned, shifted = sides[:2], sides[2:]
    order = np.argsort(series.tilts_deg, kind="stable")
    rotation = _minimum(turned, here, weights, order)
    shift = _minimum(shifted, here, weights, order)
    found = AxisIntervals(
        rotation[0] * _STEP_DEG,
        shift[0] * shift_step,
        _left(rotation, _STEP_DEG, float(np.rad2deg(2 * _MODEL_PX / series.images.shape[2]))),
        _left(shift, shift_step, _MODEL_PX * series.factor),
        bool(rotation[3]),
        bool(shift[3]),
    )
    change = Alignment.of(np.tile([found.shift_px, 0.0], (count, 1)), rotation_deg=found.rotation_deg)
    return alignment.then(change), found


def _left(found: tuple[float, float, float, bool], step: float, model: float) -> tuple[float, float]:
    """Interval of what is left, from one in steps; what the draws show and what they cannot are added."""
    best, low, high, _ = found
    return -float(np.hypot((best - low) * step, model)), float(np.hypot((high - best) * step, model))


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
    if high - low > _WIDEST:
        return 0.0, float(low), float(high), False
    best = float(np.clip(-total[0] / total[1], -_REACH, _REACH))
    return best, float(low), float(high), True
