"""Blocks for more threads than a usual division would occupy; needs no cluster."""

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.cluster import Pieces
from etwidgets.engine import on_cluster


@pytest.mark.parametrize(
    ("n_threads", "expected"), [(0, [64, 64, 32]), (3, [64, 64, 32]), (5, [32] * 5), (1000, [8] * 20)]
)
def test_there_is_a_block_for_each_thread_if_it_can_be(n_threads, expected):
    cut = on_cluster.cut(160, (8, 16, 32, 64), n_threads)
    assert [len(slices) for slices, _ in cut] == expected
    assert [x for slices, _ in cut for x in slices] == list(range(160))


class _Here:
    """A cluster of so many threads that does its pieces at once, in this process."""

    text = "1000 workers"

    def __init__(self, n_threads):
        self.n_threads, self.counts = n_threads, []

    def run(self, pieces: Pieces, progress, message=""):
        self.counts.append(pieces.count)
        for i in reversed(range(pieces.count)):
            pieces.take(i, pieces.work(pieces.shared, pieces.piece(i), lambda: None))


@pytest.mark.parametrize("model", ["linear", "strip"])
def test_narrow_blocks_give_the_same_bits(monkeypatch, model):
    projections = np.random.default_rng(2).random((11, 30, 70), dtype=np.float32)
    geometry = engine.Geometry(np.deg2rad(np.linspace(-60, 60, 11)), 30)

    def volume():
        return engine.reconstruct(projections, geometry, algorithm="SIRT", iterations=3, model=model)

    here = volume()
    many = _Here(1000)
    monkeypatch.setattr("etwidgets.cluster.active", lambda: many)
    assert np.array_equal(volume(), here)
    assert many.counts == [9]
