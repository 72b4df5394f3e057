"""Where the series of a batch are done: here, in processes of their own, or on a cluster; knows no step."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from etwidgets import cluster
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

_LOOK_EVERY_S = 0.2
_THREADS = ("ETWIDGETS_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

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
        pending = {pool.submit(in_process, task.to_json(), n_threads, check): task for task in tasks}
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
            _on_worker,
            None,
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


def in_process(task: str, n_threads: int, check: Callable[[], None]) -> Outcome:
    """Do a task in a process of its own; ``check`` raises to end it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment |= dict.fromkeys(_THREADS, str(n_threads))
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(  # noqa: S603  (our own module, by this interpreter)
            [sys.executable, "-W", "ignore", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE, stdout=answer, stderr=said, env=environment,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101  (a pipe, as asked for; this tells mypy)
        try:
            process.stdin.write(task.encode() + b"\n")
            process.stdin.flush()
            while process.poll() is None:
                check()
                try:
                    process.wait(_LOOK_EVERY_S)
                except subprocess.TimeoutExpired:
                    continue
        except BrokenPipeError:
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        answer.seek(0)
        lines = answer.read().decode(errors="replace").splitlines()
        if process.returncode == 0 and lines:
            return dict(json.loads(lines[-1]))
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
    return {"error": _end_text(process.returncode, words)}


def serve() -> None:
    """In a process of its own: do the task in the first line that comes in, and print what came of it.

    When the process that asked is gone, and with it the other end of the line, this one ends.
    """
    task = SeriesTask.from_json(sys.stdin.readline())

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    sys.stdout.write(f"\n{json.dumps(outcome(task))}\n")
    sys.stdout.flush()


def _on_worker(_shared: None, task: str, step: Callable[[], None]) -> Outcome:
    return in_process(task, 1, step)


def _end_text(code: int, words: list[str]) -> str:
    if code < 0:
        return f"Its process was ended by signal {-code}, perhaps for lack of memory; try fewer --jobs"
    return f"Its process ended with code {code}: {words[-1] if words else 'no message'}"
