"""Accelerated descent for element maps with HAADF, on a block of slices; knows no units and no stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.joint_smoothing import Smoother
from etwidgets.engine.projectors import back

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.projectors import Projector

_BOUND_ITERATIONS = 10
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Terms:
    """The objective on a block: ``sum w_e |A u_e - m_e|^2 / 2 + w |A_h sum s_e u_e - h|^2 / 2 + price``.

    Attributes
    ----------
    map_projector, haadf_projector
        Of the two series, for one width.
    maps, weights
        ``(E, U, Y, width)``; weights are zero or more.
    haadf
        ``(T, Y, width)``.
    shares
        ``(E,)`` float32, zero or more.
    haadf_weight
        0: HAADF is not looked at.
    tv_weights, coupling
        ``(E,)`` prices of the variation, and which: see :class:`Smoother`.
    """

    map_projector: Projector
    haadf_projector: Projector
    maps: NDArray[np.float32]
    weights: NDArray[np.float32]
    haadf: NDArray[np.float32]
    shares: NDArray[np.float32]
    haadf_weight: np.float32
    tv_weights: NDArray[np.float64]
    coupling: str

    def curve(self, volumes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Second derivative of the two misfits, times ``(E, Z, Y, width)``."""
        rows = np.array([self.map_projector.forward(volume) for volume in volumes])
        if self.haadf_weight > 0:
            total = aligned(volumes.shape[1:])
            for share, volume in zip(self.shares, volumes, strict=True):
                total += share * volume
            return self._gather(rows, self.haadf_projector.forward(total))
        return self._gather(rows, self.haadf)

    def pull(self) -> NDArray[np.float32]:
        """What :meth:`curve` is where the misfits are least, ``(E, Z, Y, width)``."""
        return self._gather(self.maps, self.haadf)

    def _gather(self, maps: NDArray[np.float32], haadf: NDArray[np.float32]) -> NDArray[np.float32]:
        gathered = np.array([back(self.map_projector, rows) for rows in maps * self.weights])
        if self.haadf_weight > 0:
            common = self.haadf_weight * back(self.haadf_projector, haadf)
            for number, share in enumerate(self.shares):
                gathered[number] += share * common
        return gathered

    def steepest(self) -> float:
        """No curvature exceeds this: for numbers above 0, the largest ratio bounds the largest eigenvalue.

        That is Collatz and Wielandt's bound of matrices without negative entries; the power method
        tightens it.
        """
        probe = np.ones_like(self.pull())
        bound = 0.0
        for _ in range(_BOUND_ITERATIONS):
            curved = self.curve(probe)
            seen = probe > 0
            bound = float((curved[seen] / probe[seen]).max(initial=0))
            probe = curved / max(float(curved.max()), _TINY)
        return bound


class RunningJoint:
    """FISTA (Beck and Teboulle 2009, doi:10.1137/080716542) on one block.

    Where a slice overshoots, its momentum is reset (O'Donoghue and Candes 2015,
    doi:10.1007/s10208-013-9150-3): HAADF makes the slopes steep one way and flat another.

    Parameters
    ----------
    terms
        The objective.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms, self._pull = terms, terms.pull()
        steepest = terms.steepest()
        self._step = np.float32(1 / steepest if steepest > 0 else 0)
        prices = terms.tv_weights * float(self._step)
        shape = self._pull.shape
        self._smoother = Smoother(shape, terms.coupling, prices, terms.map_projector.team)
        self.estimate = aligned(shape)
        """``(E, Z, Y, width)``."""
        self._point = aligned(shape)
        self._pace = np.ones(shape[-1])

    def advance(self) -> None:
        """A step down the misfits, then the smoothing, then momentum."""
        slope = self._terms.curve(self._point)
        slope -= self._pull
        before = self.estimate
        self.estimate = self._smoother(self._point - self._step * slope)
        change = self.estimate - before
        overshot = np.einsum("ezyk,ezyk->k", self._point - self.estimate, change) > 0
        self._pace[overshot] = 1
        pace = (1 + np.sqrt(1 + 4 * self._pace**2)) / 2
        momentum = (self._pace - 1) / pace
        self._pace = pace
        np.add(self.estimate, momentum.astype(np.float32) * change, out=self._point)
