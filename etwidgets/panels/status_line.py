"""The line that is always visible: what runs, how far, Cancel, and the last message; starts nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, row, text
from etwidgets.session import size_in_words

if TYPE_CHECKING:
    from etwidgets.session import JobStatus

_PREPARING = "Preparing the engine (once on this machine, some 10 s); you can begin"


class StatusLine(Panel):
    """Progress, time left, Cancel, message, memory."""

    name = "job"
    title = "Status"
    needs_stack = False

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._words = text("", "etw-status-words")
        self._left = text("", "etw-status-left")
        self._message = text("", "etw-status-message")
        self._memory = text("", "etw-status-memory")
        self.add("bar", widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="160px")))
        self.add("cancel", button("Cancel"))
        self.on_click("cancel", self.session.cancel)
        self.refresh_on(self.model, ("job", "busy", "preparing", "message", "memory_used"))
        bar, cancel = self.controls["bar"], self.controls["cancel"]
        return [row(self._words, bar, self._left, cancel, self._message, self._memory)], []

    def redraw(self) -> None:
        """Show the job that runs, or the last message."""
        job, busy = self.model.job, self.model.busy
        self.controls["cancel"].disabled = not busy
        running = job if busy else None
        idle = _PREPARING if self.model.preparing else "Ready"
        self._words.value = idle if running is None else escape(running.words)
        self._left.value = "" if running is None else _time_left(running)
        self.controls["bar"].value = 0.0 if running is None else running.fraction
        # without a job the message has the whole line
        for part in (self.controls["bar"], self._left, self.controls["cancel"]):
            part.layout.display = "none" if running is None else ""
        message = None if busy else self.model.message  # what an earlier step said is not about this one
        self._message.value = (
            "" if message is None else f"<span class='etw-{message.level}'>{escape(message.text)}</span>"
        )
        used = self.model.memory_used
        self._memory.value = f"<span class='etw-quiet'>{size_in_words(int(used))} kept</span>" if used else ""

    def enable(self) -> None:
        """Never disabled."""


def _time_left(job: JobStatus) -> str:
    if job.state == "waiting":
        return "waiting"
    left = "" if job.seconds_left is None else f" · {max(1, round(job.seconds_left))} s left"
    return f"{100 * job.fraction:.0f} %{left}"
