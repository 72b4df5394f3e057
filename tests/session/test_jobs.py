"""Jobs end committed, cancelled, failed or stale, and only the first changes anything."""

import asyncio
import threading
import time

import numpy as np
import pytest

from etwidgets import engine, resources
from etwidgets.errors import MemoryLimitError
from etwidgets.progress import Cancelled
from etwidgets.session import InlineRunner, Session, ThreadRunner, TomoStackModel, estimate, operations
from etwidgets.session.jobs import Job, JobProgress
from etwidgets.session.latest_only import LatestOnly
from etwidgets.session.operations import SeriesOperation


class Gate:
    """An operation that waits for the test at half of its work."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, stack, progress, *, add=1.0):
        progress.advance(0.5, "half")
        self.reached.set()
        while not self.open.wait(0.01):
            progress.advance(0.5)
        return stack._deepcopy_with_new_data(stack.data + np.float32(add))


def failing(_stack, _progress):
    raise ZeroDivisionError("a fault of ours")


def no_lines(_parameters):
    return []


def own(gate):
    return [
        SeriesOperation("gate", "Wait", "waiting", gate, no_lines, parameters=frozenset({"add"})),
        SeriesOperation("fail", "Break", "breaking", failing, no_lines),
    ]


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def threaded(stack, gate):
    session = Session(TomoStackModel(stack), ThreadRunner(), operations=own(gate))
    yield session
    gate.open.set()
    session.close()


def test_a_job_in_a_thread_is_committed_on_the_waiting_thread(threaded, stack, gate):
    threads = []
    threaded.model.observe(lambda _: threads.append(threading.current_thread()), "stack")
    job = threaded.apply("gate", add=2.0)
    assert gate.reached.wait(5)
    assert threaded.model.busy
    assert threaded.model.stack is stack
    gate.open.set()
    job.result(timeout=5)
    assert job.state == "committed"
    assert np.allclose(threaded.model.stack.data, stack.data + 2)
    assert threads == [threading.main_thread()]
    assert not threaded.model.busy
    assert threaded.model.job.fraction == 1


def test_cancel_ends_the_job_at_its_next_report_and_changes_nothing(threaded, stack, gate):
    job = threaded.apply("gate")
    assert gate.reached.wait(5)
    threaded.cancel()
    with pytest.raises(Cancelled):
        job.result(timeout=60)  # the gate stays closed: nothing else would end it
    assert not gate.open.is_set()
    assert job.state == "cancelled"
    assert threaded.model.stack is stack
    assert threaded.history == ()
    assert "Nothing was changed" in threaded.model.message.text


def test_a_failed_job_says_what_happened_and_the_next_one_runs(threaded, stack, gate):
    job = threaded.apply("fail")
    with pytest.raises(ZeroDivisionError):
        job.result(timeout=5)
    assert threaded.model.message.level == "error"
    assert "Unexpected ZeroDivisionError: a fault of ours" in threaded.model.message.text
    assert threaded.model.stack is stack
    gate.open.set()
    threaded.apply("gate").result(timeout=5)
    assert len(threaded.history) == 1


def test_a_result_is_not_used_when_the_stack_changed_meanwhile(threaded, stack, gate):
    gate.open.set()
    threaded.apply("gate").result(timeout=5)
    gate.open.clear()
    gate.reached.clear()
    job = threaded.apply("gate")
    assert gate.reached.wait(5)
    threaded.undo()
    gate.open.set()
    job.wait(timeout=5)
    assert job.state == "stale"
    assert threaded.model.stack is stack
    assert "changed meanwhile" in threaded.model.message.text


def test_a_second_step_waits_and_works_on_the_result_of_the_first(threaded, stack, gate):
    first = threaded.apply("gate", add=1.0)
    second = threaded.apply("gate", add=10.0)
    assert gate.reached.wait(5)
    assert (first.state, second.state) == ("running", "waiting")
    assert threaded.model.waiting == 1
    gate.open.set()
    second.result(timeout=5)
    assert np.allclose(threaded.model.stack.data, stack.data + 11)


def test_cancel_forgets_the_steps_that_wait(threaded, stack, gate):
    first, second = threaded.apply("gate"), threaded.apply("gate")
    assert gate.reached.wait(5)
    threaded.cancel()
    first.wait(timeout=5)
    assert (first.state, second.state) == ("cancelled", "cancelled")
    assert threaded.model.stack is stack


def test_results_reach_the_event_loop_without_being_asked_for(stack, gate):
    async def work():
        session = Session(TomoStackModel(stack), ThreadRunner(), operations=own(gate))
        job = session.apply("gate", add=3.0)
        with pytest.raises(RuntimeError, match="await job"):
            job.result()
        gate.open.set()
        await job
        session.close()
        return session.model

    model = asyncio.run(work())
    assert np.allclose(model.stack.data, stack.data + 3)


def test_what_cannot_fit_is_refused_with_numbers(session, stack, monkeypatch):
    monkeypatch.setattr(resources, "free_memory", lambda: 1_000_000)
    with pytest.raises(MemoryLimitError, match=r"needs about \d+ MB, but only 1 MB are free"):
        session.apply("reconstruct", method="FBP", thickness=50_000)
    assert session.model.stack is stack
    assert session.model.reconstruction is None


def test_the_estimate_is_the_volume_and_more(session):
    memory, seconds = session.estimate("reconstruct", method="SIRT", iterations=3, thickness=30)
    assert memory > 20 * 30 * 24 * 4
    assert seconds is None  # a probe tells it


def test_the_time_of_other_steps_is_judged_by_the_last(session):
    assert session.estimate("normalize")[1] is None
    session.apply("normalize")
    assert session.estimate("normalize")[1] == pytest.approx(session.history[-1].seconds)


def test_the_engine_is_prepared_in_the_background(stack, monkeypatch):
    begun, go = threading.Event(), threading.Event()

    def slow():
        begun.set()
        go.wait(10)

    monkeypatch.setattr(engine, "warm_up", slow)
    session = Session(TomoStackModel(stack), ThreadRunner())
    session.prepare()
    assert begun.wait(10)
    assert session.model.preparing
    go.set()
    assert session.runner.wait(lambda: not session.model.preparing, 10)
    session.close()


def test_reports_of_progress_are_at_least_a_tenth_of_a_second_apart():
    runner = InlineRunner()
    job = Job("gate", "Wait", runner)
    heard = []
    progress = JobProgress(job, runner, lambda *_: heard.append(time.monotonic()))
    end = time.monotonic() + 0.35
    while time.monotonic() < end:
        progress.advance(0.5, "half")
    assert 2 <= len(heard) <= 4
    assert min(np.diff(heard)) >= 0.099
    job.cancel()
    with pytest.raises(Cancelled):
        progress.advance(0.6)


def test_the_newest_preview_wins_and_those_before_it_are_dropped():
    runner = ThreadRunner()
    started, proceed, worked, shown = threading.Event(), threading.Event(), [], []

    def compute(value):
        started.set()
        proceed.wait(5)
        worked.append(value)
        return 10 * value

    latest = LatestOnly(compute, shown.append, lambda _: None, runner)
    latest.submit(1)
    assert started.wait(5)
    for value in range(2, 9):
        latest.submit(value)
    proceed.set()
    assert runner.wait(lambda: 80 in shown, timeout=5)
    assert worked == [1, 8]
    assert shown == [10, 80]
    latest.close()
    latest.submit(9)
    assert not runner.wait(lambda: 90 in shown, timeout=0.3)


@pytest.mark.parametrize("runner", [InlineRunner, ThreadRunner])
def test_a_preview_that_fails_is_told(runner):
    made, told = runner(), []
    latest = LatestOnly(lambda: 1 / 0, lambda _: None, told.append, made)
    latest.submit()
    assert made.wait(lambda: bool(told), timeout=5)
    assert isinstance(told[0], ZeroDivisionError)
    latest.close()


def test_finish_now_keeps_what_there_is_and_the_step_tells_how_much(series_session):
    session = series_session
    job = session.apply("reconstruct", method="SIRT", iterations=100_000, constrain=True)
    deadline = time.monotonic() + 30
    while job.status.fraction == 0 and time.monotonic() < deadline:
        job.wait(0.05)
    assert job.status.can_finish
    session.finish()
    job.result(30)
    step = session.history[-1]
    done = step.parameters["iterations"]
    assert 1 <= done < 100_000
    assert f"iterations {done}" in session.model.history[-1].label
    volume = session.model.reconstruction
    assert volume.metadata.Tomography.reconstruction.iterations == done
    again = session.model.stack.reconstruct("SIRT", iterations=done, constrain=True, show_progressbar=False)
    assert np.array_equal(volume.data, again.data)


def test_what_has_no_iterations_or_too_little_memory_cannot_be_finished_early(stack, monkeypatch):
    operation = operations.OPERATIONS["reconstruct"]
    assert not estimate.can_finish(operation, stack, {"method": "FBP"})
    assert not estimate.can_finish(operations.OPERATIONS["register"], stack, {"method": "PC"})
    assert estimate.can_finish(operation, stack, {"method": "SIRT"})
    monkeypatch.setattr(resources, "free_memory", lambda: 1000)
    assert not estimate.can_finish(operation, stack, {"method": "SIRT"})


@pytest.fixture
def series_session(stack):
    session = Session(TomoStackModel(stack), ThreadRunner())
    yield session
    session.close()
