"""What the views show, as plain values; for tests, and for whoever drives a page from a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PaneSnapshot:
    """One image as it is drawn.

    Attributes
    ----------
    image
        ``(rows, columns)`` bytes: 0 at and below the lower limit, 255 at and above the upper one; or
        ``(rows, columns, 3)``: colors.
    limits
        Intensities that are drawn as 0 and 255.
    factor
        Pixels of the image given per pixel drawn, along each side.
    title, caption, cmap, pixel_size, unit, axes, line, cross, columns, rectangle, boxes, color_bar, slider
        As in :class:`etwidgets.views.Pane`.
    inset
        The small picture as the browser gets it; None where there is none.
    """

    image: NDArray[np.uint8]
    limits: tuple[float, float]
    factor: int
    title: str
    caption: str
    cmap: str
    pixel_size: float | None
    unit: str
    axes: tuple[str, str]
    line: tuple[float, float] | None
    cross: tuple[int, int] | None
    columns: tuple[int, ...]
    rectangle: tuple[int, int, int, int] | None
    boxes: tuple[tuple[int, int, int, int, str], ...]
    color_bar: str
    inset: Mapping[str, Any] | None
    slider: tuple[int, int, str] | None


@dataclass(frozen=True, eq=False)
class CurvesSnapshot:
    """What a curve view shows.

    Attributes
    ----------
    curves
        Name to ``(x, y)``.
    mark
        Position on x of the vertical line, or None.
    band
        Positions on x between which the ground is shaded, or None.
    x_label, y_label
        With their units.
    x_limits, y_limits
        Ends of the axes.
    """

    curves: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    mark: float | None
    band: tuple[float, float] | None
    x_label: str
    y_label: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]


@dataclass(frozen=True, eq=False)
class HistogramSnapshot:
    """What a histogram view shows.

    Attributes
    ----------
    heights
        Of the bars, 0 to 1; empty where nothing is shown.
    limits
        Where the two lines are, in parts of the width.
    intensities
        Of the left and the right end.
    """

    heights: tuple[float, ...]
    limits: tuple[float, float]
    intensities: tuple[float, float]


@dataclass(frozen=True, eq=False)
class ChannelSnapshot:
    """One channel of a rendered volume.

    Attributes
    ----------
    name
        As the user reads it.
    voxels
        ``(Z, Y, X)``: what is left after cutting, in the order in which ipyvolume gets it.
    extent
        Ends of the volume along x, y and z, from its middle.
    limits
        Intensities at which the level is 0 and 100 percent.
    colors
        ``(256, 4)``: red, green, blue and opacity, 0 to 1, from the lower to the upper limit.
    visible
        Whether the volume is drawn.
    surface
        ``x``, ``y``, ``z`` of its corners and ``triangles``; None where no surface is drawn.
    """

    name: str
    voxels: NDArray[np.float32]
    extent: tuple[tuple[float, float], ...]
    limits: tuple[float, float]
    colors: NDArray[np.float32]
    visible: bool
    surface: Mapping[str, NDArray[Any]] | None


@dataclass(frozen=True, eq=False)
class VolumeSnapshot:
    """What a volume view shows.

    Attributes
    ----------
    channels
        Empty where nothing is rendered.
    note
        The HTML under the controls.
    """

    channels: tuple[ChannelSnapshot, ...]
    note: str
