"""Back projection, with or without a filter; knows no iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine import filters
from etwidgets.engine.algorithms.base import Misfit
from etwidgets.engine.algorithms.record import Algorithm
from etwidgets.engine.arithmetic import aligned
from etwidgets.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting


@dataclass(frozen=True)
class BpOptions:
    """What BP can be given."""

    weight_tilts: bool = option(
        default=False,
        label="weight by tilt step",
        help="Weight each projection by the angle it stands for, where tilt steps are unequal.",
        in_scripts_only=True,
    )


@dataclass(frozen=True)
class FbpOptions(BpOptions):
    """What FBP can be given."""

    filter_name: str = option(
        "shepp-logan",
        label="filter",
        help="How fine detail, and noise with it, is weighted: ram-lak is the sharpest, hann is smooth.",
        keyword="sino_filter",
        choices=filters.FILTERS,
        checked_by=filters.checked_filter,
    )


class BackProjection:
    """BP, the mean of the projections smeared back; or FBP, which filters them first.

    Parameters
    ----------
    setting
        Of the run.
    filter_name
        One of :data:`etwidgets.engine.FILTERS`, or None for none.
    weight_tilts
        Weigh each projection by the angle it stands for.
    """

    n_iterations = n_steps = 1
    widest = 64
    copies = (1, 2)

    def __init__(self, setting: Setting, filter_name: str | None, *, weight_tilts: bool) -> None:
        geometry = setting.projector.geometry
        angles = filters.angle_weights(geometry.angles_rad, by_step=weight_tilts)
        if filter_name is None:
            angles = angles / np.pi
        self.factors = (angles[:, np.newaxis] * setting.weights).astype(np.float32)
        self.response = None if filter_name is None else filters.response(filter_name, geometry.n_y)
        self.setting = setting

    def begin(self, block: Block) -> RunningBackProjection:
        """Start on a block."""
        return RunningBackProjection(self, block)


class RunningBackProjection:
    """One block of :class:`BackProjection`; a start is not used."""

    def __init__(self, method: BackProjection, block: Block) -> None:
        self._method, self._block = method, block
        self.estimate: NDArray[np.float32] = block.start
        """The volume ``(Z, Y, width)``."""

    def advance(self, step: Callable[[], None]) -> None:
        """Filter and back-project."""
        method, block = self._method, self._block
        rows = aligned(block.data.shape)
        np.multiply(block.data, method.factors[..., np.newaxis], out=rows)
        if method.response is not None:
            filters.filter_in_place(rows, method.response)
        setting = method.setting
        if not setting.allows_zero:
            self.estimate[:] = 0  # the limits are for the result
        block.projector.update(self.estimate, rows, setting.mask, setting.lowest, setting.highest)
        step()

    def squares(self) -> NDArray[np.float64]:
        """Weighted sums of squares of the misfit."""
        weights = self._method.setting.weights
        return Misfit(self._block.projector, self._block.data, weights, weights).squares(self.estimate)


BP = Algorithm(
    name="BP",
    title="Back projection",
    options=BpOptions,
    method=BackProjection,
    make=lambda setting, options: BackProjection(setting, None, weight_tilts=options.weight_tilts),
    projects=False,
    takes_start=False,
    can_follow=False,
    can_compare=False,
    use_for="A very smooth first look.",
    when="Never for measuring.",
    caution="Blurred: values have no meaning.",
    source="Kak and Slaney 1988, doi:10.1137/1.9780898719277",
)

FBP = Algorithm(
    name="FBP",
    title="Filtered back projection",
    options=FbpOptions,
    method=BackProjection,
    make=lambda setting, options: BackProjection(
        setting, options.filter_name, weight_tilts=options.weight_tilts
    ),
    projects=False,
    takes_start=False,
    can_follow=False,
    use_for="The first look, in seconds.",
    when="Many tilts, little noise.",
    caution="Streaks where tilts are missing.",
    source="Kak and Slaney 1988, doi:10.1137/1.9780898719277",
)
