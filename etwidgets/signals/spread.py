"""How far a volume varies: it is reconstructed again with other weights of its projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.checks import MOST_ITERATIONS, checked_count
from etwidgets.errors import ParameterError
from etwidgets.resources import check_memory
from etwidgets.signals.reconstruction import as_volume, geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.rec_stack import RecStack
    from etwidgets.signals.tilt_series import TiltSeries

_PERTURBATION = 0.5
_TILTS_PER_SUBSET = 5
_FEWEST_TILTS = 6
_MOST_DRAWS = 1000


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
    mean = np.zeros((data.shape[2], shape.n_z, shape.n_y), np.float32)
    squares = np.zeros_like(mean)
    for i in range(count):
        part = progress.part(i / count, (i + 1) / count, may_finish=False, title=f"draw {i + 1} of {count}")
        weights = pair_weights(stack.tilts_deg, random)
        volume = engine.reconstruct(data, shape, weights=weights, progress=part, **options)
        for x, slice_ in enumerate(volume):
            change = slice_ - mean[x]
            mean[x] += change / (i + 1)
            squares[x] += change * (slice_ - mean[x])
    per_subset = shape.n_angles / options["n_subsets"]
    factor = np.sqrt(per_subset / (per_subset - 1)) / _PERTURBATION
    np.sqrt(squares / (count - 1), out=squares)
    squares *= np.float32(factor)
    kept = {name: value for name, value in options.items() if value is not None}
    result = as_volume(stack, squares, {**kept, "thickness": shape.n_z})
    result.metadata.set_item(
        "Tomography.spread",
        {"what": "standard deviation", "draws": count, "seed": seed, "perturbation": _PERTURBATION,
         "factor": float(factor)},
    )  # fmt: skip
    result.metadata.General.title = f"Standard deviation of {stack.metadata.General.title}".strip()
    return result
