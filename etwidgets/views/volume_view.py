"""A volume, or a few in their own colors, rendered by ipyvolume with controls of our own.

Knows voxels, not where they are from.
"""

from __future__ import annotations

from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.picture_scale import contrast_limits
from etwidgets.views.parts import close_parts, with_plain_text
from etwidgets.views.snapshots import ChannelSnapshot, VolumeSnapshot
from etwidgets.views.volume_channels import DrawnChannel, VolumeChannel, checked_shape, fewer_voxels
from etwidgets.views.volume_controls import SURFACE, VOLUME, make_controls
from etwidgets.views.volume_figure import (
    AXES,
    MARK_COLOR,
    MOST_VOXELS_PER_SIDE,
    change_transfer,
    close_figure,
    draw_surface,
    draw_volume,
    make_figure,
    show_box,
    take_still,
)
from etwidgets.views.volume_surface import cut_away, share_of, surface_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

_USUAL_SIDE, _OVERLAY_SIDE = 128, 64  # several volumes in one picture cost the browser several times as much


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
        self._channels: list[DrawnChannel] = []
        self._lengths = [1.0, 1.0, 1.0]
        self._filling, self._switched = False, False
        self._unseen: Callable[[NDArray[np.float32]], NDArray[np.bool_]] | None = None
        self._legend, self._note = (widgets.HTML("").add_class("etw-text") for _ in range(2))
        self.controls = make_controls()
        self._first = {name: control.value for name, control in self.controls.items() if name != "channel"}
        self._place = widgets.Box([]).add_class("etw-volume-picture")
        for name in ("level", "width", "opacity", "shown"):
            self.controls[name].observe(self._change_channel, "value")
        self.controls["channel"].observe(self._choose_channel, "value")
        for name in ("draw", *(f"cut-{axis}" for axis in AXES)):
            self.controls[name].observe(self._change_all, "value")
        self.controls["unseen"].observe(self._change_unseen, "value")
        self.controls["box"].observe(self._change_box, "value")
        self._side = widgets.VBox([*self.controls.values(), self._legend, self._note]).add_class(
            "etw-volume-controls"
        )
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
        unseen: Callable[[NDArray[np.float32]], NDArray[np.bool_]] | None = None,
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
        unseen
            Takes the normals ``(N, 3)`` of faces as ``(x, z, y)`` and says which cannot be seen, as
            :func:`etwidgets.analysis.unseen_directions`; they can then be marked on surfaces.

        Raises
        ------
        ShapeError
            If it is not a volume, or the channels differ in shape.
        ParameterError
            If ``max_side`` or the number of channels is out of range.
        """
        channels = [VolumeChannel("", volume)] if isinstance(volume, np.ndarray) else list(volume)
        shape = checked_shape(channels)
        side = max_side or (_USUAL_SIDE if len(channels) == 1 else _OVERLAY_SIDE)
        if not 8 <= side <= MOST_VOXELS_PER_SIDE:
            raise ParameterError(f"max_side must be 8 to {MOST_VOXELS_PER_SIDE}, not {max_side}")
        self._clear()
        self._unseen = unseen
        self.controls["unseen"].layout.display = "none" if unseen is None else ""
        for channel in channels:
            small, _ = fewer_voxels(np.asarray(channel.data), side)
            limits = contrast_limits(small, (1, 99.9))
            self._channels.append(DrawnChannel(channel.name, small, limits, channel.color))
        scale, name = (1.0, "px") if pixel_size is None else (pixel_size, unit)
        self._lengths = [size * scale for size in (shape[0], shape[2], shape[1])]  # x, y, z
        self._build(name)
        self._offer_channels()
        self._tell(shape, name)

    def clear(self) -> None:
        """Render nothing, and put the controls back to their initial values."""
        self._clear()
        with self._setting_controls():
            self.controls["channel"].options = []
            for name, value in self._first.items():
                self.controls[name].value = value
            for name in ("channel", "shown", "unseen"):
                self.controls[name].layout.display = None
        self._legend.value = self._note.value = ""

    def snapshot(self) -> VolumeSnapshot:
        """What is rendered now."""
        return VolumeSnapshot(tuple(_snapshot(channel) for channel in self._channels), self._note.value)

    def save_picture(self, use: Callable[[bytes], None]) -> None:
        """Have the browser give what it shows; ``use`` is called with the bytes of a PNG file.

        Raises
        ------
        ParameterError
            If nothing is rendered.
        """
        if self._figure is None:
            raise ParameterError("render a volume first; there is no picture to save")
        take_still(self._figure, use)

    def close(self) -> None:
        """Take it off the page, with all that belongs to it."""
        self._clear()
        inner = (*self.controls.values(), self._legend, self._note, self._place, self._side, self._row)
        for widget in (*inner, self):
            close_parts(widget)
        for widget in inner:
            widget.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_plain_text(super()._repr_mimebundle_(**kwargs), "The rendered volume")

    # -- drawing ------------------------------------------------------------------------------------

    def _build(self, unit: str) -> None:
        self._figure = make_figure(self._channels, self._lengths, unit, self._size)
        self._place.children = (self._figure,)
        self._change_box(None)
        self._draw_channels()

    def _draw_channels(self) -> None:
        """Volumes, surfaces or both, of what is not cut away."""
        if self._figure is None:
            return
        draw = self.controls["draw"].value
        cut = tuple(np.array(self.controls[f"cut-{axis}"].value) / 100 for axis in AXES)
        whole = all(tuple(part) == (0, 1) for part in cut)
        shares = []
        for channel in self._channels:
            lowest = channel.limits[0]
            kept = channel.small if whole else cut_away(channel.small, cut, lowest)
            draw_volume(channel, kept, visible=draw != SURFACE and channel.shown)
            found = None
            if draw != VOLUME and channel.shown:
                unseen = self._unseen if self.controls["unseen"].value else None
                found = surface_at(channel.intensity(), kept, lowest, self._lengths, unseen)
            draw_surface(self._figure, channel, *(found or (None,)))
            if found is not None and found[1] is not None:
                name = f" of {escape(channel.name)}" if len(self._channels) > 1 else ""
                shares.append(f"{share_of(found[0], found[1]):.0%}{name}")
        mark = f"<span style='color:{MARK_COLOR}'>&#9632;</span>"
        switched = " Drawn as a surface, for only surfaces have faces." if self._switched else ""
        self._legend.value = (
            f"<p>{mark} faces that no projection shows: {', '.join(shares)}.{switched}</p>" if shares else ""
        )

    @contextmanager
    def _setting_controls(self) -> Iterator[None]:
        """Set controls without taking it for the user's wish."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    def _change_channel(self, _change: Any) -> None:
        """The sliders were moved: they are of the chosen channel."""
        if self._filling or not self._channels:
            return
        channel = self._channels[self.controls["channel"].value or 0]
        level, shown = channel.settings["level"], channel.shown
        channel.settings = {name: float(self.controls[name].value) for name in channel.settings}
        channel.shown = bool(self.controls["shown"].value)
        change_transfer(channel)
        if channel.shown != shown or (channel.settings["level"] != level and channel.mesh is not None):
            self._draw_channels()

    def _choose_channel(self, _change: Any) -> None:
        index = self.controls["channel"].value
        if index is None or not self._channels:
            return
        channel = self._channels[index]
        with self._setting_controls():
            for name, value in channel.settings.items():
                self.controls[name].value = value
            self.controls["shown"].value = channel.shown

    def _change_all(self, _change: Any) -> None:
        self._draw_channels()

    def _change_unseen(self, _change: Any) -> None:
        """Marks are on surfaces: one is drawn while they are wanted, which the legend says."""
        draw, marks = self.controls["draw"], self.controls["unseen"].value
        before, self._switched = self._switched, marks and draw.value == VOLUME
        if self._switched:
            draw.value = SURFACE
        elif before and draw.value == SURFACE:
            draw.value = VOLUME
        else:
            self._draw_channels()

    def _change_box(self, _change: Any) -> None:
        if self._figure is not None:
            show_box(self._figure, self.controls["box"].value)

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
        close_figure(self._figure)
        self._figure, self._channels = None, []


def _snapshot(channel: DrawnChannel) -> ChannelSnapshot:
    volume, mesh = channel.volume, channel.mesh
    drawn = mesh is not None and mesh.visible
    return ChannelSnapshot(
        channel.name,
        np.array(volume.data),
        tuple((float(low), float(high)) for low, high in volume.extent),
        channel.limits,
        np.array(volume.tf.rgba),
        bool(volume.visible),
        {name: np.array(getattr(mesh, name)) for name in ("x", "y", "z", "triangles")} if drawn else None,
    )
