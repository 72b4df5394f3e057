"""A line of the page above or below the tabs; knows no operation and no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component

if TYPE_CHECKING:
    from etwidgets.session import Session


class Strip(Component):
    """One or a few lines of words and buttons; always there, so that it draws whenever the model changes.

    Parameters
    ----------
    session
        Whose model is shown, and which is asked to do things.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session, self.name)
        lines = widgets.VBox(self.build()).add_class("etw-pictures")
        self.widget = widgets.Box([lines])
        for name in ("etw", "etw-panel", f"etw-panel-{self.name}"):
            self.widget.add_class(name)
        self.guard(self.redraw)

    def build(self) -> list[widgets.Widget]:
        """Make and wire the controls; return the lines from top to bottom."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show what the model holds now, and enable what can act."""
