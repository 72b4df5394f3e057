"""The dark level of a series, and which of its columns hold the same matter at every tilt; knows no axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EMPTIEST = 0.15  # part of the field that is taken for background
_BORDER = 0.04  # of the side: what registration fills in is no measurement
_PARTS = 4
_LEAST_ERROR = 0.01  # of the level
_FILM_TREND = 1.3  # a film is 2 times as thick along the beam at 60 deg; a dark level stays
_FILM_LEVEL = 0.05  # of the brightest
_ROWS, _COLUMNS = 3, 5  # of the strips at the upper and lower edge
_CROSSES, _CROSSES_DEVIATIONS = 0.03, 8.0

OPEN = 0.1
"""Part of the cells into which matter has come, beyond which centers of mass are not believed."""


@dataclass(frozen=True, slots=True)
class DarkLevel:
    """Result of :func:`dark_level`.

    Attributes
    ----------
    level, error
        In the unit of the data, with its standard error.
    noise
        Standard deviation of a pixel of the background.
    film
        True if the emptiest part of the field brightens with the tilt, as a film does and a dark level does
        not.
    """

    level: float
    error: float
    noise: float
    film: bool


def dark_level(images: NDArray[Any], tilts_deg: NDArray[np.float64]) -> DarkLevel:
    """Level of the emptiest part of the field.

    Parameters
    ----------
    images
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.

    Notes
    -----
    Quick, and only of registered series: places are compared over all tilts.
    :func:`etwidgets.align.estimate_background` is for what is subtracted: it finds the empty pixels of each
    projection, needs no registration, and takes some 50 times as long.

    The emptiest 15 % of the mean of half of the projections are measured in the other half: a place that
    was chosen because it is dark by chance is not dark by chance again.
    """
    margin = [max(1, round(_BORDER * side)) for side in images.shape[1:]]
    inner = np.zeros(images.shape[1:], bool)
    inner[margin[0] : -margin[0], margin[1] : -margin[1]] = True
    order = np.argsort(tilts_deg, kind="stable")
    each, parts, noise = np.empty(len(images)), [], []
    for half in (0, 1):
        chosen = order[half::2]  # one by one: a copy of half of the series may not fit into the memory
        mean = scipy.ndimage.gaussian_filter(sum(images[i].astype(float) for i in chosen) / len(chosen), 2)
        empty = np.argwhere(inner & (mean <= np.quantile(mean[inner], _EMPTIEST)))
        values = np.stack([images[i][empty[:, 0], empty[:, 1]] for i in order[1 - half :: 2]]).astype(float)
        each[order[1 - half :: 2]] = values.mean(1)
        noise.append(values.std())
        from_left = np.argsort(empty[:, 1], kind="stable")
        parts += [values[:, part].mean() for part in np.array_split(from_left, _PARTS) if len(part)]
    level = float(max(np.median(each), 0))
    scatter = np.hypot(np.std(parts) / np.sqrt(_PARTS), 1.25 * each.std() / np.sqrt(len(each)))
    steep = np.abs(tilts_deg) >= np.quantile(np.abs(tilts_deg), 0.7)
    flat = np.abs(tilts_deg) <= np.quantile(np.abs(tilts_deg), 0.3)
    bright = level > _FILM_LEVEL * float(images.max())
    film = bright and each[steep].mean() > _FILM_TREND * each[flat].mean()
    return DarkLevel(level, float(max(scatter, _LEAST_ERROR * level)), float(np.mean(noise)), bool(film))


def crossed_cells(images: NDArray[Any], dark: DarkLevel) -> NDArray[np.bool_]:
    """Where, by tilt and column ``(T, X)``, matter lies on the upper or lower edge: of a film, everywhere."""
    if dark.film:
        return np.ones((len(images), images.shape[2]), bool)
    bright = float(np.quantile(images.max(0), 0.99)) - dark.level
    least = max(_CROSSES_DEVIATIONS * dark.noise / np.sqrt(_ROWS * _COLUMNS), _CROSSES * bright)
    crossed = np.zeros((len(images), images.shape[2]), bool)
    for strip in (images[:, :_ROWS], images[:, -_ROWS:]):
        mean = scipy.ndimage.uniform_filter1d(strip.mean(1, dtype=float) - dark.level, _COLUMNS, axis=1)
        crossed |= mean > least
    return crossed


def open_cells(images: NDArray[Any], tilts_deg: NDArray[np.float64], dark: DarkLevel) -> NDArray[np.bool_]:
    """Where, by tilt and column ``(T, X)``, matter crosses the upper or lower edge, or has crossed it.

    A column into which matter has come at some tilt stays open at all tilts beyond it. Columns of a film
    are open throughout.
    """
    crossed = scipy.ndimage.binary_dilation(crossed_cells(images, dark), np.ones((1, 7), bool))
    opened = np.zeros_like(crossed)
    middle = tilts_deg[np.abs(tilts_deg - (tilts_deg.min() + tilts_deg.max()) / 2).argmin()]
    for side in (1, -1):
        outwards = np.argsort(side * tilts_deg, kind="stable")
        outwards = outwards[side * (tilts_deg[outwards] - middle) >= 0]
        opened[outwards] |= np.logical_or.accumulate(crossed[outwards], axis=0)
    return opened
