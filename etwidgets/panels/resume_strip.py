"""Offers to continue sessions that were kept; hidden when there is none."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from etwidgets.autosaved_sessions import list_sessions, read_session
from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, row, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import ipywidgets as widgets

    from etwidgets.autosaved_sessions import AutosavedSession
    from etwidgets.session import Session


class ResumeStrip(Panel):
    """One line: the session that was kept last, Continue, Discard, and the way to all of them.

    Parameters
    ----------
    session
        That continues it.
    folder
        Where sessions are kept; None: nothing is offered.
    go
        Shows another address of the server that serves the page; None in a notebook, where the session is
        continued in its place.
    """

    name = "resume"
    title = "Continue"
    needs_stack = False

    def __init__(
        self, session: Session, folder: Path | None, go: Callable[[str], None] | None = None
    ) -> None:
        self._go = go
        own = {} if session.autosave is None else {session.autosave.folder, _folder(session.autosave.found)}
        found = [] if folder is None else list_sessions(folder)
        self._kept = [kept for kept in found if kept.folder not in own and self._can_continue(kept)]
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._note = text("", "etw-strip")
        self.add("resume", button("Continue", tooltip="Brings back its steps and results"))
        self.add("discard", button("Discard", tooltip="Removes its steps and results from the disk"))
        self.add("all", button("All sessions"))
        self.on_click("resume", self._resume)
        self.on_click("discard", self._discard)
        self.on_click("all", self._show_all)
        self.controls["all"].layout.display = "none" if self._go is None else ""
        names = ("resume", "discard", "all")
        return [row(self._note, *(self.controls[name] for name in names))], []

    def redraw(self) -> None:
        """Offer the newest."""
        self.widget.layout.display = "" if self._kept else "none"
        if self._kept:
            kept = self._kept[0]
            at_work = kept.about.at_work
            state = " It is still at work." if at_work else ""
            self._note.value = (
                f"<div class='etw-kept'>{_picture(kept)}<p>You can continue <b>"
                f"{escape(kept.about.source)}</b>: "
                f"{escape(kept.about.summary)}.{state}</p></div>"
            )
            self.controls["discard"].layout.display = "none" if at_work else ""

    def enable(self) -> None:
        """Continuing waits while a step runs."""
        self.controls["resume"].disabled = self.model.busy and self._go is None

    def _can_continue(self, kept: AutosavedSession) -> bool:
        """A served page can also go to a session that is at work, if the same server has it."""
        return not kept.about.at_work or (self._go is not None and kept.about.same_server)

    def _resume(self) -> None:
        kept = self._kept[0]
        if self._go is not None:
            self._go(f"?session={kept.name}")
            return
        self._kept.pop(0)
        self.refresh()
        now = read_session(kept.folder)
        if now is None:
            self.session.tell("This session was discarded elsewhere meanwhile.", "warning")
            return
        self.session.resume(now)

    def _discard(self) -> None:
        now = read_session(self._kept.pop(0).folder)
        self.refresh()
        if now is not None and now.about.at_work:
            self.session.tell("It was continued elsewhere meanwhile, and is not discarded.", "warning")
        elif now is not None:
            now.discard()

    def _show_all(self) -> None:
        if self._go is not None:
            self._go("sessions")


def _folder(kept: AutosavedSession | None) -> Path | None:
    return None if kept is None else kept.folder


def _picture(kept: AutosavedSession) -> str:
    if not kept.thumbnail.is_file():
        return ""
    data = base64.b64encode(kept.thumbnail.read_bytes()).decode()
    return f"<img alt='' src='data:image/png;base64,{data}'>"
