"""How far each projection still is from its neighbors after a registration; does not know which one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.checks import checked_projections
from etwidgets.align.registering.phase_correlation import chain_steps
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_LEAST_PX = 0.5
_DEVIATIONS = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Result of :func:`registration_residuals`.

    Attributes
    ----------
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` that would bring each projection to its neighbors; positive moves
        content to a larger index.
    outliers
        ``(T,)`` truth values: farther out than half a pixel and than four standard deviations of the rest.
    """

    shifts_px: NDArray[np.float64]
    outliers: NDArray[np.bool_]


def registration_residuals(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    upsample_factor: int = 10,
    progress: Progress | None = None,
) -> Residuals:
    """What each projection is off from both of its neighbors in tilt alike.

    A specimen whose shadow wanders with the tilt moves towards one neighbor as far as away from the
    other; only what both agree on is the projection's own.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, at least three.
    tilts_deg
        ``(T,)`` degrees, in any order.
    upsample_factor
        Shifts are found in steps of one over it, pixels.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    """
    images = checked_projections(projections)
    count = len(images)
    shifts = np.zeros((count, 2))
    if count < 3:
        return Residuals(shifts, np.zeros(count, bool))
    order = np.argsort(tilts_deg, kind="stable")
    progress = progress or NullProgress()
    images = images[order]
    steps = chain_steps(images, upsample_factor=upsample_factor, progress=progress.part(0, 0.9))
    ends = [
        chain_steps(
            images[pair], upsample_factor=upsample_factor, progress=progress.part(start, start + 0.05)
        )[0]
        for pair, start in (([0, 2], 0.9), ([-3, -1], 0.95))
    ]
    in_order = np.empty((count, 2))
    in_order[1:-1] = _agreed(steps[:-1], -steps[1:])
    in_order[0] = _agreed(-steps[0], -ends[0])
    in_order[-1] = _agreed(steps[-1], ends[1])
    shifts[order] = in_order
    deviation = 1.4826 * np.median(np.abs(shifts - np.median(shifts, axis=0)), axis=0)
    limit = np.maximum(_LEAST_PX, _DEVIATIONS * deviation)
    outliers: NDArray[np.bool_] = np.any(np.abs(shifts) > limit, axis=1)
    return Residuals(shifts, outliers)


def _agreed(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smaller of two numbers of one sign, 0 for two of different signs."""
    smaller = np.where(np.abs(one) < np.abs(other), one, other)
    return np.where(one * other > 0, smaller, 0.0)
