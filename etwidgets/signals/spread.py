"""How far a volume varies: it is reconstructed again with other weights of its projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import cluster, engine
from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.errors import ParameterError
from etwidgets.resources import check_memory
from etwidgets.signals.reconstruction import as_volume, geometry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.cluster.running import Cluster
    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.tilt_series import TiltSeries

_PERTURBATION = 0.5
_TILTS_PER_SUBSET = 5
_FEWEST_TILTS = 6
_MOST_DRAWS = 1000
_FEWEST_COLUMNS, _MOST_COLUMNS = 8, 64  # of a piece for a cluster
_STEPS_PER_DRAW = 20


def quick_options(n_tilts: int, iterations: int, minimum: float | None) -> dict[str, Any]:
    """Keywords of :func:`etwidgets.engine.reconstruct` for the fastest non-negative reconstruction.

    Raises
    ------
    ParameterError
        If there are too few tilts to weigh them against each other, or iterations are no positive integer.
    """
    if n_tilts < _FEWEST_TILTS:
        raise ParameterError(f"{n_tilts} projections are too few; {_FEWEST_TILTS} or more are needed")
    count = checked_count("iterations", iterations, highest=MOST_ITERATIONS)
    return {
        "algorithm": "OS-SIRT",
        "n_subsets": max(1, round(n_tilts / _TILTS_PER_SUBSET)),
        "momentum": 0.6,
        "iterations": count,
        "minimum": minimum,
    }


def pair_weights(tilts_deg: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Weights ``(T,)`` of a draw: of two neighbors in tilt, one counts 1.5 and the other 0.5."""
    order, count = np.argsort(tilts_deg, kind="stable"), len(tilts_deg)
    first = int(random.integers(2))
    signs = np.empty(count)
    for i in range(first - 2 * first, count, 2):
        sign = random.choice([-1.0, 1.0])
        for place, value in ((i, sign), (i + 1, -sign)):
            if 0 <= place < count:
                signs[order[place]] = value
    return 1 + _PERTURBATION * signs


def reconstruction_spread(
    stack: TiltSeries,
    *,
    draws: int,
    iterations: int,
    constrain: bool,
    thresh: float,
    thickness: int | None,
    seed: int,
    progress: Progress,
) -> RecStack:
    """See :meth:`etwidgets.TomoStack.reconstruction_spread`."""
    count = checked_count("draws", draws, 2, _MOST_DRAWS)
    shape = geometry(stack, thickness)
    minimum = thresh if constrain else None
    options = quick_options(shape.n_angles, iterations, minimum)
    size = stack.data.shape[-1] * shape.n_z * shape.n_y
    check_memory(3 * 4.0 * size, "a volume, its mean and its spread")
    data, random = np.asarray(stack.data), np.random.default_rng(seed)
    per_subset = shape.n_angles / options["n_subsets"]
    factor = float(np.sqrt(per_subset / (per_subset - 1)) / _PERTURBATION)
    drawn = _Draws(shape, [pair_weights(stack.tilts_deg, random) for _ in range(count)], options, factor)
    place = cluster.active()
    spread = drawn.spread(data, progress) if place is None else _on_cluster(place, drawn, data, progress)
    kept = {name: value for name, value in options.items() if value is not None}
    result = as_volume(stack, spread, {**kept, "thickness": shape.n_z})
    result.metadata.set_item(
        "Tomography.spread",
        {"what": "standard deviation", "draws": count, "seed": seed, "perturbation": _PERTURBATION,
         "factor": factor},
    )  # fmt: skip
    result.metadata.General.title = f"Standard deviation of {stack.metadata.General.title}".strip()
    return result


@dataclass(frozen=True, eq=False)
class _Draws:
    """The repetitions: their weights ``(T,)`` each, and what the standard deviation is multiplied with."""

    shape: engine.Geometry
    weights: list[NDArray[np.float64]]
    options: dict[str, Any]
    factor: float

    def spread(self, data: NDArray[Any], progress: Progress) -> NDArray[np.float32]:
        """Standard deviation ``(X, Z, Y)`` for projections ``(T, Y, X)``, each column by itself."""
        count = len(self.weights)
        mean = np.zeros((data.shape[2], self.shape.n_z, self.shape.n_y), np.float32)
        squares = np.zeros_like(mean)
        for i, weights in enumerate(self.weights):
            title = f"draw {i + 1} of {count}"
            part = progress.part(i / count, (i + 1) / count, may_finish=False, title=title)
            volume = engine.reconstruct(data, self.shape, weights=weights, progress=part, **self.options)
            for x, slice_ in enumerate(volume):
                change = slice_ - mean[x]
                mean[x] += change / (i + 1)
                squares[x] += change * (slice_ - mean[x])
        np.sqrt(squares / (count - 1), out=squares)
        squares *= np.float32(self.factor)
        return squares


def _on_cluster(place: Cluster, drawn: _Draws, data: NDArray[Any], progress: Progress) -> NDArray[np.float32]:
    """As :meth:`_Draws.spread`; all repetitions of some columns are one piece, so that data travel once."""
    result = np.empty((data.shape[2], drawn.shape.n_z, drawn.shape.n_y), np.float32)
    width = int(np.clip(-(-data.shape[2] // max(place.n_threads, 1)), _FEWEST_COLUMNS, _MOST_COLUMNS))

    def columns(i: int) -> slice:
        return slice(i * width, (i + 1) * width)

    def take(i: int, spread: NDArray[np.float32]) -> None:
        result[columns(i)] = spread

    def piece(i: int) -> NDArray[Any]:
        return np.ascontiguousarray(data[..., columns(i)])

    count, n_steps = -(-data.shape[2] // width), _STEPS_PER_DRAW * len(drawn.weights)
    place.run(cluster.Pieces(_spread_of, drawn, count, piece, take, n_steps), progress, f"on {place.text}")
    return result


def _spread_of(drawn: _Draws, data: NDArray[Any], step: Callable[[], None]) -> NDArray[np.float32]:
    return drawn.spread(data, cluster.StepProgress(step, _STEPS_PER_DRAW * len(drawn.weights)))
