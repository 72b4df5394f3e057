"""What all panels have in common: names, wiring that is undone, a guard, no work while hidden."""

import ipywidgets as widgets
import pytest

from etwidgets.errors import ParameterError
from etwidgets.panels import (
    AxisPanel,
    CleanPanel,
    DataPanel,
    HistoryPanel,
    InspectPanel,
    Panel,
    ReconstructPanel,
    RegisterPanel,
    StatusLine,
    VolumePanel,
)
from etwidgets.panels.header_line import HeaderLine
from etwidgets.session import Session, TomoStackModel

ALL = (
    AxisPanel,
    CleanPanel,
    DataPanel,
    HeaderLine,
    HistoryPanel,
    InspectPanel,
    ReconstructPanel,
    RegisterPanel,
    StatusLine,
    VolumePanel,
)


class Counter(Panel):
    """Counts its drawings, and fails on request."""

    name = "counter"
    title = "Counter"

    def build(self):
        self.drawn = 0
        self.add("run", widgets.Button(description="Run"))
        self.add("column", widgets.IntSlider(min=0, max=10))
        self.on_click("run", self._fail)
        self.refresh_on(self.model, "source")
        return [self.controls["column"]], [self.controls["run"], self.hint]

    def redraw(self):
        self.drawn += 1

    def _fail(self):
        raise ZeroDivisionError("by hand")


@pytest.fixture
def open_panel(made):
    return lambda kind, stack=None: made(kind(Session(TomoStackModel(stack))))


@pytest.fixture
def stack(series):
    return series


@pytest.mark.parametrize("kind", ALL)
def test_a_panel_shows_itself_in_a_cell(open_panel, stack, kind):
    bundle = open_panel(kind, stack)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in str(bundle)


def test_an_error_in_a_handler_is_told_and_the_panel_lives(open_panel, stack, caplog):
    panel = open_panel(Counter, stack)
    panel.controls["run"].click()
    assert panel.model.message.level == "error"
    assert panel.model.message.text == "Unexpected ZeroDivisionError: by hand"
    assert "Traceback" in caplog.text
    panel.model.source = "another"
    assert panel.drawn == 2


def test_a_hidden_panel_draws_once_when_it_is_shown_again(open_panel, stack):
    panel = open_panel(Counter, stack)
    panel.shown = False
    panel.model.source = "b"
    panel.model.source = "c"
    assert panel.drawn == 1
    panel.shown = True
    assert panel.drawn == 2
    panel.shown = True
    assert panel.drawn == 2


def test_binding_goes_both_ways_and_ends_with_the_panel(open_panel, stack):
    panel = open_panel(Counter, stack)
    panel.display.column = 7
    panel.bind("column", panel.display, "column")
    slider = panel.controls["column"]
    assert slider.value == 7
    slider.value = 3
    assert panel.display.column == 3
    panel.display.column = 5
    assert slider.value == 5
    panel.close()
    panel.display.column = 9
    assert slider.value == 5


def test_binding_to_a_control_that_cannot_show_the_value_is_refused(open_panel, stack):
    panel = open_panel(Counter, stack)
    panel.display.column = 17
    with pytest.raises(ParameterError, match=r"shows 10 for column = 17; set its range first"):
        panel.bind("column", panel.display, "column")


def test_a_name_is_given_once(open_panel):
    panel = open_panel(Counter)
    with pytest.raises(ParameterError, match="has a control 'run' already"):
        panel.add("run", panel.controls["column"])


def test_without_a_stack_it_says_what_to_do_first(open_panel, stack):
    panel = open_panel(Counter)
    assert panel.controls["run"].disabled
    assert "Open a tilt series first" in panel.hint.value
    panel.model.stack = stack
    assert not panel.controls["run"].disabled
    assert panel.hint.value == ""
