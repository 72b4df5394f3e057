"""Every bad or odd input of the table is answered as the table says, and the page shows the table."""

from collections import Counter

import pytest
from bad_inputs import CASES
from bad_inputs.case import CLEAR, GOOD, OBSCURE, SILENT, Area, judge
from bad_inputs.page import shown, table
from bad_inputs.world import World
from matplotlib import pyplot as plt

from etwidgets.errors import ParameterError


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr("etwidgets.resources.free_memory", lambda: 8 * 10**9)  # whatever this machine has
    yield World(tmp_path)
    plt.close("all")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_input_is_answered_as_it_should_be(case, world):
    outcome, words = judge(case, world)
    assert outcome == case.expected, words


def test_there_are_enough_and_each_is_there_once():
    assert len(CASES) >= 150
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []
    refused = [case for case in CASES if case.expected == CLEAR]
    assert all(case.words for case in refused)  # a refusal is clear only if it says something


def test_the_page_shows_the_table_of_now():
    assert shown() == table(CASES)  # PYTHONPATH=.:tests/robustness python -m bad_inputs


def _raises(error):
    def do(world):
        raise error

    return do


@pytest.mark.parametrize(
    ("do", "outcome"),
    [
        (_raises(ParameterError("size must be odd, not 4")), CLEAR),
        (_raises(ParameterError("wrong size")), OBSCURE),
        (_raises(ValueError("size must be odd, not 4")), OBSCURE),
        (lambda world: 4, SILENT),
    ],
)
def test_what_is_told_badly_is_not_taken_for_clear(do, outcome, world):
    area = Area("made up")
    area.refused("an even size", do, ParameterError, "size", "odd", "4")
    assert judge(area.cases[0], world)[0] == outcome
    assert (outcome in GOOD) == (outcome == CLEAR)


def test_another_result_than_the_known_one_is_silent(world):
    area = Area("made up")
    area.handled("two and two", lambda world: 5, lambda result: result == 4)
    area.warned("no warning", lambda world: 4, "beware")
    assert [judge(case, world)[0] for case in area.cases] == [SILENT, SILENT]
