"""How well an alignment predicts projections that its volume was made without; knows no search.

What is left in the data after a reconstruction from all of them says little: a volume has so many voxels that
it can take up most errors. Every error of the alignment worsens the prediction of projections left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.alignment import Alignment
from etwidgets.align.refinement.matching import match, search_shifts
from etwidgets.align.refinement.reference import N_PARTS, predict_left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.refinement.series import PaddedSeries
    from etwidgets.progress import Progress

N_ITERATIONS = 5
_LINEAR_PX = 1.0  # of the series at its scale; what is farther off is searched first
_REACH = 0.25  # of the field


@dataclass(frozen=True, eq=False)
class Prediction:
    """How well the projections were predicted.

    Attributes
    ----------
    misfits
        ``(T,)``: the difference of each projection from its prediction, relative to the projection, both
        band-passed, only where both are known; the intensity of each is fitted.
    misfit
        Root mean square of those that count.
    fitted_misfits
        ``(T,)``: what is left of ``misfits`` when each projection may also be shifted. A good projection that
        is only off has a low one; a bad one has not.
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` of the series as given that would bring each onto its prediction.
    intensities
        ``(T,)``: the intensity of each over that of its prediction.
    """

    misfits: NDArray[np.float64]
    misfit: float
    fitted_misfits: NDArray[np.float64]
    shifts_px: NDArray[np.float64]
    intensities: NDArray[np.float64]


def predict(
    series: PaddedSeries,
    alignment: Alignment,
    weights: NDArray[np.float64] | None = None,
    *,
    far: bool = False,
    progress: Progress,
) -> Prediction:
    """Predict each projection from the others.

    Parameters
    ----------
    series
        At some scale.
    alignment
        In pixels of the series as given.
    weights
        ``(T,)``, 0 to 1: how much each projection counts, in the volume and in the mean; default: all alike.
    far
        Also search the shifts that are too large for least squares.
    progress
        May cancel.
    """
    images, known = series.aligned(alignment)
    tilts = series.tilts_deg if alignment.tilts_deg is None else alignment.tilts_deg
    share = np.ones(len(tilts)) if weights is None else weights
    counted = known * share[:, None, None].astype(np.float32)
    predicted = predict_left_out(images, counted, series.geometry(tilts), N_ITERATIONS, N_PARTS, progress)
    found = match(images, predicted, known)
    misfits = found.misfit_before
    mean = float(np.sqrt((share * misfits**2).sum() / share.sum()))
    left = found.values[:, :2]
    distant = np.flatnonzero(np.abs(left).max(1) > _LINEAR_PX)
    if far and distant.size:
        left[distant] = _far_off(series, alignment, predicted, distant)
    return Prediction(misfits, mean, found.misfit, left * series.factor, found.intensities)


def _far_off(
    series: PaddedSeries, alignment: Alignment, predicted: NDArray[np.float32], far: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Shifts of some projections onto their prediction: searched in whole pixels, and then matched."""
    images, known = series.aligned(alignment)
    reach = round(_REACH * min(series.images.shape[1:]))
    coarse = np.zeros((len(images), 2))
    coarse[far] = search_shifts(images[far], predicted[far], known[far], reach)
    images, known = series.aligned(alignment.then(Alignment.of(coarse * series.factor)))
    return coarse[far] + match(images[far], predicted[far], known[far]).values[:, :2]
