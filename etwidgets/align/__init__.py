"""Arrays in, shifts and angles out: registration, tilt axis, transforms, filters; knows no signal."""

from etwidgets.align.axis_estimate import AxisEstimate
from etwidgets.align.axis_shift import ShiftSearch, search_axis_shift
from etwidgets.align.checkup import Finding, FixKind, check_up
from etwidgets.align.correlation import correlate
from etwidgets.align.filters import filter_projections
from etwidgets.align.methods import (
    AXIS_METHODS,
    METHODS,
    Method,
    MethodParameters,
    add_axis_method,
    add_registration_method,
)
from etwidgets.align.patches import PatchFit, track_patches
from etwidgets.align.quality import Quality, projection_quality
from etwidgets.align.registration import Registration, estimate_shifts, register
from etwidgets.align.registration_quality import RegistrationQuality
from etwidgets.align.residuals import Residuals, registration_residuals
from etwidgets.align.shifting import apply_shifts, common_area
from etwidgets.align.tilt_axis import find_tilt_axis
from etwidgets.align.tilt_schemes import calc_est_angles, calc_golden_ratio_angles
from etwidgets.align.transforms import transform
from etwidgets.align.weighting import weight_projections

__all__ = [
    "AXIS_METHODS",
    "METHODS",
    "AxisEstimate",
    "Finding",
    "FixKind",
    "Method",
    "MethodParameters",
    "PatchFit",
    "Quality",
    "Registration",
    "RegistrationQuality",
    "Residuals",
    "ShiftSearch",
    "add_axis_method",
    "add_registration_method",
    "apply_shifts",
    "calc_est_angles",
    "calc_golden_ratio_angles",
    "check_up",
    "common_area",
    "correlate",
    "estimate_shifts",
    "filter_projections",
    "find_tilt_axis",
    "projection_quality",
    "register",
    "registration_residuals",
    "search_axis_shift",
    "track_patches",
    "transform",
    "weight_projections",
]
