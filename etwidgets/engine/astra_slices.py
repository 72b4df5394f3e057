"""One slice at a time through ASTRA: makes its objects, deletes them, and hides its conventions.

Knows no threads and no progress. Objects that belong to the caller are never touched: nothing here
calls ``astra.clear``.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from etwidgets.errors import MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry

MODELS = ("linear", "strip")
BACKENDS = ("auto", "astra-cpu", "astra-cuda")
_GOLDEN = (np.sqrt(5) - 1) / 2


def astra() -> Any:
    """The ASTRA toolbox.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import astra as toolbox
    except ImportError as error:
        raise MissingDependencyError(
            "reconstruction needs the ASTRA toolbox: pip install astra-toolbox (Linux, Windows), "
            "or conda install -c conda-forge astra-toolbox"
        ) from error
    return toolbox


@cache
def cuda_available() -> bool:
    """Whether ASTRA can use a CUDA device here."""
    return bool(astra().use_cuda())


def use_cuda(backend: str) -> bool:
    """Whether a backend's name means CUDA here.

    Raises
    ------
    ParameterError
        If there is no such backend, or CUDA was asked for and there is no device.
    """
    if backend not in BACKENDS:
        raise ParameterError(f"no backend {backend!r}; choose from {', '.join(BACKENDS)}")
    if backend == "astra-cuda" and not cuda_available():
        raise ParameterError("no CUDA device that ASTRA can use; leave out cuda=True, or use backend='auto'")
    return backend == "astra-cuda" or (backend == "auto" and cuda_available())


class SliceSolver:
    """ASTRA's objects for one slice geometry; use as a context manager, in one thread.

    Parameters
    ----------
    geometry
        Of the slice.
    model
        ``"linear"`` (Joseph) or ``"strip"``; CUDA has its own, close to linear.
    cuda
        Use the GPU.
    """

    def __init__(self, geometry: Geometry, model: str, *, cuda: bool) -> None:
        if model not in MODELS:
            raise ParameterError(f"no projector model {model!r}; choose from {', '.join(MODELS)}")
        self._astra = astra()
        self._cuda = cuda
        n_y, n_z = geometry.n_y, geometry.n_z
        # ASTRA's rows run downwards and its y upwards, so its own angle is ours
        self._volume_geometry = self._astra.create_vol_geom(n_z, n_y)
        self._projection_geometry = self._astra.create_proj_geom("parallel", 1.0, n_y, geometry.angles_rad)
        self._model = "cuda" if cuda else model
        self._order = spread_order(geometry.angles_rad)
        self.slice_shape, self.sinogram_shape = (n_z, n_y), (geometry.n_angles, n_y)

    def __enter__(self) -> Self:
        toolbox = self._astra
        with contextlib.ExitStack() as objects:
            self._projector = toolbox.create_projector(
                self._model, self._projection_geometry, self._volume_geometry
            )
            objects.callback(toolbox.projector.delete, self._projector)
            self._volume = toolbox.data2d.create("-vol", self._volume_geometry)
            objects.callback(toolbox.data2d.delete, self._volume)
            self._sinogram = toolbox.data2d.create("-sino", self._projection_geometry)
            objects.callback(toolbox.data2d.delete, self._sinogram)
            self._objects = objects.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._objects.close()

    def forward(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Project a slice ``(Z, Y)``: ``(T, Y)``."""
        self._astra.data2d.store(self._volume, _as_float32(image))
        with self._algorithm("FP", VolumeDataId=self._volume, ProjectionDataId=self._sinogram) as algorithm:
            self._astra.algorithm.run(algorithm)
        return self._astra.data2d.get(self._sinogram)

    def back(self, sinogram: NDArray[Any]) -> NDArray[np.float32]:
        """Back-project a sinogram ``(T, Y)``: ``(Z, Y)``; the adjoint of :meth:`forward`."""
        self._astra.data2d.store(self._sinogram, _as_float32(sinogram))
        inputs = {"ReconstructionDataId": self._volume, "ProjectionDataId": self._sinogram}
        with self._algorithm("BP", **inputs) as algorithm:
            self._astra.algorithm.run(algorithm)
        return self._astra.data2d.get(self._volume)

    @contextlib.contextmanager
    def iterative(
        self,
        algorithm: str,
        sinogram: NDArray[Any],
        start: NDArray[Any],
        limits: tuple[float | None, float | None],
    ) -> Iterator[Iterations]:
        """SIRT or SART that can be run a few iterations at a time.

        Parameters
        ----------
        algorithm
            ``"SIRT"`` or ``"SART"``.
        sinogram
            ``(T, Y)``.
        start
            ``(Z, Y)`` first estimate.
        limits
            Lowest and highest value allowed in every iteration; None: no limit.
        """
        toolbox = self._astra
        toolbox.data2d.store(self._sinogram, _as_float32(sinogram))
        toolbox.data2d.store(self._volume, _as_float32(start))
        option: dict[str, Any] = {}
        for name, value in zip(("MinConstraint", "MaxConstraint"), limits, strict=True):
            if value is not None:
                option[name] = float(value)
        if algorithm == "SART":
            option["ProjectionOrder"] = "custom"
            option["ProjectionOrderList"] = self._order
        inputs = {"ReconstructionDataId": self._volume, "ProjectionDataId": self._sinogram}
        # one ASTRA iteration of SART is one projection; ours is one sweep over all of them
        sweep = self.sinogram_shape[0] if algorithm == "SART" else 1
        with self._algorithm(algorithm, option=option, **inputs) as running:
            yield Iterations(toolbox, running, self._volume, sweep)

    @contextlib.contextmanager
    def _algorithm(self, name: str, **entries: Any) -> Iterator[int]:
        config = self._astra.astra_dict(f"{name}_CUDA" if self._cuda else name)
        config["ProjectorId"] = self._projector
        config.update(entries)
        running = self._astra.algorithm.create(config)
        try:
            yield running
        finally:
            self._astra.algorithm.delete(running)


class Iterations:
    """A running algorithm of :meth:`SliceSolver.iterative`."""

    def __init__(self, toolbox: Any, algorithm: int, volume: int, sweep: int) -> None:
        self._astra, self._algorithm, self._volume, self._sweep = toolbox, algorithm, volume, sweep

    def run(self, count: int) -> None:
        """Do ``count`` more iterations (of SART: sweeps)."""
        self._astra.algorithm.run(self._algorithm, count * self._sweep)

    def estimate(self) -> NDArray[np.float32]:
        """A copy of the current estimate ``(Z, Y)``."""
        return self._astra.data2d.get(self._volume)


def spread_order(angles_rad: NDArray[np.float64]) -> NDArray[np.intp]:
    """An order of the projections in which one differs much in angle from the few before it.

    SART converges several times faster in it than from one tilt to the next. It depends on the
    angles only, not on the order in which they were acquired: rank k follows at the golden section.
    """
    places = np.arange(angles_rad.size) * _GOLDEN % 1
    ranks = np.argsort(np.argsort(places, kind="stable"), kind="stable")
    by_angle = np.argsort(angles_rad, kind="stable")
    return by_angle[ranks]


def _as_float32(image: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(image, dtype=np.float32)
