"""FISTA-TV: least squares and total variation; knows a block of slices, each smoothed by itself.

Beck and Teboulle 2009: the outer iteration is doi:10.1137/080716542, the inner one, which finds the image
that balances closeness and total variation within limits, doi:10.1109/TIP.2009.2028250.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.algorithms.base import difference, pixel_sums, ray_sums
from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.engine.algorithms.tv_weight import ADVICE, suggested_tv_weight
from etwidgets.engine.arithmetic import aligned, dual_step, primal_step
from etwidgets.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting

_INNER_ITERATIONS = 4  # each begins where the one before ended, so that more change nothing
_STEP = np.float32(1 / 8)  # 8 bounds the squared norm of the discrete gradient


@dataclass(frozen=True)
class FistaTvOptions:
    """What FISTA-TV can be given."""

    iterations: int = iterations()
    tv_weight: float = option(
        label="TV weight",
        help="Cost of an edge, in units of the projections. Higher: smoother, and small features vanish.",
        unit="intensity",
        lowest=0,
        required=True,
        example=1.0,
        advice=ADVICE,
        in_data_units=True,
        suggest=suggested_tv_weight,
    )


class FistaTv:
    """Minimize ``|A x - b|**2 / 2 + weight * TV(x)`` within limits.

    Parameters
    ----------
    setting
        Of the run.
    iterations
        How many.
    tv_weight
        Cost of a step of height 1 along an edge of 1 pixel, in units of the projections.
    """

    widest = 32
    copies = (8, 4)

    def __init__(self, setting: Setting, iterations: int, tv_weight: float) -> None:
        self.n_iterations = self.n_steps = iterations
        self.setting = setting
        root = np.sqrt(setting.weights)
        rays = ray_sums(setting.projector, setting.mask) * root
        pixels = pixel_sums(setting.projector, root) * setting.mask
        # no singular value exceeds the root of greatest row sum times greatest column sum
        bound = float(rays.max(initial=0)) * float(pixels.max(initial=0))
        self.step = 1 / bound if bound > 0 else 0.0
        self.smoothing = np.float32(tv_weight * self.step)

    def begin(self, block: Block) -> RunningFistaTv:
        """Start on a block."""
        return RunningFistaTv(self, block)


class RunningFistaTv:
    """One block of :class:`FistaTv`."""

    def __init__(self, method: FistaTv, block: Block) -> None:
        self._method, self._block, setting = method, block, method.setting
        self.estimate: NDArray[np.float32] = block.start
        """The volume ``(Z, Y, width)``."""
        self._point = aligned(block.start.shape)
        self._point[:] = block.start
        self._projected = aligned(block.data.shape)  # of the estimate
        self._known = False
        self._previous = aligned(block.data.shape)  # projections of the estimate before
        self._has_previous = False
        self._pace, self._momentum = 1.0, 0.0
        self._scale = (method.step * setting.mask).astype(np.float32)
        self._rows, self._squares = aligned(block.data.shape), np.zeros(block.projector.width)
        self._fields = aligned((2, *block.start.shape))
        self._last_fields = aligned((2, *block.start.shape))

    def advance(self, step: Callable[[], None]) -> None:
        """A step down the misfit, then the smoothing, then momentum."""
        projected = self._projections()
        if self._has_previous:
            # the projection is linear: that of the point between two estimates is known already
            projected = projected + np.float32(self._momentum) * (projected - self._previous)
        self._block.projector.update(self._point, self._misfit(projected), self._scale)
        before = self.estimate
        self.estimate = self._smoothed(self._point)
        self._projected, self._previous = self._previous, self._projected
        self._has_previous, self._known = True, False
        pace = (1 + np.sqrt(1 + 4 * self._pace**2)) / 2
        self._momentum = (self._pace - 1) / pace
        self._pace = pace
        np.subtract(self.estimate, before, out=self._point)
        self._point *= np.float32(self._momentum)
        self._point += self.estimate
        step()

    def squares(self) -> NDArray[np.float64]:
        """Weighted sums of squares; the next iteration begins with the same projections."""
        self._misfit(self._projections())
        return self._squares.copy()

    def _misfit(self, projected: NDArray[np.float32]) -> NDArray[np.float32]:
        weights = self._method.setting.weights
        difference(self._block.data, projected, weights, weights, self._rows, self._squares)
        return self._rows

    def _projections(self) -> NDArray[np.float32]:
        if not self._known:
            self._block.projector.forward(self.estimate, self._projected)
            self._known = True
        return self._projected

    def _smoothed(self, target: NDArray[np.float32]) -> NDArray[np.float32]:
        setting, weight = self._method.setting, self._method.smoothing
        limits = np.float32(setting.lowest), np.float32(setting.highest)
        image = aligned(target.shape)
        team, n_rows = self._block.projector.team, target.shape[0]
        vertical, horizontal = self._fields

        def primal(start: int, stop: int) -> None:
            primal_step(target, vertical, horizontal, weight, setting.mask, *limits, image, start, stop)

        def dual(start: int, stop: int) -> None:
            dual_step(image, self._fields, self._last_fields, step, momentum, start, stop)

        if weight > 0:
            step, pace = _STEP / weight, 1.0
            self._fields[:] = self._last_fields  # begins where the last smoothing ended
            for _ in range(_INNER_ITERATIONS):
                next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
                momentum = np.float32((pace - 1) / next_pace)
                pace = next_pace
                team.share(primal, n_rows)
                team.share(dual, n_rows)
            self._fields[:] = self._last_fields
        team.share(primal, n_rows)
        return image


FISTA_TV = Algorithm(
    name="FISTA-TV",
    title="Least squares with total variation",
    options=FistaTvOptions,
    method=FistaTv,
    make=lambda setting, options: FistaTv(setting, options.iterations, options.tv_weight),
    automatic=True,
    settles_after=100,
    # the misfit is a sum over the projections, the total variation is not
    for_fewer=lambda options, used, every: replace(options, tv_weight=options.tv_weight * used / every),
    iteration="a gradient step, smoothing and momentum: 1 pass, and about as much again for the smoothing",
    use_for="Even materials with sharp edges, few tilts or much noise.",
    when="Noise hides the shape; 30 to 100 iterations.",
    caution="Too high a TV weight makes patches and loses small things.",
    source="Beck and Teboulle 2009, doi:10.1137/080716542 and doi:10.1109/TIP.2009.2028250",
)
