"""The backends by name: which projector does the work, and in what portions; knows no algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etwidgets.engine.projectors import MODELS, CpuProjector
from etwidgets.errors import MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.projectors import Projector
    from etwidgets.engine.team import Team

BACKENDS = ("auto", "cpu", "astra-cpu", "astra-cuda")
"""``cpu`` is our own engine; ``auto`` is astra-cuda where there is a CUDA device, and cpu elsewhere."""

_LARGE, _HUGE = 768**2, 1448**2  # pixels of a slice from which fewer slices share the cache better


@dataclass(frozen=True)
class Backend:
    """A way to project.

    Attributes
    ----------
    name
        One of :data:`BACKENDS`, not ``auto``.
    direct_model
        Model of BP and FBP unless another is asked for.
    projector
        Makes one from geometry, model, width and team.
    threaded
        Whether several threads help.
    """

    name: str
    direct_model: str
    projector: Callable[[Geometry, str, int, Team], Projector]
    threaded: bool

    def widths(self, geometry: Geometry) -> tuple[int, ...]:
        """How many slices a block may have, rising."""
        if self.name == "astra-cpu":
            return (1,)
        pixels = geometry.n_y * geometry.n_z
        return (8, 16) if pixels > _HUGE else (8, 16, 32) if pixels > _LARGE else (8, 16, 32, 64)


def find_backend(name: str, model: str | None) -> Backend:
    """The backend of that name for a projector model (None: the backend's own choice).

    Raises
    ------
    ParameterError
        If there is none of that name, or no CUDA device for it, or no such model.
    MissingDependencyError
        If it needs ASTRA and that is not installed.
    """
    if name not in BACKENDS:
        raise ParameterError(f"unknown backend {name!r}; choose from {', '.join(BACKENDS)}")
    if model is not None and model not in MODELS:
        raise ParameterError(f"unknown projector model {model!r}; choose from {', '.join(MODELS)}")
    if name == "cpu" or (name == "auto" and model not in (None, "linear")):
        return _CPU
    from etwidgets.engine import astra_projectors

    if name == "astra-cpu":
        astra_projectors.astra()
        return Backend(name, "strip", astra_projectors.AstraCpuProjector, threaded=True)
    if astra_projectors.cuda_available():
        return Backend("astra-cuda", "linear", astra_projectors.AstraCudaProjector, threaded=False)
    if name == "auto":
        return _CPU
    astra_projectors.astra()
    raise ParameterError("no CUDA device that ASTRA can use here; omit cuda=True, or use backend='auto'")


def why_not(name: str) -> str:
    """Why a backend cannot be used on this machine; empty where it can."""
    from etwidgets.engine import astra_projectors

    if name.startswith("astra"):
        try:
            astra_projectors.astra()
        except MissingDependencyError as error:
            return str(error)
    if name == "astra-cuda" and not astra_projectors.cuda_available():
        return "no CUDA device that gives right results"
    return ""


def cuda_available() -> bool:
    """Whether ASTRA is installed and has a CUDA device that gives right results."""
    from etwidgets.engine import astra_projectors

    return astra_projectors.cuda_available()


_CPU = Backend("cpu", "interpolation", CpuProjector, threaded=True)
