"""The status line: what mends a message is a button beside it; what is not saved is told until it is."""

import numpy as np
import pytest

from etwidgets.panels import StatusLine
from etwidgets.session import Session, TomoStackModel
from etwidgets.session.model import Cure
from etwidgets.signals import TomoStack


@pytest.fixture
def line():
    stack = TomoStack(np.ones((5, 16, 16), np.float32), tilts=[-2, -1, 0, 1, 2])
    line = StatusLine(Session(TomoStackModel(stack)))
    yield line
    line.close()


def shown(line):
    mend = line.controls["mend"]
    return mend.description if mend.layout.display == "" else None


def test_the_button_beside_a_message_does_what_mends_it(line):
    line.session.tell("Two projections are blank.", "warning")
    assert shown(line) is None
    cure = Cure("Exclude them", "remove_projections", {"projections": [1, 3]})
    line.session.tell("Two projections are blank.", "warning", action=cure)
    assert shown(line) == "Exclude them"
    line.controls["mend"].click()
    assert line.model.stack.tilts_deg.tolist() == [-2, 0, 2]
    assert shown(line) is None


def test_the_button_leads_to_the_panel_where_it_is_mended(line):
    went = []
    line.go = went.append
    line.session.tell("There are no tilts.", "warning", action=Cure("Give tilts", panel="data"))
    line.controls["mend"].click()
    assert went == ["data"]


def test_steps_that_are_not_saved_are_told_whatever_else_is_said(line):
    line.model.unsaved = "Your steps are not being saved: No space left on device. Trying again."
    line.session.tell("Registered.")
    assert "No space left" in line._unsaved.value
    assert line._unsaved.layout.display == ""
    line.model.unsaved = ""
    assert line._unsaved.layout.display == "none"


def test_what_was_said_of_another_state_is_not_mended_in_this_one(line):
    line.session.tell(
        "Two projections are blank.",
        "warning",
        action=Cure("Exclude them", "remove_projections", {"projections": [1]}),
    )
    line.session.apply("remove_projections", projections=[0])
    line.session.undo()
    assert shown(line) is None


def test_what_was_said_of_another_series_is_not_said_of_this_one(line):
    line.session.apply("sample", name="catalyst")
    line.session.tell("The tilt axis is vertical.", "warning", action=Cure("Turn by 90°", "turn"))
    line.session.undo()
    assert shown(line) is None
    assert "vertical" not in line._message.value
