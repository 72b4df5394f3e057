"""Reconstruction while the microscope still runs, and a simulated microscope to try it with."""

from etwidgets.live.forecast import Forecast, forecast
from etwidgets.live.projections import LiveProjection
from etwidgets.live.reconstruction import LiveReconstruction
from etwidgets.live.results import ALIGNED, VOLUME
from etwidgets.live.run import LiveRun, default_folder
from etwidgets.live.simulated_microscope import FORMATS, acquisition_order, simulate_acquisition

__all__ = [
    "ALIGNED",
    "FORMATS",
    "VOLUME",
    "Forecast",
    "LiveProjection",
    "LiveReconstruction",
    "LiveRun",
    "acquisition_order",
    "default_folder",
    "forecast",
    "simulate_acquisition",
]
