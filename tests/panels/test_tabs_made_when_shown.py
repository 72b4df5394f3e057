"""Tabs are made when they are first shown, and show then what one that was there from the start shows."""

import re

import ipywidgets as widgets
import ipywidgets.widgets.widget as registry
import pytest

from etwidgets.app import Workbench
from etwidgets.panels import Panel
from etwidgets.panels.tabs import TABS
from etwidgets.session import InlineRunner

MOST_AT_FIRST = 400
_SHOWN = ("value", "disabled", "description", "options", "min", "max")


class Broken(Panel):
    """Cannot be made."""

    name, title = "broken", "Broken"

    def build(self):
        raise OSError("its file is gone")


def test_the_first_tab_alone_is_made_and_every_tab_is_shown_when_chosen(made):
    before = len(registry._instances)
    bench = made(Workbench(runner=InlineRunner()))
    assert list(bench.panels.made) == ["data"]
    assert len(registry._instances) - before < MOST_AT_FIRST  # of more than 1500
    middle = bench.widget.children[-2].children[1]
    for name, tab in bench._tabs.items():
        tab.click()
        assert bench.shown == name
        visible = [child for child in middle.children if child.layout.display != "none"]
        assert visible == [bench.panels[name].widget]
    assert len(middle.children) == len(bench.panels.made) == len(TABS)


def test_a_tab_that_was_made_is_never_made_again(made):
    bench = made(Workbench(runner=InlineRunner()))
    bench.show("clean")
    first = bench.panels["clean"]
    bench.show("data")
    bench.show("clean")
    assert bench.panels["clean"] is first
    assert list(bench.panels.made) == ["data", "clean"]


@pytest.mark.parametrize("name", [tab.panel.name for tab in TABS[1:]])
def test_one_made_after_the_work_shows_what_one_made_before_shows(name, worked):
    early, late = (shown(bench, name) for bench in worked)
    assert early == late


@pytest.fixture(scope="module")
def worked(warm, series):
    """Two workbenches after the same steps: one with all panels from the start, one with those shown."""
    benches = [Workbench(series, runner=InlineRunner()) for _ in range(2)]
    assert len(list(benches[0].panels.values())) == len(TABS)
    for bench in benches:
        bench.session.apply("register", method="PC")
        bench.session.apply("reconstruct", method="FBP")
    yield benches
    for bench in benches:
        bench.close()


def shown(bench, name):
    """What can be read in a panel: its controls by name, and all its texts."""
    bench.show(name)
    panel = bench.panels[name]
    controls = {
        # how long a step took differs between the two, and short times are not shown at all
        key: {
            trait: re.sub(r"(\s+·)?\s+[\d.]+ s\b", "", repr(getattr(control, trait)))
            for trait in _SHOWN
            if control.has_trait(trait)
        }
        for key, control in panel.controls.items()
    }
    return controls, texts(panel.widget)


def texts(widget):
    own = [widget.value] if isinstance(widget, widgets.HTML) else []
    return own + [text for child in getattr(widget, "children", ()) for text in texts(child)]


def test_one_that_cannot_be_made_leaves_the_page_as_it_is_and_says_so(warm):
    bench = Workbench(panels=[Broken], runner=InlineRunner())
    bench._tabs["broken"].click()
    assert bench.shown == "data"
    assert "its file is gone" in bench.model.message.text
    bench.close()
