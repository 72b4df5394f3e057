"""Discrete algebraic reconstruction of one slice; knows the slice's projector, no threads.

Batenburg and Sijbers 2011, doi:10.1109/TIP.2011.2131661: pixels whose neighbours have the same grey
level are fixed at it, the others (and a random few) are solved again from what the fixed ones do not
explain, smoothed, and segmented again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets.engine.checks import checked_count
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.astra_slices import SliceSolver

_SMALLEST_SUM = 1e-6
_FIRST_ITERATIONS = 50
_SMOOTHING = 0.3
_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.float32)


@dataclass(frozen=True)
class DartOptions:
    """What DART needs beyond data and geometry.

    Attributes
    ----------
    levels
        The grey levels, ascending, at least two different ones.
    first_iterations
        SIRT iterations before the first segmentation.
    inner_iterations
        SIRT iterations on the free pixels in each DART iteration.
    dart_iterations
        How often to segment, fix and solve again.
    fix_probability
        Chance of a pixel inside an even region to be fixed, 0 to 1.
    smoothing
        Weight of the eight neighbours' mean in the smoothing of the free pixels, 0 to 1.
    """

    levels: tuple[float, ...]
    first_iterations: int
    inner_iterations: int
    dart_iterations: int
    fix_probability: float
    smoothing: float

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """Midway between neighbouring levels."""
        levels = np.asarray(self.levels)
        return (levels[1:] + levels[:-1]) / 2

    @property
    def n_steps(self) -> int:
        """SIRT iterations in all."""
        return self.first_iterations + self.dart_iterations * self.inner_iterations


def checked_options(
    gray_levels: Sequence[float] | None, iterations: Any, dart_iterations: Any, fix_probability: float
) -> DartOptions:
    """Options from what a user gives; ``iterations`` are the inner ones, and the first at least 50.

    Raises
    ------
    ParameterError
        If a count is not a whole number, the probability not one, or there are not two grey levels.
    """
    if not 0 <= fix_probability <= 1:
        raise ParameterError(f"DART's p must be between 0 and 1, not {fix_probability}")
    inner = checked_count("iterations", iterations)
    return DartOptions(
        levels=checked_levels(gray_levels),
        first_iterations=max(inner, _FIRST_ITERATIONS),
        inner_iterations=inner,
        dart_iterations=checked_count("dart_iterations", dart_iterations),
        fix_probability=fix_probability,
        smoothing=_SMOOTHING,
    )


def checked_levels(gray_levels: Sequence[float] | None) -> tuple[float, ...]:
    """Ascending grey levels.

    Raises
    ------
    ParameterError
        If there are not at least two different, finite ones.
    """
    if gray_levels is None:
        raise ParameterError(
            "DART needs gray_levels: the values that the materials have in a SIRT reconstruction, "
            "for example [0, 120, 400]"
        )
    levels = np.unique(np.asarray(gray_levels, dtype=float))
    if levels.size < 2 or not np.isfinite(levels).all():
        raise ParameterError(f"gray_levels must be at least two different numbers, not {gray_levels}")
    return tuple(float(level) for level in levels)


def segment(image: NDArray[Any], options: DartOptions) -> NDArray[np.float32]:
    """Give every pixel the nearest grey level."""
    levels = np.asarray(options.levels, np.float32)
    return levels[np.digitize(image, options.thresholds)]


def boundary(segmented: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels of which at least one of the eight neighbours has another grey level."""
    highest = ndimage.maximum_filter(segmented, 3, mode="nearest")
    return highest != ndimage.minimum_filter(segmented, 3, mode="nearest")


def iterates(
    solver: SliceSolver,
    sinogram: NDArray[np.float32],
    options: DartOptions,
    random: np.random.Generator,
    step: Callable[[], None],
) -> Iterator[NDArray[np.float32]]:
    """Yield a slice ``(Z, Y)`` that has only the given grey levels after every DART iteration.

    Parameters
    ----------
    solver
        An open projector of the slice.
    sinogram
        ``(T, Y)``.
    options
        Of the algorithm.
    random
        Chooses the pixels that are freed; the same generator gives the same result.
    step
        Called :attr:`DartOptions.n_steps` times: after each SIRT iteration. May raise to stop.
    """
    everything = np.ones(solver.slice_shape, np.float32)
    solve = partial(_solve, solver, sinogram, limits=(options.levels[0], options.levels[-1]), step=step)
    image = solve(0 * everything, everything, options.first_iterations)
    for _ in range(options.dart_iterations):
        segmented = segment(image, options)
        free = boundary(segmented) | (random.random(segmented.shape) >= options.fix_probability)
        image = np.where(free, image, segmented)
        image = solve(image, free.astype(np.float32), options.inner_iterations)
        yield segment(image, options)
        around = ndimage.convolve(image, _NEIGHBOURS / 8, mode="nearest")
        smooth = (1 - options.smoothing) * image + options.smoothing * around
        image = np.where(free, smooth, image)


def _solve(
    solver: SliceSolver,
    sinogram: NDArray[np.float32],
    image: NDArray[np.float32],
    free: NDArray[np.float32],
    iterations: int,
    *,
    limits: tuple[float, float],
    step: Callable[[], None],
) -> NDArray[np.float32]:
    """SIRT on the free pixels only; the fixed ones contribute their projection and stay."""
    rows = _inverse(solver.forward(free))
    columns = free * _inverse(solver.back(rows > 0))
    for _ in range(iterations):
        update = columns * solver.back(rows * (sinogram - solver.forward(image)))
        image = np.where(free > 0, np.clip(image + update, *limits), image).astype(np.float32)
        step()
    return image


def _inverse(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    safe = np.where(sums > _SMALLEST_SUM, sums, 1)
    return np.where(sums > _SMALLEST_SUM, 1 / safe, 0).astype(np.float32)
