"""One job: an operation under way, its progress, its end; knows no model and no widget."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

from etwidgets.deprecated import renamed_property
from etwidgets.errors import EtwidgetsError, FileFormatError, UnsafeFileError
from etwidgets.progress import Cancelled, Progress
from etwidgets.resources import FULL
from etwidgets.session.model import JobStatus
from etwidgets.session.time_left import TimeLeft

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from etwidgets.session.model import Cure, JobState
    from etwidgets.session.runners import Runner

# with which a sentence on a file begins, if it does not begin with the name of the file
_FIRST_WORDS = frozenset({"a", "an", "the", "there", "this", "no", "only", "give"})
_INTERVAL = 0.1  # s between two reports to the user interface


class Job:
    """A piece of work with a beginning and one of four ends.

    Parameters
    ----------
    operation
        Name of the operation.
    label
        What is being done, in words.
    runner
        Runs the work.
    """

    def __init__(self, operation: str, label: str, runner: Runner) -> None:
        self.operation, self.label = operation, label
        self.state: JobState = "waiting"
        self.error: BaseException | None = None
        self.message = ""
        self._runner = runner
        self._fraction, self._seconds = 0.0, 0.0
        self._started: float | None = None
        self._cancel, self._finish = threading.Event(), threading.Event()
        self.can_finish = False
        """Whether it can give what there is before it is done. Written by the session, before it begins."""
        self.tells = False
        """Whether its message in the end says how well it went rather than warns. Written by the session."""
        self.following: Cure | None = None
        """The step that may follow, offered when it is done. Written by the session."""
        self.time_left = TimeLeft()
        """Told by the worker how far it is; what follows the work is written by the session."""
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def status(self) -> JobStatus:
        """How it is now."""
        running = self.state == "running"
        left = self.time_left.left(time.monotonic()) if running else None
        return JobStatus(
            self.operation, self.label, self.state, self._fraction, self.message, self.seconds, left,
            self.can_finish and running,
        )  # fmt: skip

    words = renamed_property("Job.words", "label")

    @property
    def seconds(self) -> float:
        """Time since it began, or that it took."""
        if self.state == "running" and self._started is not None:
            return time.monotonic() - self._started
        return self._seconds

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state not in ("waiting", "running")

    def cancel(self) -> None:
        """Ask it to stop; it does at its next report of progress, and nothing will have changed."""
        self._cancel.set()

    def finish(self) -> None:
        """Ask it for what there is; where it :attr:`can_finish`, it ends after its present iteration."""
        self._finish.set()

    @property
    def finish_requested(self) -> bool:
        """Whether it was asked for what there is."""
        return self.can_finish and self._finish.is_set()

    @property
    def cancel_requested(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancel.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; False if ``timeout`` seconds were not enough.

        Raises
        ------
        RuntimeError
            In a notebook, where only ``await job`` can wait.
        """
        return self._runner.wait(lambda: self.done, timeout)

    def result(self, timeout: float | None = None) -> None:
        """Wait until it has ended and raise the error with which it failed, if any.

        Raises
        ------
        TimeoutError
            If ``timeout`` seconds were not enough.
        Cancelled
            If it was cancelled.
        Exception
            The one with which it failed.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"{self.label}: not done after {timeout} s")
        if self.error is not None:
            raise self.error

    def __await__(self) -> Generator[Any, None, None]:
        if not self.done:
            future = asyncio.get_running_loop().create_future()
            self._waiters.append(future)
            yield from future
        self.result()

    def begin(self) -> None:
        """It runs now; called by the session."""
        self.state, self._started = "running", time.monotonic()

    def end(self, state: JobState, message: str = "", error: BaseException | None = None) -> None:
        """It has ended; called by the session, on the thread of the user interface."""
        self._seconds = self.seconds
        self.state, self.message, self.error = state, message, error
        if state == "committed":
            self._fraction = 1.0
        for future in self._waiters:
            if not future.done():
                future.set_result(None)
        self._waiters.clear()

    def progressed(self, fraction: float, message: str) -> None:
        """It is this far; called on the thread of the user interface."""
        if self.state == "running":
            self._fraction = min(max(fraction, self._fraction), 1.0)
            self.message = message or self.message


class JobProgress(Progress):
    """Brings a job's progress from the worker to the user interface, not too often; raises on Cancel.

    Parameters
    ----------
    job
        Asked whether it was cancelled.
    runner
        Brings the call to the thread of the user interface.
    tell
        Called there with the fraction and the message.
    """

    def __init__(self, job: Job, runner: Runner, tell: Callable[[float, str], None]) -> None:
        self._job, self._runner, self._tell = job, runner, tell
        self._last = 0.0
        self._silent = True

    @property
    def may_finish(self) -> bool:
        """Whether the user can press *Finish now*."""
        return self._job.can_finish

    @property
    def finish_requested(self) -> bool:
        """Whether the user has pressed it."""
        return self._job.finish_requested

    def advance(self, fraction: float, message: str = "") -> None:
        """Report, at most every 0.1 s.

        Raises
        ------
        Cancelled
            If the job was asked to stop.
        """
        if self._job.cancel_requested:
            raise Cancelled(f"{self._job.label}: cancelled")
        now = time.monotonic()
        self._job.time_left.tell(now, fraction)
        if now - self._last >= _INTERVAL or (message and self._silent):  # what it begins with is not dropped
            self._last, self._silent = now, not message and self._silent
            self._runner.post(lambda: self._tell(fraction, message))


def is_expected(error: BaseException) -> bool:
    """Whether it says what is wrong by itself, so that nobody needs the traceback."""
    return isinstance(error, EtwidgetsError | OSError)


def error_text(error: BaseException) -> str:
    """What went wrong, as a sentence for the user; names of files and of parameters keep their letters."""
    text = str(error) or "no further explanation"
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"There is no file {error.filename}"
    if isinstance(error, OSError) and error.errno in FULL and not isinstance(error, EtwidgetsError):
        return f"The disk is full: {text}. Make room, and try again."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or text).lower()}"
    if isinstance(error, EtwidgetsError | OSError):
        first = text.split()[0]
        of_a_file = isinstance(error, FileFormatError | UnsafeFileError | OSError)
        word = first in _FIRST_WORDS if of_a_file else first.isalpha()
        return text[0].upper() + text[1:] if word else text
    if isinstance(error, MemoryError):
        return "There was not enough memory. Bin or crop the tilt series, or close other programs."
    return f"Unexpected {type(error).__name__}: {text}"
