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

from etwidgets.checks import MOST_ITERATIONS, checked_count, checked_reals, is_number
from etwidgets.engine.algorithms.base import Misfit, inverse
from etwidgets.engine.arithmetic import aligned
from etwidgets.engine.projectors import back
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.algorithms.base import Block, Setting

_FIRST_ITERATIONS = 50
_SMOOTHING = 0.3
_NEIGHBORS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.float32)[..., np.newaxis]


@dataclass(frozen=True)
class DartOptions:
    """What DART needs beyond data and geometry.

    Attributes
    ----------
    levels
        The gray levels, ascending, at least two different ones.
    first_iterations
        SIRT iterations before the first segmentation.
    inner_iterations
        SIRT iterations on the free pixels in each DART iteration.
    dart_iterations
        How often to segment, fix and solve again.
    fix_probability
        Chance of a pixel inside an even region to be fixed, 0 to 1.
    smoothing
        Weight of the eight neighbors' mean in the smoothing of the free pixels, 0 to 1.
    """

    levels: tuple[float, ...]
    first_iterations: int
    inner_iterations: int
    dart_iterations: int
    fix_probability: float
    smoothing: float

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """Midway between neighboring levels."""
        levels = np.asarray(self.levels)
        return (levels[1:] + levels[:-1]) / 2

    @property
    def n_steps(self) -> int:
        """SIRT iterations in all."""
        return self.first_iterations + self.dart_iterations * self.inner_iterations


def checked_options(
    gray_levels: Sequence[float] | None,
    iterations: Any,
    dart_iterations: Any,
    fix_probability: float,
    factor: float = 1.0,
) -> DartOptions:
    """Options from what a user gives; ``iterations`` are the inner ones, and the first at least 50.

    The levels are multiplied by ``factor``, as the data will be.

    Raises
    ------
    ParameterError
        If a count is not a whole number, the probability not one, or there are not two gray levels.
    """
    if not (is_number(fix_probability) and 0 <= fix_probability <= 1):
        raise ParameterError(f"DART's p must be a number between 0 and 1, not {fix_probability!r}")
    inner = checked_count("iterations", iterations, highest=MOST_ITERATIONS)
    return DartOptions(
        levels=tuple(level * factor for level in checked_levels(gray_levels)),
        first_iterations=max(inner, _FIRST_ITERATIONS),
        inner_iterations=inner,
        dart_iterations=checked_count("dart_iterations", dart_iterations, highest=MOST_ITERATIONS),
        fix_probability=fix_probability,
        smoothing=_SMOOTHING,
    )


def checked_levels(gray_levels: Sequence[float] | None) -> tuple[float, ...]:
    """Ascending gray levels.

    Raises
    ------
    ParameterError, DataError
        If there are not at least two different, finite numbers.
    """
    if gray_levels is None:
        raise ParameterError(
            "DART needs gray_levels: the values that the materials have in a SIRT reconstruction, "
            "for example [0, 120, 400]"
        )
    levels = np.unique(checked_reals("gray_levels", gray_levels))
    if levels.size < 2 or not np.isfinite(levels).all():
        raise ParameterError(f"gray_levels must be at least two different numbers, not {gray_levels}")
    return tuple(float(level) for level in levels)


def segment(image: NDArray[Any], options: DartOptions) -> NDArray[np.float32]:
    """Give every pixel the nearest gray level."""
    levels = np.asarray(options.levels, np.float32)
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
        Of the algorithm.
    seed
        Of the pixels that are freed; each slice has its own stream, whichever block it is in.
    """

    widest = 16
    copies = (9, 4)

    def __init__(self, setting: Setting, options: DartOptions, seed: int) -> None:
        self.setting, self.options, self.seed = setting, options, seed
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
        self._random = [np.random.default_rng([method.seed, x]) for x in block.slices]
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
            smooth = (1 - options.smoothing) * self._image + options.smoothing * around
            image = np.where(self._free, smooth, self._image)
        segmented = self._segmented(image)
        self._free = (boundary(segmented) | self._freed()) & self._mask
        image = np.where(self._free, image, segmented)
        self._image = self._solve(image, self._free, options.inner_iterations, step)
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
        projector, levels = self._block.projector, self._options.levels
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
