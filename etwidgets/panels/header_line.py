"""The line above everything: which series is open, undo and redo; knows no operation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from etwidgets.panels.panel import COMMON_KEYS
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, row, text
from etwidgets.panels.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets as widgets


_KEYS = (
    "<p><b>Keys</b>, with the mouse over a picture (? there lists those of its tab): "
    + "; ".join(
        f"<kbd>{escape(key)}</kbd> {what}"
        for key, what in (
            ("arrows", "tilt, column or nudge"), ("space", "play"), ("b", "before, after"),
            ("+ -", "zoom"), ("f", "fit"), ("m", "one image alone"), *COMMON_KEYS,
        )
    )
    + ".</p>"
)  # fmt: skip


class HeaderLine(Strip):
    """Name, size, tilts and pixel size of the series; undo and redo; the tour."""

    name = "header"
    title = "etwidgets"

    def build(self) -> list[widgets.Widget]:
        """Make and wire the controls."""
        self._note = text("", "etw-header-words")
        self.add("undo", button("Undo"))
        self.add("redo", button("Redo"))
        self.on_click("undo", self.session.undo)
        self.on_click("redo", self.session.redo)
        self.listen(self.model, ("stack", "source", "can_undo", "can_redo", "busy"), self.redraw)
        self.add("tour", button("Tour"))
        self.controls["tour"].layout.display = "none"
        self.add("keys", button("?", tooltip="Keys"))
        self.on_click("keys", self._turn_keys)
        self._keys = text(_KEYS, "etw-keys-table")
        self._keys.layout.display = "none"
        self.add("sessions", button("Sessions", tooltip="All sessions; continue another one"))
        self.controls["sessions"].layout.display = "none"
        names = ("undo", "redo", "sessions", "tour", "keys")
        return [row(self._note, *(self.controls[name] for name in names)), self._keys]

    def offer_tour(self, start: Callable[[], None]) -> None:
        """Show the button that starts the tour."""
        self.on_click("tour", start)
        self.controls["tour"].layout.display = ""

    def offer_sessions(self, go: Callable[[], None]) -> None:
        """Show the button that goes to all sessions."""
        self.on_click("sessions", go)
        self.controls["sessions"].layout.display = ""

    def redraw(self) -> None:
        """Show what is open, and undo and redo where there is something to."""
        self._note.value = f"<b>etwidgets</b> <span>{escape(self._facts())}</span>"
        self.controls["undo"].disabled = not self.model.can_undo or self.model.busy
        self.controls["redo"].disabled = not self.model.can_redo or self.model.busy

    def _turn_keys(self) -> None:
        self._keys.layout.display = "" if self._keys.layout.display == "none" else "none"

    def _facts(self) -> str:
        stack = self.model.stack
        if stack is None:
            return "nothing open"
        height, width = stack.data.shape[-2:]
        facts = [self.model.source, f"{stack.data.shape[0]} projections {width} x {height}"]
        if stack.has_tilts:
            facts.append(f"{stack.tilts_deg.min():.0f}° to {stack.tilts_deg.max():.0f}°")
        pixel = pixel_size(stack, "x")
        if pixel is not None:
            facts.append(f"{pixel:.3g} nm")
        return " · ".join(facts)
