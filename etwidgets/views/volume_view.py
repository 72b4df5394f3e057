"""A volume, or a few in their own colors, rendered by ipyvolume with controls of our own.

Knows voxels, not where they are from. ipyvolume's own container does not work under ipyvue 3 and is not used.
"""

from __future__ import annotations

import base64
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb
from scipy import ndimage

from etwidgets.errors import ParameterError, ShapeError
from etwidgets.views.panes import contrast_limits
from etwidgets.views.parts import close_parts, with_plain_text
from etwidgets.views.volume_shader import shader_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

_MOST_VOXELS_PER_SIDE = 256
_MOST_CHANNELS = 4
_USUAL_SIDE, _OVERLAY_SIDE = 128, 64  # several volumes in one picture cost the browser several times as much
_COLORS = 256
_VIEWPOINT = (0.7, 0.55, 1.55)  # from above and from the side, so that depth is seen
_VOLUME, _SURFACE, _BOTH = "volume", "surface", "both"
_SURFACE_COLOR = "#e0a458"
_AXES = ("x", "y", "z")


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
class _Drawn:
    """A channel as it is drawn, with the settings of its sliders."""

    name: str
    small: NDArray[np.float32]
    limits: tuple[float, float]
    color: str | None
    settings: dict[str, float]
    shown: bool = True
    volume: Any = None
    mesh: Any = None


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


