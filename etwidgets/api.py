"""The namespace of the ETSpy paper, so that its listings run with only the import lines changed.

``import etwidgets.api as etspy``; nothing is defined here.
"""

from types import SimpleNamespace

from etwidgets import align, datasets, io, simulation
from etwidgets.align import calc_est_angles, calc_golden_ratio_angles
from etwidgets.io import load
from etwidgets.signals import RecStack, TomoShifts, TomoStack, TomoTilts

utils = SimpleNamespace(
    calc_est_angles=calc_est_angles,
    calc_golden_ratio_angles=calc_golden_ratio_angles,
    weight_stack=TomoStack.weight_stack,
)
"""The released package's helpers that are not methods; ``weight_stack(stack, accuracy)`` is one too."""

__all__ = [
    "RecStack",
    "TomoShifts",
    "TomoStack",
    "TomoTilts",
    "align",
    "datasets",
    "io",
    "load",
    "simulation",
    "utils",
]
