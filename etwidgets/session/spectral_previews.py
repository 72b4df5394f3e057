"""Quick looks at spectra: their sum, the map of a line, the counts in a frame; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from etwidgets import spectral

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class SpectralSum(NamedTuple):
    """All counts of a series ``(channels,)``, the elements in them, and how large an image is ``(Y, X)``."""

    spectra: Any
    energies: NDArray[np.float64]
    counts: NDArray[np.float64]
    elements: list[str]
    image_shape: tuple[int, int]


class LiveMap(NamedTuple):
    """The counts ``(Y, X)`` of one tilt, and the map of a line, if one was asked for."""

    spectra: Any
    line: str | None
    counts: NDArray[np.float64]
    image: NDArray[np.float64] | None


def spectral_sum(spectra: Any) -> SpectralSum:
    """The sum of all spectra."""
    counts = spectral.sum_spectrum(spectra)
    elements = list(spectra.metadata.get_item("Sample.elements", default=None) or [])
    if not elements and spectra.metadata.Signal.signal_type != "EELS":
        elements = spectral.find_elements(spectra)
    return SpectralSum(spectra, spectral.energies_kev(spectra), counts, elements, spectra.data.shape[1:3])


def live_map(
    spectra: Any,
    number: int,
    line: str | None,
    window: Sequence[float] | None,
    background: Sequence[float] | None,
) -> LiveMap:
    """One tilt with these windows; without a line its counts only."""
    image = spectral.projection(spectra, number)
    counts = image.data.sum(-1, dtype=float)
    if line is None or window is None:
        return LiveMap(spectra, None, counts, None)
    return LiveMap(spectra, line, counts, spectral.band_map(image, line, window, background))


def region_spectrum(
    spectra: Any, number: int, region: tuple[int, int, int, int]
) -> tuple[Any, NDArray[np.float64]]:
    """The counts ``(channels,)`` of one tilt within left, top, right, bottom (pixels; the last not in it)."""
    left, top, right, bottom = region
    part = np.asarray(spectra.data[number, top:bottom, left:right])
    return spectra, part.sum((0, 1), dtype=float)
