"""Color maps of pictures and movies: matplotlib's, and two of ImageJ; knows no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOR_MAPS = ("gray", "viridis", "inferno", "cividis", "magma", "Fire", "ice")
"""Names of the color maps that are offered; others of matplotlib's can be used where a name is asked for."""

PERCEPTUAL = ("gray", "viridis", "inferno", "cividis", "magma")
"""Those in which equal steps of intensity look equal, and more intense is brighter."""

# The 32 control points of the two tables as ImageJ publishes them (class ij.plugin.LutLoader, public domain).
_FROM_IMAGEJ = {
    "Fire": (
        "0 0 1 25 49 73 98 122 146 162 173 184 195 207 217 229 240 252" + 14 * " 255",
        "0" + 12 * " 0" + " 14 35 57 79 101 117 133 147 161 175 190 205 219 234 248 255 255 255 255",
        "0 61 96 130 165 192 220 227 210 181 151 122 93 64 35 5" + 11 * " 0" + " 35 98 160 223 255",
    ),
    "ice": (
        (
            "0 0 0 0 0 0 19 29 50 48 79 112 134 158 186 201 217 229 242 250 250 250 250 251 250 250 "
            "250 250 251 251 243 230"
        ),
        (
            "156 165 176 184 190 196 193 184 171 162 146 125 107 93 81 87 92 97 95 93 93 90 85 69 64 54 "
            "47 35 19 0 4 0"
        ),
        (
            "140 147 158 166 170 176 209 220 234 225 236 246 250 251 250 250 245 230 230 222 202 180 "
            "163 142 123 114 106 94 84 64 26 27"
        ),
    ),
}


def color_table(name: str) -> NDArray[np.uint8]:
    """The 256 colors of a map.

    Parameters
    ----------
    name
        One of :data:`COLOR_MAPS`, or of matplotlib.

    Returns
    -------
    array
        ``(256, 3)``: red, green and blue of the darkest to the brightest.

    Raises
    ------
    ParameterError
        If there is no such color map.
    """
    if name in _FROM_IMAGEJ:
        points = [np.array(channel.split(), dtype=float) for channel in _FROM_IMAGEJ[name]]
        at = np.minimum(np.arange(256) / 8, 31)  # ImageJ steps by 32 / 256 and repeats the last point
        return np.stack([np.interp(at, np.arange(32), channel) for channel in points], axis=1).astype(
            np.uint8
        )
    if name not in mpl.colormaps:
        raise ParameterError(f"color_map {name!r} is not known; choose from {', '.join(COLOR_MAPS)}")
    table: NDArray[np.uint8] = mpl.colormaps[name](np.arange(256), bytes=True)[:, :3]
    return table


def color_map_labels() -> list[tuple[str, str]]:
    """Label and name of each color map, for a list to choose from; the perceptual ones say so."""
    return [(f"{name} (perceptual)" if name in PERCEPTUAL else name, name) for name in COLOR_MAPS]
