"""Projection and reconstruction: arrays and radians in, arrays out; knows no signal, file or widget.

All slices of a tilt series share one geometry, so that many are worked on together, in kernels of our own;
ASTRA is an other backend behind the same interface. Nothing outside this package imports numba or ASTRA.
"""

from etwidgets.engine.algorithms.table import ALGORITHMS, ITERATIVE
from etwidgets.engine.backends import BACKENDS, cuda_available, why_not
from etwidgets.engine.estimation import Estimate, estimate, warm_up
from etwidgets.engine.filters import FILTERS
from etwidgets.engine.geometry import Geometry
from etwidgets.engine.iteration import Iterate, iterate
from etwidgets.engine.memory import memory_needed
from etwidgets.engine.projection import as_linear_operator, back_project, forward_project
from etwidgets.engine.projectors import MODELS
from etwidgets.engine.reconstruction import reconstruct
from etwidgets.engine.sinograms import sinograms_at

__all__ = [
    "ALGORITHMS",
    "BACKENDS",
    "FILTERS",
    "ITERATIVE",
    "MODELS",
    "Estimate",
    "Geometry",
    "Iterate",
    "as_linear_operator",
    "back_project",
    "cuda_available",
    "estimate",
    "forward_project",
    "iterate",
    "memory_needed",
    "reconstruct",
    "sinograms_at",
    "warm_up",
    "why_not",
]
