"""The element maps that were made: which is shown, its name and its color; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets import spectral
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import Markup, Row, button, control, heading, table, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Channel, Session


class MapsPart(Component):
    """A table of the maps with their signal-to-noise ratio, and controls for one of them.

    Parameters
    ----------
    session
        Whose channels the maps are.
    name
        Of the panel.
    on_choice
        Called when another map is chosen, or the chosen one looks different.
    """

    def __init__(self, session: Session, name: str, on_choice: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_choice, self._table, self._fit = on_choice, text(), text()
        self.add("map", control(widgets.Dropdown, "map", options=[]))
        self.add("color", control(widgets.ColorPicker, "color", concise=False))
        self.add("shown", control(widgets.Checkbox, "show in overlay", value=True, indent=False))
        self.add("name", control(widgets.Text, "name", continuous_update=False))
        self.add("rename", button("Rename"))
        self.on_change("map", self._choose)
        self.on_change("color", self._take_color)
        self.on_change("shown", self._take_color)
        self.on_click("rename", self._rename)
        self.widget = widgets.VBox([heading("Maps"), self._table, self._fit, *self.controls.values()])

    def fresh(self) -> None:
        """There are no maps."""
        self._table.value = self._fit.value = ""

    def enable(self) -> None:
        """Renaming needs a map, and waits while an operation runs."""
        self.controls["rename"].disabled = self.model.busy or self.channel is None

    @property
    def channel(self) -> Channel | None:
        """The chosen map."""
        name = self.controls["map"].value
        return next((channel for channel in self.model.channels if channel.name == name), None)

    def refresh(self) -> None:
        """List the maps; hidden where there are none."""
        channels, chosen = self.model.channels, self.controls["map"].value
        names = [channel.name for channel in channels]
        self.widget.layout.display = "" if channels else "none"
        with self.filling():
            self.controls["map"].options = names
            if names:
                self.controls["map"].value = chosen if chosen in names else names[-1]
        self._table.value = table((self._row(*each) for each in enumerate(channels, 1)), named=True)
        self._choose()

    def _row(self, place: int, channel: Channel) -> Row:
        snr: Any = channel.stack.metadata.get_item("Spectral.snr", default=None)
        faint = bool(spectral.snr_warning(channel.name, channel.stack))
        said = "" if snr is None else f"S/N {snr:.2g}" + (" · mostly noise" if faint else "")
        color = escape(self.display.color_of(channel.name, place))
        label = Markup(f"<span style='color:{color}'>&#9632;</span> {escape(channel.name)}")
        return Row((label, said), "etw-warning" if faint else "")

    def _choose(self) -> None:
        channel = self.channel
        if channel is None:
            return
        place = 1 + [each.name for each in self.model.channels].index(channel.name)
        with self.filling():
            self.controls["color"].value = self.display.color_of(channel.name, place)
            self.controls["shown"].value = channel.name not in self.display.hidden_channels
            self.controls["name"].value = channel.name
        self._fit.value = _fit_text(channel)
        self._on_choice()

    def _take_color(self) -> None:
        channel = self.channel
        if channel is None:
            return
        colors = {**self.display.channel_colors, channel.name: self.controls["color"].value}
        hidden = [name for name in self.display.hidden_channels if name != channel.name]
        self.display.channel_colors = colors
        self.display.hidden_channels = tuple(
            hidden if self.controls["shown"].value else [*hidden, channel.name]
        )
        self.refresh()

    def _rename(self) -> None:
        new = self.controls["name"].value.strip()
        self.session.apply("rename_channel", name=self.controls["map"].value, new_name=new)


def _fit_text(channel: Channel) -> str:
    """What the fit found of the detector, and which elements it lacks; empty of other maps."""
    known: Any = channel.stack.metadata.get_item("Spectral", default=None)
    if known is None or known.get_item("kind", default=None) != "fit":
        return ""
    found = (
        f"<p class='etw-quiet'>Fit: offset {1000 * known.offset_kev:.0f} eV, gain {known.gain:.4f}, "
        f"width of Mn Ka {known.resolution_ev:.0f} eV</p>"
    )
    lacks = spectral.fit_warning({channel.name: channel.stack})
    return found + (f"<p class='etw-strip'>{escape(lacks)}</p>" if lacks else "")
