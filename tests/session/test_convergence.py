"""A slice that is followed gives what the engine gives; the memory for its course is bounded."""

import threading
import time

import numpy as np
import pytest

from etwidgets import engine
from etwidgets.engine import Iterate
from etwidgets.errors import ParameterError
from etwidgets.session import InlineRunner, ThreadRunner
from etwidgets.session.convergence import ConvergenceTrace, SliceIterations, iterations_of, residual_sinogram


@pytest.fixture
def sinogram():
    tilts = np.linspace(-60, 60, 9)
    truth = np.zeros((1, 16, 16), np.float32)
    truth[0, 5:9, 6:12] = 1
    return engine.forward_project(truth, engine.Geometry(np.deg2rad(tilts), 16))[:, :, 0], tilts


def test_the_course_is_that_of_the_engine(sinogram):
    data, tilts = sinogram
    steps = list(iterations_of(data, tilts, {"method": "SIRT", "iterations": 5, "constrain": True}))
    geometry = engine.Geometry(np.deg2rad(tilts), 16)
    again = list(engine.iterate(data[None], geometry, iterations=5, minimum=0))
    assert [step.residual for step in steps] == [step.residual for step in again]
    number, image, left = residual_sinogram(data, tilts, {}, 5, steps[-1].estimate[0])
    assert number == 5
    assert np.array_equal(image, steps[-1].estimate[0])
    assert np.linalg.norm(left) == pytest.approx(steps[-1].residual, rel=1e-4)


def test_what_is_kept_is_thinned_to_fit():
    course = ConvergenceTrace(most_bytes=10 * 64)
    for k in range(1, 101):
        course.add(Iterate(k, 1 / k, np.full((1, 4, 4), k, np.float32)))
    assert course.thinned
    assert len(course._slices) <= 10
    assert course.residuals == [1 / k for k in range(1, 101)]
    number, image = course.nearest(50)
    assert abs(number - 50) <= 8
    assert image[0, 0] == number
    assert course.nearest(100)[0] == 100


def test_a_newer_start_replaces_an_older_one(sinogram):
    data, tilts = sinogram
    runner = ThreadRunner()
    seen, ended = [], []
    following = SliceIterations(seen.append, lambda: ended.append(True), ended.append, runner)
    before = threading.active_count()
    following.start(data, tilts, {"method": "SIRT", "iterations": 100_000})
    assert runner.wait(lambda: len(seen) > 3, 20)
    following.start(data, tilts, {"method": "SIRT", "iterations": 4})
    seen.clear()
    assert runner.wait(lambda: bool(ended), 20)
    assert [step.iteration for step in seen] == [1, 2, 3, 4]
    assert ended == [True]
    assert not following.running
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before
    runner.close()


def test_wrong_parameters_are_refused_before_anything_runs(sinogram):
    following = SliceIterations(print, print, print, InlineRunner())
    with pytest.raises(ParameterError, match="FISTA-TV"):
        following.start(*sinogram, {"method": "XYZ", "iterations": 3})