class VolumeView(widgets.VBox):
    """A rendered volume that can be turned with the mouse.

    Parameters
    ----------
    width, height
        CSS pixels of the picture.
    """

    def __init__(self, width: int = 480, height: int = 400) -> None:
        self._size = width, height
        self._figure: Any = None
        self._channels: list[_Drawn] = []
        self._lengths = [1.0, 1.0, 1.0]
        self._filling = False
        self._note = widgets.HTML("").add_class("etw-text")
        self.controls: dict[str, Any] = {
            "draw": _dropdown("draw", [_VOLUME, _SURFACE, _BOTH]),
            "channel": _dropdown("channel", []),
            "shown": widgets.Checkbox(description="show this channel", value=True, indent=False),
            "level": _slider("level (%)", 25, 0, 100, 1),
            "width": _slider("width (%)", 30, 2, 100, 1),
            "opacity": _slider("opacity", 0.2, 0.01, 1, 0.01),
            **{f"cut-{axis}": _range(f"{axis} (%)") for axis in _AXES},
            "box": widgets.Checkbox(description="box with scale", value=True, indent=False),
        }
        self._first = {name: control.value for name, control in self.controls.items() if name != "channel"}
        for name, control in self.controls.items():
            control.add_class(f"etw-volume-{name}")
        self._place = widgets.Box([]).add_class("etw-volume-picture")
        for name in ("level", "width", "opacity", "shown"):
            self.controls[name].observe(self._change_channel, "value")
        self.controls["channel"].observe(self._choose_channel, "value")
        for name in ("draw", *(f"cut-{axis}" for axis in _AXES)):
            self.controls[name].observe(self._change_all, "value")
        self.controls["box"].observe(self._change_box, "value")
        self._side = widgets.VBox([*self.controls.values(), self._note]).add_class("etw-volume-controls")
        self._row = widgets.HBox([self._place, self._side])
        super().__init__([self._row])
        self.add_class("etw-volume-view")

    def show(
        self,
        volume: NDArray[Any] | Sequence[VolumeChannel],
        pixel_size: float | None = None,
        unit: str = "nm",
        *,
        max_side: int | None = None,
    ) -> None:
        """Render a volume, or one to four channels over each other, instead of what was shown.

        Parameters
        ----------
        volume
            ``(X, Z, Y)`` real numbers, or channels of one shape.
        pixel_size
            Length of a voxel for the axes; None: pixels.
        unit
            Of ``pixel_size``.
        max_side
            Voxels along the longest side of what is rendered, at most 256; default: 128, and 64 of several
            channels.

        Raises
        ------
        ShapeError
            If it is no volume, or the channels differ in shape.
        ParameterError
            If ``max_side`` or the number of channels is out of range.
        """
        channels = [VolumeChannel("", volume)] if isinstance(volume, np.ndarray) else list(volume)
        shape = _checked_shape(channels)
        side = max_side or (_USUAL_SIDE if len(channels) == 1 else _OVERLAY_SIDE)
        if not 8 <= side <= _MOST_VOXELS_PER_SIDE:
            raise ParameterError(f"max_side must be 8 to {_MOST_VOXELS_PER_SIDE}, not {max_side}")
        self._clear()
        usual = {"level": 25.0, "width": 30.0, "opacity": 0.2}
        for channel in channels:
            small, _ = fewer_voxels(np.asarray(channel.data), side)
            limits = contrast_limits(small, (1, 99.9))
            self._channels.append(_Drawn(channel.name, small, limits, channel.color, dict(usual)))
        scale, name = (1.0, "px") if pixel_size is None else (pixel_size, unit)
        self._lengths = [size * scale for size in (shape[0], shape[2], shape[1])]  # x, y, z
        self._build(name)
        self._offer_channels()
        self._tell(shape, name)

    def clear(self) -> None:
        """Render nothing, and put the controls to where they were in the beginning."""
        self._clear()
        self._filling = True
        try:
            self.controls["channel"].options = []
            for name, value in self._first.items():
                self.controls[name].value = value
            for name in ("channel", "shown"):
                self.controls[name].layout.display = None
        finally:
            self._filling = False
        self._note.value = ""

    def save_picture(self, use: Callable[[bytes], None]) -> None:
        """Have the browser give what it shows; ``use`` is called with the bytes of a PNG file.

        Raises
        ------
        ParameterError
            If nothing is rendered.
        """
        if self._figure is None:
            raise ParameterError("render a volume first; there is no picture to save")
        figure = self._figure

        def receive(data: str) -> None:
            figure.on_screenshot(receive, remove=True)
            use(base64.b64decode(data[data.find(",") + 1 :]))

        figure.on_screenshot(receive)
        figure.screenshot()

    def close(self) -> None:
        """Take it off the page, with all that belongs to it."""
        self._clear()
        inner = (*self.controls.values(), self._note, self._place, self._side, self._row)
        for widget in (*inner, self):
            close_parts(widget)
        for widget in inner:
            widget.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_plain_text(super()._repr_mimebundle_(**kwargs), "The rendered volume")

    # -- drawing ------------------------------------------------------------------------------------

    def _build(self, unit: str) -> None:
        import ipyvolume as ipv
        import ipyvolume.styles

        half = max(self._lengths) / 2
        with _quiet():
            # without its pylab, which keeps every figure in a module global
            figure = ipv.Figure(width=self._size[0], height=self._size[1])
            figure.camera.position = _VIEWPOINT
            for channel in self._channels:
                channel.volume = ipv.Volume(
                    data_original=np.ascontiguousarray(channel.small.transpose(1, 2, 0)),  # wants z, y, x
                    data_min=channel.limits[0],
                    data_max=channel.limits[1],
                    show_min=channel.limits[0],
                    show_max=channel.limits[1],
                    extent_original=[[-length / 2, length / 2] for length in self._lengths],
                    data_max_shape=_MOST_VOXELS_PER_SIDE,
                    rendering_lighting=True,
                    tf=_transfer(channel),
                )
            if len(self._channels) > 1:
                figure._shaders = {"volr-fragment": shader_for(max(self._channels[0].small.shape))}  # noqa: SLF001
            figure.volumes = [channel.volume for channel in self._channels]
            figure.style = ipyvolume.styles.dark
            for axis in _AXES:
                setattr(figure, f"{axis}lim", [-half, half])
                setattr(figure, f"{axis}label", f"{axis} ({unit})")
        self._figure = figure
        self._place.children = (figure,)
        self._change_box(None)
        self._draw_channels()

    def _draw_channels(self) -> None:
        """Volumes, surfaces or both, of what is not cut away."""
        if self._figure is None:
            return
        draw = self.controls["draw"].value
        cut = tuple(np.array(self.controls[f"cut-{axis}"].value) / 100 for axis in _AXES)
        whole = all(tuple(part) == (0, 1) for part in cut)
        for channel in self._channels:
            kept = channel.small if whole else _cut(channel.small, cut, channel.limits[0])
            volume = np.ascontiguousarray(kept.transpose(1, 2, 0))
            if not np.array_equal(channel.volume.data, volume):
                with _quiet():
                    channel.volume.data = volume
            channel.volume.visible = draw != _SURFACE and channel.shown
            self._draw_surface(channel, kept if draw != _VOLUME and channel.shown else None)

    def _draw_surface(self, channel: _Drawn, kept: NDArray[np.float32] | None) -> None:
        """The surface of what is kept, or none; a mesh that was made stays, as the browser keeps it too."""
        surface = None if kept is None else _surface(channel, kept, self._lengths)
        if channel.mesh is None and surface is not None:
            import ipyvolume as ipv

            channel.mesh = ipv.Mesh(**surface, color=channel.color or _SURFACE_COLOR)
            self._figure.meshes = [*self._figure.meshes, channel.mesh]
        elif channel.mesh is not None:
            with channel.mesh.hold_sync():
                channel.mesh.visible = surface is not None
                for name, values in (surface or {}).items():
                    setattr(channel.mesh, name, values)

    def _change_channel(self, _change: Any) -> None:
        """The sliders were moved: they are of the chosen channel."""
        if self._filling or not self._channels:
            return
        channel = self._channels[self.controls["channel"].value or 0]
        level = channel.settings["level"]
        shown = channel.shown
        channel.settings = {name: float(self.controls[name].value) for name in channel.settings}
        channel.shown = bool(self.controls["shown"].value)
        old, channel.volume.tf = channel.volume.tf, _transfer(channel)
        close_parts(old)
        old.close()
        if channel.shown != shown or (channel.settings["level"] != level and channel.mesh is not None):
            self._draw_channels()

    def _choose_channel(self, _change: Any) -> None:
        index = self.controls["channel"].value
        if index is None or not self._channels:
            return
        channel = self._channels[index]
        self._filling = True
        try:
            for name, value in channel.settings.items():
                self.controls[name].value = value
            self.controls["shown"].value = channel.shown
        finally:
            self._filling = False

    def _change_all(self, _change: Any) -> None:
        self._draw_channels()

    def _change_box(self, _change: Any) -> None:
        if self._figure is not None:
            style = {**self._figure.style, "box": {"visible": self.controls["box"].value}}
            style["axes"] = {**style.get("axes", {}), "visible": self.controls["box"].value}
            self._figure.style = style

    def _offer_channels(self) -> None:
        several = len(self._channels) > 1
        for name in ("channel", "shown"):
            self.controls[name].layout.display = "" if several else "none"
        options = [(channel.name, number) for number, channel in enumerate(self._channels)]
        self.controls["channel"].options = options
        self.controls["channel"].value = 0
        self._choose_channel(None)

    def _tell(self, shape: tuple[int, ...], unit: str) -> None:
        small, longest = max(self._channels[0].small.shape), max(shape)
        drawn = f"{small} of {longest} voxels along the longest side" if small < longest else "every voxel"
        legend = "".join(
            f"<span style='color:{escape(channel.color)}'>&#9632;</span> {escape(channel.name)} "
            for channel in self._channels
            if channel.color
        )
        sizes = " x ".join(f"{length:.4g}" for length in self._lengths)
        self._note.value = f"{legend}<p>Showing {drawn}. x, y, z: {sizes} {unit}.</p>"

    def _clear(self) -> None:
        self._place.children = ()
        for widget in _parts(self._figure):
            widget.close()
        self._figure, self._channels = None, []


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence: ipyvolume casts the gradient of even regions, which is NaN, and numpy warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _checked_shape(channels: list[VolumeChannel]) -> tuple[int, ...]:
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


