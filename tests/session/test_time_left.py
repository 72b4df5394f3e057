"""The time left, on clocks that the test turns: it converges, whatever comes before, between and after."""

import numpy as np
import pytest

from etwidgets.session import jobs
from etwidgets.session.jobs import Job, JobProgress
from etwidgets.session.runners import InlineRunner
from etwidgets.session.time_left import TimeLeft


def followed(ends, after=0.0, look_s=0.5):
    """(time, time left told, time left in truth) of a job whose equal steps end at these times."""
    ends = np.asarray(ends, float)
    pace, whole, seen, done = TimeLeft(after), ends[-1] + after, [], 0
    for now in np.arange(0.05, whole, 0.05):
        while done < len(ends) and ends[done] <= now:
            done += 1
            pace.tell(now, done / len(ends))
        pace.tell(now, done / len(ends))  # nothing new
        if abs(now / look_s - round(now / look_s)) < 1e-9:
            seen.append((now, pace.left(now), whole - now))
    return seen


def ratios(seen, since=0.0):
    return [told / true for now, told, true in seen if told is not None and now >= since and true > 2]


def test_equal_steps_are_foretold_from_the_second_on():
    seen = followed(np.arange(1, 41.0))
    assert seen[1][1] is None  # after one step nothing is known of the pace
    told = ratios(seen, since=2.5)
    assert len(told) > 60
    assert min(told) > 0.9
    assert max(told) < 1.1


def test_what_came_before_the_first_step_is_no_part_of_the_pace():
    told = ratios(followed(30 + np.arange(1, 41.0)), since=33)  # half a minute of loading and compiling
    assert min(told) > 0.9
    assert max(told) < 1.1


def test_what_follows_the_work_is_counted():
    seen = followed(np.arange(0.5, 10.01, 0.5), after=8.0)
    told = ratios(seen, since=2)
    assert min(told) > 0.9
    assert max(told) < 1.1
    last = [(told, true) for now, told, true in seen if now > 10.5]
    assert all(told == pytest.approx(true, abs=0.1) for told, true in last)


def test_it_corrects_itself_when_the_machine_gets_busy():
    quick = np.arange(1, 21) * 0.5
    ends = np.concatenate([quick, quick[-1] + 1.5 * np.arange(1, 21)])  # three times as slow from 10 s on
    seen = followed(ends)
    early, late = ratios(seen, since=5)[0], ratios(seen, since=20)
    assert early < 0.5  # nobody could know
    assert min(late) > 0.85
    assert max(late) < 1.15


def test_an_overdue_step_does_not_promise_the_end():
    pace = TimeLeft()
    for now in (1, 2, 3, 4):
        pace.tell(now, now / 8)
    assert pace.left(4.0) == pytest.approx(4)
    assert pace.left(5.0) == pytest.approx(3)
    assert pace.left(60.0) == pytest.approx(2)


def test_a_job_tells_the_time_left_by_its_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    job = Job("reconstruct", "Reconstruct", InlineRunner())
    heard = []
    progress = JobProgress(job, InlineRunner(), lambda *_: heard.append(job.status.seconds_left))
    job.begin()
    job.time_left.seconds_after = 3.0
    progress.advance(0)
    now[0] += 50  # loading
    for done in range(1, 6):
        now[0] += 2
        progress.advance(done / 10)
    assert heard[:2] == [None, None]
    assert heard[-1] == pytest.approx(5 * 2 + 3)
    job.end("committed")
    assert job.status.seconds_left is None
