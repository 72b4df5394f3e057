"""A tab and an operation of the user's own: listed, reached by keys, ticked off, and closed with the rest."""

from pathlib import Path

import ipywidgets as widgets
import numpy as np

from etwidgets.app import Workbench
from etwidgets.panels import Panel, tabs
from etwidgets.panels.tabs import TABS
from etwidgets.session import InlineRunner, operation
from etwidgets.views import ImageView


@operation("Double", running="doubling")
def double(stack, *, factor=2.0):
    return stack * factor


class DoublePanel(Panel):
    """One button."""

    name, title, operations = "double", "Double", frozenset({"double"})

    def build(self):
        self.add("apply", widgets.Button(description="Double"))
        self.add_view(ImageView())
        self.on_click("apply", lambda: self.session.apply("double", factor=3.0))
        return [self.hint, *self.views], [self.controls["apply"]]


def test_it_stands_before_the_history_and_does_its_operation(made, series):
    bench = made(Workbench(series, operations=[double], panels=[DoublePanel], runner=InlineRunner()))
    assert list(bench.panels)[-2:] == ["double", "history"]
    bench.show("double")
    bench.panels["double"].controls["apply"].click()
    assert np.array_equal(bench.model.stack.data, 3 * series.data)
    assert bench._tabs["double"].description.endswith("✓")
    bench.session.undo()
    assert bench.model.stack is series


def test_a_new_tab_is_in_the_list_of_the_page_and_hears_the_keys_of_all(made, series):
    bench = made(Workbench(series, operations=[double], panels=[DoublePanel], runner=InlineRunner()))
    own = bench.panels["double"]
    body = bench.widget.children[-2]
    assert [tab.description for tab in body.children[0].children][-2:] == ["12  Double", "13  History"]
    assert own.widget in body.children[1].children
    assert own.widget.layout.display == "none"
    bench._tabs["double"].click()
    assert (bench.shown, own.widget.layout.display) == ("double", "")
    assert "etw-current" in bench._tabs["double"]._dom_classes
    for key, shown in (("[", "live"), ("]", "double"), ("]", "history"), ("]", "data")):
        bench.panels[bench.shown]._common_key({"key": key})
        assert bench.shown == shown
    bench.close()
    assert own._closed


def test_the_list_of_tabs_is_the_only_one(made, series):
    bench = made(Workbench(series, runner=InlineRunner()))
    assert list(bench.panels) == [tab.panel.name for tab in TABS]
    modules = {path.stem for path in Path(tabs.__file__).parent.glob("*_panel.py")}
    assert modules == {tab.panel.__module__.rpartition(".")[2] for tab in TABS}
