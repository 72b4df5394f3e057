"""Projection and reconstruction: arrays and radians in, arrays out; knows no signal, file or widget.

All slices of a tilt series share one geometry, so that many are worked on together, in kernels of our own;
ASTRA is an other backend behind the same interface. Nothing outside this package imports numba or ASTRA.
"""

from typing import Any

from etwidgets.engine.algorithms.record import Algorithm, iterations
from etwidgets.engine.algorithms.table import algorithms, all_options, find_algorithm, register
from etwidgets.engine.algorithms.tv_weight import suggested_tv_weight
from etwidgets.engine.backends import BACKENDS, cuda_available, why_not
from etwidgets.engine.estimation import Estimate, estimate, warm_up
from etwidgets.engine.filters import FILTERS
from etwidgets.engine.geometry import Geometry
from etwidgets.engine.iteration import Iterate, iterate
from etwidgets.engine.left_out import LeftOut, iterate_left_out
from etwidgets.engine.memory import memory_needed
from etwidgets.engine.projection import as_linear_operator, back_project, forward_project
from etwidgets.engine.projectors import MODELS
from etwidgets.engine.reconstruction import reconstruct
from etwidgets.engine.resampling import affine_cubic, spline_coefficients
from etwidgets.engine.sinograms import sinograms_at

__all__ = [
    "ALGORITHMS",
    "BACKENDS",
    "FILTERS",
    "ITERATIVE",
    "MODELS",
    "Algorithm",
    "Estimate",
    "Geometry",
    "Iterate",
    "LeftOut",
    "affine_cubic",
    "algorithms",
    "all_options",
    "as_linear_operator",
    "back_project",
    "cuda_available",
    "estimate",
    "find_algorithm",
    "forward_project",
    "iterate",
    "iterate_left_out",
    "iterations",
    "memory_needed",
    "reconstruct",
    "register",
    "sinograms_at",
    "spline_coefficients",
    "suggested_tv_weight",
    "warm_up",
    "why_not",
]


def __getattr__(name: str) -> Any:
    """The names of the methods as they are now: more may be registered at any time."""
    if name == "ALGORITHMS":
        return tuple(algorithms())
    if name == "ITERATIVE":
        return tuple(each.name for each in algorithms().values() if each.iterative)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
