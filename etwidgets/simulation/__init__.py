"""Phantoms with known truth, as arrays: volumes, their projections, spectra, misalignment and noise.

Knows no signal and no file. Volumes are ``(X, Z, Y)`` float32 and projections ``(T, Y, X)`` float32.
All random numbers have a seed.
"""

from etwidgets.simulation.phantoms import add_noise, catalyst, cylinder, discs, misalign, needle, project
from etwidgets.simulation.spectral_needle import SpectralNeedle, spectral_needle

__all__ = [
    "SpectralNeedle",
    "add_noise",
    "catalyst",
    "cylinder",
    "discs",
    "misalign",
    "needle",
    "project",
    "spectral_needle",
]
