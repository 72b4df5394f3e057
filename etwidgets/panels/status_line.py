"""The line that is always visible: what runs, how far, Cancel, and the last message; starts nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, row, text
from etwidgets.session import memory_of_process, size_text

if TYPE_CHECKING:
    from etwidgets.session import JobStatus, Message
    from etwidgets.session.model import Cure

_PREPARING = "Preparing the engine (once on this machine, some 10 s); you can begin"


class StatusLine(Panel):
    """Progress, time left, Finish now, Cancel, message, memory; earlier messages on request."""

    name = "job"
    title = "Status"
    needs_stack = False

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._note = text("", "etw-status-words")
        self._left = text("", "etw-status-left")
        self._message = text("", "etw-status-message")
        self._unsaved = text("", "etw-status-unsaved")
        self._memory = text("", "etw-status-memory")
        self._log = text("", "etw-status-log")
        self._log.layout.display = "none"
        self.add("bar", widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="160px")))
        self.add("finish", button("Finish now", tooltip="Ends with the iterations that are done"))
        self.add("cancel", button("Cancel"))
        self.add("mend", button(""))
        self.on_click("mend", self._mend)
        self.add("messages", button("Messages", tooltip="All messages, with details of errors"))
        self.on_click("finish", self.session.finish)
        self.on_click("cancel", self.session.cancel)
        self.on_click("messages", self._turn_log)
        self.refresh_on(
            self.model, ("job", "busy", "preparing", "message", "memory_used", "unsaved", "results_note")
        )
        self.listen(self.model, "messages", self._write_log)
        names = ("bar", "finish", "cancel", "mend", "messages")
        bar, finish, cancel, mend, messages = (self.controls[name] for name in names)
        line = row(
            self._note,
            bar,
            self._left,
            finish,
            cancel,
            self._message,
            mend,
            self._unsaved,
            messages,
            self._memory,
        )
        return [self._log, line], []

    def redraw(self) -> None:
        """Show the job that runs, or the last message."""
        job, busy = self.model.job, self.model.busy
        self.controls["cancel"].disabled = not busy
        running = job if busy else None
        idle = _PREPARING if self.model.preparing else "Ready"
        self._note.value = idle if running is None else escape(running.label)
        self._left.value = "" if running is None else _time_left(running)
        self.controls["bar"].value = 0.0 if running is None else running.fraction
        # without a job the message has the whole line
        for part in (self.controls["bar"], self._left, self.controls["cancel"]):
            part.layout.display = "none" if running is None else ""
        can_finish = running is not None and running.can_finish
        self.controls["finish"].layout.display = "" if can_finish else "none"
        message = None if busy else self.model.message  # what an earlier step said is not about this one
        of_job = "" if running is None else running.message
        level, words = ("quiet", of_job) if message is None else (message.level, message.text)
        self._message.value = f"<span class='etw-{level}'>{escape(words)}</span>" if words else ""
        cure = self._cure
        self.controls["mend"].description = "" if cure is None else cure.label
        self.controls["mend"].layout.display = "none" if cure is None else ""
        unsaved, note = self.model.unsaved, self.model.results_note
        level = "error" if unsaved else "quiet"
        self._unsaved.value = f"<span class='etw-{level}'>{escape(unsaved or note)}</span>"
        self._unsaved.layout.display = "" if unsaved or note else "none"
        used, total = memory_of_process()
        self._memory.value = (
            f"<span class='etw-quiet' title='memory of this session, and of the machine'>"
            f"{size_text(used)} of {size_text(total)}</span>"
        )

    def enable(self) -> None:
        """Never disabled."""

    @property
    def _cure(self) -> Cure | None:
        """What mends what the message says, while it is shown."""
        message = self.model.message
        return None if self.model.busy or message is None else message.action

    def _mend(self) -> None:
        cure = self._cure
        if cure is not None:
            self.mend(cure)

    def _turn_log(self) -> None:
        hidden = self._log.layout.display == "none"
        self._log.layout.display = "" if hidden else "none"
        self._write_log()

    def _write_log(self) -> None:
        if self._log.layout.display == "none":
            return
        lines = "".join(_as_line(message) for message in reversed(self.model.messages))
        self._log.value = lines or "<p class='etw-quiet'>No messages yet.</p>"


def _as_line(message: Message) -> str:
    details = ""
    if message.details:
        details = f"<details><summary>Details</summary><pre>{escape(message.details)}</pre></details>"
    time = f"<span class='etw-quiet'>{message.when:%H:%M:%S}</span>"
    return f"<div>{time} <span class='etw-{message.level}'>{escape(message.text)}</span>{details}</div>"


def _time_left(job: JobStatus) -> str:
    if job.state == "waiting":
        return "waiting"
    left = "" if job.seconds_left is None else f" · {max(1, round(job.seconds_left))} s left"
    return f"{100 * job.fraction:.0f} %{left}"
