"""Other signals of the same series: added from files, listed, removed; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, control, heading, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Session


class ChannelsPart(Component):
    """A name and a button for the chosen file, and the list of channels; hidden without a series.

    Parameters
    ----------
    session
        Whose channels they are.
    name
        Of the panel.
    chosen_file
        Gives the path of the chosen file; raises where there is none.
    """

    def __init__(self, session: Session, name: str, chosen_file: Callable[[], str]) -> None:
        super().__init__(session, name)
        self._chosen_file, self._note = chosen_file, text()
        self.add("channel-name", control(widgets.Text, "name", placeholder="HAADF, Ni, ..."))
        self.add(
            "channel-aligned",
            control(widgets.Checkbox, "already aligned to this series", value=False, indent=False),
        )
        self.add("add-channel", button("Add selected file as channel"))
        self.add("channel", control(widgets.Dropdown, "channel", options=[]))
        self.add("remove-channel", button("Remove channel"))
        self.on_click("add-channel", self._add)
        self.on_click("remove-channel", self._remove)
        self.listen(self.model, ("channels", "stack", "busy"), self.fresh)
        names = ("channel-name", "channel-aligned", "add-channel")
        self._removal = widgets.VBox([self.controls["channel"], self.controls["remove-channel"]])
        adding = [self.controls[name] for name in names]
        self.widget = widgets.VBox([heading("Channels"), self._note, *adding, self._removal])

    def fresh(self) -> None:
        """List the channels."""
        channels = self.model.channels
        self.widget.layout.display = "" if self.model.stack is not None else "none"
        self._removal.layout.display = "" if channels else "none"
        self.controls["channel"].options = [channel.name for channel in channels]
        if channels:
            self.controls["channel"].value = channels[-1].name
        for name in ("add-channel", "remove-channel"):
            self.controls[name].disabled = self.model.busy
        names = ", ".join(escape(channel.name) for channel in channels)
        self._note.value = (
            f"<p class='etw-quiet'>Every operation is also applied to: {names}.</p>"
            if channels
            else "<p class='etw-quiet'>Add other signals of this series (a detector, an element map). Every "
            "operation is then applied to them too.</p>"
        )

    def _add(self) -> None:
        options = {"aligned": True} if self.controls["channel-aligned"].value else {}
        name = self.controls["channel-name"].value.strip()
        self.session.apply("add_channel", path=self._chosen_file(), name=name, **options)

    def _remove(self) -> None:
        self.session.apply("remove_channel", name=self.controls["channel"].value)
