"""Pieces on the workers of a cluster: sent, followed, sent again after a loss, taken; knows no method.

Only a few pieces are under way at a time, so that neither the workers' memory nor the scheduler's grows with
their number.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
import uuid
from collections import deque
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from distributed import KilledWorker
from distributed.comm import get_address_host_port

from etwidgets.cluster import worker
from etwidgets.errors import ClusterError, EtwidgetsError

if TYPE_CHECKING:
    from etwidgets.cluster.pieces import Pieces
    from etwidgets.progress import Progress

_AHEAD = 2  # pieces under way for each thread: one is worked on, one waits there
_REPORT_EVERY_S = 0.1
_LOOK_EVERY_S = 1.0  # for workers that have come or gone
_TOLD_EVERY_S, _TOLD_AT_MOST = 0.2, 200  # by each worker's thread; by all of them in a second
_MOST_TRIES = 10  # of one piece: so often, its worker is not lost by chance
_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0  # before it is sent again, for each time that it was lost
_REACHED_S = 2.0
_SILENCE = (CancelledError, OSError, TimeoutError)  # of a scheduler that does not answer


class Cluster:
    """A cluster as a place where pieces are done.

    Each piece has one thread of a worker, which does as many at a time as it has threads.

    Parameters
    ----------
    client
        A ``distributed.Client`` that is not asynchronous.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(self._client.scheduler.address)

    @property
    def n_threads(self) -> int:
        """Of all workers together, now."""
        return sum(self._ask(self._client.nthreads).values())

    @property
    def text(self) -> str:
        """``"2 workers at tcp://10.0.0.1:8786"``."""
        count = len(self._ask(self._client.nthreads))
        return f"{count} worker{'' if count == 1 else 's'} at {self.address}"

    def run(self, pieces: Pieces, progress: Progress, message: str = "") -> None:
        """Have all pieces done; what they give is the same as here, whatever workers come and go.

        Parameters
        ----------
        pieces
            What to do.
        progress
            Called from this thread only; what it raises ends the pieces at their next step, and is raised.
        message
            Handed to ``progress``.

        Raises
        ------
        ClusterError
            If the scheduler is lost, a worker lacks etwidgets or has another version, or a piece has ended
            its worker again and again.
        Exception
            Whatever ``work`` raises.
        """
        if pieces.count:
            with _Run(self._client, pieces) as run:
                run.follow(progress, message)
        progress.advance(1, message)

    def _ask(self, question: Any) -> Any:
        try:
            return question()
        except _SILENCE as error:
            raise ClusterError(f"the scheduler at {self.address} does not answer: {error}") from error


class _LostError(Exception):
    """A piece did not get to a worker, or its result not back."""


