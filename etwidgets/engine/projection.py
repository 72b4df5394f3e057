"""Forward and back projection of whole stacks, slice by slice in threads; knows nothing of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine import slices_in_threads
from etwidgets.engine.astra_slices import SliceSolver, use_cuda
from etwidgets.progress import NullProgress, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.slices_in_threads import Shared


def forward_project(
    volume: NDArray[Any],
    geometry: Geometry,
    *,
    model: str = "linear",
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Project a volume ``(X, Z, Y)``: line integrals ``(T, Y, X)``, float32.

    Parameters
    ----------
    volume
        Real, finite numbers; not written.
    geometry
        With as many rows and columns as the slices have.
    model
        ``"linear"`` (Joseph) or ``"strip"`` (area overlap).
    backend
        ``"auto"``, ``"astra-cpu"`` or ``"astra-cuda"``.
    n_workers
        Threads; None: all cores. The result does not depend on it.
    progress
        Told how far the work is, and may stop it.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the volume does not fit, is not finite, or a name is wrong.
    """
    data = geometry.checked_volume(volume)
    cuda = use_cuda(backend)
    result = np.empty((geometry.n_angles, geometry.n_y, len(data)), np.float32)

    def task(x: int, shared: Shared) -> None:
        with SliceSolver(geometry, model, cuda=cuda) as solver:
            result[:, :, x] = solver.forward(data[x])
        shared.step()

    told = progress or NullProgress()
    slices_in_threads.run(task, len(data), steps_per_task=1, n_workers=n_workers, progress=told)
    return result


def back_project(
    projections: NDArray[Any],
    geometry: Geometry,
    *,
    model: str = "linear",
    backend: str = "auto",
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Back-project ``(T, Y, X)``: a volume ``(X, Z, Y)``, float32; the adjoint of :func:`forward_project`.

    The parameters and errors are those of :func:`forward_project`.
    """
    data = geometry.checked_projections(projections)
    cuda = use_cuda(backend)
    result = np.empty((data.shape[2], geometry.n_z, geometry.n_y), np.float32)

    def task(x: int, shared: Shared) -> None:
        with SliceSolver(geometry, model, cuda=cuda) as solver:
            result[x] = solver.back(data[:, :, x])
        shared.step()

    told = progress or NullProgress()
    slices_in_threads.run(task, len(result), steps_per_task=1, n_workers=n_workers, progress=told)
    return result
