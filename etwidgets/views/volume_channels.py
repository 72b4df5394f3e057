"""The volumes that a volume view draws together, made small enough for a browser; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CHANNELS = 4


@dataclass(frozen=True, eq=False)
class VolumeChannel:
    """One volume of several that lie in the same place.

    Attributes
    ----------
    name
        As the user reads it.
    data
        ``(X, Z, Y)`` real numbers.
    color
        As matplotlib names it; None: by intensity.
    """

    name: str
    data: NDArray[Any]
    color: str | None = None


@dataclass(eq=False)
class DrawnChannel:
    """A channel as it is drawn, with the settings of its sliders and the widgets that draw it.

    Attributes
    ----------
    name, color
        As in :class:`VolumeChannel`.
    small
        ``(X, Z, Y)``: the volume with fewer voxels.
    limits
        Intensities at which the level is 0 and 100 percent.
    settings
        ``level`` and ``width`` in percent of the limits; ``opacity``, 0 to 1.
    shown
        Whether the user wants to see it.
    volume, mesh
        Widgets of ipyvolume; None until they are made.
    """

    name: str
    small: NDArray[np.float32]
    limits: tuple[float, float]
    color: str | None = None
    settings: dict[str, float] = field(default_factory=lambda: {"level": 25.0, "width": 30.0, "opacity": 0.2})
    shown: bool = True
    volume: Any = None
    mesh: Any = None

    def intensity(self) -> float:
        """The intensity at the level of the sliders."""
        low, high = self.limits
        return low + self.settings["level"] / 100 * (high - low)


def checked_shape(channels: list[VolumeChannel]) -> tuple[int, ...]:
    """The shape that all channels have.

    Raises
    ------
    ShapeError
        If one is not a volume, or they differ in shape.
    ParameterError
        If there are none or too many.
    """
    if not 1 <= len(channels) <= _MOST_CHANNELS:
        raise ParameterError(f"one to {_MOST_CHANNELS} channels can be drawn together, not {len(channels)}")
    for channel in channels:
        shape = np.shape(channel.data)
        if len(shape) != 3 or min(shape) < 2:
            raise ShapeError(f"a volume has the shape (x, z, y), at least 2 voxels each, not {shape}")
        if shape != np.shape(channels[0].data):
            raise ShapeError(
                f"the channel {channel.name!r} is {shape} and {channels[0].name!r} "
                f"{np.shape(channels[0].data)} voxels; they must lie in the same place"
            )
    return np.shape(channels[0].data)


def fewer_voxels(volume: NDArray[Any], max_side: int) -> tuple[NDArray[np.float32], float]:
    """Shrink a volume so that its longest side has at most ``max_side`` voxels.

    Returns
    -------
    volume
        float32; smoothed over what a new voxel covers, so that nothing small appears or vanishes by chance.
    factor
        Old voxels per new one.
    """
    factor = max(volume.shape) / max_side
    data = np.asarray(volume, dtype=np.float32)
    if factor <= 1:
        return data, 1.0
    smooth = ndimage.uniform_filter(data, size=max(1, round(factor)))
    return ndimage.zoom(smooth, 1 / factor, order=1, grid_mode=True, mode="nearest"), factor
