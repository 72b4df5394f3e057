"""One fit of all shifts, places of patches and the axis rotation to steps of patches; knows no image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 12
_PULL = 0.02  # of a place towards the plane that was assumed; only where the steps leave it open
_LEAST_SCALE_PX = 0.05
_SHARED = 2.0  # patches that overlap by half are not independent


@dataclass(frozen=True, slots=True, eq=False)
class StepFit:
    """Result of :func:`fit_steps`; pixels, along and across the tilt axis.

    Attributes
    ----------
    rotation_deg, rotation_error_deg
        Of the tilt axis in the images, positive clockwise on screen, and its standard error.
    moves_px
        ``(T - 1, 2)`` pixels ``(y, x)`` by which each image moved against the one before it.
    places_px
        ``(K, 2)``: place of each patch across the axis, and in depth ``z``.
    weights
        ``(K, T - 1)`` from 0 to 1: what the fit left of each step.
    residual_px
        Robust standard deviation of the steps that is left.
    """

    rotation_deg: float
    rotation_error_deg: float
    moves_px: NDArray[np.float64]
    places_px: NDArray[np.float64]
    weights: NDArray[np.float64]
    residual_px: float


def fit_steps(
    steps: NDArray[np.float64],
    known: NDArray[np.bool_],
    tilts_deg: NDArray[np.float64],
    across: NDArray[np.float64],
) -> StepFit:
    """Fit the model of a rigid specimen to the steps of patches between neighbors in tilt.

    Parameters
    ----------
    steps
        ``(K, T - 1, 2)`` pixels ``(y, x)`` by which patch ``k`` moved from image ``i`` to ``i + 1``.
    known
        ``(K, T - 1)`` which of them were found.
    tilts_deg
        ``(T,)`` degrees.
    across
        ``(K,)`` pixels: where across the axis each patch is taken to be at tilt 0; ``z`` is taken to be 0.

    Notes
    -----
    Across the axis ``v = y cos(t) - z sin(t) + shift``, along it ``u = x + shift``; the fit is to the
    differences, for each step is found by itself and its error does not grow along a track. Robust weights
    (Geman and McClure) per step, by iteration.
    """
    tilts = np.deg2rad(tilts_deg)
    weights = known.astype(float)
    turn, turn_error, places = 0.0, np.inf, np.stack([across, np.zeros(len(across))], axis=1)
    moves = np.zeros((steps.shape[1], 2))
    scale = 1.0
    for _ in range(_ROUNDS):
        turn, turn_error = _rotation(steps, weights)
        cos, sin = np.cos(turn), np.sin(turn)
        u = cos * steps[:, :, 1] + sin * steps[:, :, 0]
        v = cos * steps[:, :, 0] - sin * steps[:, :, 1]
        places, n = _across(v, weights, tilts, across)
        along = (weights * u).sum(0) / np.maximum(weights.sum(0), 1e-9)
        left_v = v - _turned(places, tilts) - n
        left_u = u - along
        left = np.hypot(left_v, left_u)
        scale = max(float(np.median(left[known])) / np.sqrt(2 * np.log(2)), _LEAST_SCALE_PX)
        weights = known / (1 + (left / (3 * scale)) ** 2) ** 2
        moves = np.stack([sin * along + cos * n, cos * along - sin * n], axis=1)
    return StepFit(float(np.rad2deg(turn)), float(np.rad2deg(turn_error)), moves, places, weights, scale)


def _rotation(steps: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Rotation of the axis, radians, and its standard error.

    What moves against the rest across the axis must not do so along it.
    """
    total = np.maximum(weights.sum(0), 1e-9)
    y, x = (steps[:, :, k] - (weights * steps[:, :, k]).sum(0) / total for k in (0, 1))
    y = np.where(weights > 0, y, 0)
    lever = float((weights * y * y).sum())
    if lever <= 0:
        return 0.0, np.inf
    slope = float((weights * y * x).sum()) / lever
    scores = (weights * y * (x - slope * y)).sum(1)  # of each patch: its steps are not independent
    variance = _SHARED * float((scores**2).sum())
    return -np.arctan(slope), float(np.sqrt(variance)) / lever


def _across(
    v: NDArray[np.float64],
    weights: NDArray[np.float64],
    tilts: NDArray[np.float64],
    across: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places ``(K, 2)`` of the patches and moves ``(T - 1,)`` of the images across the axis."""
    n_patches, n_steps = v.shape
    dc, ds = np.diff(np.cos(tilts)), np.diff(np.sin(tilts))
    k, i = np.nonzero(weights > 0)
    root = np.sqrt(weights[k, i])
    matrix = np.zeros((len(k) + 2 * n_patches + n_steps, 2 * n_patches + n_steps))
    right = np.zeros(len(matrix))
    row = np.arange(len(k))
    matrix[row, k], matrix[row, n_patches + k] = root * dc[i], -root * ds[i]
    matrix[row, 2 * n_patches + i] = root
    right[row] = root * v[k, i]
    pull = np.arange(2 * n_patches)
    matrix[len(k) + pull, pull] = _PULL * np.abs(ds).mean()
    right[len(k) + pull[:n_patches]] = _PULL * np.abs(ds).mean() * across
    rest = np.arange(n_steps)
    matrix[len(k) + 2 * n_patches + rest, 2 * n_patches + rest] = 1e-6  # a step that no patch has seen
    found = np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0], dtype=float)
    return found[: 2 * n_patches].reshape(2, -1).T, found[2 * n_patches :]


def _turned(places: NDArray[np.float64], tilts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steps ``(K, T - 1)`` across the axis of patches at these places."""
    return np.outer(places[:, 0], np.diff(np.cos(tilts))) - np.outer(places[:, 1], np.diff(np.sin(tilts)))
