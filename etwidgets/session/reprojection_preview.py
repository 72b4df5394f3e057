"""What a quick volume predicts of each projection, to be compared with it; touches its arguments only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.align import Alignment
from etwidgets.align.refinement import PaddedSeries
from etwidgets.signals.automatic import without_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIDE_PX = 128  # of the longer side, after binning
_ITERATIONS = 12


@dataclass(frozen=True, eq=False)
class Reprojections:
    """Projections and what the volume that follows from them predicts.

    Attributes
    ----------
    measured, predicted
        ``(T, Y, X)`` float32, binned by ``factor``; the dark level is subtracted, and the brightest
        measured value is about 1.
    factor
        Of the binning.
    """

    measured: NDArray[np.float32]
    predicted: NDArray[np.float32]
    factor: int


def reprojections(
    projections: NDArray[Any], tilts_deg: NDArray[np.float64], side_px: int = _SIDE_PX
) -> Reprojections:
    """Reconstruct a binned copy by OS-SIRT and project the volume at each tilt.

    Each reprojection is multiplied by a number such that its intensity is that of the projection: of an
    unsteady beam nothing is to be seen in the difference.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    side_px
        Of the longer side of the copy, pixels, at most.
    """
    factor = max(1, -(-max(projections.shape[1:]) // side_px))
    series = PaddedSeries.of(without_level(np.asarray(projections)), tilts_deg, factor)
    images, known = series.aligned(Alignment.identity(len(tilts_deg)))
    geometry = series.geometry(series.tilts_deg)
    volume = engine.reconstruct(
        images, geometry, algorithm="OS-SIRT", iterations=_ITERATIONS, minimum=0.0, known=known
    )
    begin = (series.n_y - series.images.shape[1]) // 2
    field = slice(begin, begin + series.images.shape[1])
    measured = images[:, field]
    predicted = engine.forward_project(volume, geometry)[:, field]
    products, squares = ((predicted * each).sum((1, 2)) for each in (measured, predicted))
    gains = products / np.maximum(squares, 1e-12)
    return Reprojections(measured, predicted * gains[:, None, None].astype(np.float32), factor)
