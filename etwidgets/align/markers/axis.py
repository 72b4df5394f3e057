"""Where the tilt axis is according to markers, and how well they tell it; finds no markers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats

from etwidgets.align.markers.model import EACH, NONE, Sightings
from etwidgets.align.markers.robust_fit import Solution, normal_equations, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.markers.model import MarkerModel

_LEAST = 4  # markers, of which one can be left out


def axis_of(model: MarkerModel, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation (degrees) and shift (pixels) of the tilt axis, to apply."""
    displacements, rotation, size, tilts = model.geometry(unknowns)
    back = -(np.cos(rotation) * displacements[:, 0] - np.sin(rotation) * displacements[:, 1]) / size
    return np.array([-np.rad2deg(rotation.mean()), _constant_part(tilts) @ back])


def _constant_part(tilts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights ``(T,)`` that give the constant of a curve beside its cosine and sine of the tilt."""
    part: NDArray[np.float64] = np.linalg.pinv(
        np.stack([np.ones(len(tilts)), np.cos(tilts), np.sin(tilts)], 1)
    )[0]
    return part


def axis_intervals(model: MarkerModel, seen: Sightings, found: Solution) -> tuple[float, float]:
    """Half widths of the 95 % intervals of what :func:`axis_of` gives."""
    errors = np.sqrt(
        np.maximum(_variance_of_sightings(model, seen, found), _variance_of_markers(model, seen, found))
    )
    rotation, shift = errors * scipy.stats.t.ppf(0.975, max(model.n_markers - 1, 1))
    return float(rotation), float(shift)


def _variance_of_sightings(model: MarkerModel, seen: Sightings, found: Solution) -> NDArray[np.float64]:
    """Variances of rotation and shift if every sighting has an error of its own."""
    weights = found.weights * seen.trust
    freedom = max(2 * weights.sum() - model.size, 1.0)
    variance = 2 * float(weights @ (found.errors_px**2).mean(1)) / freedom
    matrix, _ = normal_equations(model, seen, found.unknowns, weights, found.scale_px, found.errors_px)
    inverse = np.linalg.inv(matrix)
    displacements, rotation, size, tilts = model.geometry(found.unknowns)
    part, cos, sin = _constant_part(tilts), np.cos(rotation), np.sin(rotation)
    slopes = np.zeros((2, model.size))
    moved, turned = model.parts["displacements"], model.parts["rotation"]
    slopes[1, moved] = (part / size * np.stack([-cos, sin])).T.ravel()
    if model.rotation != NONE:
        by_rotation = part / size * (sin * displacements[:, 0] + cos * displacements[:, 1])
        slopes[1, turned] = by_rotation if model.rotation == EACH else by_rotation.sum()
        slopes[0, turned] = np.rad2deg(1) / (turned.stop - turned.start)
    return variance * np.einsum("ij,jk,ik->i", slopes, inverse, slopes)


def _variance_of_markers(model: MarkerModel, seen: Sightings, found: Solution) -> NDArray[np.float64]:
    """Variances of rotation and shift by the jackknife over markers."""
    count = model.n_markers
    if count < _LEAST:
        return np.zeros(2)
    fewer, without = replace(model, n_markers=count - 1), []
    for k in range(count):
        rest = seen.marker != k
        part = Sightings(
            seen.marker[rest] - (seen.marker[rest] > k),
            seen.projection[rest],
            seen.places[rest],
            seen.trust[rest],
            (count - 1, seen.shape[1]),
        )
        start = np.delete(found.unknowns, slice(3 * k, 3 * k + 3))
        without.append(axis_of(fewer, solve(fewer, part, start, rounds=8).unknowns))
    spread: NDArray[np.float64] = np.var(without, axis=0) * (count - 1)
    return spread
