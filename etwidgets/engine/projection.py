"""Forward and back projection of whole stacks, in blocks of slices; knows nothing of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from etwidgets.engine import blocks
from etwidgets.engine.backends import find_backend
from etwidgets.engine.projectors import back
from etwidgets.engine.team import Team, checked_workers
from etwidgets.progress import NullProgress, Progress
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.projectors import Projector


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
        ``"linear"`` (Joseph 1982, doi:10.1109/TMI.1982.4307572) or ``"strip"`` (area overlap).
    backend
        ``"auto"``, ``"cpu"``, ``"astra-cpu"`` or ``"astra-cuda"``.
    n_workers
        Threads; None: all cores. The result does not depend on it.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the volume does not fit, is not finite, or a name is wrong.
    MissingDependencyError
        If the backend needs ASTRA and it is not installed.
    MemoryLimitError
        If the projections do not fit into the memory.
    """
    data = np.moveaxis(geometry.checked_volume(volume), 0, -1)
    _check_memory(geometry.n_angles, data.shape[2], geometry, "the projected series")
    result = np.empty((geometry.n_angles, geometry.n_y, data.shape[2]), np.float32)

    def project(projector: Projector, slices: range) -> None:
        block = projector.forward(blocks.load(data, slices, projector.width))
        result[..., slices.start : slices.stop] = block[..., : len(slices)]

    _in_blocks(project, data.shape[2], geometry, model, backend, n_workers, progress)
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

    The parameters and errors are those of :func:`forward_project`; there is one more model,
    ``"interpolation"``, which is nobody's adjoint.
    """
    data = geometry.checked_projections(projections)
    _check_memory(geometry.n_z, data.shape[2], geometry, "a back projection")
    result = np.empty((data.shape[2], geometry.n_z, geometry.n_y), np.float32)

    def project(projector: Projector, slices: range) -> None:
        volume = back(projector, blocks.load(data, slices, projector.width))
        result[slices.start : slices.stop] = np.moveaxis(volume[..., : len(slices)], -1, 0)

    _in_blocks(project, data.shape[2], geometry, model, backend, n_workers, progress)
    return result


def as_linear_operator(
    geometry: Geometry, *, model: str = "linear", backend: str = "auto", n_workers: int | None = None
) -> LinearOperator:
    """The projection of one slice as SciPy's linear operator, for solvers from elsewhere.

    Parameters
    ----------
    geometry
        Of the slice.
    model, backend, n_workers
        As in :func:`forward_project`.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator
        float32, of the shape ``(T * Y, Z * Y)``: takes a slice ``(Z, Y)``, flattened, and gives its sinogram
        ``(T, Y)``, flattened; its adjoint is the back projection. Given a matrix it projects one slice per
        column, all together, which is many times faster than one after the other.
    """
    settings: dict[str, Any] = {"model": model, "backend": backend, "n_workers": n_workers}
    find_backend(backend, model)

    def project(slices: NDArray[Any]) -> NDArray[np.float32]:
        volume = np.asarray(slices).reshape(geometry.n_z, geometry.n_y, -1)
        sinograms = forward_project(np.moveaxis(volume, -1, 0), geometry, **settings)
        return sinograms.reshape(-1, volume.shape[2])

    def gather(sinograms: NDArray[Any]) -> NDArray[np.float32]:
        rows = np.asarray(sinograms).reshape(geometry.n_angles, geometry.n_y, -1)
        volume = back_project(rows, geometry, **settings)
        return np.moveaxis(volume, 0, -1).reshape(-1, rows.shape[2])

    return LinearOperator(
        shape=(geometry.n_angles * geometry.n_y, geometry.n_z * geometry.n_y),
        matvec=lambda vector: project(vector).ravel(),
        rmatvec=lambda vector: gather(vector).ravel(),
        matmat=project,
        rmatmat=gather,
        dtype=np.float32,
    )


def _check_memory(n_rows: int, n_slices: int, geometry: Geometry, what: str) -> None:
    # a block, its projections, and a result of so many rows a slice
    block = 64 * (geometry.n_z + geometry.n_angles) * geometry.n_y
    check_memory(4.0 * (n_slices * n_rows * geometry.n_y + block), what)


def _in_blocks(
    project: Callable[[Projector, range], None],
    n_slices: int,
    geometry: Geometry,
    model: str,
    backend: str,
    n_workers: int | None,
    progress: Progress | None,
) -> None:
    chosen = find_backend(backend, model)

    def work(slices: range, width: int, team: Team, step: Callable[[], None]) -> None:
        project(chosen.projector(geometry, model, width, team), slices)
        step()

    blocks.run(
        work,
        blocks.portions(n_slices, chosen.widths(geometry)),
        n_threads=checked_workers(n_workers) if chosen.threaded else 1,
        n_steps=1,
        progress=progress or NullProgress(),
    )
