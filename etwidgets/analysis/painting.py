"""Corrections of a segmentation by hand: strokes of a brush and lassos in slices, applied to gray values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage import draw

from etwidgets.analysis.checks import checked_threshold, checked_volume
from etwidgets.checks import is_number, is_whole
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_AXES = ("x", "z", "y")  # of a volume (X, Z, Y)
_ACROSS = {"x": (1, 2), "z": (2, 0), "y": (1, 0)}  # axes of the array down and to the right in a slice


@dataclass(frozen=True)
class Stroke:
    """One line of a brush, or one lasso, in a slice.

    Attributes
    ----------
    axis
        Across which the slice was cut, ``"x"``, ``"z"`` or ``"y"``.
    index
        Of the slice.
    points
        Column and row of each point, pixels of the slice as it is shown: across x: y and z; across y: x and
        z; across z: x and y.
    radius
        Of the brush, voxels; 0: a lasso, whose inside counts.
    depth
        How many slices on either side are painted, too.
    adds
        Whether what is painted becomes part of the object; False: it is erased.
    """

    axis: str
    index: int
    points: tuple[tuple[float, float], ...]
    radius: float = 0.0
    depth: int = 0
    adds: bool = True

    def __post_init__(self) -> None:
        if self.axis not in _AXES:
            raise ParameterError(f"a stroke is in a slice across x, z or y, not {self.axis!r}")
        if not is_whole(self.index) or self.index < 0 or not is_whole(self.depth) or self.depth < 0:
            raise ParameterError(
                f"index and depth are whole numbers from 0 on, not {self.index!r} and {self.depth!r}"
            )
        if not is_number(self.radius) or self.radius < 0:
            raise ParameterError(f"the radius must be zero or more voxels, not {self.radius!r}")
        least = 1 if self.radius else 3
        if len(self.points) < least:
            raise ParameterError(f"a {'stroke' if self.radius else 'lasso'} needs at least {least} points")


def painted_area(stroke: Stroke, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of its slice ``(rows, columns)`` that a stroke covers; what is outside is cut off."""
    points = np.asarray(stroke.points, np.float64)
    columns, rows = points[:, 0], points[:, 1]
    if not stroke.radius:
        return np.asarray(draw.polygon2mask(shape, np.stack([rows, columns], axis=1)))
    area = np.zeros(shape, bool)
    starts = np.stack([rows, columns], axis=1)
    for start, end in zip(starts, [*starts[1:], starts[-1]], strict=True):
        _add_capsule(area, start, end, stroke.radius)
    return area


def painted(volume: NDArray[Any], strokes: Iterable[Stroke], threshold: float) -> NDArray[np.float32]:
    """The volume with corrections by hand, to be segmented at this threshold like any other.

    What is added gets the median intensity of the voxels above the threshold, and what is erased that of the
    voxels below it, so that edges by hand lie halfway between voxels and do not move when the threshold is
    varied. Later strokes cover earlier ones.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    strokes
        In the order in which they were made.
    threshold
        In the units of the volume.

    Raises
    ------
    ParameterError
        If a slice is outside the volume.
    """
    data = checked_volume(volume).copy()
    inside = data >= checked_threshold(threshold)
    levels = {
        True: float(np.median(data[inside])) if inside.any() else threshold + 1.0,
        False: float(np.median(data[~inside])) if not inside.all() else threshold - 1.0,
    }
    for stroke in strokes:
        place = _AXES.index(stroke.axis)
        count = data.shape[place]
        if stroke.index >= count:
            raise ParameterError(
                f"slice {stroke.axis} = {stroke.index} is outside the volume; it has {count} slices"
            )
        down, right = _ACROSS[stroke.axis]
        area = painted_area(stroke, (data.shape[down], data.shape[right]))
        where = slice(max(0, stroke.index - stroke.depth), stroke.index + stroke.depth + 1)
        slices = np.moveaxis(data, (place, down, right), (0, 1, 2))  # a view: it writes into the data
        slices[where, area] = levels[stroke.adds]
    return data


def _add_capsule(area: NDArray[np.bool_], start: Any, end: Any, radius: float) -> None:
    """Mark all pixels within a radius of a piece of line."""
    low = np.maximum(np.floor(np.minimum(start, end) - radius), 0).astype(int)
    high = np.minimum(np.ceil(np.maximum(start, end) + radius) + 1, area.shape).astype(int)
    if (high <= low).any():
        return
    rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
    along = end - start
    length = float(along @ along)
    part = ((rows - start[0]) * along[0] + (columns - start[1]) * along[1]) / length if length else 0.0
    part = np.clip(part, 0.0, 1.0)
    distance = (rows - start[0] - part * along[0]) ** 2 + (columns - start[1] - part * along[1]) ** 2
    area[low[0] : high[0], low[1] : high[1]] |= distance <= radius**2
