"""Predictions of left-out projections are those of separate reconstructions, and stop when asked to."""

import threading

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.progress import Cancelled, Progress

N_TILTS, SIZE, N_SLICES = 15, 24, 3
GEOMETRY = engine.Geometry(np.deg2rad(np.linspace(-70, 70, N_TILTS)), SIZE)
PARTS = ([0, 5, 10], [3, 4])


@pytest.fixture(scope="module")
def projections():
    volume = np.random.default_rng(0).random((N_SLICES, SIZE, SIZE), dtype=np.float32)
    volume[:, :6] = volume[:, -6:] = volume[:, :, :6] = volume[:, :, -6:] = 0
    return engine.forward_project(volume, GEOMETRY)


@pytest.mark.parametrize(
    ("algorithm", "own", "for_part"),
    [
        ("SIRT", {}, {}),
        ("OS-SIRT", {}, {"n_subsets": 2}),  # as of all 15 projections
        ("OS-SIRT", {"n_subsets": 4}, {"n_subsets": 4}),
        ("CGLS", {}, {}),
        ("FISTA-TV", {"tv_weight": 5.0}, {"tv_weight": 5.0 * 12 / 15}),
        ("FBP", {}, {}),
    ],
)
def test_they_are_those_of_a_reconstruction_without_the_part(projections, algorithm, own, for_part):
    steps = list(
        engine.iterate_left_out(
            projections, GEOMETRY, PARTS, algorithm=algorithm, iterations=3, minimum=0.0, **own
        )
    )
    assert [step.iteration for step in steps] == ([1] if algorithm == "FBP" else [1, 2, 3])
    used = np.setdiff1d(np.arange(N_TILTS), PARTS[0])
    volume = engine.reconstruct(
        projections[used], GEOMETRY.subset(used), algorithm=algorithm, iterations=3, minimum=0.0, **for_part
    )
    predicted = engine.forward_project(volume, GEOMETRY.subset(PARTS[0]))
    expected = np.square(predicted - projections[PARTS[0]]).sum(axis=(0, 1))
    assert steps[-1].squares.shape == (2, N_SLICES)
    assert steps[-1].squares[0] == pytest.approx(expected, rel=1e-3)


def test_they_depend_neither_on_threads_nor_on_the_unit(projections):
    def run(data, n_workers):
        steps = engine.iterate_left_out(data, GEOMETRY, PARTS, iterations=4, n_workers=n_workers)
        return np.array([step.squares for step in steps])

    one = run(projections, 1)
    assert np.array_equal(one, run(projections, 3))
    assert run(projections * 1e-25, 2) == pytest.approx(one * 1e-50, rel=1e-4, abs=0)


def test_a_projection_of_weight_0_neither_helps_nor_counts(projections):
    spoiled, weights = projections.copy(), np.ones(N_TILTS)
    spoiled[4] += 1000
    spoiled[7] += 1000
    weights[[4, 7]] = 0

    def last(data):
        return [*engine.iterate_left_out(data, GEOMETRY, PARTS, iterations=5, weights=weights)][-1].squares

    assert last(spoiled) == pytest.approx(last(projections), rel=1e-5)


def test_it_ends_when_cancelled_or_no_longer_asked(projections):
    class Impatient(Progress):
        def advance(self, fraction, message=""):
            if fraction > 0.01:
                raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(
            engine.iterate_left_out(
                projections, GEOMETRY, PARTS, iterations=100_000, progress=Impatient(), n_workers=2
            )
        )
    steps = engine.iterate_left_out(projections, GEOMETRY, PARTS, iterations=100_000, n_workers=2)
    assert next(steps).iteration == 1
    steps.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("parts", [[], [[]], [[15]], [[-1]], [range(15)]])
def test_impossible_parts_are_refused(projections, parts):
    with pytest.raises(ParameterError, match="left out"):
        engine.iterate_left_out(projections, GEOMETRY, parts)


def test_a_weight_is_needed_for_each_projection(projections):
    with pytest.raises(ShapeError, match="14 weights for 15 projections"):
        engine.iterate_left_out(projections, GEOMETRY, PARTS, weights=np.ones(14))
