"""What ray casting is sent: volumes as bytes, histograms, where there is something; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from skimage import filters

from etwidgets.errors import ParameterError
from etwidgets.picture_scale import contrast_limits
from etwidgets.views.volume_channels import VolumeChannel, checked_shape, fewer_voxels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Points = list[list[Any]]
"""Of a transfer function: ``[value, opacity, color]``; value and opacity 0 to 1, the color as ``#rrggbb``."""

PRESETS = ("glass", "solid", "dense only", "fog")
_PERCENTILES = (0.1, 99.95)  # intensities drawn as 0 and 1
_BARS = 128
_STRAY = 0.004  # part of the voxels above the level that noise and streaks may be
_LANES = {1: 1, 2: 2, 3: 4, 4: 4}  # bytes per voxel of a texture
_WARM = "inferno"


@dataclass(frozen=True, eq=False)
class RayVolume:
    """One to four channels of one shape, as the browser draws them.

    Attributes
    ----------
    channels, pixel_size
        What was given.
    sizes
        Voxels along x, y and z of what is drawn.
    lengths
        Of the sides along x, y and z, in units of the pixel size.
    data
        ``(Z, Y, X, lanes)`` bytes.
    limits
        Intensities that are 0 and 255, of each channel.
    histograms
        ``log(1 + count)`` of the bytes, in 128 bars, of each channel.
    levels
        Above them is the specimen, 0 to 1, of each channel; see :func:`level_of`.
    content
        Where voxels are above the level: lower and upper corner, parts of the sides x, y and z.
    """

    channels: tuple[VolumeChannel, ...]
    pixel_size: float
    sizes: tuple[int, int, int]
    lengths: tuple[float, float, float]
    data: NDArray[np.uint8]
    limits: tuple[tuple[float, float], ...]
    histograms: tuple[list[float], ...]
    levels: tuple[float, ...]
    content: tuple[tuple[float, float, float], tuple[float, float, float]]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the channels."""
        return tuple(channel.name for channel in self.channels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(X, Z, Y)`` of the volume itself."""
        n_x, n_z, n_y = np.shape(self.channels[0].data)
        return n_x, n_z, n_y

    def transfer(self, preset: str | None = None) -> list[Points]:
        """A transfer function for each channel; None: a preset that suits it."""
        return [
            transfer_points(preset or ("solid" if channel.color else "glass"), level, channel.color)
            for channel, level in zip(self.channels, self.levels, strict=True)
        ]

    def message(self, unit: str, *, anew: bool) -> dict[str, Any]:
        """What is said of it beside its bytes."""
        return {
            "type": "volume",
            "names": list(self.names),
            "sizes": list(self.sizes),
            "lengths": list(self.lengths),
            "lanes": self.data.shape[3],
            "channels": len(self.names),
            "limits": [list(each) for each in self.limits],
            "histograms": [list(each) for each in self.histograms],
            "content": [list(corner) for corner in self.content],
            "unit": unit,
            "anew": anew,
        }

    def voxel_at(self, place: Sequence[float]) -> tuple[int, int, int]:
        """Indices x, z, y of the volume itself at parts of the sides x, y and z."""
        x, y, z = place
        n_x, n_z, n_y = self.shape
        return tuple(  # type: ignore[return-value]
            int(np.clip(part * size, 0, size - 1)) for part, size in ((x, n_x), (z, n_z), (y, n_y))
        )

    def place_of(self, voxel: Sequence[int]) -> tuple[float, float, float]:
        """Parts of the sides x, y and z at the middle of a voxel with the indices x, z, y."""
        x, z, y = ((index + 0.5) / size for index, size in zip(voxel, self.shape, strict=True))
        return (x, y, z)


