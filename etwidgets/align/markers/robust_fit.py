"""Least squares that outliers do not spoil, for the model of markers; knows no image and no units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.markers.model import MarkerModel, Sightings

_ROUNDS = 30
_CAUCHY = 2.5  # of the scale; an error of so many counts half
_SMALLEST_SCALE = 1e-3  # px, of perfect data
_TO_SIGMA = 1.1774  # the median length of a normal 2-D error is so many standard deviations
_CONVERGED_PX = 1e-7
_RIDGE = 1e-9  # a projection without sightings stays where it is


@dataclass(frozen=True, eq=False)
class Solution:
    """Unknowns, and how well they are known.

    Attributes
    ----------
    unknowns
        As :class:`MarkerModel` orders them.
    scale_px
        Standard deviation of a coordinate of a good sighting, pixels.
    weights
        ``(N,)`` of the sightings, 0 to 1.
    errors_px
        ``(N, 2)``: seen less predicted.
    """

    unknowns: NDArray[np.float64]
    scale_px: float
    weights: NDArray[np.float64]
    errors_px: NDArray[np.float64]


def solve(
    model: MarkerModel, seen: Sightings, start: NDArray[np.float64], *, rounds: int = _ROUNDS
) -> Solution:
    """Fit all unknowns, each sighting weighted by its error in the round before.

    Iteratively reweighted Gauss-Newton with Cauchy weights, ``1 / (1 + (e / 2.5 s)^2)``, where ``s`` is
    the scale from the median error (Holland and Welsch 1977, doi:10.1080/03610927708827533).
    The scale shrinks by at most 2 in a round, so that the first rounds, which are wrong everywhere, decide
    nothing.
    """
    unknowns, scale = start, np.inf
    errors = seen.places - model.predict(unknowns)[seen.marker, seen.projection]
    for _ in range(rounds):
        lengths = np.hypot(*errors.T)
        scale = max(
            float(np.median(lengths)) / _TO_SIGMA, 0.5 * scale if np.isfinite(scale) else 0, _SMALLEST_SCALE
        )
        weights = seen.trust / (1 + (lengths / (_CAUCHY * scale)) ** 2)
        step = np.linalg.solve(*normal_equations(model, seen, unknowns, weights, scale, errors))
        unknowns = unknowns + step
        errors = seen.places - model.predict(unknowns)[seen.marker, seen.projection]
        if np.abs(step).max() < _CONVERGED_PX:
            break
    return Solution(unknowns, scale, weights / seen.trust, errors)


def normal_equations(
    model: MarkerModel,
    seen: Sightings,
    unknowns: NDArray[np.float64],
    weights: NDArray[np.float64],
    scale_px: float,
    errors_px: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix and right side of the normal equations, what is expected before any measurement included.

    The mean position of the markers is held, of which the projections say nothing.
    """
    columns, slopes = model.slopes(unknowns, seen)
    products = np.einsum("n,ank,anl->nkl", weights, slopes, slopes)
    places = columns[:, :, None] * model.size + columns[:, None, :]
    flat = np.bincount(places.ravel(), products.ravel(), model.size**2)
    matrix: NDArray[np.float64] = flat.reshape(model.size, model.size).astype(float)
    pulls = np.einsum("n,na,ank->nk", weights, errors_px, slopes)
    expected, pulled = model.prior(unknowns)
    matrix += scale_px**2 * expected
    matrix[np.diag_indices_from(matrix)] += _RIDGE
    for axis in range(3):
        held = np.arange(axis, 3 * model.n_markers, 3)
        matrix[np.ix_(held, held)] += 1 / model.n_markers
    pull: NDArray[np.float64] = np.bincount(columns.ravel(), pulls.ravel(), model.size).astype(float)
    return matrix, pull + scale_px**2 * pulled
