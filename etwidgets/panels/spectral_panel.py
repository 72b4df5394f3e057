"""Spectra to maps of elements: windows are dragged and the map follows, a fit, or a decomposition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.maps_part import MapsPart
from etwidgets.panels.navigation import add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import pixel_size, tilt_text
from etwidgets.panels.pieces import button, control, heading, help_text, row, text
from etwidgets.panels.spectral_parts import JointPart, OpeningPart
from etwidgets.panels.windows_part import WindowsPart, is_x_ray
from etwidgets.session.spectral_previews import live_map, region_spectrum, spectral_sum
from etwidgets.views import ImageView, Pane, SpectrumCurve, SpectrumView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.session.spectral_previews import LiveMap, SpectralSum

_REGION, _COMPONENT, _FITTED, _RESIDUAL = "#d9403a", "#3a9d5d", "#c98a1b", "#8a4fbf"
_METHODS = [("windows", "windows"), ("NMF", "NMF"), ("fit of all lines", "fit")]
_WELCOME = """<p>Spectra of a tilt series give a map of each element at each tilt. Open them, and the sum of
their counts becomes the series to align. Or add them to the HAADF series of the same field of view. The
sample <b>EDX needle</b> in tab Data has both.</p>"""
_HELP = """<p><b>For</b> A volume of each element, all aligned by one series.</p>
<p><b>When</b> Lines are well separated: use windows, which are easy to check. Lines overlap and the elements
are known: use the fit of all lines. They are not known, or energy losses: decompose (NMF).</p>
<p><b>Caution</b> A background window counts any line inside it as background. A fit needs all elements: see
the residual spectrum. A component is a spectrum that repeats, not necessarily one element.</p>
<p class='etw-source'>Paatero &amp; Tapper 1994; Keenan &amp; Kotula 2004</p>"""


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
    promise = "The sum spectrum with a window for each line, a map of each element. Open spectra at right."
    operations = frozenset({"map_elements", "decompose"})
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._images = self.add_view(ImageView(height=260).add_class("etw-grow"))
        self.on_event(self._images.on_drag, self._drag_region)
        self._spectrum = self.add_view(SpectrumView(height=210))
        self._spectrum.add_class("etw-spectral-spectrum")
        self._sum_job = self.preview(spectral_sum, self._take_sum)
        self._map_job = self.preview(live_map, self._take_map)
        self._region_job = self.preview(region_spectrum, self._take_region)
        slider = add_tilt_slider(self)
        self._about = text(_WELCOME)
        owned = self.session, self.name
        self._opening = self.add_part(OpeningPart(*owned, self._root))
        self.add("method", control(widgets.Dropdown, "method", options=_METHODS))
        self.on_change("method", self._choose_method)
        self._windows = self.add_part(WindowsPart(*owned, self._show_windows))
        self._maps = self.add_part(MapsPart(*owned, self._show_map))
        self._joint = self.add_part(JointPart(*owned))
        self.on_event(self._spectrum.on_window, self._windows.move)
        form = [heading("Spectra"), self._about, self._opening.widget]
        form += [
            self._build_methods(),
            self._windows.widget,
            self._build_decomposition(),
            self.hint,
            self._maps.widget,
            self._joint.widget,
            help_text(_HELP),
        ]
        self.refresh_on(self.model, ("spectra", "channels"))
        self.listen(self.display, "projection", self._look_again)
        self.listen(self.display, ("channel_colors", "color_map"), self._draw)
        return [self._images, row(slider), self._spectrum], form

    def _build_methods(self) -> widgets.Widget:
        self._methods = widgets.VBox([heading("Element maps"), self.controls["method"]])
        return self._methods

    def _build_decomposition(self) -> widgets.Widget:
        self.add("components", control(widgets.BoundedIntText, "components", value=4, min=1, max=32))
        self.add("decompose", button("Decompose"))
        self.on_click("decompose", self._decompose)
        parts = [self.controls["components"], self.controls["decompose"]]
        self._decomposition = widgets.VBox(parts)
        return self._decomposition

    def fresh(self) -> None:
        """Nothing is known of the spectra."""
        self._seen: Any = None
        self._forget_sum()

    # -- drawing ------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """There must be spectra or maps."""
        return self.model.spectra is None and not self.model.channels

    def redraw(self) -> None:
        """Show the spectra, the maps and what can be done."""
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
        self._lay_out()
        self._maps.refresh()
        self._joint.refresh()
        self._draw()
        self.enable()

    def _lay_out(self) -> None:
        """Show the controls of the chosen method."""
        method, known = self.controls["method"].value, self.model.spectra is not None
        self._windows.use(fits=method == "fit")
        for widget, shown in (
            (self._methods, True),
            (self._windows.widget, method != "NMF"),
            (self._decomposition, method == "NMF"),
        ):
            widget.layout.display = "" if known and shown else "none"

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
        channel = self._maps.channel
        if channel is not None and stack is not None:
            number = min(self.display.projection, stack.data.shape[0] - 1)
            panes.append(
                Pane(
                    np.asarray(channel.stack.data[number]), cmap=self.display.color_map, title=channel.name,
                    caption=f"saved map, {tilt_text(stack, number)}", pixel_size=pixel_size(stack, "x"),
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
        channel = self._maps.channel
        known = (
            None if channel is None else channel.stack.metadata.get_item("Spectral.spectrum", default=None)
        )
        if channel is not None and known is not None and len(known) == self._energies.size:
            curves.append(SpectrumCurve(channel.name, np.asarray(known), _COMPONENT))
            curves += _of_fit(channel.stack.metadata.get_item("Spectral"))
        windows, marks = self._windows.to_draw()
        unit = "keV" if is_x_ray(self._seen) else str(self._seen.axes_manager.signal_axes[0].units)
        self._spectrum.show(self._energies, curves, windows, marks, f"energy ({unit})")

    def enable(self) -> None:
        """Nothing is made while an operation runs; windows need X-ray spectra."""
        super().enable()
        spectra = self.model.spectra
        for part in (self._opening, self._windows, self._maps, self._joint):
            part.enable()
        self.controls["decompose"].disabled = self.model.busy or spectra is None
        if spectra is not None and not is_x_ray(spectra):
            self.hint.value = (
                "Energy-loss spectra cannot be mapped with windows or a fit: decompose them (NMF)."
            )

    # -- what is asked for --------------------------------------------------------------------------

    def _forget_sum(self) -> None:
        self._energies: NDArray[np.float64] | None = None
        self._sum: NDArray[np.float64] | None = None
        self._region: tuple[int, int, int, int] | None = None
        self._of_region: NDArray[np.float64] | None = None
        self._map: LiveMap | None = None
        self._counts: NDArray[np.float64] | None = None

    def _forget(self) -> None:
        self._seen = self.model.spectra
        self._forget_sum()
        self._windows.fresh()
        self._draw_spectrum()

    def _take_sum(self, found: SpectralSum) -> None:
        if found.spectra is not self.model.spectra:
            return
        self._energies, self._sum = found.energies, found.counts
        n_y, n_x = (int(size) for size in found.image_shape)
        self._region = (n_x // 4, n_y // 4, n_x - n_x // 4, n_y - n_y // 4)
        self._windows.take(self._seen, found.elements)

    def _show_windows(self) -> None:
        self._look_again()
        self.enable()

    def _choose_method(self) -> None:
        self._lay_out()
        self._look_again()

    def _show_map(self) -> None:
        self._draw_spectrum()
        self._draw()

    def _look_again(self) -> None:
        """The live map, the counts in the frame and the spectrum, for what is chosen now."""
        if self._seen is None or not self.shown:
            self._outdated = True
            return
        self._draw_spectrum()
        number = min(self.display.projection, self._seen.data.shape[0] - 1)
        self._windows.describe()
        self._map_job.submit(self._seen, number, self._windows.line, *self._windows.chosen())
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

    def _decompose(self) -> None:
        self.session.apply("decompose", components=self.controls["components"].value)


def _of_fit(known: Any) -> list[SpectrumCurve]:
    """What a fit expects of the sum spectrum, and what it leaves, on the scale of the counts."""
    if known.get_item("kind", default=None) != "fit":
        return []
    counts, fitted = np.asarray(known.counts), np.asarray(known.fitted)
    return [
        SpectrumCurve("fit", fitted, _FITTED, scaled_as_first=True),
        SpectrumCurve(
            "residual spectrum", np.where(fitted > 0, counts - fitted, 0.0), _RESIDUAL, scaled_as_first=True
        ),
    ]
