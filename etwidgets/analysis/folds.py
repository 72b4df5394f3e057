"""Which projections are left out in turn, and in which columns it is looked; knows no reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count, is_number
from etwidgets.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EVENLY = 0.05  # of the mass is spread evenly over the columns, so that none counts for nothing


def thin_folds(tilts_deg: NDArray[np.float64], n_folds: int = 5) -> list[NDArray[np.intp]]:
    """Every ``n_folds``-th projection in order of tilt: the folds together are the series.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees, in any order.
    n_folds
        Two or more, and no more than there are pairs of projections.

    Raises
    ------
    ParameterError
        If there are too few projections.
    """
    count = _checked_folds(n_folds, len(tilts_deg))
    order = np.argsort(tilts_deg, kind="stable")
    return [np.sort(order[first::count]) for first in range(count)]


def gap_folds(
    tilts_deg: NDArray[np.float64], n_folds: int = 5, gap_deg: float = 14.0
) -> list[NDArray[np.intp]]:
    """All projections within a gap; the gaps lie at equal distances, inside the range of tilts.

    A gap at the end of the range would widen the missing wedge, which no number of iterations fills.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees, in any order.
    n_folds
        Two or more.
    gap_deg
        Width of a gap, degrees. At least one projection is left out.

    Raises
    ------
    ParameterError
        If a gap would reach the end of the range, or there are too few projections.
    """
    count = _checked_folds(n_folds, len(tilts_deg))
    low, high = float(np.min(tilts_deg)), float(np.max(tilts_deg))
    widest = 2 * (high - low) / (count + 1)
    if not is_number(gap_deg) or not 0 < gap_deg < widest:
        raise ParameterError(
            f"the gap must be above 0 and below {widest:g} deg, so that {count} gaps end within the tilts "
            f"from {low:g} to {high:g} deg, not {gap_deg!r}"
        )
    folds = []
    for center in np.linspace(low, high, count + 2)[1:-1]:
        distances = np.abs(tilts_deg - center)
        folds.append(np.flatnonzero(distances <= max(gap_deg / 2, distances.min()) + 1e-9))
    return folds


def spread_columns(projections: NDArray[Any], n_columns: int = 12) -> NDArray[np.intp]:
    """Columns with equal shares of the intensity between them: many where there is matter, few elsewhere.

    Parameters
    ----------
    projections
        ``(T, Y, X)``. What all columns have in common, such as a background, does not count.
    n_columns
        How many, at most; fewer where columns coincide.

    Raises
    ------
    DataError
        If all projections are 0.
    """
    count = checked_count("n_columns", n_columns)
    mass = np.array(np.abs(projections).sum(axis=(0, 1), dtype=np.float64))
    if not mass.any():
        raise DataError("all projections are 0, so there is nothing to predict; load other data")
    usable = mass > 0
    mass -= mass[usable].min()
    shares = (mass / (mass.sum() or 1.0) + _EVENLY / mass.size) * usable
    middles = (np.arange(count) + 0.5) / count
    found = np.searchsorted(np.cumsum(shares) / shares.sum(), middles)
    return np.unique(found[usable[found]])


def _checked_folds(n_folds: Any, n_tilts: int) -> int:
    count = checked_count("n_folds", n_folds, 2)
    if n_tilts < 2 * count:
        raise ParameterError(
            f"{n_tilts} projections are too few for {count} folds, which take two each; ask for fewer folds"
        )
    return count
