"""What a refinement can be given, and what comes of it; refines nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etwidgets.options import option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align.alignment import Alignment
    from etwidgets.align.refinement.axis_search import AxisIntervals


@dataclass(frozen=True)
class RefinementOptions:
    """Options of :func:`refine_alignment`."""

    axis: bool = option(
        default=True, label="tilt axis", help="Refine rotation and shift of the tilt axis, too."
    )
    each_rotation: bool = option(
        default=False, label="rotation of each", help="Each projection may be rotated by its own."
    )
    each_magnification: bool = option(
        default=False, label="magnification of each", help="Each projection may be magnified by its own."
    )
    each_tilt: bool = option(default=False, label="tilt of each", help="Correct the tilt of each projection.")
    rounds: int = option(
        5, label="rounds", help="Most rounds at each scale; it ends earlier where nothing moves.",
        lowest=1, highest=50,
    )  # fmt: skip
    tolerance: float = option(
        0.02, label="tolerance", help="A scale ends when no shift changes by more.", unit="px",
        lowest=1e-3, highest=1,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Refinement:
    """What came of a refinement.

    Attributes
    ----------
    alignment
        Of the projections as given; the start itself if nothing predicted them better.
    accepted
        Whether left-out projections are predicted better than before.
    misfit_before, misfit_after
        How far left-out projections are from their prediction, relative to their contrast.
    trace
        ``(R,)`` misfit of left-out projections at the start and after each round, measured on a smaller copy.
    residuals_px
        ``(T, 2)`` pixels ``(y, x)`` by which each projection is off from what the others predict, without
        what only moves the volume.
    errors_px
        ``(T, 2)`` pixels ``(y, x)``, standard errors of each shift.
    weights
        ``(T,)``, 0 to 1: how far each projection was trusted.
    misfits
        ``(T,)`` misfit of each left-out projection.
    doubted
        Projections that do not fit the others, the worst first.
    axis
        What is known of the tilt axis; None if it was not free, or nothing was better than the start.
    """

    alignment: Alignment
    accepted: bool
    misfit_before: float
    misfit_after: float
    trace: NDArray[np.float64]
    residuals_px: NDArray[np.float64]
    errors_px: NDArray[np.float64]
    weights: NDArray[np.float64]
    misfits: NDArray[np.float64]
    doubted: tuple[int, ...]
    axis: AxisIntervals | None = None