def ray_volume(channels: Sequence[VolumeChannel], pixel_size: float, most_voxels: int) -> RayVolume:
    """Prepare channels for the browser.

    Parameters
    ----------
    channels
        One to four of one shape ``(X, Z, Y)``.
    pixel_size
        Length of a voxel.
    most_voxels
        Along the longest side; larger volumes are reduced by means of blocks.

    Raises
    ------
    ShapeError, ParameterError
        If they are no volumes, differ in shape, or are too many.
    """
    shape = checked_shape(list(channels))
    lanes = _LANES[len(channels)]
    planes, limits, histograms, levels, inside = [], [], [], [], None
    for channel in channels:
        small, _ = fewer_voxels(np.asarray(channel.data), most_voxels)
        low, high = contrast_limits(small, _PERCENTILES)
        plane = np.clip((small - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
        counts = np.bincount(plane.ravel(), minlength=256)
        level = level_of(counts)
        above = plane >= level * 255
        inside = above if inside is None else inside | above
        planes.append(plane)
        limits.append((low, high))
        histograms.append([float(each) for each in np.log1p(counts.reshape(_BARS, -1).sum(1))])
        levels.append(level)
    x, z, y = planes[0].shape
    data = np.zeros((z, y, x, lanes), np.uint8)
    for lane, plane in enumerate(planes):
        data[..., lane] = plane.transpose(1, 2, 0)
    lengths = tuple(shape[axis] * pixel_size for axis in (0, 2, 1))
    found = tuple(limits), tuple(histograms), tuple(levels), _content(inside)
    return RayVolume(tuple(channels), pixel_size, (x, y, z), lengths, data, *found)  # type: ignore[arg-type]


def level_of(counts: NDArray[np.int_]) -> float:
    """The intensity, 0 to 1, above which there is specimen: the lowest of three classes is background.

    Two classes part bright matter from faint matter where there are both (multi-Otsu: Liao et al. 2001).

    Parameters
    ----------
    counts
        How often each of the 256 bytes occurs.
    """
    if np.count_nonzero(counts) < 3:
        return 0.5
    try:
        lowest = filters.threshold_multiotsu(hist=(counts, np.arange(counts.size)), classes=3)[0]
    except ValueError:
        lowest = filters.threshold_otsu(hist=(counts, np.arange(counts.size)))
    return float(np.clip(lowest / 255, 2 / 255, 0.98))


def transfer_points(preset: str, level: float, color: str | None = None) -> Points:
    """Points of a transfer function.

    Parameters
    ----------
    preset
        One of :data:`PRESETS`.
    level
        Where the specimen begins, 0 to 1.
    color
        As matplotlib names it; None: by intensity.

    Raises
    ------
    ParameterError
        If there is no such preset.
    """
    rise = min(0.04, 0.5 * level, 0.5 * (1 - level))
    shapes = {
        "glass": ((level - rise, 0.0), (level + rise, 0.04), ((1 + level) / 2, 0.1), (1.0, 0.35)),
        "solid": ((level - rise, 0.0), (level + rise, 0.6), (1.0, 1.0)),
        "dense only": ((level + 0.45 * (1 - level), 0.0), (level + 0.55 * (1 - level), 0.25), (1.0, 0.7)),
        "fog": ((0.5 * level, 0.0), (level, 0.004), (1.0, 0.06)),
    }
    if preset not in shapes:
        raise ParameterError(f"no preset {preset!r}; choose from {', '.join(PRESETS)}")
    points = ((0.0, 0.0), *shapes[preset])
    return [[float(value), float(opacity), _color_at(value, level, color)] for value, opacity in points]


def _color_at(value: float, level: float, color: str | None) -> str:
    if color is not None:
        return str(to_hex(color))
    part = np.clip((value - level) / (1 - level), 0, 1)
    return str(to_hex(mpl.colormaps[_WARM](0.35 + 0.6 * part)))


def _content(inside: NDArray[np.bool_] | None) -> tuple[Any, Any]:
    """Corners of where there is something, but for stray voxels; all of it where there is nothing."""
    if inside is None or not inside.any():
        return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    low, high = [], []
    for axis in (0, 2, 1):  # x, y, z of (X, Z, Y)
        others = tuple(each for each in range(3) if each != axis)
        part = np.cumsum(inside.sum(axis=others, dtype=np.int64)) / np.count_nonzero(inside)
        low.append(float(np.searchsorted(part, _STRAY, side="right") / inside.shape[axis]))
        high.append(float((np.searchsorted(part, 1 - _STRAY) + 1) / inside.shape[axis]))
    return tuple(low), tuple(high)
