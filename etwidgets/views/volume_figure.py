"""The figure of ipyvolume: made, filled with volumes and surfaces, photographed, closed; knows no control.

ipyvolume's own container does not work under ipyvue 3, and its pylab keeps every figure in a module global;
neither is used.
"""

from __future__ import annotations

import base64
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb

from etwidgets.views.parts import close_parts
from etwidgets.views.volume_shader import allow_several_volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from etwidgets.views.volume_channels import DrawnChannel

MOST_VOXELS_PER_SIDE = 256
"""More do not reach the browser in reasonable time."""
AXES = ("x", "y", "z")
MARK_COLOR = "#d81b60"
"""Of marked corners of a surface."""

_COLORS = 256
_VIEWPOINT = (0.7, 0.55, 1.55)  # from above and from the side, so that depth is seen
_SURFACE_COLOR = "#e0a458"


def make_figure(
    channels: Sequence[DrawnChannel], lengths: Sequence[float], unit: str, size: tuple[int, int]
) -> Any:
    """A figure with the volumes of all channels, which are given their widgets.

    Parameters
    ----------
    channels
        Of one shape.
    lengths
        Of the volume along x, y and z.
    unit
        Of the lengths.
    size
        Width and height, CSS pixels.
    """
    import ipyvolume as ipv
    import ipyvolume.styles

    half = max(lengths) / 2
    with _quiet():
        figure = ipv.Figure(width=size[0], height=size[1])
        figure.camera.position = _VIEWPOINT
        for channel in channels:
            channel.volume = ipv.Volume(
                data_original=_in_order(channel.small),
                data_min=channel.limits[0],
                data_max=channel.limits[1],
                show_min=channel.limits[0],
                show_max=channel.limits[1],
                extent_original=[[-length / 2, length / 2] for length in lengths],
                data_max_shape=MOST_VOXELS_PER_SIDE,
                rendering_lighting=True,
                tf=_transfer(channel),
            )
        if len(channels) > 1:
            allow_several_volumes(figure, max(channels[0].small.shape))
        figure.volumes = [channel.volume for channel in channels]
        figure.style = ipyvolume.styles.dark
        for axis in AXES:
            setattr(figure, f"{axis}lim", [-half, half])
            setattr(figure, f"{axis}label", f"{axis} ({unit})")
    return figure


def show_box(figure: Any, visible: bool) -> None:
    """Show or hide the box around the volume, with its scales."""
    axes = {**figure.style.get("axes", {}), "visible": visible}
    figure.style = {**figure.style, "box": {"visible": visible}, "axes": axes}


def draw_volume(channel: DrawnChannel, kept: NDArray[np.float32], *, visible: bool) -> None:
    """Give a channel's volume these voxels ``(X, Z, Y)``."""
    data = _in_order(kept)
    if not np.array_equal(channel.volume.data, data):
        with _quiet():
            channel.volume.data = data
    channel.volume.visible = visible


def draw_surface(
    figure: Any,
    channel: DrawnChannel,
    surface: dict[str, NDArray[Any]] | None,
    marks: NDArray[np.bool_] | None = None,
) -> None:
    """Draw a channel's surface, or none; a mesh that was made stays, as the browser keeps it too.

    Corners with a mark have the color of marks.
    """
    color: Any = channel.color or _SURFACE_COLOR
    if marks is not None:
        color = np.where(marks[:, np.newaxis], to_rgb(MARK_COLOR), to_rgb(color)).astype(np.float32)
    if channel.mesh is None and surface is not None:
        import ipyvolume as ipv

        channel.mesh = ipv.Mesh(**surface, color=color)
        figure.meshes = [*figure.meshes, channel.mesh]
    elif channel.mesh is not None:
        with channel.mesh.hold_sync():
            channel.mesh.visible = surface is not None
            for name, values in (surface or {}).items():
                setattr(channel.mesh, name, values)
            if surface is not None:
                channel.mesh.color = color


def change_transfer(channel: DrawnChannel) -> None:
    """Draw a channel with the settings that it has now."""
    old, channel.volume.tf = channel.volume.tf, _transfer(channel)
    close_parts(old)
    old.close()


def take_still(figure: Any, use: Callable[[bytes], None]) -> None:
    """Have the browser give what it shows; ``use`` is called with the bytes of a PNG file."""

    def receive(data: str) -> None:
        figure.on_screenshot(receive, remove=True)
        use(base64.b64decode(data[data.find(",") + 1 :]))

    figure.on_screenshot(receive)
    figure.screenshot()


def close_figure(figure: Any) -> None:
    """Close a figure and all widgets that hang on it, inner ones first; None is harmless."""
    found: dict[str, widgets.Widget] = {}

    def visit(widget: Any) -> None:
        if not isinstance(widget, widgets.Widget) or widget.model_id is None or widget.model_id in found:
            return
        found[widget.model_id] = widget
        for name in widget.keys:
            value = getattr(widget, name, None)
            inner = value.values() if isinstance(value, dict) else value
            for item in inner if isinstance(inner, list | tuple | type({}.values())) else (inner,):
                visit(item)

    visit(figure)
    for widget in reversed(found.values()):
        widget.close()


def _transfer(channel: DrawnChannel) -> Any:
    """Nothing below the level, then more and more opaque; in the channel's color if it has one."""
    import ipyvolume as ipv

    level, width = channel.settings["level"] / 100, channel.settings["width"] / 100
    value = np.linspace(0, 1, _COLORS)
    rgba = mpl.colormaps["inferno"](0.25 + 0.75 * value)
    if channel.color is not None:
        rgba[:, :3] = np.outer(0.4 + 0.6 * value, to_rgb(channel.color))
    rgba[:, 3] = channel.settings["opacity"] * np.clip((value - level) / width, 0, 1)
    return ipv.TransferFunction(rgba=rgba.astype(np.float32))


def _in_order(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(X, Z, Y)`` to ``(Z, Y, X)``, as ipyvolume wants it."""
    return np.ascontiguousarray(volume.transpose(1, 2, 0))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence: ipyvolume casts the gradient of even regions, which is NaN, and numpy warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
