"""Phantoms with known truth, as arrays: volumes, their projections, spectra, misalignment and noise.

Knows no signal and no file. Volumes are ``(X, Z, Y)`` float32 and projections ``(T, Y, X)`` float32.
All random numbers have a seed.
"""

from etwidgets.simulation.ellipsoid_series import SimulatedSeries, ellipsoid_series
from etwidgets.simulation.ellipsoid_volume import ellipsoid_volume
from etwidgets.simulation.ellipsoids import SPECIMENS, Ellipsoid, project_ellipsoids, specimen
from etwidgets.simulation.phantoms import add_noise, catalyst, cylinder, discs, misalign, needle, project
from etwidgets.simulation.spectral_needle import SpectralNeedle, spectral_needle

__all__ = [
    "SPECIMENS",
    "Ellipsoid",
    "SimulatedSeries",
    "SpectralNeedle",
    "add_noise",
    "catalyst",
    "cylinder",
    "discs",
    "ellipsoid_series",
    "ellipsoid_volume",
    "misalign",
    "needle",
    "project",
    "project_ellipsoids",
    "specimen",
    "spectral_needle",
]
