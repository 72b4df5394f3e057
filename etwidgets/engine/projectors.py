"""What the algorithms need of a projector, and the one that runs our own kernels; knows no algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from etwidgets.engine import kernels
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.stored_strip import NARROW, StoredStrip, worth_storing
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.team import Team

MODELS = ("linear", "strip", "interpolation")
"""Joseph's rays (doi:10.1109/TMI.1982.4307572), the area that ray and pixel share, and plain linear
interpolation between detector pixels, which only back-projects."""


class Projector(Protocol):
    """Projects a block of slices: volumes ``(Z, Y, width)``, projections ``(T, Y, width)``, float32.

    Attributes
    ----------
    geometry
        Of the slices.
    width
        Slices in a block.
    team
        Threads for the work on a block.
    """

    geometry: Geometry
    width: int
    team: Team

    def forward(
        self, volume: NDArray[np.float32], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Projections of a volume; written to ``out`` if given."""

    def update(
        self,
        volume: NDArray[np.float32],
        projections: NDArray[np.float32],
        scale: NDArray[np.float32],
        lowest: float = -np.inf,
        highest: float = np.inf,
    ) -> None:
        """Add ``scale`` times the back projection to the volume, in place, and keep it within limits.

        ``scale`` is ``(Z, Y)``; where it is 0 the volume is left alone.
        """

    def subset(self, tilts: Sequence[int] | NDArray[np.intp]) -> Self:
        """The same projector for some of the tilts, in the given order."""


def back(projector: Projector, projections: NDArray[np.float32]) -> NDArray[np.float32]:
    """Back projection ``(Z, Y, width)`` of a block."""
    shape = (projector.geometry.n_z, projector.geometry.n_y)
    volume = aligned((*shape, projector.width))
    projector.update(volume, projections, np.ones(shape, np.float32))
    return volume


class CpuProjector:
    """The engine's own projector; as :class:`Projector` says.

    Parameters
    ----------
    geometry
        Of the slices.
    model
        One of :data:`MODELS`.
    width
        Slices in a block.
    team
        Threads; the result does not depend on how many.
    """

    def __init__(self, geometry: Geometry, model: str, width: int, team: Team) -> None:
        if model not in MODELS:
            raise ParameterError(f"unknown projector model {model!r}; choose from {', '.join(MODELS)}")
        self.geometry, self.model, self.width, self.team = geometry, model, width, team
        self._cos, self._sin = np.cos(geometry.angles_rad), np.sin(geometry.angles_rad)
        self._keeps = False
        self._stored: StoredStrip | None = None

    def keep_weights(self) -> None:
        """Work out the weights of a narrow block once, where that is faster and there is room for them.

        Sums are then rounded in another order: a slice is no longer the same to the last bit as in a block.
        """
        self._keeps = self.model == "strip" and self.width <= NARROW and worth_storing(self.geometry)

    def _weights(self) -> StoredStrip | None:
        if self._keeps and self._stored is None:
            self._stored = StoredStrip(self.geometry, self.width, self.team)
        return self._stored

    def forward(
        self, volume: NDArray[np.float32], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Projections of a volume."""
        if self.model == "interpolation":
            raise ParameterError("the model 'interpolation' only back-projects; choose linear or strip")
        n_tilts, n_z, n_y = self.geometry.n_angles, self.geometry.n_z, self.geometry.n_y
        result = aligned((n_tilts, n_y, self.width)) if out is None else out
        kernel = kernels.forward(self.width, self.model)
        flat, rows = volume.reshape(-1), result.reshape(-1)
        stored = self._weights()
        if stored is not None:
            stored.forward(flat, rows)
            return result

        def tilts(start: int, stop: int) -> None:
            kernel(flat, rows, self._cos, self._sin, n_z, n_y, start, stop, 0, n_y)

        def pixels(start: int, stop: int) -> None:
            kernel(flat, rows, self._cos, self._sin, n_z, n_y, 0, n_tilts, start, stop)

        if n_tilts >= self.team.size:
            self.team.share(tilts, n_tilts)
        else:
            self.team.share(pixels, n_y)
        return result

    def update(
        self,
        volume: NDArray[np.float32],
        projections: NDArray[np.float32],
        scale: NDArray[np.float32],
        lowest: float = -np.inf,
        highest: float = np.inf,
    ) -> None:
        """Add the scaled back projection to the volume."""
        n_z, n_y = self.geometry.n_z, self.geometry.n_y
        kernel = kernels.backward(self.width, self.model)
        flat, rows, factors = volume.reshape(-1), projections.reshape(-1), scale.reshape(-1)
        limits = np.float32(lowest), np.float32(highest)
        stored = self._weights()
        if stored is not None:
            stored.update(flat, rows, factors, limits)
            return

        def work(start: int, stop: int) -> None:
            tile = aligned((kernels.TILE * kernels.TILE * self.width,))
            kernel(rows, flat, self._cos, self._sin, n_z, n_y, start, stop, tile, factors, *limits)

        self.team.share(work, n_z, kernels.TILE)

    def subset(self, tilts: Sequence[int] | NDArray[np.intp]) -> CpuProjector:
        """The same projector for some of the tilts."""
        part = CpuProjector(self.geometry.subset(tilts), self.model, self.width, self.team)
        part._keeps = self._keeps
        return part
