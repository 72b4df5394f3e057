"""One job at a time, the others wait their turn; knows nothing of what the jobs do."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from etwidgets.progress import Cancelled
from etwidgets.session.jobs import Job, JobProgress, error_text, is_expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.progress import Progress
    from etwidgets.session.model import JobState
    from etwidgets.session.runners import Runner

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """A job with what it does.

    Attributes
    ----------
    job
        Its state and progress.
    begin
        Called on the thread of the user interface when its turn comes: checks, takes what is needed, and
        returns the work, which is called in the worker with a ``Progress``.
    finish
        Called on the thread of the user interface with the result; returns how the job ended and a message.
    """

    job: Job
    begin: Callable[[], Callable[[Progress], Any]]
    finish: Callable[[Any], tuple[JobState, str]]


class JobQueue:
    """Runs tasks one after the other.

    Parameters
    ----------
    runner
        Runs the work.
    changed
        Called on the thread of the user interface whenever a job's status is another.
    """

    def __init__(self, runner: Runner, changed: Callable[[Job], None]) -> None:
        self._runner, self._changed = runner, changed
        self._lock = threading.RLock()  # in JupyterLab, callbacks may come from more than one thread
        self._waiting: deque[Task] = deque()
        self._task: Task | None = None

    @property
    def job(self) -> Job | None:
        """The job that runs."""
        return None if self._task is None else self._task.job

    @property
    def n_waiting(self) -> int:
        """How many wait for it."""
        return len(self._waiting)

    def submit(self, task: Task) -> Job:
        """Append a task; it runs at once if none does."""
        with self._lock:
            self._waiting.append(task)
            self._changed(task.job)
            self._next()
        return task.job

    def run(
        self,
        job: Job,
        begin: Callable[[], Callable[[Progress], Any]],
        finish: Callable[[Any], tuple[JobState, str]],
    ) -> Job:
        """Submit a task; with an inline runner, raise the error with which the job failed."""
        self.submit(Task(job, begin, finish))
        if self._runner.inline and job.error is not None:
            raise job.error
        return job

    def cancel(self) -> None:
        """Ask the running job to stop and forget those that wait."""
        with self._lock:
            while self._waiting:
                job = self._waiting.pop().job
                job.end("cancelled", f"{job.label}: cancelled before it began.", Cancelled(job.label))
                self._changed(job)
            if self._task is not None:
                self._task.job.cancel()

    def _next(self) -> None:
        with self._lock:
            if self._task is not None or not self._waiting:
                return
            task = self._task = self._waiting.popleft()
            task.job.begin()
            try:
                work = task.begin()
            except Exception as error:  # noqa: BLE001  (the queue must not die)
                self._failed(task, error)
                return
            self._changed(task.job)
        self._runner.start(partial(self._work, task, work))

    def _work(self, task: Task, work: Callable[[Progress], Any]) -> None:
        progress = JobProgress(task.job, self._runner, partial(self._progressed, task.job))
        try:
            progress.advance(0)
            result = work(progress)
        except Cancelled as stop:
            self._runner.post(partial(self._cancelled, task, stop))
        except Exception as error:  # noqa: BLE001  (the border of the worker: shown and logged below)
            self._runner.post(partial(self._failed, task, error))
        else:
            self._runner.post(partial(self._finished, task, result))

    def _progressed(self, job: Job, fraction: float, message: str) -> None:
        job.progressed(fraction, message)
        if not job.done:
            self._changed(job)

    def _finished(self, task: Task, result: Any) -> None:
        if task.job.cancel_requested:
            self._cancelled(task, Cancelled(f"{task.job.label}: cancelled"))
            return
        with self._lock:
            try:
                state, message = task.finish(result)
            except Exception as error:  # noqa: BLE001  (the queue must not die)
                self._failed(task, error)
                return
        self._end(task, state, message)

    def _cancelled(self, task: Task, stop: Cancelled) -> None:
        self._end(task, "cancelled", f"{task.job.label}: cancelled. Nothing was changed.", stop)

    def _failed(self, task: Task, error: Exception) -> None:
        expected = is_expected(error)
        _log.log(logging.INFO if expected else logging.ERROR, "%s failed", task.job.operation, exc_info=error)
        self._end(task, "failed", f"{task.job.label}: {error_text(error)}", error)

    def _end(self, task: Task, state: JobState, message: str, error: BaseException | None = None) -> None:
        with self._lock:
            self._task = None
            task.job.end(state, message, error)
            self._changed(task.job)
            self._next()
