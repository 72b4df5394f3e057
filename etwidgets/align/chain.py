"""From the shifts between neighbors to the shift of each projection; does not know how they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
