"""Projection and reconstruction: arrays and radians in, arrays out; knows no signal, file or widget.

The work is done by ASTRA behind this interface; nothing outside this package imports it.
"""

from etwidgets.engine.astra_slices import cuda_available
from etwidgets.engine.filters import FILTERS
from etwidgets.engine.geometry import Geometry
from etwidgets.engine.iteration import ITERATIVE, Iterate, iterate
from etwidgets.engine.projection import back_project, forward_project
from etwidgets.engine.reconstruction import ALGORITHMS, reconstruct

__all__ = [
    "ALGORITHMS",
    "FILTERS",
    "ITERATIVE",
    "Geometry",
    "Iterate",
    "back_project",
    "cuda_available",
    "forward_project",
    "iterate",
    "reconstruct",
]
