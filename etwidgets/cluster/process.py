"""A task in a process of its own, here or on a worker: what ends that ends nothing else; knows no task."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_EVERY_S = 0.2
_THREADS = ("ETWIDGETS_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_process(module: str, task: str, check: Callable[[], None], n_threads: int = 1) -> dict[str, Any]:
    """Have ``module.serve`` do a task in a process of its own.

    Parameters
    ----------
    module
        Whose function ``serve`` calls :func:`serve`.
    task
        One line of text.
    check
        Called all the while; what it raises ends the process.
    n_threads
        That the process may use.

    Returns
    -------
    dict
        What was made of the task; ``{"error": text}`` where the process ended before.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment |= dict.fromkeys(_THREADS, str(n_threads))
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(  # noqa: S603  (our own module, by this interpreter)
            [sys.executable, "-W", "ignore", "-c", f"from {module} import serve; serve()"],
            stdin=subprocess.PIPE, stdout=answer, stderr=said, env=environment,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101  (a pipe, as asked for; this tells mypy)
        try:
            process.stdin.write(task.encode() + b"\n")
            process.stdin.flush()
            while process.poll() is None:
                check()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_EVERY_S)
        except BrokenPipeError:
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        found, words = (_lines(file) for file in (answer, said))
    if process.returncode == 0 and found:
        return dict(json.loads(found[-1]))
    return {"error": _end_text(process.returncode, words)}


def as_piece(module: str, task: str, step: Callable[[], None]) -> dict[str, Any]:
    """:func:`in_process` as the work of a piece, on one thread of a worker."""
    return in_process(module, task, step)


def serve(do: Callable[[str], dict[str, Any]]) -> None:
    """Do the task in the first line that comes in, and print what was made of it.

    When the process that asked is gone, and with it the other end of the line, this one ends.
    """
    task = sys.stdin.readline()

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    sys.stdout.write(f"\n{json.dumps(do(task))}\n")
    sys.stdout.flush()


def _lines(file: Any) -> list[str]:
    file.seek(0)
    return file.read().decode(errors="replace").strip().splitlines()


def _end_text(code: int, words: list[str]) -> str:
    if code < 0:
        return f"Its process was ended by signal {-code}, perhaps for lack of memory; try fewer at a time"
    return f"Its process ended with code {code}: {words[-1] if words else 'no message'}"
