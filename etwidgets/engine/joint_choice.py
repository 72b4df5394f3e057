"""Weights of a joint reconstruction, by how well omitted map projections are predicted; knows no units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count
from etwidgets.engine.joint import Z_EXPONENT, checked_numbers, checked_series, reconstruct_jointly
from etwidgets.engine.joint_balance import find_balance
from etwidgets.engine.projection import forward_project
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

HAADF_WEIGHTS = (30.0, 100.0, 300.0)
"""Tried unless others are given: a relative error of 18, 10 and 6 % of HAADF and its model."""

TV_WEIGHTS = (0.1, 0.17, 0.3, 0.55, 1.0)
"""Tried for each element alone unless others are given."""

TV_FACTORS = (0.3, 0.55, 1.0)
"""Tried on these with HAADF unless others are given: with more data, a lower TV weight suffices."""


@dataclass(frozen=True, eq=False)
class Choice:
    """The weights with the best predictions.

    Attributes
    ----------
    haadf_weight, tv_weight
        For :func:`etwidgets.engine.joint.reconstruct_jointly`, the latter ``(E,)``.
    alone_tv_weight
        ``(E,)``: the best without HAADF.
    scores
        ``(haadf_weights, tv_factors)``: mean squared error of the left-out projections, in units of their
        variances. These have noise of their own, so that the least score is not near 0, nor far below others.
    alone_scores
        ``(E, tv_weights)``: the same without HAADF, of each element.
    """

    haadf_weight: float
    tv_weight: NDArray[np.float64]
    alone_tv_weight: NDArray[np.float64]
    scores: NDArray[np.float64]
    alone_scores: NDArray[np.float64]


def choose_weights(
    haadf: NDArray[Any],
    maps: NDArray[Any],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    atomic_numbers: Sequence[float],
    *,
    haadf_weights: Sequence[float] = HAADF_WEIGHTS,
    tv_weights: Sequence[float] = TV_WEIGHTS,
    tv_factors: Sequence[float] = TV_FACTORS,
    coupling: str = "tv",
    z_exponent: float = Z_EXPONENT,
    iterations: int = 150,
    leave_out: int = 4,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Reconstruct from a part of the maps' tilts with several weights, and score each on the other tilts.

    First each element alone gets its TV weight; then HAADF its weight, and all TV weights a common factor.
    A few slices ``X`` are enough.

    Parameters
    ----------
    haadf, maps, haadf_geometry, map_geometry, atomic_numbers, coupling, z_exponent, iterations, n_workers
        As in :func:`etwidgets.engine.joint.reconstruct_jointly`.
    haadf_weights, tv_weights, tv_factors
        To be tried, one or more of each; all prices above 0.
    leave_out
        Every how manieth map projection is left out, in the order of their tilts; 2 or more.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, the data do not fit together, or too few tilts would be left.
    """
    dark, elements = checked_series(haadf, maps, haadf_geometry, map_geometry)
    numbers = checked_numbers(atomic_numbers, len(elements))
    pairs = [(float(weight), float(factor)) for weight in haadf_weights for factor in tv_factors]
    every = checked_count("leave_out", leave_out, 2)
    if not pairs or not len(tv_weights) or map_geometry.n_angles <= every:
        raise ParameterError(
            f"nothing to choose from: {len(pairs)} pairs of weights, {len(tv_weights)} TV weights, "
            f"{map_geometry.n_angles} tilts of which every {every}th is left out; give more"
        )
    order = np.argsort(map_geometry.angles_rad)
    is_left_out = np.arange(len(order)) % every == every // 2
    out, kept = order[is_left_out], order[~is_left_out]
    balance = find_balance(dark, elements, haadf_geometry, map_geometry, numbers, z_exponent)
    listener, n_runs = progress or NullProgress(), len(tv_weights) + len(pairs)

    def score(run: int, haadf_weight: float, tv_weight: Any, kind: str) -> NDArray[np.float64]:
        volumes = reconstruct_jointly(
            dark, elements[:, kept], haadf_geometry, map_geometry.subset(kept), atomic_numbers,
            haadf_weight=haadf_weight, tv_weight=tv_weight, coupling=kind, iterations=iterations,
            balance=balance.of(kept), n_workers=n_workers,
            progress=listener.part(run / n_runs, (run + 1) / n_runs, may_finish=False),
        )  # fmt: skip
        foretold = np.array([forward_project(v, map_geometry.subset(out), backend="cpu") for v in volumes])
        squares = np.square(elements[:, out] - foretold, dtype=np.float64) / balance.variances[:, out]
        return squares.mean(axis=(1, 2, 3))

    alone = np.array([score(run, 0.0, weight, "tv") for run, weight in enumerate(tv_weights)])
    prices = np.array(tv_weights, dtype=np.float64)[alone.argmin(axis=0)]
    scores = np.array(
        [
            score(run, weight, factor * prices, coupling).mean()
            for run, (weight, factor) in enumerate(pairs, len(tv_weights))
        ]
    )
    haadf_weight, factor = pairs[int(scores.argmin())]
    table = scores.reshape(len(haadf_weights), len(tv_factors))
    return Choice(haadf_weight, factor * prices, prices, table, alone.T)
