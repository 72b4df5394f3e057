"""Offers what was left of sessions that were not closed; hidden when there is nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, row, text
from etwidgets.session.autosave import leftovers

if TYPE_CHECKING:
    from pathlib import Path

    import ipywidgets as widgets

    from etwidgets.session import Session


class ResumeStrip(Panel):
    """One line: what was left, Resume, Discard.

    Parameters
    ----------
    session
        That resumes.
    folder
        Where sessions are kept; None: nothing is offered.
    """

    name = "resume"
    title = "Resume"
    needs_stack = False

    def __init__(self, session: Session, folder: Path | None) -> None:
        self._left = [] if folder is None else leftovers(folder)
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._words = text("", "etw-strip")
        self.add("resume", button("Resume"))
        self.add("discard", button("Discard"))
        self.on_click("resume", self._resume)
        self.on_click("discard", self._discard)
        return [row(self._words, self.controls["resume"], self.controls["discard"])], []

    def redraw(self) -> None:
        """Offer the newest."""
        self.widget.layout.display = "" if self._left else "none"
        if self._left:
            self._words.value = f"<p>Work that was not closed: {escape(self._left[0].words)}.</p>"

    def enable(self) -> None:
        """Resuming waits while a step runs."""
        self.controls["resume"].disabled = self.model.busy

    def _resume(self) -> None:
        left = self._left.pop(0)
        self.session.open_session(left.path)  # read at once; the steps are repeated from what was read
        left.discard()
        self.refresh()

    def _discard(self) -> None:
        self._left.pop(0).discard()
        self.refresh()
