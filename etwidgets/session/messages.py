"""What a session tells the user, the last hundred messages of it; knows no operation."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from etwidgets.session.model import Message
from etwidgets.session.page_wording import for_page

if TYPE_CHECKING:
    from etwidgets.session.jobs import Job
    from etwidgets.session.model import Cure, TomoStackModel

_MOST = 100


class Messages:
    """Written into the model.

    Parameters
    ----------
    model
        Its ``message`` and ``messages``.
    """

    def __init__(self, model: TomoStackModel) -> None:
        self._model = model

    def tell(
        self,
        text: str,
        level: Literal["info", "warning", "error"] = "info",
        error: BaseException | None = None,
        action: Cure | None = None,
    ) -> None:
        """As :meth:`etwidgets.session.Session.tell`."""
        text, cure = for_page(text)
        details = "" if error is None else "".join(traceback.format_exception(error))
        message = Message(text, level, details, action=action or cure)
        self._model.messages = (*self._model.messages[1 - _MOST :], message)
        self._model.message = message

    def tell_end(self, job: Job) -> None:
        """Say how a job ended; nothing while it has not."""
        status = job.status
        if status.state == "committed":
            done = f"{status.label}: done in {status.seconds:.1f} s."
            level: Literal["info", "warning"] = "warning" if status.message and not job.tells else "info"
            self.tell(f"{done} {status.message}".rstrip(), level, action=job.following)
        elif not status.active:
            failed = status.state == "failed"
            self.tell(status.message, "error" if failed else "warning", job.error if failed else None)

    def settle(self, *, another: bool) -> None:
        """Another state is shown: what was offered for the last one goes, and messages of another series."""
        message = self._model.message
        if message is not None and another:
            self._model.message = None
        elif message is not None and message.action is not None:
            self._model.message = replace(message, action=None)
