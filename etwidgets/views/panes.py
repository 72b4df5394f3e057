"""What an image view draws: planes of bytes with their labels; pure, knows no widget."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb

from etwidgets import color_maps
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.picture_scale import contrast_limits, nice_lengths
from etwidgets.views.snapshots import PaneSnapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLOR_MAPS = (*color_maps.COLOR_MAPS, "coolwarm")
"""Names of color maps; ``coolwarm`` is for differences: zero in its middle."""

_MOST_ZOOM = 40  # times the size at which an image fits its place
_BAR = 0.3  # longest scale bar, in parts of the width of an image

_MAX_SIDE = 1024  # while slices are stepped through
FULL_SIDE = 2048
"""Longest side that is sent at rest, pixels."""


@dataclass(frozen=True, eq=False)
class Inset:
    """A small gray picture in the upper right corner of a pane, with an ellipse around its middle.

    Attributes
    ----------
    image
        ``(rows, columns)`` bytes.
    ellipse
        Its full widths to the right and downwards, pixels of the picture.
    label
        Below it.
    """

    image: NDArray[np.uint8]
    ellipse: tuple[float, float]
    label: str


@dataclass(frozen=True)
class Paint:
    """What a drag in a pane draws.

    Attributes
    ----------
    radius
        Of the brush, pixels of the image; 0: a lasso.
    adds
        Whether it adds or erases, for its color.
    """

    radius: float
    adds: bool


@dataclass(frozen=True, eq=False)
class Pane:
    """One image with all that is written and drawn on it.

    Attributes
    ----------
    image
        ``(rows, columns)`` real numbers.
    limits
        Intensities of the darkest and the brightest color; default: 0.5 to 99.8 percent of the values.
    cmap
        One of :data:`COLOR_MAPS`.
    title, caption
        Above the image; what it is, and which.
    pixel_size
        Length of a pixel for the scale bar; None: no bar.
    unit
        Of ``pixel_size``.
    axes
        Names of the axes to the right and downwards. An axis named ``"tilt"`` is not a length, and the image
        is stretched to fill its place.
    line
        The tilt axis: ``(shift, rotation)``, pixels down from the center and degrees, positive clockwise.
    cross
        ``(column, row)`` at which a cross-hair is drawn.
    columns
        Columns to mark with vertical lines, which can be dragged.
    rectangle
        Left, top, right and bottom of a part, pixels, right and bottom not in it; its edges can be dragged.
    boxes
        Left, top, right, bottom and a kind, ``"marked"``, ``"suspect"``, ``"marker"`` or
        ``"chosen"``: parts to point out.
    movable
        Whether a drag moves what is shown and not the zoomed view: its owner hears by how much.
    rgb
        ``(rows, columns, 3)``: colors to draw instead of the image; see :func:`overlay`.
    mixed
        Whether the colors are those of several images, so that a pixel has no one value to be measured.
    color_bar
        What the intensities are, for a bar of the colors in the corner; empty: no bar.
    inset
        A small picture in the corner; None: none.
    slider
        For a slider under the image: the place shown, how many there are, and what they are called; the wheel
        then steps through them. None: no slider.
    paint
        What a drag draws; None: it moves the zoomed picture.
    """

    image: NDArray[Any]
    limits: tuple[float, float] | None = None
    cmap: str = "gray"
    title: str = ""
    caption: str = ""
    pixel_size: float | None = None
    unit: str = "nm"
    axes: tuple[str, str] = ("x", "y")
    line: tuple[float, float] | None = None
    cross: tuple[int, int] | None = None
    columns: tuple[int, ...] = ()
    rectangle: tuple[int, int, int, int] | None = None
    boxes: tuple[tuple[int, int, int, int, str], ...] = ()
    rgb: NDArray[np.uint8] | None = None
    mixed: bool = False
    movable: bool = False
    color_bar: str = ""
    inset: Inset | None = None
    slider: tuple[int, int, str] | None = None
    paint: Paint | None = None

    def __post_init__(self) -> None:
        if np.ndim(self.image) != 2 or 0 in np.shape(self.image):
            raise ShapeError(f"a pane shows an image (rows, columns), not the shape {np.shape(self.image)}")
        if self.rgb is not None and np.shape(self.rgb) != (*np.shape(self.image), 3):
            raise ShapeError(f"colors {np.shape(self.rgb)} do not fit an image {np.shape(self.image)}")
        if self.cmap not in COLOR_MAPS:
            raise ParameterError(f"color_map {self.cmap!r} is not known; choose from {', '.join(COLOR_MAPS)}")
        if self.slider is not None and not 0 <= self.slider[0] < self.slider[1]:
            raise ParameterError(f"a slider of {self.slider[1]} places has no place {self.slider[0]}")


def to_plane(image: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """The image as bytes: 0 at and below the lower limit, 255 at and above the upper one; NaN is 0."""
    low, high = limits
    scaled = (np.asarray(image, dtype=np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    return np.clip(np.nan_to_num(scaled, nan=0.0) + 0.5, 0, 255).astype(np.uint8)


def reduced(image: NDArray[Any], max_side: int = _MAX_SIDE) -> tuple[NDArray[Any], int]:
    """The image, or means of blocks of it where a side is too long; and the side of a block."""
    factor = -(-max(image.shape) // max_side)
    if factor <= 1:
        return image, 1
    rows, columns = (size // factor * factor for size in image.shape)
    blocks = np.asarray(image[:rows, :columns], dtype=np.float32)
    return blocks.reshape(rows // factor, factor, columns // factor, factor).mean((1, 3)), factor


def overlay(layers: Sequence[tuple[NDArray[Any], tuple[float, float], str]]) -> NDArray[np.uint8]:
    """Images over each other, each in its own color: light is added.

    Parameters
    ----------
    layers
        Image ``(rows, columns)``, limits of its contrast, color as matplotlib names it.

    Returns
    -------
    array
        ``(rows, columns, 3)``.
    """
    total = np.zeros((*np.shape(layers[0][0]), 3), np.float32)
    for image, limits, color in layers:
        total += to_plane(image, limits)[..., np.newaxis] * np.array(to_rgb(color), np.float32)
    return np.clip(total + 0.5, 0, 255).astype(np.uint8)


def message(panes: list[Pane], max_side: int = _MAX_SIDE) -> tuple[dict[str, Any], list[bytes]]:
    """The panes as one message for the browser: a description, and a buffer of bytes per pane.

    The description says ``more`` where the images can be sent with a higher resolution.
    """
    described, buffers = [], []
    for pane in panes:
        limits = pane.limits or contrast_limits(pane.image)
        image, factor = reduced(pane.image, max_side)
        plane = to_plane(image, limits)
        if pane.rgb is None:
            buffers.append(plane.tobytes())
        else:
            channels = [reduced(pane.rgb[..., i], max_side)[0].astype(np.uint8) for i in range(3)]
            buffers.append(np.stack(channels, axis=-1).tobytes())
        described.append(
            {
                "width": plane.shape[1],
                "height": plane.shape[0],
                "factor": factor,
                "rgb": pane.rgb is not None,
                "limits": [float(limit) for limit in limits],
                "cmap": pane.cmap,
                "title": pane.title,
                "caption": pane.caption,
                "pixelSize": pane.pixel_size,
                "unit": pane.unit,
                **_scale_bars(plane.shape[1] * factor * (pane.pixel_size or 0)),
                "axes": list(pane.axes),
                "stretch": "tilt" in pane.axes,
                "line": None if pane.line is None else [float(value) for value in pane.line],
                "cross": None if pane.cross is None else [int(value) for value in pane.cross],
                "columns": [int(column) for column in pane.columns],
                "rectangle": None if pane.rectangle is None else [int(value) for value in pane.rectangle],
                "boxes": [[*(int(value) for value in box[:4]), box[4]] for box in pane.boxes],
                "movable": pane.movable,
                "paint": None if pane.paint is None else asdict(pane.paint),
                "colorBar": pane.color_bar,
                "inset": None if pane.inset is None else _described(pane.inset),
                "slider": None if pane.slider is None else [*map(int, pane.slider[:2]), pane.slider[2]],
            }
        )
    more = max_side < FULL_SIDE and any(said["factor"] > 1 for said in described)
    return {"type": "frame", "panes": described, "mostZoom": _MOST_ZOOM, "more": more}, buffers


def read_message(content: dict[str, Any], buffers: Sequence[bytes]) -> list[PaneSnapshot]:
    """What a message of :func:`message` has the browser draw."""
    return [_read_pane(said, buffer) for said, buffer in zip(content["panes"], buffers, strict=True)]


def _read_pane(said: dict[str, Any], buffer: bytes) -> PaneSnapshot:
    shape = (said["height"], said["width"], *([3] if said["rgb"] else []))
    same: dict[str, Any] = {name: said[name] for name in ("factor", "title", "caption", "cmap", "unit")}
    for name in ("limits", "axes", "line", "cross", "columns", "rectangle", "slider"):
        same[name] = None if said[name] is None else tuple(said[name])
    return PaneSnapshot(
        np.frombuffer(buffer, np.uint8).reshape(shape),
        pixel_size=said["pixelSize"],
        boxes=tuple(tuple(box) for box in said["boxes"]),
        color_bar=said["colorBar"],
        inset=said["inset"],
        **same,
    )


def _described(inset: Inset) -> dict[str, Any]:
    """As the browser gets it: a few hundred bytes, which need no buffer of their own."""
    rows, columns = inset.image.shape
    return {
        "width": columns,
        "height": rows,
        "values": inset.image.ravel().tolist(),
        "ellipse": [float(width) for width in inset.ellipse],
        "label": inset.label,
    }


def _scale_bars(width: float) -> dict[str, Any]:
    """Lengths of scale bars for all zooms, as the browser has no rule: it takes the longest that fits."""
    longest = _BAR * width
    return {"longestBar": longest, "bars": nice_lengths(longest, longest / _MOST_ZOOM) if width else []}
