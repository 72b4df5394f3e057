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


class StatusLine(Panel):
    """Progress, time left, Cancel, message, memory."""

    name = "job"
    title = "Status"
    needs_stack = False

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._words = text("", "etw-status-words")
        self._message = text("", "etw-status-message")
        self._memory = text("", "etw-status-memory")
        self.add("bar", widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="160px")))
        self.add("cancel", button("Cancel"))
        self.on_click("cancel", self.session.cancel)
        self.refresh_on(self.model, ("job", "busy", "message", "memory_used"))
        line = (self._words, self.controls["bar"], self.controls["cancel"], self._message, self._memory)
        return [row(*line)], []

    def redraw(self) -> None:
        """Show the job that runs, or the last message."""
        job, busy = self.model.job, self.model.busy
        for name in ("bar", "cancel"):
            self.controls[name].layout.visibility = "visible" if busy else "hidden"
        self.controls["cancel"].disabled = not busy
        self._words.value = f"<span>{escape(_in_words(job))}</span>" if busy and job is not None else "Ready"
        self.controls["bar"].value = job.fraction if job is not None and busy else 0.0
        message = None if busy else self.model.message  # what an earlier step said is not about this one
        self._message.value = (
            "" if message is None else f"<span class='etw-{message.level}'>{escape(message.text)}</span>"
        )
        used = self.model.memory_used
        self._memory.value = f"<span class='etw-quiet'>{size_in_words(int(used))} kept</span>" if used else ""

    def enable(self) -> None:
        """Never disabled."""


def _in_words(job: JobStatus) -> str:
    if job.state == "waiting":
        return f"{job.words}: waiting"
    left = "" if job.seconds_left is None else f" · {max(1, round(job.seconds_left))} s left"
    return f"{job.words}: {100 * job.fraction:.0f} %{left}"
