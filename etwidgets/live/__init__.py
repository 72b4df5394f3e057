"""Reconstruction while the microscope still runs, and a simulated microscope to try it with."""

from etwidgets.live.simulated_microscope import FORMATS, acquisition_order, simulate_acquisition

__all__ = ["FORMATS", "acquisition_order", "simulate_acquisition"]
