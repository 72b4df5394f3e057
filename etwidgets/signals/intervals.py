"""The intervals of numbers measured in a volume: the experiment is repeated with its result as the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import analysis
from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.resources import check_memory
from etwidgets.signals import repetitions
from etwidgets.signals.reconstruction import geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval
    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

_MOST_DRAWS = 1000
_MOST_VOXELS = 4_000_000
_COPIES = (6, 4)  # of the projections, and of the volume, at the peak


def binning_for(voxels: int) -> int:
    """By how much to bin a series so that its volume has no more than 4 million voxels: 1, 2, 4 ..."""
    factor = 1
    while voxels / factor**3 > _MOST_VOXELS:
        factor *= 2
    return factor


def measure_intervals(
    stack: TiltSeries,
    quantities: Callable[..., Mapping[str, float]],
    threshold: float | Sequence[float] | None,
    *,
    volume: Any,
    draws: int,
    iterations: int,
    thickness: int | None,
    binning: int,
    seed: int,
    progress: Progress,
) -> dict[str, MeasuredInterval]:
    """See :meth:`etwidgets.TomoStack.measure_intervals`."""
    count = checked_count("draws", draws, 6, _MOST_DRAWS)
    number = checked_count("iterations", iterations, 2, MOST_ITERATIONS // 2)
    factor = checked_count("binning", binning, 1, min(stack.data.shape[-2:]))
    shown = None if volume is None else np.asarray(getattr(volume, "data", volume), dtype=np.float32)
    shape = geometry(stack, thickness if shown is None or thickness is not None else shown.shape[1])
    _check_shape(shown, (stack.data.shape[-1], shape.n_z, shape.n_y))
    size = stack.data.shape[-1] * shape.n_z * shape.n_y
    check_memory(
        4.0 * (_COPIES[0] * stack.data.size / factor**2 + _COPIES[1] * size / factor**3),
        "the repetitions of the experiment",
    )
    data = repetitions.binned(np.asarray(stack.data, dtype=np.float32), factor)
    small = replace(shape, n_y=data.shape[1], n_z=-(-shape.n_z // factor))
    run = repetitions.QuickRun(data, small, number)
    quick = run.reconstruct(run.data, progress.part(0, 0.03, may_finish=False))
    levels = _levels(threshold, shown, quick)
    voxel = voxel_nm(stack)
    measure = _Measure(quantities, voxel * factor, levels)
    measured, moved = _of_the_series(run, quick, measure, progress.part(0.03, 0.1, may_finish=False))
    simulated = _of_repetitions(
        run, quick, measure, count, repetitions.axis_of(stack, factor), seed,
        progress.part(0.1, 1, may_finish=False),
    )  # fmt: skip
    found = {name: _interval(name, measured, simulated, moved) for name in measured[0]}
    if shown is not None and threshold is not None:
        values = quantities(shown, voxel, *_as_tuple(threshold))
        found = {name: replace(each, value=float(values[name])) for name, each in found.items()}
    return found


def voxel_nm(stack: TiltSeries) -> float:
    """The pixel size in nm; 1 where it is not known."""
    axis = stack.axes_manager["x"]
    return float(axis.scale) if str(axis.units) == "nm" else 1.0


@dataclass(frozen=True)
class _Measure:
    quantities: Callable[..., Mapping[str, float]]
    voxel: float
    levels: tuple[float, ...]

    def __call__(self, volume: NDArray[np.float32], move: float = 0.0) -> dict[str, float]:
        return dict(self.quantities(volume, self.voxel, *(level + move for level in self.levels)))


def _as_tuple(threshold: float | Sequence[float]) -> tuple[float, ...]:
    return tuple(threshold) if isinstance(threshold, tuple | list) else (threshold,)  # type: ignore[return-value]


def _check_shape(shown: NDArray[np.float32] | None, shape: tuple[int, int, int]) -> None:
    if shown is not None and shown.shape != shape:
        raise ShapeError(
            f"a volume of this series has the shape (X, Z, Y) = {shape}, not {shown.shape}; give one "
            "that was reconstructed from it"
        )


def _levels(
    threshold: float | Sequence[float] | None, shown: NDArray[np.float32] | None, quick: NDArray[np.float32]
) -> tuple[float, ...]:
    """The thresholds in the gray scale of the quick volume."""
    if threshold is None:
        return analysis.threshold_of(quick)
    given = _as_tuple(threshold)
    return given if shown is None else analysis.matched_thresholds(given, shown, quick)


def _numbers(iterations: int) -> tuple[int, int, int]:
    return iterations, iterations // 2, 2 * iterations


def _of_the_series(
    run: repetitions.QuickRun, quick: NDArray[np.float32], measure: _Measure, progress: Progress
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """What is measured with each number of iterations, and with the thresholds moved down and up."""
    move = analysis.SHIFT_OF_EDGE * analysis.step_at(quick, measure.levels[0])
    moved = [measure(quick, sign * move) for sign in (-1, 1)]
    measured = [measure(quick)]
    for i, number in enumerate(_numbers(run.iterations)[1:]):
        part = progress.part(i / 2, (i + 1) / 2, title="other numbers of iterations")
        measured.append(measure(run.reconstruct(run.data, part, number)))
    return measured, moved


def _of_repetitions(
    run: repetitions.QuickRun,
    quick: NDArray[np.float32],
    measure: _Measure,
    count: int,
    axis: tuple[tuple[float, float], tuple[float, float]],
    seed: int,
    progress: Progress,
) -> list[list[dict[str, float]]]:
    """What is measured in the repetitions with each number of iterations; a number that failed is missing."""
    errors = repetitions.errors_of(run, quick, progress.part(0, 0.15))
    part = progress.part(0.15, 0.3, title="simulated specimen")
    clean = repetitions.sharp_projections(quick, measure.levels[0], run.shape, part)
    simulated: list[list[dict[str, float]]] = [[], [], []]
    random = np.random.default_rng(seed)
    for i in range(count):
        title = f"repetition {i + 1} of {count}"
        part = progress.part(0.3 + 0.7 * i / count, 0.3 + 0.7 * (i + 1) / count, title=title)
        drawn = repetitions.drawn(clean, errors, axis, random)
        again = run.reconstruct(drawn, part, _numbers(run.iterations)[i % 3])
        try:
            simulated[i % 3].append(measure(again))
        except (DataError, ParameterError):  # nothing to measure in this one
            continue
    return simulated


def _interval(
    name: str,
    measured: Sequence[Mapping[str, float]],
    simulated: Sequence[Sequence[Mapping[str, float]]],
    moved: Sequence[Mapping[str, float]],
) -> MeasuredInterval:
    """Of a number, from the repetitions in which it could be measured."""
    groups = [[each[name] for each in group if np.isfinite(each.get(name, np.nan))] for group in simulated]
    if min(map(len, groups)) < 2:
        raise DataError(
            f"{name or 'the number'} could be measured in {sum(map(len, groups))} repetitions only; choose "
            "another threshold, or more draws"
        )
    return analysis.interval_of_draws(
        [each.get(name, np.nan) for each in measured], groups, [each.get(name, np.nan) for each in moved]
    )
