"""Arrays in, shifts and angles out: registration, tilt axis, transforms, filters; knows no signal."""

from etwidgets.align.methods import AXIS_METHODS, METHODS, Method
from etwidgets.align.registration import estimate_shifts
from etwidgets.align.shifting import apply_shifts, common_area
from etwidgets.align.transforms import transform

__all__ = [
    "AXIS_METHODS",
    "METHODS",
    "Method",
    "apply_shifts",
    "common_area",
    "estimate_shifts",
    "transform",
]
