"""The volume in 3-D, drawn by our own ray casting or by ipyvolume, and its pictures; knows no panel."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets import analysis
from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.panels.component import Component
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, heading, text
from etwidgets.session import SERIES
from etwidgets.views import RayView, VolumeChannel, VolumeView, ray_volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.session import Session
    from etwidgets.signals import RecStack
    from etwidgets.views import RayVolume

_MOST_CHANNELS = 4
_BUILT_IN, _IPYVOLUME = "built-in", "ipyvolume"
_DETAILS = [("at most 256 voxels", 256), ("at most 128 voxels", 128), ("every voxel", 2048)]
_DIRECTIONS = 256
_PICTURE_PX = (1600, 1200)
_AXES = ("x", "y", "z")
_Drawn = list[tuple[str, Any, str]]


class RenderingPart(Component):
    """The place of the rendering, filled when it is seen, and the form that belongs to it.

    Parameters
    ----------
    session
        Whose volume is rendered.
    name
        Of the panel.
    drawn
        Gives name, volume and color of each volume to be drawn together.
    save
        Called with the width and height of the picture when the view asks to save it.

    Attributes
    ----------
    rays
        Our own view.
    view
        That of ipyvolume.
    place
        Where the chosen one is.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        drawn: Callable[[], list[tuple[str, RecStack, str]]],
        save: Callable[[tuple[int, int]], None],
    ) -> None:
        super().__init__(session, name)
        self._drawn = drawn
        self.rays, self.view = self.add_view(RayView()), self.add_view(VolumeView(width=460, height=340))
        self.place = widgets.Box([self.rays, self.view]).add_class("etw-rendering")
        self.on_event(self.rays.on_pick, self._take_voxel)
        self.on_event(self.rays.on_save, save)
        self._preparing = self.preview(_prepared, self._take)
        self.add("renderer", control(widgets.Dropdown, "renderer", options=_renderers()))
        self.add("detail", control(widgets.Dropdown, "detail", options=_DETAILS))
        for axis in _AXES:
            limits = {"min": 0, "max": 100, "value": (0, 100)}
            self.add(f"clip-{axis}", control(widgets.IntRangeSlider, f"{axis} (%)", **limits))
            self.on_change(f"clip-{axis}", self._clip)
        self.add("unseen", control(widgets.Checkbox, "mark unseen faces", value=False, indent=False))
        self.add("render", button("Render"))
        self._legend = text()
        self.on_change("renderer", self._choose)
        self.on_change("detail", self._again)
        self.on_change("unseen", self._mark)
        self.on_click("render", self._render)
        self.listen(self.model, "reconstruction", self._forget)
        self.listen(self.display, ("channel_colors", "hidden_channels"), self._again)
        self.listen(self.display, "voxel", self._point)
        self._own = [self.controls[each] for each in ("detail", *(f"clip-{a}" for a in _AXES), "unseen")]
        self.widget = widgets.VBox(
            [
                heading("Rendering"),
                self.controls["renderer"],
                *self._own,
                self._legend,
                self.controls["render"],
            ]
        )

    def fresh(self) -> None:
        """Nothing is rendered."""
        self._shown_of: _Drawn = []
        self._mode_before = ""
        self._choose()

    @property
    def shown(self) -> bool:
        """Whether a volume is rendered."""
        return bool(self._shown_of)

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture to save; our own view draws whenever it is seen."""
        return self.shown or self.built_in

    @property
    def built_in(self) -> bool:
        """Whether our own view is chosen, which alone makes movies."""
        return bool(self.controls["renderer"].value == _BUILT_IN)

    def draw(self) -> None:
        """Render the volumes if that was not done, in a worker; ipyvolume waits for its button."""
        drawn = self._drawn()
        key = [(name, each.data, color) for name, each, color in drawn]
        if not self.built_in or not drawn or _same(key, self._shown_of):
            return
        self._shown_of = key
        volume = drawn[0][1]
        self._preparing.submit(self._channels(drawn), pixel_size(volume, "x"), self.controls["detail"].value)

    def enable(self) -> None:
        """Offer what belongs to the renderer."""
        for each in self._own:
            each.layout.display = "" if self.built_in else "none"
        self.controls["render"].layout.display = "none" if self.built_in else ""
        self.controls["render"].disabled = self.model.reconstruction is None
        self.controls["unseen"].disabled = self._unseen() is None

    def save_picture(self, path: Path, size: tuple[int, int] = _PICTURE_PX) -> None:
        """Write the view into a PNG file, of this width and height if it is our own; it arrives later."""

        def write(data: bytes) -> None:
            self.guard(partial(self._write, data, path))

        if not self.shown:
            raise ParameterError("nothing is rendered; there is no picture to save")
        if self.built_in:
            self.rays.stills(lambda _index, _count, data: write(data), *size)
        else:
            self.view.save_picture(write)

    def _write(self, picture: bytes, path: Path) -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(picture)
        self.session.tell(f"Saved {path.name} in {path.parent}.")

    def _take(self, prepared: tuple[RayVolume, str]) -> None:
        self.rays.put(*prepared)
        self._point()
        self._mark()

    def _take_voxel(self, voxel: tuple[int, int, int]) -> None:
        self.display.voxel = voxel

    def _point(self) -> None:
        self.rays.point_at(self.display.voxel)

    def _clip(self) -> None:
        parts = (self.controls[f"clip-{axis}"].value for axis in _AXES)
        self.rays.clip = [[low / 100, max(high, low + 1) / 100] for low, high in parts]

    def _choose(self) -> None:
        """Show the place of the chosen renderer."""
        self.rays.layout.display = "" if self.built_in else "none"
        self.view.layout.display = "none" if self.built_in else ""
        self.enable()
        self._again()

    def _forget(self) -> None:
        """Another volume, or none: what ipyvolume shows is of the one before."""
        self._shown_of = []
        self.view.clear()
        if self.model.reconstruction is None:
            self.rays.clear()

    def _again(self) -> None:
        self._forget()
        self.draw()

    def _mark(self) -> None:
        """Faces that no projection shows are marked on the surface; without marks all is as it was."""
        unseen, wanted = self._unseen(), bool(self.controls["unseen"].value)
        if unseen is None or not wanted:
            self.rays.unseen, self._legend.value = [], ""
            if self._mode_before:
                self.rays.mode, self._mode_before = self._mode_before, ""
            return
        self._mode_before = self._mode_before or self.rays.mode
        angles = np.pi * (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS
        normals = np.stack([np.zeros(_DIRECTIONS), -np.sin(angles), np.cos(angles)], axis=1)
        self.rays.unseen = [int(each) for each in unseen(normals)]
        self.rays.mode = "surface"
        self._legend.value = (
            "<p class='etw-quiet'>Drawn as a surface. <span style='color:#d81b60'>&#9632;</span> faces that "
            "no projection shows.</p>"
        )

    def _unseen(self) -> Callable[..., Any] | None:
        stack = self.model.stack
        known = stack is not None and stack.has_tilts and not self.model.stale
        return analysis.unseen_directions(stack.tilts_deg) if stack is not None and known else None

    def _render(self) -> None:
        """What ipyvolume does on request: it costs the browser seconds."""
        drawn = self._drawn()
        if drawn:
            volume, channels = drawn[0][1], self._channels(drawn)
            shown = channels if len(channels) > 1 else channels[0].data
            self.view.show(shown, pixel_size(volume, "x"), unseen=self._unseen())
            self._shown_of = [(name, each.data, color) for name, each, color in drawn]

    def _channels(self, drawn: list[tuple[str, RecStack, str]]) -> list[VolumeChannel]:
        """The volumes, as many as can be drawn together, in their colors where there are several."""
        if len(drawn) > _MOST_CHANNELS:
            left = ", ".join(name for name, _, _ in drawn[_MOST_CHANNELS:])
            self.session.tell(
                f"At most {_MOST_CHANNELS} volumes are drawn together; omitted: {left}.", "warning"
            )
        alone = [name for name, _, _ in drawn] == [SERIES]
        return [
            VolumeChannel(name, np.asarray(each.data), None if alone else color)
            for name, each, color in drawn[:_MOST_CHANNELS]
        ]


def _same(one: _Drawn, other: _Drawn) -> bool:
    """Whether these are the same arrays, under the same names and in the same colors."""
    return len(one) == len(other) and all(
        a[0] == b[0] and a[1] is b[1] and a[2] == b[2] for a, b in zip(one, other, strict=True)
    )


def _renderers() -> list[str]:
    """A page of our own server has the JavaScript of ipyvolume on request only."""
    return [_BUILT_IN] if os.environ.get("ETWIDGETS_IPYVOLUME") == "" else [_BUILT_IN, _IPYVOLUME]


def _prepared(channels: list[VolumeChannel], size_nm: float | None, most: int) -> tuple[RayVolume, str]:
    return ray_volume(channels, size_nm or 1.0, most), "px" if size_nm is None else "nm"
