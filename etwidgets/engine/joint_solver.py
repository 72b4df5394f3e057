"""Accelerated descent for element maps with HAADF, on a block of slices; knows no units and no stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.algorithms.base import pixel_sums, ray_sums
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.joint_smoothing import Smoother
from etwidgets.engine.projectors import back

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.projectors import Projector


@dataclass(frozen=True, eq=False)
class Terms:
    """The objective on a block: ``sum w_e |A u_e - m_e|^2 / 2 + w |A_h sum s_e u_e - h|^2 / 2 + price``.

    Attributes
    ----------
    map_projector, haadf_projector
        Of the two series, for one width.
    maps, weights
        ``(E, U, Y, width)``; the weights may be 0.
    haadf
        ``(T, Y, width)``.
    shares
        ``(E,)`` float32.
    haadf_weight
        0: HAADF is not looked at.
    tv_weight, coupling
        Price of the variation, and which: see :class:`Smoother`.
    """

    map_projector: Projector
    haadf_projector: Projector
    maps: NDArray[np.float32]
    weights: NDArray[np.float32]
    haadf: NDArray[np.float32]
    shares: NDArray[np.float32]
    haadf_weight: np.float32
    tv_weight: float
    coupling: str

    def steepest(self) -> float:
        """No curvature of the two misfits exceeds this.

        No squared singular value exceeds the greatest row sum times the greatest column sum.
        """
        highest = self.weights.max(axis=(0, 3))
        curvature = _bound(self.map_projector, highest)
        if self.haadf_weight > 0:
            alike = np.full(self.haadf.shape[:2], self.haadf_weight, np.float32)
            curvature += _bound(self.haadf_projector, alike) * float(self.shares @ self.shares)
        return curvature

    def descend(self, point: NDArray[np.float32], step: np.float32) -> None:
        """Move ``(E, Z, Y, width)`` down the slope of the misfits, in place."""
        scale = np.full(point.shape[1:3], step, np.float32)
        total = np.einsum("e,e...->...", self.shares, point)
        for volume, data, weights in zip(point, self.maps, self.weights, strict=True):
            rows = self.map_projector.forward(volume)
            np.subtract(data, rows, out=rows)
            rows *= weights
            self.map_projector.update(volume, rows, scale)
        if self.haadf_weight > 0:
            rows = self.haadf_projector.forward(total)
            np.subtract(self.haadf, rows, out=rows)
            slope = back(self.haadf_projector, rows)
            for volume, share in zip(point, self.shares, strict=True):
                volume += (step * self.haadf_weight * share) * slope


class RunningJoint:
    """FISTA (Beck and Teboulle 2009, doi:10.1137/080716542) on one block.

    Where a slice overshoots, its momentum is taken away (O'Donoghue and Candes 2015,
    doi:10.1007/s10208-013-9150-3): with a strong HAADF term that saves most of the iterations.

    Parameters
    ----------
    terms
        The objective.
    """

    def __init__(self, terms: Terms) -> None:
        geometry = terms.map_projector.geometry
        shape = (len(terms.maps), geometry.n_z, geometry.n_y, terms.map_projector.width)
        self._terms = terms
        steepest = terms.steepest()
        self._step = np.float32(1 / steepest if steepest > 0 else 0)
        price = terms.tv_weight * float(self._step)
        self._smoother = Smoother(shape, terms.coupling, price, terms.map_projector.team)
        self.estimate = aligned(shape)
        """``(E, Z, Y, width)``."""
        self._point = aligned(shape)
        self._pace = np.ones(shape[-1])

    def advance(self) -> None:
        """A step down the misfits, then the smoothing, then momentum."""
        started = self._point.copy()
        self._terms.descend(self._point, self._step)
        before = self.estimate
        self.estimate = self._smoother(self._point)
        change = self.estimate - before
        overshot = np.einsum("ezyk,ezyk->k", started - self.estimate, change) > 0
        self._pace[overshot] = 1
        pace = (1 + np.sqrt(1 + 4 * self._pace**2)) / 2
        momentum = (self._pace - 1) / pace
        self._pace = pace
        np.add(self.estimate, momentum.astype(np.float32) * change, out=self._point)


def _bound(projector: Projector, weights: NDArray[np.float32]) -> float:
    root = np.sqrt(weights)
    mask = np.ones((projector.geometry.n_z, projector.geometry.n_y), np.float32)
    rays, pixels = ray_sums(projector, mask) * root, pixel_sums(projector, root)
    return float(rays.max()) * float(pixels.max())
