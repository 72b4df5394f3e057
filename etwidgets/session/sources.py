"""Where tilt series come from: files and samples; does not know what is done to them afterwards."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.resources import free_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.progress import Progress
    from etwidgets.signals import RecStack, TomoStack

SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "needle": "Needle: 77 projections of 256 x 256, STEM-HAADF, not aligned",
        "needle (aligned)": "Needle, aligned: 77 projections of 256 x 256",
        "EDX needle": "EDX needle: HAADF and 37 x 64 x 64 spectra of Si, Ni, Cr, Pt, simulated",
        "catalyst": "Catalyst: simulated particles on a support",
        "catalyst (misaligned)": "Catalyst, every projection shifted at random by up to 5 px",
    }
)
"""Names of the samples and what they are, in words."""

_EDX_JITTER_PX = 1.5


def open_file(
    _stack: None, _progress: Progress, *, path: str | list[str], **options: Any
) -> TomoStack | RecStack:
    """Load a file, or several as one series; see :func:`etwidgets.io.load`."""
    from etwidgets import io

    return io.load(path, **options)


def open_spectra(
    _stack: TomoStack | None,
    _progress: Progress,
    *,
    path: str | list[str],
    first_tilt: float | None = None,
    tilt_step: float | None = None,
) -> Any:
    """Spectra ``(x, y, tilt | energy)`` from one file, or from a list with one spectrum image per tilt.

    Parameters
    ----------
    path
        A file, or a list of files in order of tilt.
    first_tilt, tilt_step
        Degrees, where the files hold no tilts.
    """
    from etwidgets import spectral

    spectra = spectral.load(path, lazy=_is_large(path))
    if first_tilt is not None and tilt_step is not None:
        spectral.set_tilts(spectra, first_tilt + tilt_step * np.arange(spectra.data.shape[0]))
    spectral.tilts_of(spectra)
    return spectra


def _is_large(path: str | list[str]) -> bool:
    """Whether spectra are better left on disk: packed, they may take ten times as much in memory."""
    paths = [path] if isinstance(path, str) else path
    size = sum(Path(each).stat().st_size for each in paths if Path(each).is_file())
    return 10 * size > free_memory()


def open_sample(_stack: None, _progress: Progress, *, name: str) -> Any:
    """One of :data:`SAMPLES`: a tilt series, or one with its spectra.

    Raises
    ------
    ParameterError
        If there is no sample of that name.
    SampleDataError
        If its data are not installed.
    """
    from etwidgets import datasets

    if name == "needle":
        return datasets.get_needle_data(aligned=False)
    if name == "needle (aligned)":
        return datasets.get_needle_data(aligned=True)
    if name == "EDX needle":
        haadf = datasets.get_spectral_needle_haadf(jitter_px=_EDX_JITTER_PX)
        return haadf, datasets.get_spectral_needle(jitter_px=_EDX_JITTER_PX)
    if name == "catalyst":
        return datasets.get_catalyst_data()
    if name == "catalyst (misaligned)":
        return datasets.get_catalyst_data(misalign=True)
    raise ParameterError(f"there is no sample {name!r}; there are: {', '.join(SAMPLES)}")
