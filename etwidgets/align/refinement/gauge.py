"""What of an alignment only moves the volume, and is therefore kept fixed; knows no images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLOW = 7  # degree of what changes slowly over the whole series


def without_gauge(
    shifts: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    keep_constant: bool = True,
) -> NDArray[np.float64]:
    """Shifts ``(T, 2)`` without what only moves the volume: the mean in x, cos and sin of the tilt in y.

    Without ``keep_constant`` the mean in y, which is the shift of the tilt axis, goes as well.
    """
    tilts = np.deg2rad(tilts_deg)
    orbit = [np.cos(tilts), np.sin(tilts)]
    design = np.stack(orbit if keep_constant else [np.ones_like(tilts), *orbit], axis=1)
    return np.stack(
        [
            shifts[:, 0] - _fitted(shifts[:, 0], design, weights),
            shifts[:, 1] - np.average(shifts[:, 1], weights=weights),
        ],
        axis=1,
    )


def turning_part(
    rotations: NDArray[np.float64], tilts_deg: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What of ``(T,)`` in-plane rotations is the same for all, or goes as cos and sin of the tilt.

    That turns the volume about the axes at right angles to the tilt axis. It also leans the tilt axis against
    the beam, which moves matter along the axis by its height times the angle: too little to tell it by.
    """
    tilts = np.deg2rad(tilts_deg)
    return _fitted(rotations, np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1), weights)


def stretching_part(
    magnifications: NDArray[np.float64], tilts_deg: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What of ``(T,)`` magnifications, less 1, goes as cos and sin of twice the tilt, or is the same for all.

    Across the tilt axis, that stretches and shears the volume; only along the axis it contradicts it.
    """
    twice = 2 * np.deg2rad(tilts_deg)
    return _fitted(
        magnifications, np.stack([np.ones_like(twice), np.cos(twice), np.sin(twice)], axis=1), weights
    )


def slow_part(
    values: NDArray[np.float64], tilts_deg: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What of ``(T,)`` values changes slowly with the tilt: a weighted fit of Legendre polynomials.

    The lowest terms are nearly the gauge, constant, cos and sin.
    """
    low, high = float(tilts_deg.min()), float(tilts_deg.max())
    places = 2 * (tilts_deg - low) / max(high - low, 1e-9) - 1
    design = np.polynomial.legendre.legvander(places, min(_SLOW, max(len(values) // 4, 1)))
    return _fitted(values, design, weights)


def _fitted(
    values: NDArray[np.float64], design: NDArray[np.floating[Any]], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weighted least-squares fit of a design ``(T, I)`` to ``(T,)`` values."""
    root = np.sqrt(weights)
    factors = np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0]
    return np.asarray(design @ factors)
