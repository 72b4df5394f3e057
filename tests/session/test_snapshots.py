"""Results set aside: gone back to with their steps, compared, kept in the session file."""

import numpy as np
import pytest

from etwidgets.errors import HistoryError
from etwidgets.session import Session
from etwidgets.session.digest import digest


def two_results(session):
    session.apply("reconstruct", method="FBP")
    first = digest(session.model.reconstruction)
    session.save_snapshot()
    session.undo()
    session.apply("normalize")
    session.apply("reconstruct", method="SIRT", iterations=3)
    return first, digest(session.model.reconstruction)


def test_going_to_a_kept_result_brings_its_steps_and_keeps_the_present_one(session):
    first, second = two_results(session)
    assert [each.label for each in session.model.snapshots] == ["Reconstruct: FBP"]
    assert digest(session.model.snapshots[0].reconstruction) == first
    session.restore_snapshot(0)
    assert digest(session.model.reconstruction) == first
    assert [step.operation for step in session.history] == ["reconstruct"]
    assert digest(session.model.snapshots[0].reconstruction) == second
    session.restore_snapshot(0)
    assert digest(session.model.reconstruction) == second
    session.undo()
    session.undo()
    assert [line.done for line in session.model.history] == [False, False]


def test_kept_results_are_in_the_session_file_and_made_again(session, tmp_path):
    first, second = two_results(session)
    session.save_snapshot("the better one")
    session.save(tmp_path / "a.json")
    other = Session()
    other.open_session(tmp_path / "a.json")
    assert [each.label for each in other.model.snapshots] == ["Reconstruct: FBP", "the better one"]
    assert other.model.snapshots[0].reconstruction is None
    other.restore_snapshot(0)
    assert digest(other.model.reconstruction) == first
    other.restore_snapshot(0)
    assert digest(other.model.reconstruction) == second


def test_what_is_forgotten_frees_its_memory(session):
    session.apply("reconstruct", method="FBP")
    alone = session.model.memory_used
    session.save_snapshot()
    assert session.model.memory_used == alone  # shared
    session.undo()
    session.apply("reconstruct", method="BP")
    assert session.model.memory_used > alone
    session.delete_snapshot(0)
    assert session.model.memory_used == alone
    with pytest.raises(HistoryError, match="there is no snapshot 0; there are 0"):
        session.delete_snapshot(0)


def test_the_model_tells_what_is_left_and_where_the_axis_is(session):
    model = session.model
    height, width = model.stack.data.shape[-2:]
    assert (model.crop, model.excluded, model.axis_shift, model.axis_rotation) == (None, (), 0, 0)
    session.apply("crop", x_start=4, x_stop=width - 2, y_start=0, y_stop=height)
    session.apply("remove_projections", projections=[2, 5])
    session.apply("remove_projections", projections=[0, 2])  # the fourth of those that were there first
    session.apply("bin", factor=2)
    session.apply("crop", x_start=1, x_stop=5, y_start=2, y_stop=12)
    assert model.crop == (6, 4, 14, 24)
    assert model.excluded == (0, 2, 3, 5)
    session.apply("transform", yshift=1.5, angle=2.0)
    assert (model.axis_shift, model.axis_rotation) == (1.5, 2.0)
    while model.can_undo:
        session.undo()
    assert (model.crop, model.excluded, model.axis_shift, model.axis_rotation) == (None, (), 0, 0)


def test_messages_are_kept_with_the_details_of_errors(session):
    session.tell("hello")
    with pytest.raises(ZeroDivisionError):
        session.apply("crop", x_start=0, x_stop=1 // 0, y_start=0, y_stop=1)
    with pytest.raises(ValueError, match="crop keeps x"):
        session.apply("crop", x_start=5, x_stop=4, y_start=0, y_stop=9)
    texts = [message.text for message in session.model.messages]
    assert texts[0] == "hello"
    assert "Traceback" in session.model.messages[-1].details
    assert session.model.messages[0].details == ""
    for number in range(200):
        session.tell(str(number))
    assert len(session.model.messages) == 100
    assert np.array_equal([int(m.text) for m in session.model.messages], np.arange(100, 200))


def test_a_kept_result_that_cannot_be_made_again_leaves_all_as_it_is(stack, tmp_path):
    stack.save(tmp_path / "s.hspy")
    first = Session()
    first.open(str(tmp_path / "s.hspy"))
    first.apply("normalize")
    first.save_snapshot()
    first.undo()
    first.save(tmp_path / "a.json")
    again = Session()
    again.open_session(tmp_path / "a.json")
    before = digest(again.model.stack)
    (tmp_path / "s.hspy").unlink()
    with pytest.raises(FileNotFoundError):
        again.restore_snapshot(0)
    assert digest(again.model.stack) == before
    assert [step.operation for step in again.history] == ["open"]
    assert len(again.model.snapshots) == 1
