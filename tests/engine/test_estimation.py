"""Blocks and threads are planned as stated, and the time and memory of a run are known before it."""

import threading
import time

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.engine import blocks, estimation
from etwidgets.errors import ParameterError
from etwidgets.progress import Progress
from etwidgets.signals import TomoStack


@pytest.mark.parametrize(
    ("n_slices", "expected"),
    [
        (1, [(0, 1, 16)]),
        (16, [(0, 16, 16)]),
        (17, [(0, 17, 32)]),
        (64, [(0, 64, 64)]),
        (70, [(0, 64, 64), (64, 70, 16)]),
    ],
)
def test_slices_go_into_the_smallest_blocks_that_hold_them(n_slices, expected):
    cut = blocks.portions(n_slices, (16, 32, 64))
    assert [(slices.start, slices.stop, width) for slices, width in cut] == expected


@pytest.mark.parametrize(
    ("n_blocks", "n_threads", "expected"),
    [(1, 2, [2]), (2, 2, [1, 1]), (3, 2, [1, 1, 2]), (3, 8, [2, 2, 2]), (5, 1, [1] * 5)],
)
def test_the_last_blocks_share_the_threads(n_blocks, n_threads, expected):
    assert blocks.team_sizes(n_blocks, n_threads) == expected


@pytest.mark.parametrize(
    ("algorithm", "iterations"), [("SIRT", 40), ("OS-SIRT", 12), ("CGLS", 30), ("FISTA-TV", 20)]
)
def test_the_estimated_time_is_of_the_right_size(algorithm, iterations):
    """Machines under test are noisy: within 4 here; how near it is, the benchmark shows."""
    geometry = engine.Geometry(np.linspace(-1.3, 1.3, 60), 128)
    data = np.random.default_rng(0).random((60, 128, 70), dtype=np.float32)
    expected = engine.estimate(geometry, algorithm, iterations, n_slices=70)
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        engine.reconstruct(data, geometry, algorithm=algorithm, iterations=iterations, tv_weight=1.0)
        spent.append(time.perf_counter() - began)
    assert min(spent) / 4 < expected.seconds < 4 * max(spent)


def test_an_estimate_does_as_many_steps_as_the_run(monkeypatch):
    """DART: 50 iterations of SIRT, then 5 times 7. The run and its estimate have one default."""
    geometry = engine.Geometry(np.linspace(-1.3, 1.3, 12), 16)
    steps = []
    whole = estimation.whole_run
    monkeypatch.setattr(
        estimation,
        "whole_run",
        lambda tries, n_steps, rounds: steps.append(n_steps) or whole(tries, n_steps, rounds),
    )
    engine.estimate(geometry, "DART", 7)
    engine.estimate(geometry, "DART", 7, dart_iterations=2)
    engine.estimate(geometry, "OS-SIRT", 3, n_subsets=4)
    assert steps == [50 + 5 * 7, 50 + 2 * 7, 3 * 4]
    data = np.random.default_rng(0).random((12, 16, 2), dtype=np.float32)
    stack = TomoStack(data, np.rad2deg(geometry.angles_rad))
    made = stack.reconstruct("DART", 7, gray_levels=[0, 0.05], show_progressbar=False)
    assert made.metadata.Tomography.reconstruction.dart_iterations == 5


def test_what_was_tried_is_made_a_whole():
    """Begin 1, a step 2, end 0.5, with the clock at twice the processor time: the machine is busy."""
    tries = [
        estimation._Times(begin=1.0, step=2.2, end=0.4, processor=4.0, clock=9.0),
        estimation._Times(begin=0.8, step=2.0, end=0.5, processor=3.0, clock=5.0),
        estimation._Times(begin=0.5, step=1.5, end=0.1, processor=3.0, clock=6.0),
    ]
    assert estimation.whole_run(tries, n_steps=10, rounds=3) == pytest.approx(3 * (1 + 20 + 0.5) * 2)
    assert estimation.whole_run(tries, 10, 3) == 3 * estimation.whole_run(tries, 10, 1)
    idle = [estimation._Times(1.0, 2.0, 0.5, processor=5.0, clock=4.9)]
    assert estimation.whole_run(idle, 10, 1) == 21.5


class Reports(Progress):
    """Listens; the work may be finished early, and so all blocks go on in step."""

    may_finish = True

    def __init__(self):
        self.told = []

    def advance(self, fraction, message=""):
        self.told.append(fraction)


def test_progress_is_told_by_steps_where_iterations_are_unequal():
    """DART's first iteration has 50 steps more: it is not a half of two."""
    geometry = engine.Geometry(np.linspace(-1.3, 1.3, 8), 16)
    listens = Reports()

    def begin(slices, width, team):
        return Unequal()

    done = blocks.run_in_step(
        begin, lambda *_: None, [(range(16), 16)], n_threads=1, n_iterations=2, n_steps=10, progress=listens
    )
    assert done == 2
    assert 0.9 in listens.told  # after the first iteration of two
    assert listens.told[-1] == 1
    assert listens.told == sorted(listens.told)
    data = np.random.default_rng(0).random((8, 16, 3), dtype=np.float32)
    engine.reconstruct(data, geometry, algorithm="SIRT", iterations=5, progress=listens)
    assert listens.told[-1] == 1


class Unequal:
    """Nine steps, then one, each of which waits until it was told."""

    def __init__(self):
        self.counts = iter((9, 1))

    def advance(self, step):
        for _ in range(next(self.counts)):
            step()
        threading.Event().wait(0.15)  # longer than the reports are apart


def test_the_estimated_memory_holds_the_volume_and_the_blocks_at_work():
    geometry = engine.Geometry(np.linspace(-1.3, 1.3, 60), 128)
    volume = 256 * 128 * 128 * 4
    n_bytes = engine.memory_needed(geometry, "SIRT", n_slices=256, n_workers=2, backend="cpu")
    block = 64 * 4 * (128 * 128 + 3 * 60 * 128)
    assert n_bytes == volume + 2 * block
    assert engine.estimate(geometry, "SIRT", 1, n_slices=256, n_workers=2, backend="cpu").n_bytes == n_bytes


def test_an_estimate_refuses_what_a_run_refuses():
    with pytest.raises(ParameterError, match="unknown algorithm"):
        engine.estimate(engine.Geometry([0.0], 8), "XYZ")
    with pytest.raises(ParameterError, match="n_slices"):
        engine.estimate(engine.Geometry([0.0], 8), n_slices=0)


def test_a_preview_and_a_run_at_the_same_time_give_their_own_results():
    """numba's own threads would abort the process here."""
    geometry = engine.Geometry(np.linspace(-1.3, 1.3, 30), 96)
    data = np.random.default_rng(0).random((30, 96, 64), dtype=np.float32)
    expected = engine.reconstruct(data, geometry, algorithm="SIRT", iterations=8)
    preview = engine.reconstruct(data[:, :, :3], geometry)
    found, seen = [], []

    def run():
        found.append(engine.reconstruct(data, geometry, algorithm="SIRT", iterations=8))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.append(np.array_equal(engine.reconstruct(data[:, :, :3], geometry), preview))
    for thread in threads:
        thread.join()
    assert seen
    assert all(seen)
    assert all(np.array_equal(each, expected) for each in found)
