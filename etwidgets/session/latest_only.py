"""Previews: of many requests only the newest is worked on; knows nothing of what is computed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session.runners import Runner


class LatestOnly:
    """Runs a function for the newest request, in a thread of its own; older waiting ones are dropped.

    Parameters
    ----------
    function
        Called with what was submitted. Touches its arguments and nothing else.
    on_result
        Called with the result, on the thread of the user interface.
    on_error
        Called with the exception, on the same thread.
    runner
        Brings the results back. With an inline one each request is worked on at once.
    epoch
        A number that another one follows when earlier requests have lost their meaning: what comes of
        them afterwards is dropped, be it a result or an error.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        runner: Runner,
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        self._function, self._on_result, self._on_error = function, on_result, on_error
        self._runner, self._epoch = runner, epoch
        self._changed = threading.Condition()
        self._request: tuple[int, tuple[Any, ...]] | None = None
        self._open = True
        self._working = False
        if not runner.inline:
            threading.Thread(target=self._loop, name="etwidgets-preview", daemon=True).start()

    def submit(self, *request: Any) -> None:
        """Ask for a result; replaces a request that still waits."""
        if self._runner.inline:
            self._work(self._epoch(), request)
            return
        with self._changed:
            self._request = self._epoch(), request
            self._changed.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing waits or is worked on."""
        with self._changed:
            return self._request is None and not self._working

    def close(self) -> None:
        """Stop; a result that is still under way is dropped."""
        with self._changed:
            self._open = False
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._working = False
                self._changed.wait_for(lambda: self._request is not None or not self._open)
                if not self._open or self._request is None:
                    return
                (epoch, request), self._request, self._working = self._request, None, True
            self._work(epoch, request)
            del request  # while it waits for the next one it must not hold the arrays of this one

    def _work(self, epoch: int, request: tuple[Any, ...]) -> None:
        try:
            result = self._function(*request)
        except Exception as error:  # noqa: BLE001  (a worker must not die; the error is shown)
            self._deliver(epoch, self._on_error, error)
        else:
            self._deliver(epoch, self._on_result, result)

    def _deliver(self, epoch: int, receiver: Callable[[Any], None], value: Any) -> None:
        def call() -> None:
            if self._open and epoch == self._epoch():
                receiver(value)

        self._runner.post(call)
