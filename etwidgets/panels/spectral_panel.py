"""Spectra to maps of elements: windows are dragged and the map follows, or a decomposition.

Longer than most files by a few lines; what can stand alone is in ``spectral_parts`` and ``line_windows``.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets import spectral
from etwidgets.panels.line_windows import LineWindows, windows_text
from etwidgets.panels.navigation import add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import pixel_size, tilt_text
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.panels.spectral_parts import SEPARATORS, JointPart, OpeningPart
from etwidgets.session.spectral_previews import live_map, region_spectrum, spectral_sum
from etwidgets.views import ImageView, Pane, SpectrumCurve, SpectrumView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.session.spectral_previews import LiveMap, SpectralSum

_REGION, _COMPONENT = "#d9403a", "#3a9d5d"
_WELCOME = """<p>Spectra of a tilt series give a map of each element at each tilt. Open them: the sum of their
counts is then the series that is aligned. Or add them to the HAADF series of the same field. The sample
<b>EDX needle</b> in the step Data has both.</p>"""
_HELP = """<div class='etw-help'><p><b>For</b> a volume of each element, all aligned by one series.</p>
<p><b>When</b> lines stand apart: windows, which anyone can check. Lines overlap or are faint: a
decomposition, which uses all channels.</p>
<p><b>Caution</b> a window beside a line takes the counts of any line under it for background. A
component is a spectrum that repeats, not an element by law.</p>
<p class='etw-source'>Paatero &amp; Tapper 1994; Keenan &amp; Kotula 2004</p></div>"""


class SpectralPanel(Panel):
    """The sum spectrum with windows to drag, the map they give, and the maps that were made.

    Parameters
    ----------
    session
        Whose spectra are shown.
    root
        The folder whose files may be opened; None: none.
    """

    name = "spectral"
    title = "Spectral"
    operations = frozenset({"map_elements", "decompose"})
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._images = self.add_view(ImageView(height=260).add_class("etw-grow"))
        self._images.on_drag(lambda event: self.guard(lambda: self._drag_region(event)))
        self._spectrum = self.add_view(SpectrumView(height=210))
        self._spectrum.add_class("etw-spectral-spectrum")
        self._spectrum.on_window(lambda *moved: self.guard(lambda: self._drag_window(*moved)))
        self._sum_job = self.session.latest(spectral_sum, self._take_sum)
        self._map_job = self.session.latest(live_map, self._take_map)
        self._region_job = self.session.latest(region_spectrum, self._take_region)
        for job in (self._sum_job, self._map_job, self._region_job):
            self._undo.callback(job.close)
        slider = add_tilt_slider(self)
        self._about = text(_WELCOME)
        self._opening, self._joint = OpeningPart(self, self._root), JointPart(self)
        form = [heading("Spectra"), self._about, self._opening.widget, *self._build_windows()]
        form += [
            *self._build_decomposition(),
            self.hint,
            *self._build_maps(),
            self._joint.widget,
            text(_HELP),
        ]
        self.refresh_on(self.model, ("spectra", "channels"))
        self.listen(self.model, "busy", self.enable)
        self.listen(self.display, "projection", self._look_again)
        self.listen(self.display, ("channel_colors", "color_map"), self._draw)
        return [self._images, row(slider), self._spectrum], form

    def _build_windows(self) -> list[widgets.Widget]:
        self.add("elements", control(widgets.Text, "elements", continuous_update=False))
        self.add("line", control(widgets.Dropdown, "line", options=[]))
        self.add("background", control(widgets.Checkbox, "subtract the background", value=True, indent=False))
        self.add("propose", button("Windows as proposed"))
        self.add("run", button("Map the elements", primary=True))
        self._numbers = text()
        for name, handler in (
            ("elements", self._take_elements), ("line", self._look_again), ("background", self._look_again),
        ):  # fmt: skip
            self.on_change(name, handler)
        self.on_click("propose", self._propose)
        self.on_click("run", self._run)
        names = ("elements", "line", "background")
        parts = [*(self.controls[n] for n in names), self._numbers, self.controls["propose"]]
        self._window_part = widgets.VBox([heading("Windows"), *parts, self.controls["run"]])
        return [self._window_part]

    def _build_decomposition(self) -> list[widgets.Widget]:
        self.add("components", control(widgets.BoundedIntText, "components", value=4, min=1, max=32))
        self.add("decompose", button("Decompose"))
        self.on_click("decompose", self._decompose)
        parts = [self.controls["components"], self.controls["decompose"]]
        self._decomposition_part = widgets.VBox([heading("Decomposition"), *parts])
        return [self._decomposition_part]

    def _build_maps(self) -> list[widgets.Widget]:
        """The maps that there are: which is shown, its name and its color."""
        self.add("map", control(widgets.Dropdown, "map", options=[]))
        self.add("color", control(widgets.ColorPicker, "color", concise=False))
        self.add("shown", control(widgets.Checkbox, "draw it over the others", value=True, indent=False))
        self.add("name", control(widgets.Text, "name", continuous_update=False))
        self.add("rename", button("Rename"))
        self._table = text()
        self._filling = False
        self.on_change("map", self._choose_map)
        self.on_change("color", self._take_color)
        self.on_change("shown", self._take_color)
        self.on_click("rename", self._rename)
        parts = [self.controls[name] for name in ("map", "color", "shown", "name", "rename")]
        self._map_part = widgets.VBox([heading("Maps"), self._table, *parts])
        return [self._map_part]

    def fresh(self) -> None:
        """Nothing is known of the spectra."""
        self._seen: Any = None
        self._forget_sum()
        self._numbers.value = self._table.value = ""

    # -- drawing ------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Say what there is, and draw it."""
        spectra = self.model.spectra
        if spectra is not self._seen:
            self._forget()
            if spectra is not None:
                self._sum_job.submit(spectra)
        if spectra is None:
            self._about.value = _WELCOME
        else:
            count, n_y, n_x, channels = spectra.data.shape
            self._about.value = (
                f"<p>{count} tilts of {n_x} x {n_y} spectra with {channels} channels"
                f"{', read from disk as needed' if spectra._lazy else ''}.</p>"  # noqa: SLF001  (as HyperSpy says it)
            )
        self._opening.refresh()
        for part in (self._window_part, self._decomposition_part):
            part.layout.display = "" if spectra is not None else "none"
        self._list_maps()
        self._draw()
        self.enable()

    def _draw(self) -> None:
        """The images; the spectrum is drawn when it changes."""
        spectra, stack = self.model.spectra, self.model.stack
        panes = []
        if spectra is not None and stack is not None and self._counts is not None:
            number = min(self.display.projection, spectra.data.shape[0] - 1)
            size = spectra.axes_manager["x"].scale if str(spectra.axes_manager["x"].units) == "nm" else None
            caption = f"{number + 1} of {spectra.data.shape[0]}"
            panes.append(
                Pane(
                    self._counts, cmap=self.display.color_map, title="All counts",
                    caption=f"{caption}; drag the frame", pixel_size=size, rectangle=self._region,
                )
            )  # fmt: skip
            if self._map is not None and self._map.line is not None and self._map.image is not None:
                panes.append(
                    Pane(
                        self._map.image, cmap=self.display.color_map, title=self._map.line.replace("_", " "),
                        caption="live", pixel_size=size,
                    )
                )  # fmt: skip
        channel = self._channel
        if channel is not None and stack is not None:
            number = min(self.display.projection, stack.data.shape[0] - 1)
            panes.append(
                Pane(
                    np.asarray(channel.stack.data[number]), cmap=self.display.color_map, title=channel.name,
                    caption=f"made, {tilt_text(stack, number)}", pixel_size=pixel_size(stack, "x"),
                )
            )  # fmt: skip
        self._images.show(panes)

    def _draw_spectrum(self) -> None:
        if self._energies is None or self._sum is None:
            self._spectrum.clear()
            return
        curves = [SpectrumCurve("all counts", self._sum)]
        if self._of_region is not None:
            curves.append(SpectrumCurve("in the frame", self._of_region, _REGION))
        channel = self._channel
        known = (
            None if channel is None else channel.stack.metadata.get_item("Spectral.spectrum", default=None)
        )
        if channel is not None and known is not None and len(known) == self._energies.size:
            curves.append(SpectrumCurve(channel.name, np.asarray(known), _COMPONENT))
        windows, marks = [], []
        line = self.controls["line"].value
        if self._windows is not None and line is not None:
            windows = self._windows.to_drag(line, with_background=self.controls["background"].value)
            marks = [
                (each.replace("_", " "), sum(self._windows.window(each)) / 2) for each in self._windows.lines
            ]
        unit = "keV" if self._is_x_ray else str(self._seen.axes_manager.signal_axes[0].units)
        self._spectrum.show(self._energies, curves, windows, marks, f"energy ({unit})")

    def _list_maps(self) -> None:
        channels = self.model.channels
        names = [channel.name for channel in channels]
        self._map_part.layout.display = "" if channels else "none"
        self._joint.refresh()
        chosen = self.controls["map"].value
        self._filling = True
        try:
            self.controls["map"].options = names
            if names:
                self.controls["map"].value = chosen if chosen in names else names[-1]
        finally:
            self._filling = False
        rows = []
        for place, channel in enumerate(channels, 1):
            snr = channel.stack.metadata.get_item("Spectral.snr", default=None)
            faint = bool(spectral.snr_warning(channel.name, channel.stack))
            said = "" if snr is None else f"S/N {snr:.2g}" + (" · mostly noise" if faint else "")
            color = self.display.color_of(channel.name, place)
            rows.append(
                f"<tr><th><span style='color:{escape(color)}'>&#9632;</span> {escape(channel.name)}</th>"
                f"<td class='{'etw-warning' if faint else ''}'>{said}</td></tr>"
            )
        self._table.value = f"<table class='etw-facts'>{''.join(rows)}</table>"
        self._choose_map()

    def enable(self) -> None:
        """Nothing is made while a step runs; windows need X-ray spectra."""
        super().enable()
        busy, spectra = self.model.busy, self.model.spectra
        self._opening.enable()
        self.controls["decompose"].disabled = busy or spectra is None
        self.controls["run"].disabled = busy or self._windows is None
        self.controls["rename"].disabled = busy or self._channel is None
        self._joint.enable()
        if spectra is not None and self._windows is None and not self._is_x_ray:
            self.hint.value = "Energy losses have no windows here: decompose them."

    @property
    def _is_x_ray(self) -> bool:
        return self._seen is not None and self._seen.metadata.Signal.signal_type != "EELS"

    # -- what is asked for --------------------------------------------------------------------------

    def _forget_sum(self) -> None:
        self._windows: LineWindows | None = None
        self._energies: NDArray[np.float64] | None = None
        self._sum: NDArray[np.float64] | None = None
        self._region: tuple[int, int, int, int] | None = None
        self._of_region: NDArray[np.float64] | None = None
        self._map: LiveMap | None = None
        self._counts: NDArray[np.float64] | None = None

    def _forget(self) -> None:
        self._seen = self.model.spectra
        self._forget_sum()
        self._draw_spectrum()

    def _take_sum(self, found: SpectralSum) -> None:
        if found.spectra is not self.model.spectra:
            return
        self._energies, self._sum = found.energies, found.counts
        n_y, n_x = (int(size) for size in found.image_shape)
        self._region = (n_x // 4, n_y // 4, n_x - n_x // 4, n_y - n_y // 4)
        self.controls["elements"].value = ", ".join(found.elements)
        if self._windows is None:
            self._take_elements()

    def _take_elements(self) -> None:
        elements = [name for name in SEPARATORS.split(self.controls["elements"].value.strip()) if name]
        self._windows = None
        self.controls["line"].options = []
        self.enable()  # if the elements are refused below, nothing can be made of them
        if self._is_x_ray and elements:
            self._windows = LineWindows(self._seen, elements)
            for words in self._windows.unclear:
                self.session.tell(words, "warning")
        lines = [] if self._windows is None else self._windows.lines
        self.controls["line"].options = [(line.replace("_", " "), line) for line in lines]
        if lines:
            self.controls["line"].value = lines[0]
        self._look_again()
        self.enable()

    def _look_again(self) -> None:
        """The live map, the counts in the frame and the spectrum, for what is chosen now."""
        if self._seen is None or not self.shown:
            self._outdated = True
            return
        self._draw_spectrum()
        number = min(self.display.projection, self._seen.data.shape[0] - 1)
        line = self.controls["line"].value
        window = background = None
        if self._windows is not None and line is not None:
            window = self._windows.window(line)
            if self.controls["background"].value:
                background = self._windows.background(line)
            said = "".join(
                f"<p class='etw-strip'>{escape(words)}</p>" for words in self._windows.warnings(line)
            )
            self._numbers.value = f"<p class='etw-quiet'>{windows_text(window, background)}</p>{said}"
        self._map_job.submit(self._seen, number, line, window, background)
        self._ask_region(number)

    def _take_map(self, found: LiveMap) -> None:
        if found.spectra is not self.model.spectra:
            return
        self._counts, self._map = found.counts, found
        self._draw()

    def _ask_region(self, number: int) -> None:
        if self._region is not None:
            self._region_job.submit(self._seen, number, self._region)

    def _take_region(self, found: tuple[Any, NDArray[Any]]) -> None:
        if found[0] is self.model.spectra:
            self._of_region = found[1]
            self._draw_spectrum()

    def _drag_region(self, event: dict[str, Any]) -> None:
        if event["kind"] == "rectangle" and self._seen is not None:
            self._region = tuple(int(value) for value in event["values"])  # type: ignore[assignment]
            self._ask_region(min(self.display.projection, self._seen.data.shape[0] - 1))

    def _drag_window(self, index: int, start: float, stop: float, done: bool) -> None:
        line = self.controls["line"].value
        if self._windows is None or line is None:
            return
        self._windows.move(line, index, start, stop)
        self._look_again()
        if done and self._windows.warnings(line):
            self.session.tell(self._windows.warnings(line)[0], "warning")

    def _propose(self) -> None:
        if self._windows is not None and self.controls["line"].value is not None:
            self._windows.propose(self.controls["line"].value)
            self._look_again()

    def _run(self) -> None:
        if self._windows is not None:
            given = self._windows.parameters(
                self._windows.lines, with_background=self.controls["background"].value
            )
            self.session.apply("map_elements", **given)

    def _decompose(self) -> None:
        self.session.apply("decompose", components=self.controls["components"].value)

    # -- maps that were made ------------------------------------------------------------------------

    @property
    def _channel(self) -> Any:
        name = self.controls["map"].value
        return next((channel for channel in self.model.channels if channel.name == name), None)

    def _choose_map(self) -> None:
        channel = self._channel
        if channel is None or self._filling:
            return
        place = 1 + [each.name for each in self.model.channels].index(channel.name)
        self._filling = True
        try:
            self.controls["color"].value = self.display.color_of(channel.name, place)
            self.controls["shown"].value = channel.name not in self.display.hidden_channels
            self.controls["name"].value = channel.name
        finally:
            self._filling = False
        self._draw_spectrum()
        self._draw()

    def _take_color(self) -> None:
        channel = self._channel
        if channel is None or self._filling:
            return
        colors = {**self.display.channel_colors, channel.name: self.controls["color"].value}
        hidden = [name for name in self.display.hidden_channels if name != channel.name]
        self.display.channel_colors = colors
        self.display.hidden_channels = tuple(
            hidden if self.controls["shown"].value else [*hidden, channel.name]
        )
        self._list_maps()

    def _rename(self) -> None:
        self.session.apply(
            "rename_channel", name=self.controls["map"].value, new_name=self.controls["name"].value.strip()
        )
