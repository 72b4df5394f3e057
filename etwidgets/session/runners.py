"""Run work here and now, or in a thread; results always come back on the thread of the user interface.

A runner knows nothing of operations, models or widgets: it is given functions without arguments.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Runner(Protocol):
    """What a session needs of a runner."""

    inline: bool
    """Whether :meth:`start` returns only after the work is done."""

    def start(self, work: Callable[[], None]) -> None:
        """Run ``work``, which must not raise."""

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the thread of the user interface; from any thread."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Have ``call`` made on the thread of the user interface after so many seconds."""

    def wait(self, finished: Callable[[], bool], timeout: float | None = None) -> bool:
        """Make posted calls until ``finished()``; False if the time was up before."""

    def close(self) -> None:
        """Make no further calls."""


class InlineRunner:
    """Runs work at once, on the calling thread: for scripts and tests."""

    inline = True

    def start(self, work: Callable[[], None]) -> None:
        """Run ``work`` and return when it is done."""
        work()

    def post(self, call: Callable[[], None]) -> None:
        """Make the call at once."""
        call()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Make no call: nothing waits here, and whoever wants something later does it with the next step."""

    def wait(self, finished: Callable[[], bool], timeout: float | None = None) -> bool:  # noqa: ARG002  (interface)
        """Nothing to wait for."""
        return finished()

    def close(self) -> None:
        """Nothing to stop."""


class ThreadRunner:
    """Runs work in a daemon thread; for notebooks and the browser.

    Posted calls are made by the event loop that runs in the thread which made this runner. Where no loop
    runs (a plain script), they are made by :meth:`wait`.
    """

    inline = False

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._open = True
        self._loop: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(RuntimeError):  # no loop runs here: a script
            self._loop = asyncio.get_running_loop()

    def start(self, work: Callable[[], None]) -> None:
        """Run ``work`` in a thread and return at once."""
        threading.Thread(target=work, name="etwidgets-job", daemon=True).start()

    def post(self, call: Callable[[], None]) -> None:
        """Have the call made on the kernel's own thread, in the order of posting."""
        self._calls.put(call)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: the kernel is going down
                self._loop.call_soon_threadsafe(self._make_calls)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Have the call made on the kernel's own thread after so many seconds."""
        timer = threading.Timer(seconds, self.post, (call,))
        timer.daemon = True
        timer.start()

    def wait(self, finished: Callable[[], bool], timeout: float | None = None) -> bool:
        """Make posted calls on this thread until ``finished()``.

        Raises
        ------
        RuntimeError
            On the thread whose event loop makes the calls: waiting there would wait for ever.
        """
        if finished():
            return True
        if self._loop is not None and _loop_of_this_thread() is self._loop:
            raise RuntimeError("the job is still running; in a notebook write `await job`")
        end = None if timeout is None else time.monotonic() + timeout
        while not finished():
            left = 0.1 if end is None else min(0.1, end - time.monotonic())
            if left <= 0:
                return False
            with contextlib.suppress(queue.Empty):
                call = self._calls.get(timeout=left)
                call()
        return True

    def close(self) -> None:
        """Drop the calls that were not made yet, and make no more."""
        self._open = False
        self._make_calls()

    def _make_calls(self) -> None:
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            if self._open:
                call()


def _loop_of_this_thread() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
