"""Mass of the columns of each projection, and which hold the same mass at every tilt; knows no method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.checks import indices_text
from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mass_profiles(images: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mass of every column and its first moment about the middle row, each ``(T, X)``."""
    rows = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    weights = np.stack([np.ones_like(rows), rows])
    profiles = np.stack([weights @ image.astype(float) for image in images])
    return profiles[:, 0], profiles[:, 1]


def steady_columns(mass: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Up to ``count`` columns with much mass that hardly varies with tilt, in rising order.

    Raises
    ------
    AlignmentError
        If no column has mass in every projection.
    """
    mean = mass.mean(0)
    usable = (mass > 0).all(0) & (mean > 0.05 * mean.max())
    if not usable.any():
        empty = np.flatnonzero((mass <= 0).all(1))
        raise AlignmentError(
            "no column holds mass in every projection"
            + (f" (projections {indices_text(empty)} have none)" if empty.size else "")
            + "; choose other columns, or remove projections that show nothing there"
        )
    spread = mass.std(0) + 1e-6 * mean.max()
    score = np.where(usable, mean / spread, -np.inf)
    best = np.argsort(score, kind="stable")[::-1][: min(count, int(usable.sum()))]
    return np.sort(best)
