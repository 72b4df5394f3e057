"""Measurements on volumes: segmentation, measures, interfaces and their uncertainty; knows only arrays.

Volumes are ``(X, Z, Y)``, lengths in nm.
"""

from etwidgets.analysis.bodies import bodies, total_volume
from etwidgets.analysis.interfaces import interface_area, layers, thickness_profile
from etwidgets.analysis.measures import COLUMNS, fraction, measure, porosity, volume_of, volume_ratio
from etwidgets.analysis.segmentation import THRESHOLDS, label, segment, smoothed, threshold_of
from etwidgets.analysis.sensitivity import Uncertainty, between_iterations, interval, versus_threshold
from etwidgets.analysis.uncertainty import (
    SHIFT_OF_EDGE,
    MeasuredInterval,
    filled_fraction,
    interval_of_draws,
    plateaus,
    step_at,
)

__all__ = [
    "COLUMNS",
    "SHIFT_OF_EDGE",
    "THRESHOLDS",
    "MeasuredInterval",
    "Uncertainty",
    "between_iterations",
    "bodies",
    "filled_fraction",
    "fraction",
    "interface_area",
    "interval",
    "interval_of_draws",
    "label",
    "layers",
    "measure",
    "plateaus",
    "porosity",
    "segment",
    "smoothed",
    "step_at",
    "thickness_profile",
    "threshold_of",
    "total_volume",
    "versus_threshold",
    "volume_of",
    "volume_ratio",
]
