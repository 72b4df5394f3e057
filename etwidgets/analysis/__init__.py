"""Measurements on volumes, and how far a volume can be trusted; knows only arrays.

Segmentation, measures, interfaces and their uncertainty; the misfit of projections that were left out;
resolution, and what a tilt series leaves unmeasured.
Volumes are ``(X, Z, Y)``, lengths in nm.
"""

from etwidgets.analysis.bodies import bodies, total_volume, totals
from etwidgets.analysis.folds import gap_folds, spread_columns, thin_folds
from etwidgets.analysis.held_out import held_out_misfit
from etwidgets.analysis.held_out_curve import HeldOutCurve
from etwidgets.analysis.interfaces import interface_area, layers, thickness_profile
from etwidgets.analysis.linearity import Linearity, linearized, measure_linearity
from etwidgets.analysis.measures import COLUMNS, fraction, measure, porosity, volume_of, volume_ratio
from etwidgets.analysis.missing_wedge import (
    MissingWedge,
    elongation_factor,
    measured_cells,
    unseen_directions,
)
from etwidgets.analysis.painting import Stroke, painted
from etwidgets.analysis.resolution_criteria import CRITERIA, Resolution, threshold_at
from etwidgets.analysis.response import PointResponse, point_response
from etwidgets.analysis.segmentation import (
    THRESHOLDS,
    label,
    matched_thresholds,
    segment,
    smoothed,
    threshold_of,
)
from etwidgets.analysis.sensitivity import (
    Uncertainty,
    between_iterations,
    interval,
    step_at,
    versus_threshold,
)
from etwidgets.analysis.shell_correlation import (
    DIRECTIONS,
    ShellCorrelation,
    fourier_shell_correlation,
    shell_correlations,
)
from etwidgets.analysis.uncertainty import (
    SHIFT_OF_EDGE,
    MeasuredInterval,
    core_values,
    filled_fraction,
    interval_of_draws,
    plateaus,
)

__all__ = [
    "COLUMNS",
    "CRITERIA",
    "DIRECTIONS",
    "SHIFT_OF_EDGE",
    "THRESHOLDS",
    "HeldOutCurve",
    "Linearity",
    "MeasuredInterval",
    "MissingWedge",
    "PointResponse",
    "Resolution",
    "ShellCorrelation",
    "Stroke",
    "Uncertainty",
    "between_iterations",
    "bodies",
    "core_values",
    "elongation_factor",
    "filled_fraction",
    "fourier_shell_correlation",
    "fraction",
    "gap_folds",
    "held_out_misfit",
    "interface_area",
    "interval",
    "interval_of_draws",
    "label",
    "layers",
    "linearized",
    "matched_thresholds",
    "measure",
    "measure_linearity",
    "measured_cells",
    "painted",
    "plateaus",
    "point_response",
    "porosity",
    "segment",
    "shell_correlations",
    "smoothed",
    "spread_columns",
    "step_at",
    "thickness_profile",
    "thin_folds",
    "threshold_at",
    "threshold_of",
    "total_volume",
    "totals",
    "unseen_directions",
    "versus_threshold",
    "volume_of",
    "volume_ratio",
]
