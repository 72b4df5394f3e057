"""How element maps and HAADF weigh against each other, from the data alone; minimizes nothing.

Maps may be in any units, each in its own, for no efficiency of a detector is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import nnls

from etwidgets.engine.projection import forward_project
from etwidgets.engine.reconstruction import reconstruct
from etwidgets.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

_MAP_ITERATIONS, _HAADF_ITERATIONS = 15, 60  # of SIRT: few keep counts of a few smooth
_PRIOR = 0.01  # how much the atomic numbers say, against the data: only what these leave open
_DARKEST = 0.1  # of the mean expected value: where less is expected, the variance is that of this
_SIRT: dict[str, Any] = {"algorithm": "SIRT", "minimum": 0.0, "backend": "cpu"}


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


def find_balance(
    haadf: NDArray[np.float32],
    maps: NDArray[np.float32],
    haadf_geometry: Geometry,
    map_geometry: Geometry,
    atomic_numbers: NDArray[np.float64],
    z_exponent: float,
) -> Balance:
    """Fit HAADF by the maps, and the maps' variance by their expected values.

    Each map is predicted from the tilts that are not its neighbors' half (even from odd, odd from even), so
    that the prediction has none of its noise. Weighted with the predictions, maps add up to HAADF whatever
    their noise and however smooth the predictions are: they are instruments. A plain fit by the elements'
    smooth reconstructions was tried and is wrong by up to 50 % at a dozen counts; this one by some 3 %.

    Maps scatter about the predictions by an amount that grows with what is expected, as counts do; the factor
    is fitted, so that maps need not be counts.

    Parameters
    ----------
    haadf
        ``(T, Y, X)``.
    maps
        ``(E, U, Y, X)``.
    haadf_geometry, map_geometry
        Of the two series.
    atomic_numbers
        ``(E,)``; where two elements look alike, HAADF is shared out as their ``z_exponent``-th powers.
    z_exponent
        Of the atomic number.

    Raises
    ------
    DataError, ParameterError
        If HAADF or a map is empty, HAADF shows nothing of any element, or there is one tilt only.
    """
    unit = float(np.sqrt(np.mean(np.square(haadf, dtype=np.float64))))
    if unit == 0:
        raise DataError("the HAADF series is zero everywhere; load another one")
    if map_geometry.n_angles < 2:
        raise ParameterError("maps at one tilt only; two or more are needed")
    densities, expected = [], []
    for number, element in enumerate(maps):
        density, predicted = _predict(element, map_geometry)
        if density == 0:
            raise DataError(f"map {number} (Z = {atomic_numbers[number]:g}) holds nothing; omit it")
        densities.append(density)
        expected.append(predicted)
    dark = reconstruct(haadf / unit, haadf_geometry, iterations=_HAADF_ITERATIONS, **_SIRT)
    dark = forward_project(dark, map_geometry, backend="cpu")
    typical = np.array(densities)
    shares = _fit(np.array(expected), maps, dark, typical, typical * atomic_numbers**z_exponent)
    if not shares.any():
        raise DataError("HAADF shows none of the elements; are both series of one specimen, and aligned?")
    variances = [_variance(*pair) for pair in zip(maps, expected, strict=True)]
    return Balance(typical, shares, unit, np.array(variances))


def _predict(element: NDArray[np.float32], geometry: Geometry) -> tuple[float, NDArray[np.float32]]:
    """Typical density, and each half of the tilts ``(U, Y, X)`` as the other half foresees it."""
    order = np.argsort(geometry.angles_rad)
    halves = order[::2], order[1::2]
    expected = np.empty(element.shape, np.float32)
    squares = total = 0.0
    for known, other in (halves, halves[::-1]):
        volume = reconstruct(element[known], geometry.subset(known), iterations=_MAP_ITERATIONS, **_SIRT)
        expected[other] = forward_project(volume, geometry.subset(other), backend="cpu")
        squares += float(np.square(volume, dtype=np.float64).sum())
        total += float(volume.sum(dtype=np.float64))
    return (squares / total if total > 0 else 0.0), expected


def _variance(element: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    gain = np.square(element - expected, dtype=np.float64).sum() / expected.sum(dtype=np.float64)
    mean = float(expected.mean())
    return (float(gain) * np.maximum(expected, _DARKEST * mean)).astype(np.float32)


def _fit(
    expected: NDArray[np.float32],
    maps: NDArray[np.float32],
    haadf: NDArray[np.float32],
    densities: NDArray[np.float64],
    likely: NDArray[np.float64],
) -> NDArray[np.float64]:
    """``(E,)`` shares, zero or more, with which maps in units of their densities add up to HAADF."""
    instruments, rows = (stack.reshape(len(maps), -1).astype(np.float64) for stack in (expected, maps))
    products = instruments @ (rows / densities[:, np.newaxis]).T
    sizes = np.diag(instruments @ (instruments / densities[:, np.newaxis]).T)
    products, target = products / sizes[:, np.newaxis], instruments @ haadf.reshape(-1) / sizes
    likely = likely * max(target.sum(), 0.0) / (products @ likely).sum()
    equations = np.vstack([products, _PRIOR * np.eye(len(maps))])
    return nnls(equations, np.concatenate([target, _PRIOR * likely]))[0]
