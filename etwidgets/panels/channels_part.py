"""Other signals of the same series: added from files, listed, taken away; knows its panel and no other."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.pieces import button, control, heading, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.panels.panel import Panel


class ChannelsPart:
    """A name and a button for the chosen file, and the list of what there is.

    Parameters
    ----------
    panel
        Whose controls and wiring it adds to.
    chosen_file
        The path of the file that is chosen in the panel; raises where there is none.
    """

    def __init__(self, panel: Panel, chosen_file: Callable[[], str]) -> None:
        self._panel, self._chosen_file = panel, chosen_file
        self._note = text()
        panel.add("channel-name", control(widgets.Text, "name", placeholder="HAADF, Ni, ..."))
        panel.add(
            "channel-aligned",
            control(widgets.Checkbox, "aligned as this series already", value=False, indent=False),
        )
        panel.add("add-channel", button("Add the chosen file as a channel"))
        panel.add("channel", control(widgets.Dropdown, "channel", options=[]))
        panel.add("remove-channel", button("Remove the channel"))
        panel.on_click("add-channel", self._add)
        panel.on_click("remove-channel", self._remove)
        panel.listen(panel.model, ("channels", "stack", "busy"), self.refresh)
        names = ("channel-name", "channel-aligned", "add-channel")
        self._removal = widgets.VBox([panel.controls["channel"], panel.controls["remove-channel"]])
        adding = [panel.controls[name] for name in names]
        self.widget = widgets.VBox([heading("Channels"), self._note, *adding, self._removal])
        """All of it, from top to bottom; hidden without a series."""
        panel.on_fresh(self.refresh)

    def refresh(self) -> None:
        """Say which channels there are."""
        panel, channels = self._panel, self._panel.model.channels
        self.widget.layout.display = "" if panel.model.stack is not None else "none"
        self._removal.layout.display = "" if channels else "none"
        panel.controls["channel"].options = [channel.name for channel in channels]
        if channels:
            panel.controls["channel"].value = channels[-1].name
        for name in ("add-channel", "remove-channel"):
            panel.controls[name].disabled = panel.model.busy
        names = ", ".join(escape(channel.name) for channel in channels)
        self._note.value = (
            f"<p class='etw-quiet'>Go with the series through every step: {names}.</p>"
            if channels
            else "<p class='etw-quiet'>Other signals of this series (a detector, an element map) go with it "
            "through every step.</p>"
        )

    def _add(self) -> None:
        controls = self._panel.controls
        options = {"aligned": True} if controls["channel-aligned"].value else {}
        name = controls["channel-name"].value.strip()
        self._panel.session.apply("add_channel", path=self._chosen_file(), name=name, **options)

    def _remove(self) -> None:
        self._panel.session.apply("remove_channel", name=self._panel.controls["channel"].value)
