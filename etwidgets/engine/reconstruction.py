"""Reconstruction of whole stacks, by name; spreads slices over threads, and leaves each to its algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine import dart, filters, slices_in_threads
from etwidgets.engine.astra_slices import SliceSolver, use_cuda
from etwidgets.engine.checks import Limits, checked_count, checked_limits
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.slices_in_threads import Shared

    SliceTask = Callable[[NDArray[np.float32], int, Callable[[], None]], NDArray[np.float32]]

ALGORITHMS = ("BP", "FBP", "SIRT", "SART", "DART")
"""Names that ``algorithm`` accepts, in any letter case."""

_DIRECT_MODEL, _ITERATIVE_MODEL = "strip", "linear"


def reconstruct(
    projections: NDArray[Any],
    geometry: Geometry,
    *,
    algorithm: str = "FBP",
    iterations: int = 20,
    minimum: float | None = None,
    maximum: float | None = None,
    filter_name: str = "shepp-logan",
    weight_tilts: bool = False,
    gray_levels: Sequence[float] | None = None,
    dart_iterations: int = 10,
    fix_probability: float = 0.85,
    seed: int = 0,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Reconstruct a volume ``(X, Z, Y)``, float32, from projections ``(T, Y, X)``.

    Parameters
    ----------
    projections
        Real, finite numbers of any type; not written.
    geometry
        Angles and size of a slice.
    algorithm
        One of :data:`ALGORITHMS`. BP smears the projections back and gives their mean; FBP filters
        them first, and gives the object's own values. SIRT (Gilbert 1972,
        doi:10.1016/0022-5193(72)90180-4) corrects with all projections at once; SART (Andersen and Kak
        1984, doi:10.1016/0161-7346(84)90008-7) with one after the other. DART gives only
        ``gray_levels``.
    iterations
        Of SIRT; sweeps over all tilts of SART; inner iterations of DART.
    minimum, maximum
        Limits put on the estimate in every iteration, and on the result of BP and FBP; None: none.
    filter_name
        One of :data:`etwidgets.engine.FILTERS`; only FBP uses it.
    weight_tilts
        BP and FBP: weigh each projection by the angle it stands for instead of all alike.
    gray_levels
        DART's values, on any scale.
    dart_iterations
        How often DART segments and solves again.
    fix_probability
        DART's chance to fix a pixel inside an even region, 0 to 1.
    seed
        Of DART's random choices; each slice has its own stream, whichever thread works on it.
    model
        ``"linear"`` or ``"strip"``; default: strip for BP and FBP, which is steadier under noise,
        linear for the others.
    backend
        ``"auto"``, ``"astra-cpu"`` or ``"astra-cuda"``.
    n_workers
        Threads; None: all cores.
    progress
        Told how far the work is, and may stop it within a fraction of a second.

    Raises
    ------
    ParameterError, ShapeError, DataError, TiltCountError
        If a parameter is wrong, or the projections do not fit or are not finite.
    MissingDependencyError
        If ASTRA is not installed.
    """
    name = str(algorithm).upper()
    if name not in ALGORITHMS:
        raise ParameterError(f"no algorithm {algorithm!r}; choose from {', '.join(ALGORITHMS)}")
    iterations = checked_count("iterations", iterations)
    limits = checked_limits(minimum, maximum)
    data = geometry.checked_projections(projections)
    cuda = use_cuda(backend)
    if name in ("BP", "FBP"):
        task = _direct(geometry, name, filter_name, limits, model or _DIRECT_MODEL, cuda, weight_tilts)
        steps = 1
    elif name == "DART":
        options = dart.checked_options(gray_levels, iterations, dart_iterations, fix_probability)
        seed = checked_count("the seed", seed, lowest=0)
        task, steps = _dart(geometry, options, seed, model or _ITERATIVE_MODEL, cuda), options.n_steps
    else:
        task, steps = (
            _iterative(geometry, name, iterations, limits, model or _ITERATIVE_MODEL, cuda),
            iterations,
        )
    result = np.empty((data.shape[2], geometry.n_z, geometry.n_y), np.float32)

    def run_slice(x: int, shared: Shared) -> None:
        result[x] = task(np.ascontiguousarray(data[:, :, x], dtype=np.float32), x, shared.step)

    told = progress or NullProgress()
    slices_in_threads.run(run_slice, len(result), steps_per_task=steps, n_workers=n_workers, progress=told)
    return result


def _direct(
    geometry: Geometry,
    name: str,
    filter_name: str,
    limits: Limits,
    model: str,
    cuda: bool,
    weight_tilts: bool,
) -> SliceTask:
    weights = filters.angle_weights(geometry.angles_rad, by_step=weight_tilts)
    if name == "BP":
        weights = weights / np.pi
    scale = weights[:, np.newaxis].astype(np.float32)
    factors = filters.response(filter_name, geometry.n_y) if name == "FBP" else None

    def task(sinogram: NDArray[np.float32], _: int, step: Callable[[], None]) -> NDArray[np.float32]:
        filtered = sinogram if factors is None else filters.filter_sinogram(sinogram, factors)
        with SliceSolver(geometry, model, cuda=cuda) as solver:
            image = solver.back(filtered * scale)
        step()
        return image if limits == (None, None) else np.clip(image, *limits)

    return task


def _iterative(
    geometry: Geometry,
    name: str,
    iterations: int,
    limits: Limits,
    model: str,
    cuda: bool,
) -> SliceTask:
    def task(sinogram: NDArray[np.float32], _: int, step: Callable[[], None]) -> NDArray[np.float32]:
        with SliceSolver(geometry, model, cuda=cuda) as solver:
            first = np.zeros(solver.slice_shape, np.float32)
            with solver.iterative(name, sinogram, first, limits) as running:
                for _iteration in range(iterations):
                    running.run(1)
                    step()
                return running.estimate()

    return task


def _dart(geometry: Geometry, options: dart.DartOptions, seed: int, model: str, cuda: bool) -> SliceTask:
    def task(sinogram: NDArray[np.float32], x: int, step: Callable[[], None]) -> NDArray[np.float32]:
        random = np.random.default_rng([seed, x])
        with SliceSolver(geometry, model, cuda=cuda) as solver:
            *_, last = dart.iterates(solver, sinogram, options, random, step)
            return last

    return task
