"""Pieces on a cluster: results to the bit as here, whoever dies; progress, cancel and errors as here."""

import os
import signal
import threading
import time

import numpy as np
import pieces_of_work
import pytest

from etwidgets import TomoStack, cluster, engine
from etwidgets.cluster import Pieces
from etwidgets.errors import ClusterError, ParameterError
from etwidgets.progress import Cancelled, NullProgress, Progress

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of sockets of workers that were killed

GEOMETRY = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 15)), 40)


class Heard(Progress):
    """Keeps what it is told; may cancel."""

    def __init__(self, cancel_at=2.0):
        self.fractions, self.cancel_at, self.when = [], cancel_at, 0.0

    def advance(self, fraction, message=""):
        self.fractions.append(fraction)
        if fraction >= self.cancel_at:
            self.when = time.monotonic()
            raise Cancelled


@pytest.fixture(scope="module")
def projections():
    return np.random.default_rng(3).random((15, 40, 150), dtype=np.float32)


def run(work, shared, values, n_steps=1, progress=None):
    found = {}
    pieces = Pieces(work, shared, len(values), values.__getitem__, found.__setitem__, n_steps)
    cluster.active().run(pieces, progress or NullProgress())
    return [found[i] for i in range(len(values))]


def both(function):
    """What the function gives on the cluster, and here."""
    there = function()
    with cluster.using("local"):
        assert cluster.active() is None
        return there, function()


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("SIRT", {"iterations": 4, "minimum": 0}),
        ("DART", {"gray_levels": [0, 0.05], "dart_iterations": 2, "iterations": 2, "seed": 5}),
        ("FISTA-TV", {"tv_weight": 0.1, "iterations": 2}),
    ],
)
def test_a_volume_is_the_same_to_the_bit(client, projections, algorithm, options):
    there, here = both(lambda: engine.reconstruct(projections, GEOMETRY, algorithm=algorithm, **options))
    assert np.array_equal(there, here)
    assert there.any()


def test_with_a_start_and_unknown_pixels(client, projections):
    start = np.random.default_rng(1).random((150, 40, 40), dtype=np.float32)
    known = projections > 0.1
    there, here = both(
        lambda: engine.reconstruct(
            projections, GEOMETRY, algorithm="SIRT", iterations=2, start=start, known=known
        )
    )
    assert np.array_equal(there, here)


def test_the_work_is_done_by_the_workers_with_a_thread_each(client, workers):
    found = run(pieces_of_work.process, None, list(range(8)))
    pids = {each.process.pid for each in workers.workers.values()}
    assert {pid for pid, _ in found} == pids
    assert {count for _, count in found} == {1}


def test_data_go_to_the_workers_once(client, monkeypatch):
    sent = []
    scatter = client.scatter
    monkeypatch.setattr(client, "scatter", lambda data, **how: (sent.extend(data), scatter(data, **how))[1])
    assert run(pieces_of_work.thousandfold, 1000, list(range(20))) == [1000 * i for i in range(20)]
    assert sent.count(1000) == 1
    assert sorted(sent)[:-1] == list(range(20))


def test_pairs_and_draws_are_the_same_to_the_bit(client, stack):
    wide = np.tile(stack.data, (1, 1, 4))
    stack = TomoStack(np.array([np.roll(image, i % 3, 0) for i, image in enumerate(wide)]), stack.tilts_deg)
    there, here = both(lambda: stack.stack_register("PC", show_progressbar=False))
    assert np.array_equal(there.shifts.data, here.shifts.data)
    assert there.shifts.data.any()
    there, here = both(lambda: stack.reconstruction_spread(draws=3, iterations=2).data)
    assert np.array_equal(there, here)


def test_a_killed_worker_leaves_no_trace_in_the_volume(client, workers, projections):
    victim = next(iter(workers.workers.values())).process.pid
    heard = Heard()

    def kill():
        while not heard.fractions or heard.fractions[-1] <= 0.02:
            time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)

    def reconstruct(progress=None):
        return engine.reconstruct(projections, GEOMETRY, algorithm="SIRT", iterations=1500, progress=progress)

    killer = threading.Thread(target=kill)
    killer.start()
    there = reconstruct(heard)
    killer.join()
    with cluster.using("local"):
        assert np.array_equal(there, reconstruct())
    assert victim not in {each.process.pid for each in workers.workers.values() if each.process}


@pytest.mark.slow  # waits for the time after which a silent worker counts as dead
def test_a_piece_whose_worker_dies_is_done_again(client, tmp_path):
    assert run(pieces_of_work.dies_once, tmp_path, list(range(5))) == [0, 1, 4, 9, 16]
    assert [each.name for each in tmp_path.iterdir()] == ["1"]


def test_progress_rises_to_one(client):
    heard = Heard()
    assert run(pieces_of_work.slow, 30, list(range(3)), 30, heard) == [0, 1, 2]
    assert heard.fractions[-1] == 1
    assert heard.fractions == sorted(heard.fractions)
    assert len({each for each in heard.fractions if 0 < each < 1}) >= 3


def test_cancel_stops_the_workers(client):
    heard = Heard(cancel_at=0.005)
    with pytest.raises(Cancelled):
        run(pieces_of_work.slow, 1000, list(range(6)), 1000, heard)
    assert time.monotonic() - heard.when < 8
    began = time.monotonic()
    assert run(pieces_of_work.thousandfold, 1000, [1, 2]) == [1000, 2000]  # their threads are free again
    assert time.monotonic() - began < 8


def test_errors_come_back(client, monkeypatch):
    with pytest.raises(ParameterError, match="piece 0 is wrong"):
        run(pieces_of_work.wrong, None, [0])
    with pytest.raises(ClusterError, match=r"there_is_no_such_package.*install"):
        run(pieces_of_work.not_installed, None, [0])
    monkeypatch.setattr("etwidgets.cluster.worker.version", lambda: "0.0.1")
    with pytest.raises(ClusterError, match=r"and this process 0\.0\.1; install the same"):
        run(pieces_of_work.thousandfold, 1000, [0])


def test_by_its_address(client, workers):
    address = workers.scheduler_address
    client.close()
    assert cluster.active() is None
    with cluster.using(address):
        assert cluster.place_text() == f"2 workers at {address}"
        assert run(pieces_of_work.thousandfold, 1000, [3]) == [3000]
    assert cluster.active() is None
    assert cluster.place_text().endswith("here")


def test_no_scheduler_and_no_address(monkeypatch):
    monkeypatch.setattr("etwidgets.cluster.choice._CONNECT_S", 0.2)
    with (
        pytest.raises(ClusterError, match=r"no scheduler at tcp:"),
        cluster.using("tcp://127.0.0.1:9"),
    ):
        pass
    with pytest.raises(ParameterError, match="must be an address"), cluster.using(7):
        pass
