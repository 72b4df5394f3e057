"""DART, discrete algebraic reconstruction: a few known gray levels; knows a block of slices, no threads.

Batenburg and Sijbers 2011, doi:10.1109/TIP.2011.2131661: pixels whose neighbors have the same gray
level are fixed at it, the others (and a random few) are solved again from what the fixed ones do not
explain, smoothed, and segmented again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets.checks import MOST_ITERATIONS, checked_reals
from etwidgets.engine.algorithms.base import Misfit, inverse
from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.projectors import back
from etwidgets.errors import ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting

_FIRST_ITERATIONS = 50
_SMOOTHING = 0.3  # weight of the eight neighbors' mean in the smoothing of the free pixels
_NEIGHBORS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.float32)[..., np.newaxis]


def checked_levels(gray_levels: Any) -> tuple[float, ...]:
    """Ascending gray levels.

    Raises
    ------
    ParameterError, DataError
        If there are not at least two different, finite numbers.
    """
    levels = np.unique(checked_reals("gray_levels", gray_levels))
    if levels.size < 2 or not np.isfinite(levels).all():
        raise ParameterError(f"gray_levels must be at least two different numbers, not {gray_levels}")
    return tuple(float(level) for level in levels)


@dataclass(frozen=True)
class DartOptions:
    """What DART can be given; the first SIRT has ``iterations``, but at least 50."""

    iterations: int = iterations(
        help="SIRT iterations on the free pixels between two segmentations.", counts_iterations=False
    )
    gray_levels: tuple[float, ...] = option(
        label="gray levels",
        help="Values of vacuum and of each material, as read from a SIRT volume, such as 0, 120, 400.",
        unit="intensity",
        example=(0, 1),
        required=True,
        checked_by=checked_levels,
        advice="the values that the materials have in a SIRT reconstruction, for example [0, 120, 400]",
        in_data_units=True,
        one_signal=True,
    )
    dart_iterations: int = option(
        5,
        label="DART iterations",
        help="How often it segments, fixes what is even, and solves for the rest again.",
        lowest=1,
        highest=MOST_ITERATIONS,
        counts_iterations=True,
        in_scripts_only=True,
    )
    fix_probability: float = option(
        0.99,
        label="fixed share",
        help="Chance of a pixel inside an even region to be fixed.",
        keyword="p",
        lowest=0,
        highest=1,
        in_scripts_only=True,
    )
    seed: int = option(
        0,
        label="seed",
        help="Of the random choice of pixels; each slice has its own stream.",
        lowest=0,
        in_scripts_only=True,
    )

    @property
    def first_iterations(self) -> int:
        """SIRT iterations before the first segmentation."""
        return max(self.iterations, _FIRST_ITERATIONS)

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """Midway between neighboring levels."""
        levels = np.asarray(self.gray_levels)
        return (levels[1:] + levels[:-1]) / 2

    @property
    def n_steps(self) -> int:
        """SIRT iterations in all."""
        return self.first_iterations + self.dart_iterations * self.iterations


def segment(image: NDArray[Any], options: DartOptions) -> NDArray[np.float32]:
    """Give every pixel the nearest gray level."""
    levels = np.asarray(options.gray_levels, np.float32)
    return levels[np.digitize(image, options.thresholds)]


def boundary(segmented: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels of which at least one of the eight neighbors in the slice has another gray level."""
    highest = ndimage.maximum_filter(segmented, (3, 3, 1), mode="nearest")
    return highest != ndimage.minimum_filter(segmented, (3, 3, 1), mode="nearest")


class Dart:
    """Give only the gray levels.

    Parameters
    ----------
    setting
        Of the run; its limits are not used, the levels are.
    options
        Of the algorithm; each slice has its own stream of random numbers, whichever block it is in.
    """

    widest = 16
    copies = (9, 4)

    def __init__(self, setting: Setting, options: DartOptions) -> None:
        self.setting, self.options = setting, options
        self.n_iterations, self.n_steps = options.dart_iterations, options.n_steps

    def begin(self, block: Block) -> RunningDart:
        """Start on a block."""
        return RunningDart(self, block)


class RunningDart:
    """One block of :class:`Dart`."""

    def __init__(self, method: Dart, block: Block) -> None:
        self._options, self._block = method.options, block
        self._weights = method.setting.weights
        self._mask = np.broadcast_to(method.setting.mask[..., np.newaxis] > 0, block.start.shape)
        self._random = [np.random.default_rng([method.options.seed, x]) for x in block.slices]
        self._image: NDArray[np.float32] | None = None
        self._free = self._mask
        self.estimate: NDArray[np.float32] = block.start
        """The volume ``(Z, Y, width)``: only gray levels after the first iteration."""

    def advance(self, step: Callable[[], None]) -> None:
        """Segment, fix what is even, and solve for the rest."""
        options = self._options
        if self._image is None:
            image = self._solve(self._block.start, self._mask, options.first_iterations, step)
        else:
            around = ndimage.convolve(self._image, _NEIGHBORS / 8, mode="nearest")
            smooth = (1 - _SMOOTHING) * self._image + _SMOOTHING * around
            image = np.where(self._free, smooth, self._image)
        segmented = self._segmented(image)
        self._free = (boundary(segmented) | self._freed()) & self._mask
        image = np.where(self._free, image, segmented)
        self._image = self._solve(image, self._free, options.iterations, step)
        self.estimate = self._segmented(self._image)

    def squares(self) -> NDArray[np.float64]:
        """Weighted sums of squares of the misfit."""
        return Misfit(self._block.projector, self._block.data, self._weights, self._weights).squares(
            self.estimate
        )

    def _segmented(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(self._mask, segment(image, self._options), self._block.start)

    def _freed(self) -> NDArray[np.bool_]:
        shape = self._block.start.shape
        freed = np.zeros(shape, bool)
        for lane, random in enumerate(self._random):
            freed[..., lane] = random.random(shape[:2]) >= self._options.fix_probability
        return freed

    def _solve(
        self,
        image: NDArray[np.float32],
        free: NDArray[np.bool_],
        iterations: int,
        step: Callable[[], None],
    ) -> NDArray[np.float32]:
        """SIRT on the free pixels only; the fixed ones contribute their projection and stay."""
        projector, levels = self._block.projector, self._options.gray_levels
        solved, mobile = aligned(image.shape), aligned(image.shape)
        solved[:], mobile[:] = image, free
        weights = self._weights[..., np.newaxis]
        rows = inverse(projector.forward(mobile)) * weights
        columns = mobile * inverse(back(projector, weights * (rows > 0)))
        misfit = Misfit(projector, self._block.data, np.ones_like(self._weights), self._weights)
        for _ in range(iterations):
            update = columns * back(projector, rows * misfit.of(solved))
            np.copyto(solved, np.clip(solved + update, levels[0], levels[-1]), where=free)
            misfit.forget()
            step()
        return solved


DART = Algorithm(
    name="DART",
    title="Discrete algebraic reconstruction",
    options=DartOptions,
    method=Dart,
    make=Dart,
    iteration="a segmentation and the SIRT iterations after it: as many passes as `iterations`",
    takes_start=False,
    takes_limits=False,
    can_follow=False,
    can_compare=False,
    use_for="A few materials of even density.",
    when="You know the gray levels, from a SIRT volume.",
    caution="Wrong levels give wrong shapes; every voxel gets one of them.",
    source="Batenburg and Sijbers 2011, doi:10.1109/TIP.2011.2131661",
)