class _Run:
    """One run: which piece is where; use as a context manager, which clears up on the workers."""

    def __init__(self, client: Any, pieces: Pieces) -> None:
        self._client, self._pieces = client, pieces
        self._name = f"etwidgets-{uuid.uuid4().hex}"
        self._waiting = deque(range(pieces.count))
        self._under_way: dict[int, Any] = {}  # their futures; None: being sent
        self._tries = [0] * pieces.count
        self._steps = [0] * pieces.count
        self._left = pieces.count
        self._events: queue.SimpleQueue[tuple[str, int, Any]] = queue.SimpleQueue()
        self._sending = ThreadPoolExecutor(1, thread_name_prefix="etwidgets-send")
        self._receiving = ThreadPoolExecutor(1, thread_name_prefix="etwidgets-receive")
        self._shared: Any = None
        self._direct = False
        self._ended = threading.Event()
        self._n_threads, self._looked = 0, 0.0

    def __enter__(self) -> Self:
        self._client.subscribe_topic(self._name, self._told)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for pool in (self._sending, self._receiving):
            pool.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(*_SILENCE, RuntimeError, ValueError):  # there may be no scheduler any more
            if self._left:
                self._client.run(worker.stop, self._name, wait=False)
                self._client.cancel([each for each in self._under_way.values() if each is not None])
            self._client.unsubscribe_topic(self._name)
        for pool in (self._sending, self._receiving):
            pool.shutdown(wait=True)

    def follow(self, progress: Progress, message: str) -> None:
        """Send, wait and take until all is done."""
        progress.advance(0, message)
        while self._left:
            self._look()
            while self._waiting and len(self._under_way) < _AHEAD * self._n_threads:
                number = self._waiting.popleft()
                self._under_way[number] = None
                self._steps[number] = 0
                self._sending.submit(self._guarded, self._send, number)
            with contextlib.suppress(queue.Empty):
                self._hear(*self._events.get(timeout=_REPORT_EVERY_S))
            idle = not self._n_threads
            progress.advance(self._fraction, "waiting for workers" if idle else message)

    @property
    def _fraction(self) -> float:
        return min(sum(self._steps) / (self._pieces.count * self._pieces.n_steps), 1.0)

    def _look(self) -> None:
        """Who is there, and whether something was lost without a word."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S and self._n_threads:
            return
        try:
            workers = self._client.nthreads()
        except _SILENCE as error:
            raise self._gone() from error
        if self._client.status in ("closed", "closing"):
            raise self._gone()
        if workers and not self._looked:
            self._direct = _reaches(self._client, next(iter(workers)))
        self._n_threads = sum(workers.values())
        self._looked = now if workers else 0.0
        for number, future in list(self._under_way.items()):
            if future is not None and future.status == "lost":
                self._again(number, None)

    def _gone(self) -> ClusterError:
        return ClusterError(f"the scheduler at {self._client.scheduler.address} is gone; start the run again")

    def _told(self, event: tuple[float, Any]) -> None:
        number, count = event[1]
        if number in self._under_way:
            self._steps[number] = min(max(self._steps[number], count), self._pieces.n_steps)

    def _guarded(self, move: Any, number: int, *others: Any) -> None:
        try:
            move(number, *others)
        except BaseException as error:  # noqa: BLE001  (it is raised in the caller's thread)
            self._events.put(("failed", number, error))

    def _send(self, number: int) -> None:
        self._ended.wait(min(_PAUSE_S * self._tries[number], _LONGEST_PAUSE_S))
        piece = self._pieces.piece(number)
        try:
            self._submit(number, piece)
        except Exception as error:
            # whatever distributed raises: a worker that ends meanwhile is seen as many kinds of error
            raise _LostError from error

    def _submit(self, number: int, piece: Any) -> None:
        scatter = partial(self._client.scatter, hash=False, direct=self._direct)
        if self._shared is None or self._shared.status != "finished":
            self._shared = scatter([self._pieces.shared])[0]
        future = self._client.submit(
            worker.do,
            self._pieces.work,
            self._shared,
            scatter([piece])[0],
            run=self._name,
            number=number,
            every_s=max(_TOLD_EVERY_S, self._n_threads / _TOLD_AT_MOST),
            client_version=worker.version(),
            key=f"{self._name}-{number}-{self._tries[number]}",
            pure=False,
        )
        self._events.put(("sent", number, future))

    def _receive(self, number: int, future: Any) -> None:
        try:
            result = self._client.gather(future, direct=self._direct)
        except Exception as error:
            if future.status != "error" or isinstance(error, KilledWorker):
                raise _LostError from error
            raise
        self._pieces.take(number, result)
        self._events.put(("taken", number, None))

    def _hear(self, what: str, number: int, value: Any) -> None:
        if what == "sent":
            self._under_way[number] = value
            value.add_done_callback(lambda future: self._events.put(("done", number, future)))
        elif what == "done":
            if self._under_way.get(number) is value:  # and was not given up meanwhile
                self._receiving.submit(self._guarded, self._receive, number, value)
        elif what == "taken":
            del self._under_way[number]
            self._steps[number] = self._pieces.n_steps
            self._left -= 1
        elif isinstance(value, _LostError):
            self._again(number, value.__cause__)
        elif isinstance(value, ImportError) and not isinstance(value, EtwidgetsError):
            raise ClusterError(f"a worker cannot do this: {value}; install it there") from value
        else:
            raise value

    def _again(self, number: int, error: BaseException | None) -> None:
        """A worker was lost, and with it a piece."""
        if self._client.status in ("closed", "closing"):
            raise self._gone() from error
        self._tries[number] += 1
        if self._tries[number] >= _MOST_TRIES:
            raise ClusterError(
                f"piece {number + 1} of {self._pieces.count} has lost its worker {_MOST_TRIES} times "
                f"({error}); do the workers have enough memory for it?"
            ) from error
        self._shared = None
        self._under_way.pop(number, None)
        self._steps[number] = 0
        self._waiting.appendleft(number)


def _reaches(client: Any, address: str) -> bool:
    """Whether data can go to the workers without passing through the scheduler."""
    if client.direct_to_workers is not None:
        return bool(client.direct_to_workers)
    if address.startswith("inproc://"):
        return True
    try:
        with socket.create_connection(get_address_host_port(address), timeout=_REACHED_S):
            return True
    except (OSError, ValueError):
        return False
