"""From spectrum images to tilt series of elements: maps from windows, a fit or a decomposition.

A spectral tilt series is a HyperSpy spectrum image with the navigation axes ``(x, y, tilt)``, in memory or
lazy; the spectroscopy is done by exspy (extra ``spectral``). Every map is a
:class:`~etwidgets.signals.TomoStack`. It knows no session and no widget.
"""

from etwidgets.deprecated import renamed_names
from etwidgets.spectral.decomposition import Decomposition, decompose
from etwidgets.spectral.files import load
from etwidgets.spectral.joint import JointReconstruction, reconstruct_jointly
from etwidgets.spectral.line_fit import ElementFit, fit_lines, fit_warning
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
    "ElementFit",
    "JointReconstruction",
    "background_windows",
    "band_map",
    "check_windows",
    "decompose",
    "element_maps",
    "energies_kev",
    "find_elements",
    "fit_lines",
    "fit_warning",
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

__getattr__ = renamed_names(__name__, {"snr_in_words": ("snr_warning", snr_warning)})
