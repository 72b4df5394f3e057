"""Look at the volume: three slices through one voxel, and a rendering on request; computes nothing."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.errors import ParameterError
from etwidgets.io import safe_new_path
from etwidgets.panels.cures import NO_VOLUME, NO_VOLUME_REASON, reconstruct_again
from etwidgets.panels.film_part import FILMS, FilmPart
from etwidgets.panels.look import add_look
from etwidgets.panels.navigation import go_to_voxel, slide_voxel
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, limits_name, slice_panes
from etwidgets.panels.pieces import button, control, heading, help_text, offer, text
from etwidgets.panels.rendering_part import RenderingPart
from etwidgets.panels.response_part import ResponsePart
from etwidgets.panels.spread_part import SpreadPart
from etwidgets.session import SERIES
from etwidgets.session.report import free_target
from etwidgets.views import ImageView, overlay

if TYPE_CHECKING:
    from etwidgets.session import Cure, Session
    from etwidgets.signals import RecStack
    from etwidgets.views import Pane

_HEIGHT_PX, _FOURTH = 480, 3  # of the four pictures; the number of the place of the rendering
_OVERLAY = ""
_PICTURE = "rendering (.png)"
_EXPORTS = {
    _PICTURE: ("rendering.png", ""),
    "movie: rotation": ("rotation.gif", "tilting"),
    "movie: along x": ("along-x.gif", "x"),
    "movie: along y": ("along-y.gif", "y"),
    "movie: along z": ("along-z.gif", "z"),
    **{f"rendering movie: {what}": (f"{what.replace(' ', '-')}.gif", what) for what in FILMS},
}

_HELP = """<p><b>Slices</b> The wheel steps through them, Ctrl and the wheel zooms. Click to move the
cross-hair. Double-click, or press m, to see one alone.</p>
<p><b>Rendering</b> Drag to rotate, Shift and drag to move, wheel to zoom; x, y, z look along an axis. A click
moves the cross-hair to what you see. The curve sets opacity and color over intensity: click to add a point,
drag to move it, double-click to remove it.</p>"""


class VolumePanel(Panel):
    """Three orthogonal slices with linked cross-hairs, the rendered volume, pictures and movies of them.

    Parameters
    ----------
    session
        Whose volume is shown.
    root
        The folder into which pictures and movies are written; None: nothing is written.
    """

    name = "volume"
    title = "Volume"
    promise = "Three slices through the volume and the volume in 3-D."

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=_HEIGHT_PX, arrangement="four"))
        self.on_event(self._images.on_click, self._cut_at)
        self.on_event(self._images.on_slide, lambda event: slide_voxel(self.display, event))
        own = self.session, self.name
        self._rendering = self.add_part(RenderingPart(*own, self._drawn, self._save_rendering))
        self._film = self.add_part(FilmPart(*own, self._rendering.rays))
        self._spread = self.add_part(SpreadPart(*own, self.enable))
        self._response = self.add_part(ResponsePart(*own, self.refresh))
        self.add("which", control(widgets.Dropdown, "slices of", options=[]))
        self._legend = text()
        self.on_change("which", self.refresh)
        look = add_look(self, lambda: self.model.reconstruction, self._contrast)
        self.refresh_on(self.model, ("reconstruction", "channels"))
        self.refresh_on(self.display, ("voxel", "contrast", "limits", "color_map"))
        self.refresh_on(self.display, ("channel_colors", "hidden_channels"))
        self.add("again", button("Reconstruct again"))
        self.on_click("again", self._again)
        form = [
            heading("Volume"),
            self.controls["which"],
            self._legend,
            *look,
            self._rendering.widget,
            self._spread.widget,
            self._spread.note,
            self._response.widget,
            self.controls["again"],
            self.hint,
            help_text(_HELP),
        ]
        form += self._build_export()
        self._four = widgets.Box([self._images, self._rendering.place]).add_class("etw-four")
        self.listen(self._images, "maximized", self._maximize)
        self.listen(self._rendering.rays, "maximized", self._maximize_rendering)
        return [self._four.add_class("etw-grow"), self._spread.view], form

    def _build_export(self) -> list[widgets.Widget]:
        """Pictures and movies of what is seen here."""
        self.add("what", control(widgets.Dropdown, "export", options=list(_EXPORTS)))
        self.add("name", control(widgets.Text, "file name", value="rendering.png"))
        self.add("save", button("Export"))
        self._into = text(
            ""
            if self._root is None
            else f"<p class='etw-quiet'>Files are saved in {escape(str(self._root))}.</p>"
        )
        self.on_change("what", self._propose)
        self.on_change("renderer", self.enable)
        self.on_click("save", self._save)
        what, name, save = (self.controls[each] for each in ("what", "name", "save"))
        return [what, name, self._film.widget, save, self._into]

    def fresh(self) -> None:
        """Forget the contrasts."""
        self._contrast.clear()
        self._contrasts: dict[str, Contrast] = {}

    def redraw(self) -> None:
        """Show the three slices."""
        self._offer_volumes()
        self._spread.draw()
        self._rendering.draw()
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
        limits = self._contrast.shown(volume, self.display, limits_name(volume, which))
        self._images.show(self._with_response(slice_panes(volume, self.display, limits)))

    def _with_response(self, panes: list[Pane]) -> list[Pane]:
        """The first slice holds y and z, in which the missing wedge blurs."""
        return [replace(panes[0], inset=self._response.inset), *panes[1:]]

    def _show_overlay(self) -> None:
        """Slices of all channels over each other, each in its color, with the names of the colors."""
        layers, drawn = [], self._drawn()
        for name, each, color in drawn:
            contrast, known_as = self._contrasts.setdefault(name, Contrast()), limits_name(each, name)
            limits = contrast.shown(each, self.display, known_as)
            layers.append((slice_panes(each, self.display, limits), limits, color))
        panes = []
        for number, pane in enumerate(layers[0][0]):
            rgb = overlay([(own[number].image, limits, color) for own, limits, color in layers])
            panes.append(replace(pane, rgb=rgb, mixed=True))
        self._images.show(self._with_response(panes))
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
        with self.filling():
            offer(which, options, _OVERLAY if several else SERIES)

    def enable(self) -> None:
        """Rendering needs a volume, and nothing else."""
        super().enable()
        nothing = self.model.reconstruction is None
        self._rendering.enable()
        self._spread.enable()
        self._response.enable()
        what = self.controls["what"].value
        film = _EXPORTS[what][1] in FILMS
        self._film.widget.layout.display = "" if film else "none"
        unseen = (what == _PICTURE and not self._rendering.has_picture) or (
            film and not self._rendering.built_in
        )
        self.controls["save"].disabled = nothing or self.model.busy or self._root is None or unseen
        again = self.controls["again"]
        again.layout.display = "" if self.model.stale else "none"
        again.disabled = self.model.busy
        if self.model.stale:
            self.hint.value = "The series changed after this volume was reconstructed. Reconstruct it again."

    def is_empty(self) -> bool:
        """There must be a volume."""
        return self.model.reconstruction is None

    def way_out(self) -> Cure | None:
        """To where a volume is made."""
        return NO_VOLUME if self.model.reconstruction is None else None

    def reason(self) -> str:
        """Looking around also works while an operation runs."""
        return NO_VOLUME_REASON if self.model.reconstruction is None else ""

    def _cut_at(self, event: dict[str, Any]) -> None:
        if self.model.reconstruction is not None:
            go_to_voxel(self.display, self.model.reconstruction, event)

    def _again(self) -> None:
        cure = reconstruct_again(self.session)
        if cure is not None:
            self.mend(cure)

    def _propose(self) -> None:
        self.controls["name"].value = _EXPORTS[self.controls["what"].value][0]
        self.enable()

    def _save(self) -> None:
        if self._root is None:
            return
        path = safe_new_path(self._root, self.controls["name"].value.strip())
        what = _EXPORTS[self.controls["what"].value][1]
        if what in FILMS:
            self._film.start(what, path)
        elif what:
            self.session.save_movie(what, path)
        else:
            self._rendering.save_picture(path)

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

    def _maximize(self) -> None:
        """One of the four places fills the view, or all are seen; the rendering knows it."""
        chosen = self._images.maximized
        for place in range(_FOURTH + 1):
            change = self._four.add_class if place == chosen else self._four.remove_class
            change(f"etw-maximized-{place}")
        self._rendering.rays.maximized = chosen == _FOURTH

    def _maximize_rendering(self) -> None:
        wanted, is_so = self._rendering.rays.maximized, self._images.maximized == _FOURTH
        if wanted != is_so:
            self._images.maximized = _FOURTH if wanted else -1

    def _save_rendering(self, size: tuple[int, int]) -> None:
        """The button of the rendering: a picture of what is seen, under a name that is free."""
        if self._root is None:
            raise ParameterError("this page may not write files; start it with --root FOLDER")
        self._rendering.save_picture(free_target(self._root / "rendering.png"), size)
