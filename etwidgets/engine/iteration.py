"""Iterative reconstruction of a few slices, one iteration after the other; the caller stops when it likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count
from etwidgets.engine import blocks
from etwidgets.engine.algorithms.table import checked_options, find_algorithm
from etwidgets.engine.memory import check_memory_of
from etwidgets.engine.reconstruction import checked_start, magnitude
from etwidgets.engine.runs import Run, prepare
from etwidgets.engine.team import Team

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry


@dataclass(frozen=True, eq=False)
class Iterate:
    """Where an iterative algorithm has got to.

    Attributes
    ----------
    iteration
        How many iterations were done; of SART and OS-SIRT: sweeps over all projections.
    residual
        L2 norm of data minus reprojection of ``estimate``, over all slices, weighted if the data are.
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
    minimum: float | None = None,
    maximum: float | None = None,
    start: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    mask: NDArray[np.bool_] | None = None,
    chunk: int = 1,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    **options: Any,
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
    chunk
        Iterations between two yields; the last one may be shorter.
    minimum, maximum, start, weights, mask, model, backend, n_workers, **options
        As in :func:`etwidgets.engine.reconstruct`; of DART the ``dart_iterations`` are counted here.

    Yields
    ------
    Iterate
        The result does not depend on ``chunk``, and the last is what ``reconstruct`` gives. The residual
        costs SIRT and FISTA-TV one projection in all, CGLS without limits none, and the others one for
        each that is yielded.

    Raises
    ------
    ParameterError, ShapeError, DataError
        Before the first iteration, if something does not fit.
    MemoryLimitError
        If it does not fit into the memory.
    MissingDependencyError
        If the backend needs ASTRA and it is not installed.
    """
    record = find_algorithm(algorithm, iterative=True)
    chosen = checked_options(record, options)
    chunk = checked_count("chunk", chunk)
    given = np.asarray(sinograms)
    data = geometry.checked_projections(np.moveaxis(given, 0, -1) if given.ndim == 3 else given)
    check_memory_of(
        geometry, record.name, n_slices=data.shape[2], model=model, backend=backend, n_workers=n_workers,
        in_step=True,
    )  # fmt: skip
    first = checked_start(start, geometry, record, data.shape[2])
    run = prepare(
        geometry, record, chosen, largest=magnitude(data), minimum=minimum, maximum=maximum, weights=weights,
        mask=mask, model=model, backend=backend, n_workers=n_workers,
    )  # fmt: skip
    return _iterates(run, data, first, chunk)


def _iterates(run: Run, data: NDArray[Any], start: NDArray[Any] | None, chunk: int) -> Iterator[Iterate]:
    with Team(run.n_threads) as team:
        portions = blocks.portions(data.shape[2], run.widths)
        running = [
            run.method.begin(run.block(data, start, *portion, team, watched=True)) for portion in portions
        ]
        done = 0
        while done < run.method.n_iterations:
            count = min(chunk, run.method.n_iterations - done)
            for block in running:
                for _ in range(count):
                    block.advance(lambda: None)
            done += count
            estimate = np.empty((data.shape[2], run.geometry.n_z, run.geometry.n_y), np.float32)
            squares = 0.0
            for (slices, _width), block in zip(portions, running, strict=True):
                squares += float(block.squares()[: len(slices)].sum())
                run.hand_over(block.estimate, estimate[slices.start : slices.stop])
            yield Iterate(done, float(np.sqrt(squares)) / run.factor, estimate)
