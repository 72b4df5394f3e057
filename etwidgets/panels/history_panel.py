"""The steps that were done, in words, with undo and redo; knows no operation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, heading, row, text

if TYPE_CHECKING:
    import ipywidgets as widgets


class HistoryPanel(Panel):
    """A list of steps; those that were undone are grey."""

    name = "history"
    title = "History"
    needs_stack = False

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._list = text()
        self.add("undo", button("Undo"))
        self.add("redo", button("Redo"))
        self.on_click("undo", self.session.undo)
        self.on_click("redo", self.session.redo)
        self.refresh_on(self.model, "history")
        self.listen(self.model, ("can_undo", "can_redo", "busy"), self.enable)
        buttons = row(self.controls["undo"], self.controls["redo"])
        return [heading("What was done"), self._list, buttons, self.hint], []

    def redraw(self) -> None:
        """List the steps."""
        if not self.model.history:
            self._list.value = "<p>Nothing yet. Every step will be listed here and can be undone.</p>"
            return
        items = "".join(
            f"<li class='{'' if line.done else 'etw-undone'}'>{escape(line.words)}"
            f"<span class='etw-quiet'> {line.seconds:.1f} s</span></li>"
            for line in self.model.history
        )
        self._list.value = f"<ol class='etw-steps'>{items}</ol>"

    def enable(self) -> None:
        """Undo and redo where there is something to."""
        self.controls["undo"].disabled = not self.model.can_undo or self.model.busy
        self.controls["redo"].disabled = not self.model.can_redo or self.model.busy
        self.hint.value = self.reason() if self.model.busy else ""
