"""The memory of a series, its volume and all that was made of it comes back when another file replaces it."""

import gc
import weakref

import numpy as np
import pytest

from etwidgets.session import InlineRunner, Session, ThreadRunner
from etwidgets.session.history import memory_of
from etwidgets.session.measuring import Subject


@pytest.fixture(params=[InlineRunner, ThreadRunner])
def session(request, stack, tmp_path):
    """One that keeps for undo only what it must: the present state and the one before."""
    stack.save(tmp_path / "a.hspy")
    (stack + 1).save(tmp_path / "b.hspy")
    session = Session(runner=request.param(), memory_limit=0)
    yield session
    session.close()


def done(session, job):
    assert session.runner.wait(lambda: job.done, 60)
    job.result()


def everything(session):
    """Weak references to all arrays that a session shows."""
    state = session._core.state
    return {
        type(signal).__name__ + str(n): weakref.ref(signal.data) for n, signal in enumerate(state.signals)
    }


def replaced(session, folder):
    done(session, session.open(folder / "b.hspy"))
    done(session, session.apply("normalize"))  # the state before the present one is kept for undo
    gc.collect()


def reconstructed(session, folder):
    done(session, session.open(folder / "a.hspy"))
    done(session, session.apply("add_channel", path=str(folder / "b.hspy"), name="b"))
    done(session, session.apply("reconstruct", method="FBP"))


def alive(references):
    return {name for name, reference in references.items() if reference() is not None}


def test_what_was_measured_is_let_go(session, tmp_path):
    reconstructed(session, tmp_path)
    for data in (session.model.reconstruction.data, session.model.channels[0].reconstruction.data):
        subject = Subject("series", data, {"threshold": float(data.max()) / 2})
        done(session, session.measure(subject, other=subject))
        del data, subject
    assert len(session.model.measurements) == 2
    known = everything(session)
    assert len(known) == 4  # two series, two volumes
    replaced(session, tmp_path)
    assert session.model.measurements == ()
    assert alive(known) == set()


def test_what_was_shown_exported_and_failed_is_let_go(session, tmp_path):
    reconstructed(session, tmp_path)
    seen = []
    preview = session.latest(lambda data: float(np.asarray(data).mean()), seen.append)
    preview.submit(session.model.reconstruction.data)
    assert session.runner.wait(lambda: bool(seen), 20)
    done(session, session.save_data("volume", tmp_path / "v.hspy"))
    done(session, session.save_data("figure", tmp_path / "v.png"))
    session.export_script(tmp_path / "steps.py")
    with pytest.raises(ValueError, match="crop keeps x"):
        done(session, session.apply("crop", x_start=5, x_stop=4, y_start=0, y_stop=9))
    known = everything(session)
    replaced(session, tmp_path)
    preview.submit(np.zeros(1))  # the thread of a preview works on, with nothing of the other series
    assert session.runner.wait(lambda: len(seen) == 2, 20)
    gc.collect()
    assert alive(known) == set()
    preview.close()


def test_a_snapshot_holds_its_result_until_it_is_deleted(session, tmp_path):
    reconstructed(session, tmp_path)
    session.save_snapshot("of a")
    known = everything(session)
    replaced(session, tmp_path)
    assert alive(known) == set(known)
    before = session.model.memory_used
    held = sum(reference().nbytes for reference in known.values())
    session.delete_snapshot(0)
    gc.collect()
    assert alive(known) == set()
    assert session.model.memory_used == pytest.approx(before - held)
    assert session.model.memory_used == memory_of(session._core.timeline.history)


def test_measured_volumes_count_in_the_memory_of_the_session(session, tmp_path):
    """They are those of the states, so that nothing is held that is not counted."""
    reconstructed(session, tmp_path)
    data = session.model.reconstruction.data
    done(session, session.measure(Subject("series", data, {"threshold": float(data.max()) / 2})))
    for state in session._core.timeline.history.held:
        assert all(state.holds(each.subject.data) for each in state.measurements)
