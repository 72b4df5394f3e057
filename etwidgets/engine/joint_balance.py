"""How element maps and HAADF weigh against each other, from the data alone; minimises nothing.

Maps may be in any units, each in its own, for no efficiency of a detector is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky
from scipy.optimize import nnls

from etwidgets.engine.projection import forward_project
from etwidgets.engine.reconstruction import reconstruct
from etwidgets.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

_FIRST_ITERATIONS = 15  # of SIRT: smooth enough for counts of a few
_PRIOR = 1e-3  # how much the atomic numbers say, against the data: only what these leave open
_DARKEST = 0.1  # of the mean expected value: where fewer counts are expected, the variance is that of this


@dataclass(frozen=True, eq=False)
class Balance:
    """What brings all terms of the objective to one scale.

    Attributes
    ----------
    densities
        ``(E,)``: what an element typically has in a pixel, in units of its map.
    shares
        ``(E,)``: HAADF per pixel of that density, in units of ``haadf_unit``.
    haadf_unit
        Root mean square of the HAADF series.
    variances
        ``(E, U, Y, X)`` float32, of the maps, in squares of their own units.
    """

    densities: NDArray[np.float64]
    shares: NDArray[np.float64]
    haadf_unit: float
    variances: NDArray[np.float32]

    def of(self, tilts: NDArray[np.intp]) -> Balance:
        """The same for some of the maps' tilts."""
        return Balance(self.densities, self.shares, self.haadf_unit, self.variances[:, tilts])

    def element(self, number: int) -> Balance:
        """The same for one element alone."""
        one = slice(number, number + 1)
        return Balance(self.densities[one], self.shares[one], self.haadf_unit, self.variances[one])


def find_balance(
    haadf: NDArray[np.float32],
    maps: NDArray[np.float32],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    atomic_numbers: NDArray[np.float64],
    exponent: float,
) -> Balance:
    """Fit HAADF by the elements' reprojections, and the maps' variance by their expected values.

    A first reconstruction of each element is projected to the tilts of both series. What the maps scatter
    about it grows with what is expected, as counts do; the factor is fitted, so that maps need not be counts.

    Parameters
    ----------
    haadf
        ``(T, Y, X)``.
    maps
        ``(E, U, Y, X)``.
    haadf_geometry, map_geometry
        Of the two series.
    atomic_numbers
        ``(E,)``; where two elements look alike, HAADF is shared out as their ``exponent``-th powers.
    exponent
        Of the atomic number.

    Raises
    ------
    DataError
        If HAADF or a map is empty, or HAADF shows nothing of any element.
    """
    unit = float(np.sqrt(np.mean(np.square(haadf, dtype=np.float64))))
    if unit == 0:
        raise DataError("the HAADF series is zero everywhere; load another one")
    densities, variances, seen = [], [], []
    for number, element in enumerate(maps):
        first = reconstruct(
            element, map_geometry, algorithm="SIRT", iterations=_FIRST_ITERATIONS, minimum=0, backend="cpu"
        )
        if not first.any():
            raise DataError(f"map {number} (Z = {atomic_numbers[number]:g}) holds nothing; leave it out")
        densities.append(np.square(first, dtype=np.float64).sum() / first.sum(dtype=np.float64))
        variances.append(_variance(element, forward_project(first, map_geometry, backend="cpu")))
        seen.append(forward_project(first, haadf_geometry, backend="cpu") / densities[-1])
    typical = np.array(densities)
    shares = _fit(np.array(seen), haadf / unit, typical * atomic_numbers**exponent)
    if not shares.any():
        raise DataError("HAADF shows none of the elements; are both series of one specimen, and aligned?")
    return Balance(typical, shares, unit, np.array(variances))


def _variance(element: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    gain = np.square(element - expected, dtype=np.float64).sum() / expected.sum(dtype=np.float64)
    mean = float(expected.mean())
    floored = np.maximum(expected, _DARKEST * mean)
    return (max(float(gain), 1e-6 * mean) * floored).astype(np.float32)


def _fit(
    seen: NDArray[np.float32], haadf: NDArray[np.float32], likely: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``(E,)`` factors, zero or more, with which the elements ``(E, T, Y, X)`` add up to HAADF."""
    rows = seen.reshape(len(seen), -1).astype(np.float64)
    products, target = rows @ rows.T, rows @ haadf.reshape(-1).astype(np.float64)
    likely = likely * max(likely @ target, 0) / (likely @ products @ likely)
    held = _PRIOR * np.diag(np.diag(products))
    root = cholesky(products + held)
    return nnls(root, np.linalg.solve(root.T, target + held @ likely))[0]
