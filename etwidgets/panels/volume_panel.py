"""Look at the volume: three slices through one voxel, and a rendering on request; computes nothing."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.io import safe_new_path
from etwidgets.panels.cures import NO_VOLUME
from etwidgets.panels.navigation import add_look, set_range
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, pixel_size, slice_panes
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session import SERIES
from etwidgets.views import ImageView, VolumeChannel, VolumeView, overlay

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Cure, Session
    from etwidgets.signals import RecStack

_ALONE_PX, _WITH_RENDERING_PX = 320, 232  # height of the slices; with the rendering all fits into 720 px
_MOST_CHANNELS = 4
_OVERLAY = ""
_FILMS = {
    "rendering (.png)": ("rendering.png", ""),
    "film: turning": ("turning.gif", "tilting"),
    "film: along x": ("along-x.gif", "x"),
    "film: along y": ("along-y.gif", "y"),
    "film: along z": ("along-z.gif", "z"),
}

_HELP = """<p>Drag to turn, wheel to zoom. <b>Level</b> is the intensity that is drawn, in percent of the
brightest; raise it to see dense parts only. <b>x, y, z</b> cut parts away.</p>"""


class VolumePanel(Panel):
    """Three orthogonal slices with linked cross-hairs, the rendered volume, pictures and films of them.

    Parameters
    ----------
    session
        Whose volume is shown.
    root
        The folder into which pictures and films are written; None: nothing is written.
    """

    name = "volume"
    title = "Volume"

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=_ALONE_PX).add_class("etw-grow"))
        self._images.on_click(lambda event: self.guard(lambda: self._cut_at(event)))
        self._rendered = self.add_view(VolumeView(width=520, height=270))
        self._rendered.layout.display = "none"
        self.add("which", control(widgets.Dropdown, "slices of", options=[]))
        self._filling, self._legend = False, text()
        self.on_change("which", self._choose_volume)
        sliders = [self._voxel_slider(name, position) for position, name in enumerate(("x", "z", "y"))]
        self.add("render", button("Render", primary=True))
        look = add_look(self, lambda: self.model.reconstruction, self._contrast)
        self.refresh_on(self.model, ("reconstruction", "channels"))
        self.refresh_on(self.display, ("voxel", "contrast", "color_map", "channel_colors", "hidden_channels"))
        self.listen(self.model, "reconstruction", self._forget_rendering)
        self.listen(self.display, ("channel_colors", "hidden_channels"), self._forget_rendering)
        self.on_click("render", self._render)
        self.add("again", button("Reconstruct again"))
        self.on_click("again", self._again)
        form = [
            heading("Volume"),
            self.controls["which"],
            self._legend,
            *look,
            self.controls["render"],
            self.controls["again"],
            self.hint,
            text(_HELP),
        ]
        form += self._build_keeping()
        return [self._images, row(*sliders), self._rendered], form

    def _build_keeping(self) -> list[widgets.Widget]:
        """What can be taken away of what is seen here."""
        self.add("what", control(widgets.Dropdown, "take away", options=list(_FILMS)))
        self.add("name", control(widgets.Text, "file name", value="rendering.png"))
        self.add("save", button("Save"))
        self._into = text(
            "" if self._root is None else f"<p class='etw-quiet'>Into {escape(str(self._root))}.</p>"
        )
        self.on_change("what", self._propose)
        self.on_click("save", self._save)
        return [*(self.controls[name] for name in ("what", "name", "save")), self._into]

    def fresh(self) -> None:
        """Nothing is rendered."""
        self._contrast.clear()
        self._contrasts: dict[str, Contrast] = {}
        self._forget_rendering()

    def redraw(self) -> None:
        """Show the three slices."""
        self._offer_volumes()
        volumes = {name: each for name, each, _ in self._volumes()}
        if not volumes:
            self._images.show([])
            self._legend.value = ""
            return
        which = self.controls["which"].value
        if which == _OVERLAY:
            self._show_overlay()
            return
        self._legend.value = ""
        volume = volumes.get(which, volumes[SERIES])
        limits = self._contrast.of(volume, self.display.contrast)
        self._images.show(slice_panes(volume, self.display, limits))

    def _show_overlay(self) -> None:
        """Slices of all channels over each other, each in its color, with the names of the colors."""
        layers, drawn = [], self._drawn()
        for name, each, color in drawn:
            limits = self._contrasts.setdefault(name, Contrast()).of(each, self.display.contrast)
            layers.append((slice_panes(each, self.display, limits), limits, color))
        panes = []
        for number, pane in enumerate(layers[0][0]):
            rgb = overlay([(own[number].image, limits, color) for own, limits, color in layers])
            panes.append(replace(pane, rgb=rgb))
        self._images.show(panes)
        self._legend.value = " ".join(
            f"<span style='color:{escape(color)}'>&#9632;</span> {escape(name)}&ensp;"
            for name, _, color in drawn
        )

    def _offer_volumes(self) -> None:
        names = [name for name, _, _ in self._volumes()]
        several = len(names) > 1
        options = [(name, name) for name in names] + ([("all, in colors", _OVERLAY)] if several else [])
        which = self.controls["which"]
        which.layout.display = "" if several else "none"
        if list(which.options) != options:
            chosen = which.value
            self._filling = True
            try:
                which.options = options
                if options:
                    known = [value for _, value in options]
                    which.value = chosen if chosen in known else _OVERLAY if several else SERIES
            finally:
                self._filling = False

    def _choose_volume(self) -> None:
        if not self._filling:
            self.refresh()

    def enable(self) -> None:
        """Rendering needs a volume, and nothing else."""
        super().enable()
        nothing = self.model.reconstruction is None
        self.controls["render"].disabled = nothing
        picture = self.controls["what"].value == next(iter(_FILMS))
        self.controls["save"].disabled = (
            nothing or self.model.busy or self._root is None or (picture and not self._is_rendered)
        )
        again = self.controls["again"]
        again.layout.display = "" if self.model.stale else "none"
        again.disabled = self.model.busy
        if self.model.stale:
            self.hint.value = "The series changed after this volume was reconstructed; reconstruct it again."

    def way_out(self) -> Cure | None:
        """To where a volume is made."""
        return NO_VOLUME if self.model.reconstruction is None else None

    def reason(self) -> str:
        """Looking around works also while a step runs."""
        return (
            "" if self.model.reconstruction is not None else "Reconstruct a volume first (step Reconstruct)."
        )

    def _voxel_slider(self, name: str, position: int) -> Any:
        slider = self.add(name, control(widgets.IntSlider, f"{name} (px)", min=0, max=0), keep=True)

        def adjust() -> None:
            volume, wanted = self.model.reconstruction, self.display.voxel[position]
            slider.disabled = volume is None
            set_range(slider, 0 if volume is None else volume.data.shape[position] - 1, wanted)

        self.listen(self.model, "reconstruction", adjust)
        self.listen(self.display, "voxel", adjust)
        self.on_fresh(adjust)
        self.listen(slider, "value", self._mover(slider, position))
        return slider

    def _mover(self, slider: Any, position: int) -> Callable[[], None]:
        def move() -> None:
            voxel = list(self.display.voxel)
            voxel[position] = slider.value
            self.display.voxel = tuple(voxel)

        return move

    def _cut_at(self, event: dict[str, Any]) -> None:
        volume = self.model.reconstruction
        if volume is None:
            return
        axes = (("y", "z"), ("x", "z"), ("x", "y"))[event["pane"]]
        voxel = dict(zip("xzy", self.display.voxel, strict=True))
        sizes = dict(zip("xzy", volume.data.shape, strict=True))
        for name, value in zip(axes, (event["x"], event["y"]), strict=True):
            voxel[name] = int(np.clip(value, 0, sizes[name] - 1))
        self.display.voxel = (voxel["x"], voxel["z"], voxel["y"])

    @property
    def _is_rendered(self) -> bool:
        return self._rendered.layout.display != "none"

    def _again(self) -> None:
        """The last reconstruction once more, of the series as it is now."""
        steps = [step for step in self.session.steps_of_series if step.operation == "reconstruct"]
        self.session.apply("reconstruct", **steps[-1].parameters)

    def _propose(self) -> None:
        self.controls["name"].value = _FILMS[self.controls["what"].value][0]
        self.enable()

    def _save(self) -> None:
        if self._root is None:
            return
        path = safe_new_path(self._root, self.controls["name"].value.strip())
        what = _FILMS[self.controls["what"].value][1]
        if what:
            self.session.save_movie(what, path)
        else:
            self._rendered.save_picture(lambda data: self.guard(lambda: self._keep(data, path)))

    def _keep(self, picture: bytes, path: Path) -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(picture)
        self.session.tell(f"Wrote {path.name} into {self._root}.")

    def _to_render(self, volume: RecStack) -> Any:
        """The volume, or with its channels in their colors, as many as can be drawn."""
        drawn = self._drawn()
        if [name for name, _, _ in drawn] == [SERIES]:
            return np.asarray(volume.data)
        if len(drawn) > _MOST_CHANNELS:
            left = ", ".join(name for name, _, _ in drawn[_MOST_CHANNELS:])
            self.session.tell(
                f"At most {_MOST_CHANNELS} can be drawn together; not drawn: {left}.", "warning"
            )
        return [
            VolumeChannel(name, np.asarray(each.data), color) for name, each, color in drawn[:_MOST_CHANNELS]
        ]

    def _volumes(self) -> list[tuple[str, RecStack, str]]:
        """Name, volume and color of the series and of every channel that has a volume."""
        volume = self.model.reconstruction
        if volume is None:
            return []
        found = [(SERIES, volume)]
        found += [(c.name, c.reconstruction) for c in self.model.channels if c.reconstruction is not None]
        places = {SERIES: 0, **{c.name: place for place, c in enumerate(self.model.channels, 1)}}
        return [(name, each, self.display.color_of(name, places[name])) for name, each in found]

    def _drawn(self) -> list[tuple[str, RecStack, str]]:
        """Those that are drawn over each other: elements say more than the sum that they are of."""
        found, hidden = self._volumes(), self.display.hidden_channels
        shown = [each for each in found if each[0] not in hidden]
        if len(found) > 1 and self.model.spectra is not None and SERIES not in self.display.channel_colors:
            shown = [each for each in shown if each[0] != SERIES]
        return shown or found[:1]

    def _forget_rendering(self) -> None:
        self._rendered.clear()
        self._rendered.layout.display = "none"
        self._images.height = _ALONE_PX

    def _render(self) -> None:
        volume = self.model.reconstruction
        if volume is None:
            return
        self._rendered.show(self._to_render(volume), pixel_size(volume, "x"))
        self._rendered.layout.display = ""
        self._images.height = _WITH_RENDERING_PX
        self.enable()
