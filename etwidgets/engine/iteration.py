"""Iterative reconstruction of a few slices, one iteration after the other; the caller stops when it likes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from etwidgets.engine import dart
from etwidgets.engine.astra_slices import SliceSolver, use_cuda
from etwidgets.engine.checks import Limits, checked_count, checked_limits
from etwidgets.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

ITERATIVE = ("SIRT", "SART", "DART")
"""The algorithms of :func:`iterate`."""


@dataclass(frozen=True, eq=False)
class Iterate:
    """Where an iterative algorithm has got to.

    Attributes
    ----------
    iteration
        How many iterations were done; of SART: sweeps over all projections.
    residual
        L2 norm of data minus reprojection of ``estimate``, over all slices.
    estimate
        ``(X, Z, Y)`` float32; a copy.
    """

    iteration: int
    residual: float
    estimate: NDArray[np.float32]


class _Running(Protocol):
    """An algorithm at work on one slice."""

    def run(self, count: int) -> None: ...
    def estimate(self) -> NDArray[np.float32]: ...


class _RunningDart:
    def __init__(self, images: Iterator[NDArray[np.float32]]) -> None:
        self._images = images

    def run(self, count: int) -> None:
        for _ in range(count):
            self._image = next(self._images)

    def estimate(self) -> NDArray[np.float32]:
        return self._image


def iterate(
    sinograms: NDArray[Any],
    geometry: Geometry,
    *,
    algorithm: str = "SIRT",
    iterations: int = 20,
    minimum: float | None = None,
    maximum: float | None = None,
    start: NDArray[Any] | None = None,
    gray_levels: Sequence[float] | None = None,
    dart_iterations: int = 10,
    fix_probability: float = 0.85,
    seed: int = 0,
    chunk: int = 1,
    model: str = "linear",
    backend: str = "auto",
) -> Iterator[Iterate]:
    """Reconstruct and yield every ``chunk`` iterations.

    Parameters
    ----------
    sinograms
        ``(X, T, Y)`` real, finite numbers; not written.
    geometry
        Of the slices.
    algorithm
        One of :data:`ITERATIVE`, in any letter case.
    iterations
        How many at most; of DART: the inner ones, between two of the ``dart_iterations`` that are
        counted here.
    minimum, maximum
        Limits put on the estimate of SIRT and SART in every iteration; None: none.
    start
        ``(X, Z, Y)`` first estimate of SIRT and SART; default: zeros.
    gray_levels, dart_iterations, fix_probability, seed
        Of DART, as in :func:`etwidgets.engine.reconstruct`.
    chunk
        Iterations between two yields; the last one may be shorter.
    model, backend
        As in :func:`etwidgets.engine.forward_project`.

    Yields
    ------
    Iterate
        The result does not depend on ``chunk``, and the last is what ``reconstruct`` gives.

    Raises
    ------
    ParameterError, ShapeError, DataError
        Before the first iteration, if something does not fit.
    MissingDependencyError
        If ASTRA is not installed.
    """
    name = checked_iterative(algorithm)
    count, chunk = checked_count("iterations", iterations), checked_count("chunk", chunk)
    limits = checked_limits(minimum, maximum)
    data = np.asarray(sinograms)
    data = geometry.checked_projections(np.moveaxis(data, 0, -1) if data.ndim == 3 else data)
    data = np.ascontiguousarray(np.moveaxis(data, -1, 0), dtype=np.float32)
    solver = partial(SliceSolver, geometry, model, cuda=use_cuda(backend))
    if name == "DART":
        if start is not None:
            raise ParameterError("DART begins with its own SIRT; leave out start")
        options = dart.checked_options(gray_levels, iterations, dart_iterations, fix_probability)
        count, seed = options.dart_iterations, checked_count("the seed", seed, lowest=0)
        begin = partial(_begin_dart, options=options, seed=seed)
    else:
        begin = partial(_begin, name=name, first=_checked_start(start, geometry, len(data)), limits=limits)
    return _run(data, solver(), solver, begin, count, chunk)


def _checked_start(start: NDArray[Any] | None, geometry: Geometry, n_slices: int) -> NDArray[Any]:
    if start is None:
        return np.broadcast_to(np.float32(0), (n_slices, geometry.n_z, geometry.n_y))
    first = geometry.checked_volume(start)
    if len(first) != n_slices:
        raise ShapeError(f"start has {len(first)} slices for {n_slices} sinograms; give one for each")
    return first


def _begin(
    solver: SliceSolver,
    sinogram: NDArray[np.float32],
    x: int,
    objects: ExitStack,
    *,
    name: str,
    first: NDArray[Any],
    limits: Limits,
) -> _Running:
    return objects.enter_context(solver.iterative(name, sinogram, first[x], limits))


def _begin_dart(
    solver: SliceSolver,
    sinogram: NDArray[np.float32],
    x: int,
    _objects: ExitStack,
    *,
    options: dart.DartOptions,
    seed: int,
) -> _Running:
    random = np.random.default_rng([seed, x])
    return _RunningDart(dart.iterates(solver, sinogram, options, random, lambda: None))


def _run(
    sinograms: NDArray[np.float32],
    probe: SliceSolver,
    new_solver: Callable[[], SliceSolver],
    begin: Callable[..., _Running],
    iterations: int,
    chunk: int,
) -> Iterator[Iterate]:
    with ExitStack() as objects:
        objects.enter_context(probe)
        running = [
            begin(objects.enter_context(new_solver()), sinogram, x, objects)
            for x, sinogram in enumerate(sinograms)
        ]
        done = 0
        while done < iterations:
            count = min(chunk, iterations - done)
            for slice_iterations in running:
                slice_iterations.run(count)
            done += count
            estimates = np.stack([slice_iterations.estimate() for slice_iterations in running])
            misfit = [
                float(np.sum((sinogram - probe.forward(estimate)).astype(np.float64) ** 2))
                for sinogram, estimate in zip(sinograms, estimates, strict=True)
            ]
            yield Iterate(done, float(np.sqrt(sum(misfit))), estimates)


def checked_iterative(algorithm: str) -> str:
    """The name of an iterative algorithm in capital letters, or a ParameterError."""
    name = str(algorithm).upper()
    if name not in ITERATIVE:
        raise ParameterError(f"{algorithm!r} is not iterative here; choose from {', '.join(ITERATIVE)}")
    return name
