"""Measurements on volumes: segmentation, measures, interfaces and their uncertainty; knows only arrays.

Volumes are ``(X, Z, Y)``, lengths in nm.
"""

from etwidgets.analysis.bodies import bodies, total_volume
from etwidgets.analysis.interfaces import interface_area, layers, thickness_profile
from etwidgets.analysis.measures import COLUMNS, fraction, measure, porosity, volume_of, volume_ratio
from etwidgets.analysis.segmentation import THRESHOLDS, label, segment, smoothed, threshold_of
from etwidgets.analysis.sensitivity import Uncertainty, between_iterations, interval, versus_threshold

__all__ = [
    "COLUMNS",
    "THRESHOLDS",
    "Uncertainty",
    "between_iterations",
    "bodies",
    "fraction",
    "interface_area",
    "interval",
    "label",
    "layers",
    "measure",
    "porosity",
    "segment",
    "smoothed",
    "thickness_profile",
    "threshold_of",
    "total_volume",
    "versus_threshold",
    "volume_of",
    "volume_ratio",
]
