"""Applying steps, undo and redo: the same digests come back, whatever was kept in memory."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etwidgets.errors import HistoryError, MissingTiltsError, ParameterError
from etwidgets.session import Session, TomoStackModel
from etwidgets.session.digest import digest
from etwidgets.session.traits import ByIdentity
from etwidgets.signals import TomoStack


def test_a_step_changes_the_model_and_not_its_input(session, stack):
    before = digest(stack)
    session.apply("crop", x_start=2, x_stop=18, y_start=0, y_stop=20)
    assert session.model.stack.data.shape == (13, 20, 16)
    assert np.array_equal(session.model.stack.data, stack.data[:, :20, 2:18])
    assert digest(stack) == before
    assert [step.operation for step in session.history] == ["crop"]
    assert session.history[0].before == before
    assert session.history[0].after == digest(session.model.stack)


def test_undo_gives_the_very_stack_back_and_redo_the_result(session, stack):
    session.apply("bin", factor=2)
    result = session.model.stack
    session.undo()
    assert session.model.stack is stack
    assert (session.model.can_undo, session.model.can_redo) == (False, True)
    assert [line.done for line in session.model.history] == [False]
    session.redo()
    assert session.model.stack is result


def test_the_cross_hair_stays_at_its_place_when_the_series_is_binned(session):
    session.display.column, session.display.row = 12, 6
    session.apply("bin", factor=2)
    assert (session.display.column, session.display.row) == (6, 3)
    session.undo()
    assert (session.display.column, session.display.row) == (12, 6)


def test_the_cross_hair_stays_at_its_place_when_the_series_is_cropped(session):
    session.display.column, session.display.row = 12, 6
    session.apply("crop", x_start=8, x_stop=16, y_start=3, y_stop=12)
    assert (session.display.column, session.display.row) == (4, 3)
    session.undo()
    assert (session.display.column, session.display.row) == (12, 6)
    session.apply("crop", x_start=0, x_stop=10, y_start=8, y_stop=12)  # it is cut off
    assert (session.display.column, session.display.row) == (9, 0)


def test_a_new_step_after_undo_forgets_the_undone_one(session):
    session.apply("bin", factor=2)
    session.undo()
    session.apply("remove_projections", projections=[0, 12])
    assert [step.operation for step in session.history] == ["remove_projections"]
    assert not session.model.can_redo
    assert session.model.stack.data.shape[0] == 11


def test_nothing_to_undo_is_said(session):
    with pytest.raises(HistoryError, match="no step to undo"):
        session.undo()
    with pytest.raises(HistoryError, match="no step to do again"):
        session.redo()


STEPS = st.lists(
    st.sampled_from(
        [
            ("crop", {"x_start": 0, "x_stop": 9, "y_start": 0, "y_stop": 12}),
            ("normalize", {"width": 2.0}),
            ("filter", {"method": "median", "size": 3}),
            ("transform", {"yshift": 1.5, "angle": 2.0}),
            ("remove_projections", {"projections": [1]}),
            ("manual_align", {"nslice": 3, "xshift": 1, "yshift": -2}),
            ("shift_one", {"projection": 2, "yshift": 0.7, "xshift": -1.25}),
        ]
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, memory_limit=st.sampled_from([0, 10**9]))
def test_undoing_all_and_redoing_all_gives_the_same_digests(stack, steps, memory_limit):
    """Also with a memory limit of 0, where all but the nearest states are made again."""
    session = Session(TomoStackModel(stack), memory_limit=memory_limit)
    digests = [digest(session.model.stack)]
    for name, parameters in steps:
        session.apply(name, **parameters)
        digests.append(digest(session.model.stack))
    for expected in reversed(digests[:-1]):
        session.undo()
        assert digest(session.model.stack) == expected
    for expected in digests[1:]:
        session.redo()
        assert digest(session.model.stack) == expected


def test_states_over_the_memory_limit_are_let_go(stack):
    session = Session(TomoStackModel(stack), memory_limit=3 * stack.data.nbytes)
    for _ in range(6):
        session.apply("normalize", width=2.0)
    assert session.model.memory_used <= 3 * stack.data.nbytes
    assert len(session.history) == 6


def test_a_changed_result_is_noticed_when_a_step_is_done_again(stack):
    session = Session(TomoStackModel(stack), memory_limit=0)
    for _ in range(4):
        session.apply("normalize", width=2.0)
    session.go_to(0)
    stack.data[0] += np.arange(20)  # somebody writes into the stack that the steps began with
    with pytest.raises(HistoryError, match="another result"):
        session.go_to(2)
    assert session.model.stack is stack


def test_a_volume_is_kept_and_stale_when_the_stack_changes(session):
    session.apply("reconstruct", method="FBP")
    volume = session.model.reconstruction
    assert volume.data.shape == (20, 24, 24)
    assert not session.model.stale
    session.apply("transform", yshift=1.0)
    assert session.model.reconstruction is volume
    assert session.model.stale
    session.undo()
    assert not session.model.stale
    session.undo()
    assert session.model.reconstruction is None


def test_before_is_the_stack_that_the_last_step_was_given(session, stack):
    assert session.model.before is None
    session.apply("transform", yshift=1.0)
    assert session.model.before is stack
    session.apply("reconstruct", method="BP")
    assert session.model.before is stack


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("crob", {}, "there is no operation 'crob'"),
        ("register", {"metod": "PC"}, "did you mean 'method'"),
        ("remove_projections", {"projections": np.array([1])}, "ndarray, which a step cannot store"),
        ("transform", {"yshift": float("nan")}, "yshift must be finite"),
        ("transform", {"yshift": np.float64(1)}, "float64, which a step cannot store"),
        ("crop", {"x_start": 0, "x_stop": 99, "y_start": 0, "y_stop": 9}, "x from 0 to 99"),
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_changes(session, stack, name, parameters, message):
    with pytest.raises(ParameterError, match=message):
        session.apply(name, **parameters)
    assert session.model.stack is stack
    assert session.history == ()


def test_tilts_are_asked_for_and_can_be_set(stack):
    session = Session(TomoStackModel(TomoStack(stack.data)))
    with pytest.raises(MissingTiltsError, match="set them"):
        session.apply("register", method="PC")
    session.apply("set_tilts", start=-60, increment=10)
    assert np.array_equal(session.model.stack.tilts_deg, np.arange(-60, 61, 10))
    session.undo()
    assert not session.model.stack.has_tilts


def test_without_a_stack_the_user_is_told_to_open_one():
    session = Session()
    with pytest.raises(ParameterError, match="open one first"):
        session.apply("register")
    assert session.model.message.level == "error"


def test_a_new_stack_of_the_same_shape_and_values_notifies(stack):
    model = TomoStackModel(stack)
    heard = []
    model.observe(lambda change: heard.append(change["new"]), "stack")
    twin = stack.deepcopy()
    model.stack = twin
    model.stack = twin
    assert len(heard) == 1
    assert heard[0] is twin
    assert isinstance(TomoStackModel.stack, ByIdentity)