def _transfer(channel: _Drawn) -> Any:
    """Nothing below the level, then more and more opaque; in the channel's color if it has one."""
    import ipyvolume as ipv

    level, width = channel.settings["level"] / 100, channel.settings["width"] / 100
    value = np.linspace(0, 1, _COLORS)
    rgba = mpl.colormaps["inferno"](0.25 + 0.75 * value)
    if channel.color is not None:
        rgba[:, :3] = np.outer(0.4 + 0.6 * value, to_rgb(channel.color))
    rgba[:, 3] = channel.settings["opacity"] * np.clip((value - level) / width, 0, 1)
    return ipv.TransferFunction(rgba=rgba.astype(np.float32))


def _cut(small: NDArray[np.float32], cut: Sequence[NDArray[Any]], empty: float) -> NDArray[np.float32]:
    """The volume ``(X, Z, Y)`` with what lies outside of the parts along x, y and z made empty."""
    kept = np.full_like(small, empty)
    x, y, z = cut
    index = tuple(
        slice(round(part[0] * size), max(round(part[1] * size), round(part[0] * size) + 1))
        for part, size in zip((x, z, y), small.shape, strict=True)
    )
    kept[index] = small[index]
    return kept


def _surface(
    channel: _Drawn, kept: NDArray[np.float32], lengths: Sequence[float]
) -> dict[str, NDArray[Any]] | None:
    """The surface at the channel's level, closed where the volume ends; None where there is none."""
    from skimage.measure import marching_cubes

    low, high = channel.limits
    level = low + channel.settings["level"] / 100 * (high - low)
    padded = np.pad(kept, 1, constant_values=min(low, float(kept.min())))
    if not padded.min() < level < padded.max():
        return None
    points, triangles, _, _ = marching_cubes(padded, level)
    # x, z, y of voxel centers to lengths from the middle
    parts = (points - 0.5) / np.array(kept.shape) - 0.5
    x, z, y = (parts[:, axis] * lengths[place] for axis, place in enumerate((0, 2, 1)))
    corners = {name: values.astype(np.float32) for name, values in (("x", x), ("y", y), ("z", z))}
    return {**corners, "triangles": triangles.astype(np.uint32)}


def _dropdown(label: str, options: list[str]) -> widgets.Dropdown:
    return widgets.Dropdown(
        description=label,
        options=options,
        style={"description_width": "64px"},
        layout=widgets.Layout(width="auto"),
    )


def _slider(label: str, value: float, low: float, high: float, step: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        description=label, value=value, min=low, max=high, step=step, continuous_update=False,
        style={"description_width": "64px"}, layout=widgets.Layout(width="auto"),
    )  # fmt: skip


def _range(label: str) -> widgets.IntRangeSlider:
    return widgets.IntRangeSlider(
        description=label, value=(0, 100), min=0, max=100, continuous_update=False,
        style={"description_width": "64px"}, layout=widgets.Layout(width="auto"),
    )  # fmt: skip


def _parts(figure: Any) -> list[widgets.Widget]:
    """The figure and all widgets that hang on it, inner ones first."""
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
    return list(found.values())[::-1]
