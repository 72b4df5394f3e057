"""CGLS: conjugate gradients on the least-squares problem; knows no constraint but at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.algorithms.base import Misfit, weighted_squares
from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.engine.arithmetic import aligned

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting


@dataclass(frozen=True)
class CglsOptions:
    """What CGLS can be given."""

    iterations: int = iterations()


class Cgls:
    """The smallest residual in each iteration (Hestenes and Stiefel 1952, doi:10.6028/jres.049.044).

    Conjugate directions know no limits: the estimate is put within them when it is given out, and the
    iterations go on without them.

    Parameters
    ----------
    setting
        Of the run.
    iterations
        How many.
    """

    widest = 32
    copies = (4, 4)

    def __init__(self, setting: Setting, iterations: int) -> None:
        self.n_iterations = self.n_steps = iterations
        self.setting = setting

    def begin(self, block: Block) -> RunningCgls:
        """Start on a block."""
        return RunningCgls(self.setting, block)


class RunningCgls:
    """One block of :class:`Cgls`."""

    def __init__(self, setting: Setting, block: Block) -> None:
        self._setting, self._block, self._projector = setting, block, block.projector
        self._volume = block.start
        ones = np.ones_like(setting.weights)
        self._residual = Misfit(block.projector, block.data, ones, setting.weights).of(block.start)
        self._direction = self._gradient()
        self._energy = weighted_squares(self._direction, setting.mask)
        self._step = aligned(block.data.shape)

    @property
    def estimate(self) -> NDArray[np.float32]:
        """The volume ``(Z, Y, width)`` within the limits."""
        if not self._limited:
            return self._volume
        inside = np.clip(self._volume, self._setting.lowest, self._setting.highest)
        return np.where(self._setting.mask[..., np.newaxis] > 0, inside, self._volume)

    def advance(self, step: Callable[[], None]) -> None:
        """Go along the next direction."""
        self._projector.forward(self._direction, self._step)
        curvature = weighted_squares(self._step, self._setting.weights)
        length = _ratio(self._energy, curvature)
        self._volume += length * self._direction
        self._residual -= length * self._step
        gradient = self._gradient()
        energy = weighted_squares(gradient, self._setting.mask)
        self._direction *= _ratio(energy, self._energy)
        self._direction += gradient
        self._energy = energy
        step()

    def squares(self) -> NDArray[np.float64]:
        """Weighted sums of squares; without limits they need no projection."""
        weights = self._setting.weights
        if not self._limited:
            return weighted_squares(self._residual, weights)
        return Misfit(self._projector, self._block.data, weights, weights).squares(self.estimate)

    @property
    def _limited(self) -> bool:
        return bool(np.isfinite([self._setting.lowest, self._setting.highest]).any())

    def _gradient(self) -> NDArray[np.float32]:
        volume = aligned(self._volume.shape)
        rows = self._residual * self._setting.weights[..., np.newaxis]
        self._projector.update(volume, rows, self._setting.mask)
        return volume


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float32]:
    """The quotient, 0 for a slice that is solved already (or empty)."""
    safe = np.where(below > 0, below, 1)
    return np.where(below > 0, above / safe, 0).astype(np.float32)


CGLS = Algorithm(
    name="CGLS",
    title="Conjugate gradients on the least-squares problem",
    options=CglsOptions,
    method=Cgls,
    make=lambda setting, options: Cgls(setting, options.iterations),
    iteration="a step along the next conjugate direction: 1 pass",
    worth=3,
    limits_at_end=True,
    use_for="The closest fit in the fewest iterations.",
    when="Little noise; 5 to 15 iterations.",
    caution="Noise grows fast; values below 0 are only cut at the end.",
    source="Hestenes and Stiefel 1952, doi:10.6028/jres.049.044",
)
