"""Where the series of a batch are done: here, in processes of their own, or on a cluster; knows no step."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from etwidgets import cluster
from etwidgets.cluster import process
from etwidgets.progress import Cancelled, NullProgress
from etwidgets.resources import n_cores
from etwidgets.session import batch_task
from etwidgets.session.batch_task import SeriesTask
from etwidgets.session.jobs import error_text, is_expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from etwidgets.session.operations import Operation

    Tell = Callable[[SeriesTask, "Outcome"], None]

Outcome = dict[str, Any]
"""``{"result": path}``, with ``"again": False`` where it was done before; or ``{"error": text}``."""

_log = logging.getLogger(__name__)


def here(tasks: Iterable[SeriesTask], operations: Sequence[Operation], tell: Tell) -> None:
    """One after the other, in this process."""
    for task in tasks:
        tell(task, outcome(task, operations))


def in_processes(tasks: Sequence[SeriesTask], jobs: int, tell: Tell) -> None:
    """So many at a time, each in a process of its own, which share the cores.

    A process that ends, for lack of memory or by an error of a library, fails its own series only.
    """
    stop, n_threads = threading.Event(), max(1, n_cores() // jobs)

    def check() -> None:
        if stop.is_set():
            raise Cancelled

    with ThreadPoolExecutor(jobs) as pool:
        pending = {
            pool.submit(process.in_process, __name__, task.to_json(), check, n_threads): task
            for task in tasks
        }
        try:
            for future in as_completed(pending):
                tell(pending[future], future.result())
        except BaseException:
            stop.set()
            raise


def on_cluster(
    address: str | None, tasks: Sequence[SeriesTask], operations: Sequence[Operation], tell: Tell
) -> None:
    """On a cluster: series by series if there are enough for all of its threads, otherwise their blocks.

    ``address``: of the scheduler; None: the client that is active.
    """
    with cluster.using(address):
        place = cluster.active()
        if place is None or operations or len(tasks) < max(place.n_threads, 2):
            here(tasks, operations, tell)
            return
        pieces = cluster.Pieces(
            process.as_piece,
            __name__,
            len(tasks),
            lambda i: tasks[i].to_json(),
            lambda i, found: tell(tasks[i], found),
        )
        place.run(pieces, NullProgress())


def outcome(task: SeriesTask, operations: Sequence[Operation] = ()) -> Outcome:
    """What comes of a task; an error is an outcome as well."""
    try:
        key = task.key()
        before = batch_task.done(task, key)
        if before is not None:
            return {"result": str(before), "again": False}
        return {"result": str(batch_task.do(task, key, operations))}
    except Exception as error:  # noqa: BLE001  (the border: the other series must still be done)
        _log.log(logging.INFO if is_expected(error) else logging.ERROR, "%s", task.name, exc_info=error)
        return {"error": error_text(error)}


def serve() -> None:
    """In a process of its own: do a task."""
    process.serve(lambda text: outcome(SeriesTask.from_json(text)))
