"""The intervals of numbers measured in a volume: the experiment is repeated with its result as the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets import align, analysis, engine
from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.errors import DataError, ParameterError
from etwidgets.resources import check_memory
from etwidgets.signals.alignment_report import read_report
from etwidgets.signals.reconstruction import geometry
from etwidgets.signals.spread import quick_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

SHIFT_INTERVAL_PX = (-0.5, 0.5)
"""95 % interval of the tilt axis's shift where no alignment has found one."""
ROTATION_INTERVAL_DEG = (-0.5, 0.5)
"""95 % interval of the tilt axis's rotation where no alignment has found one."""

_Z_95 = 1.96
_FOLDS = 5
_FINE = 2  # voxels of the simulated specimen along a voxel
_COLUMNS = 32
_MOST_DRAWS = 1000
_COPIES = (6, 4)  # of the projections, and of the volume, at the peak


def measure_intervals(
    stack: TiltSeries,
    quantities: Callable[[NDArray[np.float32], float], Mapping[str, float]],
    threshold: float | None,
    *,
    draws: int,
    iterations: int,
    thickness: int | None,
    seed: int,
    progress: Progress,
) -> dict[str, analysis.MeasuredInterval]:
    """See :meth:`etwidgets.TomoStack.measure_intervals`."""
    count = checked_count("draws", draws, 6, _MOST_DRAWS)
    number = checked_count("iterations", iterations, 2, MOST_ITERATIONS // 2)
    shape = geometry(stack, thickness)
    size = stack.data.shape[-1] * shape.n_z * shape.n_y
    check_memory(
        4.0 * (_COPIES[0] * stack.data.size + _COPIES[1] * size), "the repetitions of the experiment"
    )
    run = _Run(np.asarray(stack.data, dtype=np.float32), shape, number)
    numbers = (number, number // 2, 2 * number)
    volume = run.reconstruct(run.data, progress.part(0, 0.03, may_finish=False))
    level = analysis.threshold_of(volume)[0] if threshold is None else float(threshold)
    move = analysis.SHIFT_OF_EDGE * analysis.step_at(volume, level)
    moved = [quantities(volume, level + sign * move) for sign in (-1, 1)]
    measured = [quantities(volume, level)]
    for i, n in enumerate(numbers[1:]):
        part = progress.part(0.03 + 0.03 * i, 0.06 + 0.03 * i, may_finish=False)
        measured.append(quantities(run.reconstruct(run.data, part, n), level))
    errors = _errors(run, volume, progress.part(0.09, 0.25, may_finish=False))
    clean = _sharp_projections(volume, level, shape, progress.part(0.25, 0.3, may_finish=False))
    simulated: list[list[Mapping[str, float]]] = [[], [], []]
    random, axis = np.random.default_rng(seed), _axis_of(stack)
    progress = progress.part(0.3, 1, may_finish=False)
    for i in range(count):
        part = progress.part(i / count, (i + 1) / count, title=f"repetition {i + 1} of {count}")
        again = run.reconstruct(_drawn(clean, errors, axis, random), part, numbers[i % 3])
        try:
            simulated[i % 3].append(quantities(again, level))
        except (DataError, ParameterError):  # nothing to measure in this one
            continue
    return {
        name: analysis.interval_of_draws(
            [each[name] for each in measured],
            [[each[name] for each in group] for group in simulated],
            [each[name] for each in moved],
        )
        for name in measured[0]
    }


@dataclass(frozen=True)
class _Run:
    data: NDArray[np.float32]
    shape: engine.Geometry
    iterations: int

    def reconstruct(
        self,
        data: NDArray[np.float32],
        progress: Progress,
        iterations: int | None = None,
        weights: Any = None,
    ) -> NDArray[np.float32]:
        options = quick_options(self.shape.n_angles, iterations or self.iterations, 0.0)
        return engine.reconstruct(data, self.shape, weights=weights, progress=progress, **options)


def _axis_of(stack: TiltSeries) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of what may still be wrong with the tilt axis: shift and rotation."""
    report = read_report(stack)
    shift = None if report is None else report.shift_interval_px
    rotation = None if report is None else report.rotation_interval_deg
    return shift or SHIFT_INTERVAL_PX, rotation or ROTATION_INTERVAL_DEG


def _drawn(
    clean: NDArray[np.float32],
    errors: NDArray[np.float32],
    axis: tuple[tuple[float, float], tuple[float, float]],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)`` with an error of the tilt axis and the errors of projections."""
    shift, rotation = (random.normal((low + high) / 2, (high - low) / 2 / _Z_95) for low, high in axis)
    # the intervals are of what is left to apply
    drawn = align.transform(clean, yshift=-shift, angle_deg=-rotation, interpolation="cubic")
    drawn += errors * random.choice([-1.0, 1.0], (len(errors), 1, 1)).astype(np.float32)
    return drawn


def _errors(run: _Run, volume: NDArray[np.float32], progress: Progress) -> NDArray[np.float32]:
    """``(T, Y, X)``: what noise and misalignment add to the projections.

    Residuals are too small, for the volume follows the noise; errors of prediction of left-out projections
    are too large, for the volume has errors, too. Their geometric mean has the right size (HC2 of MacKinnon
    and White 1985, doi:10.1016/0304-4076(85)90158-7).
    """
    residual = run.data - engine.forward_project(volume, run.shape)
    predicted = np.empty_like(run.data)
    order = np.argsort(run.shape.angles_rad, kind="stable")
    for fold in range(_FOLDS):
        left_out = order[fold::_FOLDS]
        weights = np.ones(run.shape.n_angles)
        weights[left_out] = 0
        part = progress.part(fold / _FOLDS, (fold + 1) / _FOLDS, title="left-out projections")
        other = run.reconstruct(run.data, part, weights=weights)
        predicted[left_out] = engine.forward_project(other, run.shape.subset(left_out))
    product = residual * (run.data - predicted)
    return np.asarray(np.sign(residual) * np.sqrt(np.clip(product, 0, None)), dtype=np.float32)


def _sharp_projections(
    volume: NDArray[np.float32], threshold: float, shape: engine.Geometry, progress: Progress
) -> NDArray[np.float32]:
    """``(T, Y, X)`` projections of the bodies in a volume with sharp surfaces, from voxels half as large.

    With the voxels of the volume, the reconstruction would find it all too easily.
    """
    inside, outside = analysis.plateaus(volume, threshold)
    fine = engine.Geometry(shape.angles_rad, _FINE * shape.n_y, _FINE * shape.n_z)
    width, margin = len(volume), 2
    result = np.empty((shape.n_angles, shape.n_y, width), np.float32)
    for start in range(0, width, _COLUMNS):
        stop = min(start + _COLUMNS, width)
        first, last = max(start - margin, 0), min(stop + margin, width)
        values = ndimage.zoom(volume[first:last], _FINE, order=1, mode="nearest", grid_mode=True)
        part = analysis.filled_fraction(values, threshold)
        high, low = (_repeated(each[first:last]) for each in (inside, outside))
        body = (low + part * (high - low))[_FINE * (start - first) : _FINE * (stop - first)]
        images = engine.forward_project(np.ascontiguousarray(body), fine) / _FINE
        binned = images.reshape(shape.n_angles, shape.n_y, _FINE, stop - start, _FINE).mean((2, 4))
        result[:, :, start:stop] = binned
        progress.advance(stop / width)
    return result


def _repeated(values: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in range(3):
        values = np.repeat(values, _FINE, axis)
    return values
