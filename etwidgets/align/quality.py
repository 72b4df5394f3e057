"""Marks for single projections: intensity, sharpness and place, against their neighbors in tilt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections
from etwidgets.align.residuals import registration_residuals
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_NEIGHBORS = 2  # on each side
_DEVIATIONS = 5.0
_LEAST_INTENSITY, _LEAST_SHARPNESS = 0.08, 0.25  # parts of the neighbors' value that are always forgiven


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Result of :func:`projection_quality`.

    Attributes
    ----------
    intensity, sharpness
        ``(T,)``: the sum, and the power of details of a pixel or two, over those of the neighbors.
    drift_px
        ``(T,)`` pixels that it is off from both neighbors alike.
    reasons
        For each projection why it is suspect; empty if it is not.
    """

    intensity: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    drift_px: NDArray[np.float64]
    reasons: tuple[str, ...]

    @property
    def suspects(self) -> tuple[int, ...]:
        """Indices of the projections that are suspect."""
        return tuple(i for i, reason in enumerate(self.reasons) if reason)


def projection_quality(
    projections: NDArray[Any], tilts_deg: NDArray[np.float64], *, progress: Progress | None = None
) -> Quality:
    """Compare each projection with its neighbors in tilt.

    Suspect is what differs by five robust standard deviations of the series: darker or brighter by at
    least 8 %, blurred by a loss of at least a quarter of the fine detail, or off by half a pixel.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; a series that was not registered drifts everywhere, and no drift is marked then.
    tilts_deg
        ``(T,)`` degrees, in any order.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    """
    images = checked_projections(projections)
    progress = progress or NullProgress()
    sums, details = np.empty(len(images)), np.empty(len(images))

    def one(index: int) -> None:
        image = images[index].astype(np.float32)
        sums[index] = image.sum(dtype=float)
        fine = image - scipy.ndimage.uniform_filter(image, 3)
        spread = float(image.std()) or 1.0
        details[index] = float((fine / spread).std())

    run_all(one, len(images), progress.part(0, 0.5), "judging the projections")
    order = np.argsort(tilts_deg, kind="stable")
    intensity, sharpness = _over_neighbors(sums, order), _over_neighbors(details, order)
    residuals = registration_residuals(images, tilts_deg, progress=progress.part(0.5, 1))
    drift = np.hypot(*residuals.shifts_px.T)
    moved = residuals.outliers & (np.median(drift) < 0.5)
    dim = _outside(intensity, _LEAST_INTENSITY)
    blurred = _outside(sharpness, _LEAST_SHARPNESS) & (sharpness < 1)
    reasons = []
    for i in range(len(images)):
        said = []
        if dim[i]:
            said.append("darker" if intensity[i] < 1 else "brighter")
        if blurred[i]:
            said.append("blurred")
        if moved[i]:
            said.append(f"off by {drift[i]:.1f} px")
        reasons.append(", ".join(said))
    return Quality(intensity, sharpness, drift, tuple(reasons))


def _over_neighbors(values: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Each value over the median of its nearest neighbors' in order."""
    ranked = values[order]
    ratios = np.ones(len(values))
    for place in range(len(values)):
        near = [
            ranked[k]
            for k in range(place - _NEIGHBORS, place + _NEIGHBORS + 1)
            if k != place and 0 <= k < len(values)
        ]
        usual = float(np.median(near)) if near else 0.0
        ratios[order[place]] = ranked[place] / usual if usual > 0 else 1.0
    return ratios


def _outside(ratios: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    spread = 1.4826 * np.median(np.abs(ratios - np.median(ratios)))
    outside: NDArray[np.bool_] = np.abs(ratios - 1) > max(least, _DEVIATIONS * float(spread))
    return outside
