"""From the shifts between neighbors to the shift of each projection; does not know how they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STAY = 1e-3  # weight of "moved like its neighbor", which counts only where nothing else is known


def add_up(steps: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    """Add up the shifts between neighbors.

    Parameters
    ----------
    steps
        ``(T - 1, 2)`` pixels ``(y, x)`` that bring each image onto the one before it.
    start
        Place of the image that stays where it is.

    Returns
    -------
    array
        ``(T, 2)`` pixels ``(y, x)`` to apply.
    """
    shifts = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return shifts - shifts[start]


def bridged(
    count: int, pairs: Sequence[tuple[int, int]], differences: NDArray[np.float64], start: int
) -> NDArray[np.float64]:
    """Shifts of all images from those between some pairs; a gap is bridged, else without a step.

    Parameters
    ----------
    count
        Number of images.
    pairs
        Places of the images of each pair.
    differences
        ``(P, 2)`` pixels ``(y, x)`` to apply to the second image of each pair.
    start
        Place of the image that stays where it is.

    Returns
    -------
    array
        ``(T, 2)`` pixels ``(y, x)`` to apply: least squares; an image that no pair holds is put midway.
    """
    rows = np.arange(len(pairs))
    ends = np.array(pairs, dtype=int).reshape(-1, 2)
    known, still = np.zeros((len(pairs), count)), np.diff(np.eye(count), axis=0) * _STAY
    known[rows, ends[:, 1]], known[rows, ends[:, 0]] = 1, -1
    right = np.concatenate([differences.reshape(-1, 2), np.zeros((count - 1, 2))])
    shifts: NDArray[np.float64] = np.linalg.lstsq(np.concatenate([known, still]), right, rcond=None)[0]
    return shifts - shifts[start]
