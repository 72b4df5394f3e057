"""Iterative reconstruction of a few slices, one iteration after the other; the caller stops when it likes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.astra_slices import SliceSolver, use_cuda
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

ITERATIVE = ("SIRT", "SART")
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


def iterate(
    sinograms: NDArray[Any],
    geometry: Geometry,
    *,
    algorithm: str = "SIRT",
    iterations: int = 20,
    minimum: float | None = None,
    maximum: float | None = None,
    start: NDArray[Any] | None = None,
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
        How many at most.
    minimum, maximum
        Limits put on the estimate in every iteration; None: none.
    start
        ``(X, Z, Y)`` first estimate; default: zeros.
    chunk
        Iterations between two yields; the last one may be shorter.
    model, backend
        As in :func:`etwidgets.engine.forward_project`.

    Yields
    ------
    Iterate
        The result does not depend on ``chunk``.

    Raises
    ------
    ParameterError, ShapeError, DataError
        Before the first iteration, if something does not fit.
    """
    name = checked_iterative(algorithm)
    for what, value in (("iterations", iterations), ("chunk", chunk)):
        check_count(what, value)
    data = geometry.checked_projections(np.moveaxis(np.asarray(sinograms), 0, -1))
    shape = (data.shape[2], geometry.n_z, geometry.n_y)
    first = np.zeros(shape, np.float32) if start is None else geometry.checked_volume(start)
    return _run(data, geometry, name, iterations, (minimum, maximum), first, chunk, model, use_cuda(backend))


def _run(
    data: NDArray[Any],
    geometry: Geometry,
    name: str,
    iterations: int,
    limits: tuple[float | None, float | None],
    first: NDArray[Any],
    chunk: int,
    model: str,
    cuda: bool,
) -> Iterator[Iterate]:
    sinograms = np.ascontiguousarray(np.moveaxis(data, -1, 0), dtype=np.float32)
    with ExitStack() as objects:
        probe = objects.enter_context(SliceSolver(geometry, model, cuda=cuda))
        running = []
        for sinogram, estimate in zip(sinograms, first, strict=True):
            solver = objects.enter_context(SliceSolver(geometry, model, cuda=cuda))
            running.append(objects.enter_context(solver.iterative(name, sinogram, estimate, limits)))
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


def check_count(what: str, value: float) -> None:
    """Raise ParameterError unless ``value`` is a whole number, at least 1."""
    if isinstance(value, bool) or value != int(value) or value < 1:
        raise ParameterError(f"{what} must be a whole number, at least 1, not {value}")
