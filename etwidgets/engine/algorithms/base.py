"""What every algorithm is given and what it offers; knows no names and no threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from etwidgets.engine.arithmetic import add_squares, aligned, stand_in, subtract

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.projectors import Projector

_SMALLEST_SUM = 1e-6


@dataclass(frozen=True, eq=False)
class Setting:
    """What all blocks of a run share.

    Attributes
    ----------
    projector
        Of the geometry, for sums over rays and pixels before the run; each block brings its own.
    weights
        ``(T, Y)`` float32, of the data; 0: left out.
    mask
        ``(Z, Y)`` float32; 1: solved for, 0: stays as it is.
    lowest, highest
        Limits of the estimate; infinite: none.
    """

    projector: Projector
    weights: NDArray[np.float32]
    mask: NDArray[np.float32]
    lowest: float
    highest: float

    @property
    def allows_zero(self) -> bool:
        """Whether 0, with which estimates begin, is within the limits."""
        return self.lowest <= 0 <= self.highest


@dataclass(frozen=True, eq=False)
class Block:
    """The slices that are worked on together.

    Attributes
    ----------
    projector
        For volumes and projections of this width.
    data
        ``(T, Y, width)`` projections; lanes beyond the last slice are 0.
    start
        ``(Z, Y, width)`` first estimate, which the algorithm may write.
    slices
        Which slices of the run the lanes are.
    known
        ``(T, Y, width)``, 0 to 1: how far each pixel of the data is known; None: all are.
    """

    projector: Projector
    data: NDArray[np.float32]
    start: NDArray[np.float32]
    slices: range
    known: NDArray[np.float32] | None = None


class Running(Protocol):
    """An algorithm at work on one block.

    Attributes
    ----------
    estimate
        ``(Z, Y, width)``; the algorithm's own array, or a copy.
    """

    @property
    def estimate(self) -> NDArray[np.float32]:
        """The current estimate."""

    def advance(self, step: Callable[[], None]) -> None:
        """Do one iteration; ``step`` is called :attr:`Method.n_steps` times in all, and may raise to stop."""

    def squares(self) -> NDArray[np.float64]:
        """``(width,)`` weighted sums of the squares of data minus reprojected estimate."""


class Method(Protocol):
    """An algorithm with its options, for all blocks of a run.

    Attributes
    ----------
    n_iterations
        How often :meth:`Running.advance` brings it to the end.
    n_steps
        Calls of ``step`` until then.
    widest
        Most slices in a block, to stay within the memory.
    copies
        Arrays of the size of a block's volume, and of its projections, that it holds.
    """

    n_iterations: int
    n_steps: int
    widest: int
    copies: tuple[int, int]

    def begin(self, block: Block) -> Running:
        """Start on a block."""


class Misfit:
    """Data minus projections of an estimate: worked out when asked for, kept until the estimate changes.

    Parameters
    ----------
    projector
        Of the block.
    data
        ``(T, Y, width)``.
    factors
        ``(T, Y)``: what the difference is multiplied with.
    weights
        ``(T, Y)``: of the squares.
    known
        ``(T, Y, width)``, 0 to 1; where the data are not known, there is no misfit.
    """

    def __init__(
        self,
        projector: Projector,
        data: NDArray[np.float32],
        factors: NDArray[np.float32],
        weights: NDArray[np.float32],
        known: NDArray[np.float32] | None = None,
    ) -> None:
        self._projector, self._data, self._partly = projector, data, known
        self._factors, self._weights = factors, weights
        self._rows = aligned(data.shape)
        self._squares = np.zeros(data.shape[-1])
        self._known = False

    def of(self, estimate: NDArray[np.float32]) -> NDArray[np.float32]:
        """``factors * (data - A estimate)``; valid until the next call."""
        if not self._known:
            projected = self._projector.forward(estimate, self._rows)
            if self._partly is not None:
                width = projected.shape[-1]
                stand_in(*(each.reshape(-1, width) for each in (self._data, self._partly, projected)))
            difference(self._data, projected, self._factors, self._weights, self._rows, self._squares)
            self._known = True
        return self._rows

    def squares(self, estimate: NDArray[np.float32]) -> NDArray[np.float64]:
        """``(width,)`` weighted sums of squares."""
        self.of(estimate)
        return self._squares.copy()

    def forget(self) -> None:
        """The estimate has changed."""
        self._known = False


def difference(
    data: NDArray[np.float32],
    projected: NDArray[np.float32],
    factors: NDArray[np.float32],
    weights: NDArray[np.float32],
    result: NDArray[np.float32],
    squares: NDArray[np.float64],
) -> None:
    """Write ``factors * (data - projected)`` to the result, and its weighted squares ``(width,)``."""
    width = data.shape[-1]
    rows = (array.reshape(-1, width) for array in (data, projected))
    subtract(*rows, factors.reshape(-1), weights.reshape(-1), result.reshape(-1, width), squares)


def weighted_squares(values: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """``(width,)`` sums of ``weights * values**2`` over all but the last axis, in double precision."""
    squares = np.zeros(values.shape[-1])
    add_squares(values.reshape(-1, values.shape[-1]), weights.reshape(-1), squares)
    return squares


def ray_sums(projector: Projector, mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(T, Y)``: what each ray sums up over the mask."""
    volume = aligned((*mask.shape, projector.width))
    volume[:] = mask[..., np.newaxis]
    return projector.forward(volume)[..., 0].copy()


def pixel_sums(projector: Projector, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(Z, Y)``: what each pixel gathers from the weights ``(T, Y)``."""
    projections = aligned((*weights.shape, projector.width))
    projections[:] = weights[..., np.newaxis]
    volume = aligned((projector.geometry.n_z, projector.geometry.n_y, projector.width))
    projector.update(volume, projections, np.ones(volume.shape[:2], np.float32))
    return volume[..., 0].copy()


def inverse(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / sums, and 0 where there is next to nothing."""
    safe = np.where(sums > _SMALLEST_SUM, sums, 1)
    return np.where(sums > _SMALLEST_SUM, 1 / safe, 0).astype(np.float32)
