"""From spectrum images to tilt series of elements: maps by windows or by decomposition.

A spectral tilt series is a spectrum image of HyperSpy with the navigation axes ``(x, y, tilt)``, eager or
lazy; its spectroscopy is exspy's (extra ``spectral``). Every map is a :class:`~etwidgets.signals.TomoStack`.
It knows no session and no widget.
"""

from etwidgets.spectral.decomposition import Decomposition, decompose
from etwidgets.spectral.files import load
from etwidgets.spectral.joint import JointReconstruction, reconstruct_jointly
from etwidgets.spectral.lines import background_windows, check_windows, find_elements, line_windows, lines_of
from etwidgets.spectral.maps import band_map, element_maps, snr_warning
from etwidgets.spectral.spectra import (
    energies_kev,
    from_array,
    projection,
    set_tilts,
    sum_image,
    sum_spectrum,
    tilts_of,
)

__all__ = [
    "Decomposition",
    "JointReconstruction",
    "background_windows",
    "band_map",
    "check_windows",
    "decompose",
    "element_maps",
    "energies_kev",
    "find_elements",
    "from_array",
    "line_windows",
    "lines_of",
    "load",
    "projection",
    "reconstruct_jointly",
    "set_tilts",
    "snr_warning",
    "sum_image",
    "sum_spectrum",
    "tilts_of",
]
