"""Twenty workers are killed in one run, one after the other, and the volume is the same to the bit."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from etwidgets import cluster, engine
from etwidgets.progress import Progress

_KILLS, _EVERY_S = 20, 3.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of sockets of workers that were killed
]


class Fractions(Progress):
    def __init__(self):
        self.last = 0.0

    def advance(self, fraction, message=""):
        self.last = fraction


def test_twenty_kills(client, workers):
    projections = np.random.default_rng(0).random((41, 96, 1536), dtype=np.float32)
    geometry = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 41)), 96)
    iterations = 200
    while True:  # long enough to be killed so often
        began = time.monotonic()
        with cluster.using("local"):
            here = engine.reconstruct(projections, geometry, algorithm="SIRT", iterations=iterations)
        if time.monotonic() - began > _KILLS * _EVERY_S / 2:
            break
        iterations *= 2
    killed, told, over = [], Fractions(), threading.Event()

    def kill():
        while len(killed) < _KILLS and not over.wait(_EVERY_S):
            nannies = list(workers.workers.values())
            nanny = nannies[len(killed) % 2]
            # killed while it starts, it is given up by its nanny: a queue would replace it
            if nanny.worker_address in workers.scheduler.workers and nanny.process:
                with contextlib.suppress(ProcessLookupError):  # just ended by itself
                    os.kill(nanny.process.pid, signal.SIGKILL)
                    killed.append(told.last)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        there = engine.reconstruct(
            projections, geometry, algorithm="SIRT", iterations=iterations, progress=told
        )
    finally:
        over.set()
        killer.join()
    assert len(killed) == _KILLS
    assert killed[-1] < 1
    assert np.array_equal(there, here)
