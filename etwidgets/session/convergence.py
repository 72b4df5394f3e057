"""One slice, iteration by iteration: what is kept of it, and the thread that it runs in; draws nothing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.session.estimate import reconstruction_geometry
from etwidgets.signals.engine_parameters import iterations_name, to_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.engine import Algorithm, Iterate
    from etwidgets.session.runners import Runner

_MOST_BYTES = 200_000_000


class ConvergenceTrace:
    """The residual after each iteration, and as many of the slices as fit into the memory.

    Attributes
    ----------
    iterations, residuals
        Lists of equal length, in order.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self.iterations: list[int] = []
        self.residuals: list[float] = []
        self._most_bytes = most_bytes
        self._slices: dict[int, NDArray[np.float32]] = {}
        self._every = 1

    def add(self, step: Iterate) -> None:
        """Keep one more; if they become too many, every other of the earlier slices is let go."""
        self.iterations.append(step.iteration)
        self.residuals.append(step.residual)
        image = step.estimate[0]
        if step.iteration % self._every == 0 or step.iteration == 1:
            self._slices[step.iteration] = image
        self._last = (step.iteration, image)
        if len(self._slices) * image.nbytes > self._most_bytes and len(self._slices) > 2:
            self._every *= 2
            self._slices = {k: v for k, v in self._slices.items() if k % self._every == 0 or k == 1}

    def nearest(self, iteration: int) -> tuple[int, NDArray[np.float32]]:
        """The kept slice ``(Z, Y)`` whose iteration is nearest, with its number."""
        kept = {**self._slices, self._last[0]: self._last[1]}
        number = min(kept, key=lambda k: (abs(k - iteration), k))
        return number, kept[number]

    @property
    def thinned(self) -> bool:
        """Whether not every slice could be kept."""
        return self._every > 1


class SliceIterations:
    """Runs the iterations of one slice in a thread of its own; a newer start replaces an older one.

    Parameters
    ----------
    on_step
        Called with each :class:`~etwidgets.engine.Iterate`, on the thread of the user interface.
    on_end
        Called there when the iterations have ended or were stopped.
    on_error
        Called there with the exception, if there is one.
    runner
        Brings the results back; with an inline one all iterations are done at once.
    """

    def __init__(
        self,
        on_step: Callable[[Iterate], None],
        on_end: Callable[[], None],
        on_error: Callable[[Exception], None],
        runner: Runner,
    ) -> None:
        self._on_step, self._on_end, self._on_error = on_step, on_end, on_error
        self._runner = runner
        self._stop = threading.Event()
        self.running = False
        """Whether iterations are being done. Written here."""

    def start(
        self, sinogram: NDArray[Any], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any]
    ) -> None:
        """Follow a sinogram ``(T, Y)`` with the parameters of the operation ``reconstruct``."""
        self.stop()
        steps = iterations_of(sinogram, tilts_deg, parameters)
        self._stop, self.running = threading.Event(), True
        stop = self._stop
        self._runner.start(lambda: self._run(steps, stop))

    def stop(self) -> None:
        """End after the iteration that is being done; what was found stays."""
        self._stop.set()
        self.running = False

    def _run(self, steps: Iterator[Iterate], stop: threading.Event) -> None:
        try:
            for step in steps:
                if stop.is_set():
                    return
                self._post(stop, lambda step=step: self._on_step(step))  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001  (a worker must not die; the error is shown)
            self._post(stop, lambda error=error: self._on_error(error))  # type: ignore[misc]
        self._post(stop, self._end)

    def _post(self, stop: threading.Event, call: Callable[[], None]) -> None:
        self._runner.post(lambda: None if stop.is_set() else call())

    def _end(self) -> None:
        self.running = False
        self._on_end()


def iterations_of(
    sinogram: NDArray[Any], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any]
) -> Iterator[Iterate]:
    """Reconstruct one slice and yield every iteration.

    Parameters
    ----------
    sinogram
        ``(T, Y)``.
    tilts_deg
        ``(T,)`` degrees.
    parameters
        Of the operation ``reconstruct``, an iterative method.

    Raises
    ------
    ParameterError, DataError
        Before the first iteration, if something is wrong.
    """
    geometry = _geometry(sinogram, tilts_deg, parameters)
    return engine.iterate(sinogram[np.newaxis], geometry, **to_engine(parameters))


def residual_sinogram(
    sinogram: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    parameters: Mapping[str, Any],
    number: int,
    image: NDArray[np.float32],
) -> tuple[int, NDArray[np.float32], NDArray[np.float32]]:
    """The sinogram less the projections of a slice.

    Returns
    -------
    number, image
        As given.
    residual
        ``(T, Y)``: sinogram less the projections of the slice.
    """
    geometry = _geometry(sinogram, tilts_deg, parameters)
    projected = engine.forward_project(image[np.newaxis], geometry, **_projector(parameters))
    return number, image, np.asarray(sinogram, np.float32) - projected[:, :, 0]


@dataclass(frozen=True, eq=False)
class Candidate:
    """What one method makes of a slice.

    Attributes
    ----------
    method
        Its name.
    iterations
        How many; 0 for a method without.
    image
        ``(Z, Y)`` float32.
    relative_residual
        L2 norm of sinogram less reprojection, over that of the sinogram.
    seconds
        For this one slice.
    """

    method: str
    iterations: int
    image: NDArray[np.float32]
    relative_residual: float
    seconds: float


def compare_methods(
    sinogram: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    parameters: Mapping[str, Any],
    methods: Sequence[str],
) -> list[Candidate]:
    """Reconstruct one slice by several methods, each with iterations to get about as far.

    Parameters
    ----------
    sinogram
        ``(T, Y)``.
    tilts_deg
        ``(T,)`` degrees.
    parameters
        Of the operation ``reconstruct``: thickness, limits, the options of all of the methods, and the
        iterations of SIRT (default 20).
    methods
        Names of methods that can be compared.
    """
    geometry = _geometry(sinogram, tilts_deg, parameters)
    data = np.asarray(sinogram)[:, :, np.newaxis]
    size = float(np.linalg.norm(data)) or 1.0
    found = []
    for method in methods:
        given = dict(parameters) | {"method": method}
        count = _as_far_as(engine.find_algorithm(method), int(parameters.get("iterations", 20)))
        if count:
            given[iterations_name(method)] = count
        began = time.perf_counter()
        image = engine.reconstruct(data, geometry, **to_engine(given))
        seconds = time.perf_counter() - began
        projected = engine.forward_project(image, geometry, **_projector(parameters))
        left = float(np.linalg.norm(projected - data)) / size
        found.append(Candidate(method, count, image[0], left, seconds))
    return found


def _as_far_as(algorithm: Algorithm, count: int) -> int:
    """Iterations of a method to come about as far as SIRT in so many; 0 where it has none."""
    if not algorithm.iterative:
        return 0
    return count if algorithm.worth <= 1 else max(2, round(count / algorithm.worth))


def _projector(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in ("model", "backend") if name in parameters}


def _geometry(
    sinogram: NDArray[Any], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any]
) -> engine.Geometry:
    return reconstruction_geometry((*sinogram.shape, 1), tilts_deg, parameters)
