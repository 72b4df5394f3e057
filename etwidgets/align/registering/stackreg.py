"""Registers by least squares of intensities, in helper processes; does not know tilts.

It must not know who calls it: a notebook, a script or a thread. The pairs run in processes because
pystackreg holds the GIL for the whole of a registration, which would freeze the page of the app. They
are started with ``python -c`` and not through multiprocessing, whose new processes run the caller's
script once more (and fail where that came through a pipe).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.registering.chain import add_up
from etwidgets.errors import AlignmentError
from etwidgets.resources import n_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.options import NoOptions
    from etwidgets.progress import Progress

_WORTH_A_PROCESS_PX = 1_500_000  # pixels; to start a process takes as long as to register these
_REPORT_EVERY_S = 0.1


def stackreg_shifts(series: OrderedSeries, _options: NoOptions, progress: Progress) -> NDArray[np.float64]:
    """Shifts ``(T, 2)``, pixels ``(y, x)``, by least squares between neighbors in tilt."""
    return add_up(chain_steps(series.images, progress=progress), series.start)


def chain_steps(images: NDArray[Any], *, progress: Progress) -> NDArray[np.float64]:
    """Shifts that bring each image onto the one before it.

    Parameters
    ----------
    images
        ``(T, Y, X)`` in the order of the chain.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T - 1, 2)`` pixels ``(y, x)`` to apply to image ``i + 1``.

    Raises
    ------
    AlignmentError
        If a helper process fails; the message has what it said.

    Notes
    -----
    Translation by a pyramid of splines and least squares of the intensities: Thevenaz, Ruttimann and
    Unser (1998), doi:10.1109/83.650848, as implemented by pystackreg.
    """
    n_pairs = len(images) - 1
    if images.size < 2 * _WORTH_A_PROCESS_PX or not sys.executable:
        steps = np.empty((n_pairs, 2))
        for i, step in enumerate(_steps_here(images)):
            steps[i] = step
            progress.advance((i + 1) / n_pairs, "StackReg")
        return steps
    cuts = np.linspace(0, n_pairs, min(n_cores(), n_pairs) + 1).astype(int)
    helpers = [_Helper(images[a : b + 1]) for a, b in pairwise(cuts)]
    try:
        while any(helper.busy for helper in helpers):
            progress.advance(sum(len(helper.steps) for helper in helpers) / n_pairs, "StackReg")
            next(helper for helper in helpers if helper.busy).wait(_REPORT_EVERY_S)
        return np.concatenate([helper.result() for helper in helpers])
    finally:
        for helper in helpers:
            helper.stop()


class _Helper:
    """A process that registers part of the chain, with a thread that feeds it and one that listens."""

    def __init__(self, images: NDArray[Any]) -> None:
        self.steps: list[tuple[float, float]] = []
        self._n_steps = len(images) - 1
        self._process = subprocess.Popen(  # noqa: S603  (our own module, by this interpreter)
            [
                sys.executable,
                "-c",
                f"from {__name__} import serve; serve({images.shape[1]}, {images.shape[2]})",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self._feeder = threading.Thread(target=self._feed, args=(images,), daemon=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._feeder.start()
        self._listener.start()

    @property
    def busy(self) -> bool:
        return self._listener.is_alive()

    def wait(self, seconds: float) -> None:
        self._listener.join(seconds)

    def result(self) -> NDArray[np.float64]:
        if len(self.steps) < self._n_steps:
            said = self._pipe(self._process.stderr).read().decode(errors="replace").strip().splitlines()
            raise AlignmentError(
                f"StackReg: the helper process ended with code {self._process.wait()} after "
                f"{len(self.steps)} of {self._n_steps} pairs: {said[-1] if said else 'no message'}"
            )
        return np.array(self.steps)

    def stop(self) -> None:
        if self._process.poll() is None and self.busy:
            self._process.kill()
        self._process.wait()
        self._feeder.join()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            self._pipe(pipe).close()

    def _feed(self, images: NDArray[Any]) -> None:
        pipe = self._pipe(self._process.stdin)
        try:
            for image in images:
                pipe.write(np.ascontiguousarray(image, dtype=np.float32).data)
            pipe.close()
        except OSError:  # the process has ended; result() tells why
            return

    def _listen(self) -> None:
        for line in self._pipe(self._process.stdout):
            y, x = line.split()
            self.steps.append((float(y), float(x)))

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None  # noqa: S101  (all three were asked for; this tells mypy)
        return pipe


def _steps_here(images: NDArray[Any] | Iterator[NDArray[Any]]) -> Iterator[tuple[float, float]]:
    """Shift ``(y, x)`` to apply to each image to bring it onto the one before, as they come."""
    from pystackreg import StackReg

    register = StackReg(StackReg.TRANSLATION)
    reference = None
    for image in images:
        if reference is not None:
            matrix = register.register(reference, image)
            yield -float(matrix[1, 2]), -float(matrix[0, 2])
        reference = image


def serve(height: int, width: int) -> None:
    """Read float32 images from standard input, write a line ``y x`` per pair to standard output."""
    n_bytes = 4 * height * width
    chunks = iter(lambda: sys.stdin.buffer.read(n_bytes), b"")
    images = (np.frombuffer(chunk, np.float32).reshape(height, width) for chunk in chunks)
    for y, x in _steps_here(images):
        sys.stdout.write(f"{y!r} {x!r}\n")
        sys.stdout.flush()
