"""Arrays in, shifts and angles out: registration, tilt axis, transforms, filters; knows no signal."""

from etwidgets.align.alignment import Alignment, apply_alignment, valid_area
from etwidgets.align.axis_direction import (
    axis_angle_after,
    axis_angle_upside_down,
    quarter_turns_for,
    remaining_rotation_deg,
)
from etwidgets.align.axis_estimate import AxisEstimate
from etwidgets.align.axis_shift import ShiftSearch, search_axis_shift
from etwidgets.align.bundle_adjustment import MarkerFit, adjust
from etwidgets.align.checkup import Finding, FixKind, check_up
from etwidgets.align.correlation import correlate
from etwidgets.align.filters import filter_projections
from etwidgets.align.marker_tracks import MarkerTracks
from etwidgets.align.markers import find_markers, track_markers
from etwidgets.align.methods import (
    AXIS_METHODS,
    METHODS,
    Method,
    MethodParameters,
    add_axis_method,
    add_registration_method,
)
from etwidgets.align.quality import Quality, projection_quality
from etwidgets.align.registration import estimate_shifts
from etwidgets.align.residuals import Residuals, registration_residuals
from etwidgets.align.shifting import apply_shifts, common_area
from etwidgets.align.tilt_axis import find_tilt_axis
from etwidgets.align.tilt_schemes import calc_est_angles, calc_golden_ratio_angles
from etwidgets.align.transforms import transform
from etwidgets.align.weighting import weight_projections

__all__ = [
    "AXIS_METHODS",
    "METHODS",
    "Alignment",
    "AxisEstimate",
    "Finding",
    "FixKind",
    "MarkerFit",
    "MarkerTracks",
    "Method",
    "MethodParameters",
    "Quality",
    "Residuals",
    "ShiftSearch",
    "add_axis_method",
    "add_registration_method",
    "adjust",
    "apply_alignment",
    "apply_shifts",
    "axis_angle_after",
    "axis_angle_upside_down",
    "calc_est_angles",
    "calc_golden_ratio_angles",
    "check_up",
    "common_area",
    "correlate",
    "estimate_shifts",
    "filter_projections",
    "find_markers",
    "find_tilt_axis",
    "projection_quality",
    "quarter_turns_for",
    "registration_residuals",
    "remaining_rotation_deg",
    "search_axis_shift",
    "track_markers",
    "transform",
    "valid_area",
    "weight_projections",
]
