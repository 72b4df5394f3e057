"""Weights of a joint reconstruction, by how well left-out map projections are foretold; knows no units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.checks import checked_count
from etwidgets.engine.joint import Z_EXPONENT, checked_numbers, checked_series, reconstruct_jointly
from etwidgets.engine.joint_balance import find_balance
from etwidgets.engine.projection import forward_project
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

HAADF_WEIGHTS = (0.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Tried unless others are given: from no HAADF to a relative error of its model of 3 %."""

TV_WEIGHTS = (0.1, 0.3, 1.0, 3.0)
"""Tried unless others are given."""


@dataclass(frozen=True, eq=False)
class Choice:
    """The weights that foretell best.

    Attributes
    ----------
    haadf_weight, tv_weight
        For :func:`etwidgets.engine.joint.reconstruct_jointly`.
    scores
        ``(number of haadf_weights, number of tv_weights)``: mean squared error of the left-out projections,
        in units of their variances. All differences lie above the noise that is in every projection: the
        least score need not be near 0, nor far below the others.
    """

    haadf_weight: float
    tv_weight: float
    scores: NDArray[np.float64]


def choose_weights(
    haadf: NDArray[Any],
    maps: NDArray[Any],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    atomic_numbers: Sequence[float],
    *,
    haadf_weights: Sequence[float] = HAADF_WEIGHTS,
    tv_weights: Sequence[float] = TV_WEIGHTS,
    coupling: str = "tv",
    z_exponent: float = Z_EXPONENT,
    iterations: int = 100,
    leave_out: int = 4,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Try all pairs of weights on a part of the maps' tilts, and score each on the others.

    A few slices ``X`` are enough. With ``haadf_weights=(0,)`` and one map this tunes an element alone.

    Parameters
    ----------
    haadf, maps, haadf_geometry, map_geometry, atomic_numbers, coupling, z_exponent, iterations, n_workers
        As in :func:`etwidgets.engine.joint.reconstruct_jointly`.
    haadf_weights, tv_weights
        To be tried, each zero or more.
    leave_out
        Every how manieth map projection is left out, in the order of their tilts; 2 or more.
    progress
        Told how far the work is, and may stop it.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, the data do not fit together, or too few tilts would be left.
    """
    dark, elements = checked_series(haadf, maps, haadf_geometry, map_geometry)
    numbers = checked_numbers(atomic_numbers, len(elements))
    pairs = [(float(h), float(t)) for h in haadf_weights for t in tv_weights]
    every = checked_count("leave_out", leave_out, 2)
    if not pairs or map_geometry.n_angles <= every:
        raise ParameterError(
            f"nothing to choose from: {len(pairs)} pairs of weights, {map_geometry.n_angles} tilts of which "
            f"every {every}th is left out; give more"
        )
    order = np.argsort(map_geometry.angles_rad)
    is_left_out = np.arange(len(order)) % every == every // 2
    out, kept = order[is_left_out], order[~is_left_out]
    balance = find_balance(dark, elements, haadf_geometry, map_geometry, numbers, z_exponent)
    listener = progress or NullProgress()
    scores = []
    for done, (haadf_weight, tv_weight) in enumerate(pairs):
        volumes = reconstruct_jointly(
            dark, elements[:, kept], haadf_geometry, map_geometry.subset(kept), atomic_numbers,
            haadf_weight=haadf_weight, tv_weight=tv_weight, coupling=coupling, iterations=iterations,
            balance=balance.of(kept), n_workers=n_workers,
            progress=listener.part(done / len(pairs), (done + 1) / len(pairs), may_finish=False),
        )  # fmt: skip
        foretold = np.array([forward_project(v, map_geometry.subset(out), backend="cpu") for v in volumes])
        scores.append(np.mean((elements[:, out] - foretold) ** 2 / balance.variances[:, out]))
    return Choice(*pairs[int(np.argmin(scores))], np.reshape(scores, (len(haadf_weights), len(tv_weights))))
