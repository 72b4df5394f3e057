"""Arrays in, shifts and angles out: registration, tilt axis, transforms, filters; knows no signal."""

from etwidgets.align.alignment import Alignment, apply_alignment, valid_area
from etwidgets.align.automatic import AlignmentPlan, Candidate, plan_alignment
from etwidgets.align.axis.direction import (
    axis_angle_after,
    axis_angle_upside_down,
    quarter_turns_for,
    remaining_rotation_deg,
)
from etwidgets.align.axis.estimate import AxisEstimate
from etwidgets.align.axis.shift import ShiftSearch, search_axis_shift
from etwidgets.align.checkup import Finding, FixKind, check_up
from etwidgets.align.filters import filter_projections
from etwidgets.align.intensity.background import Background, estimate_background, subtract_background
from etwidgets.align.intensity.detector import HotPixels, correct_detector, find_hot_pixels, remove_hot_pixels
from etwidgets.align.intensity.factors import IntensityFactors, equalize_intensity, intensity_factors
from etwidgets.align.markers.bundle_adjustment import MarkerFit, adjust
from etwidgets.align.markers.finding import find_markers, track_markers
from etwidgets.align.markers.tracks import MarkerTracks
from etwidgets.align.methods import (
    AXIS_METHODS,
    METHODS,
    Method,
    MethodParameters,
    add_axis_method,
    add_registration_method,
)
from etwidgets.align.quality import Quality, projection_quality, sharpness
from etwidgets.align.refinement import (
    PaddedSeries,
    ProjectionCheck,
    Refinement,
    RefinementOptions,
    check_projections,
    refine_alignment,
)
from etwidgets.align.registering.correlation import correlate
from etwidgets.align.registering.patches import PatchFit, track_patches
from etwidgets.align.registering.quality import RegistrationQuality
from etwidgets.align.registration import Registration, estimate_shifts, register
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
    "AlignmentPlan",
    "AxisEstimate",
    "Background",
    "Candidate",
    "Finding",
    "FixKind",
    "HotPixels",
    "IntensityFactors",
    "MarkerFit",
    "MarkerTracks",
    "Method",
    "MethodParameters",
    "PaddedSeries",
    "PatchFit",
    "ProjectionCheck",
    "Quality",
    "Refinement",
    "RefinementOptions",
    "Registration",
    "RegistrationQuality",
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
    "check_projections",
    "check_up",
    "common_area",
    "correct_detector",
    "correlate",
    "equalize_intensity",
    "estimate_background",
    "estimate_shifts",
    "filter_projections",
    "find_hot_pixels",
    "find_markers",
    "find_tilt_axis",
    "intensity_factors",
    "plan_alignment",
    "projection_quality",
    "quarter_turns_for",
    "refine_alignment",
    "register",
    "registration_residuals",
    "remaining_rotation_deg",
    "remove_hot_pixels",
    "search_axis_shift",
    "sharpness",
    "subtract_background",
    "track_markers",
    "track_patches",
    "transform",
    "valid_area",
    "weight_projections",
]
