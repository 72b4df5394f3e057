"""Least-squares fits of what the columns of a tilt series must obey when the axis is horizontal.

They know sums of columns only, and no image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 4
_LEAST_TILTS = 4  # of a column, for three unknowns
_LEAST_GAIN = 0.2


def line_misfit(mass: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residual ``(T, X)`` of the masses against one line that all projections have in common.

    Intensity, a level, and a small shift along x are free for each projection.
    """
    line = _weighted_mean(mass, weights)
    for _ in range(_ROUNDS - 1):
        design = np.stack([line, np.gradient(line), np.ones_like(line)], axis=1)
        normal = _weighted_products(weights.T, design)
        normal += 1e-9 * np.diag((design**2).sum(0) + 1e-30)
        fitted = np.linalg.solve(normal, ((weights * mass) @ design)[..., None])
        residual: NDArray[np.float64] = (mass - fitted[..., 0] @ design.T) * weights
        line = line + _weighted_mean(residual, weights)
    return residual


@dataclass(frozen=True, slots=True, eq=False)
class TrackFit:
    """Result of :func:`fit_tracks`.

    Attributes
    ----------
    row
        Where the axis is, pixels from the middle row.
    rows
        ``(X,)`` where each column sees it; NaN for those that were not used.
    residual
        ``(T, X)`` of the moments.
    left
        ``(T,)`` pixels that each projection is off in y beyond what a place of the object explains.
    """

    row: float
    rows: NDArray[np.float64]
    residual: NDArray[np.float64]
    left: NDArray[np.float64]


def fit_tracks(
    mass: NDArray[np.float64],
    moment: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> TrackFit:
    """Fit the moments ``(T, X)`` of all columns: one row of the axis, and an object of its own in each.

    Notes
    -----
    ``moment[i, x] / gain[i] = mass[x] (row + left[i]) + a[x] cos + b[x] sin``, where ``left`` is at right
    angles to the constant, cosine and sine over all tilts.
    """
    tilts = np.deg2rad(tilts_deg)
    line = _weighted_mean(mass, weights)
    for _ in range(2):
        gain = (weights * mass * line).sum(1) / np.maximum((weights * line**2).sum(1), 1e-30)
        gain = np.where(gain > _LEAST_GAIN, gain, 1.0)
        line = _weighted_mean(mass / gain[:, None], weights)
    moment = moment / gain[:, None]
    design = np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1)
    onto = design @ np.linalg.pinv(design)
    normal = _weighted_products(weights, design) + 1e-9 * np.eye(3)
    inverse = np.linalg.inv(normal)
    used = weights.sum(0) >= _LEAST_TILTS
    trust = np.where(used, 1 / inverse[:, 0, 0], 0)
    across = np.maximum((weights * line**2).sum(1), 1e-30)
    left = np.zeros(len(tilts))
    for _ in range(_ROUNDS):
        rest = moment - np.outer(left, line)
        constant = (inverse[:, 0] * ((weights * rest).T @ design)).sum(1)
        row = (trust * line * constant).sum() / max((trust * line**2).sum(), 1e-30)
        rest = rest - row * line
        moments = (weights * rest).T @ design[:, 1:]
        objects = np.linalg.solve(normal[:, 1:, 1:], moments[..., None])[..., 0]
        residual = (rest - design[:, 1:] @ objects.T) * weights
        left = left + (residual * line).sum(1) / across
        left = left - onto @ left
    rows = np.where(used & (line > 0), constant / np.where(line > 0, line, 1), np.nan)
    return TrackFit(float(row), rows, residual, left)


def _weighted_products(weights: NDArray[np.float64], design: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal matrices ``(M, I, I)`` of one design ``(N, I)`` under each of the weights ``(N, M)``."""
    count = design.shape[1]
    products = (design[:, :, None] * design[:, None]).reshape(len(design), -1)
    return (weights.T @ products).reshape(-1, count, count)


def _weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((weights * values).sum(0) / np.maximum(weights.sum(0), 1))
