"""Parts of panels: they know no owner, share its controls, and are reset and closed with it."""

import ipywidgets as widgets
import pytest

from etwidgets.errors import ParameterError
from etwidgets.panels.component import Component
from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import Markup, Row, offer, table


class Part(Component):
    """A number, and how often another one was heard."""

    def __init__(self, session, name):
        super().__init__(session, name)
        self.heard = self.begun = 0
        self.widget = self.add("number", widgets.IntText(value=3))
        self.on_change("number", self._hear)
        self.listen(self.model, "source", self._hear)

    def fresh(self):
        self.begun += 1

    def _hear(self):
        self.heard += 1


class Owner(Panel):
    """A panel with one part."""

    name, title, needs_stack = "owner", "Owner", False

    def build(self):
        self.part = self.add_part(Part(self.session, self.name))
        return [self.part.widget], [self.hint]


@pytest.fixture
def owner(open_panel):
    return open_panel(Owner)


def test_controls_of_a_part_are_those_of_its_owner(owner):
    number = owner.controls["number"]
    assert number is owner.part.controls["number"]
    assert "etw-owner-number" in number._dom_classes
    another = Part(owner.session, owner.name)
    with pytest.raises(ParameterError, match="has a control 'number' already"):
        owner.add_part(another)
    another.close()


def test_no_handler_hears_what_is_filled_in_by_the_owner(owner):
    with owner.filling():
        owner.controls["number"].value = 5
    assert owner.part.heard == 0
    owner.controls["number"].value = 6
    assert owner.part.heard == 1


def test_another_series_resets_the_part_once_and_unheard(owner):
    owner.controls["number"].value = 7
    heard, begun = owner.part.heard, owner.part.begun
    owner.reset()
    assert owner.controls["number"].value == 3
    assert (owner.part.heard, owner.part.begun) == (heard, begun + 1)


def test_a_part_is_deaf_and_its_previews_are_closed_after_its_owner(owner):
    seen = []
    preview = owner.part.preview(lambda number: number + 1, seen.append)
    preview.submit(1)
    assert seen == [2]
    owner.close()
    preview.submit(2)
    owner.model.source = "another"
    assert (seen, owner.part.heard) == ([2], 0)


def test_tables_escape_what_is_no_markup():
    rows = [("a<b", Markup("<b>1</b>")), Row(["wrong"], "etw-warning", 2)]
    assert table(rows, ("x", "y"), named=True) == (
        "<table class='etw-facts'><tr><th>x</th><th>y</th></tr><tr><th>a&lt;b</th><td><b>1</b></td></tr>"
        "<tr class='etw-warning'><th colspan='2'>wrong</th></tr></table>"
    )


@pytest.mark.parametrize(("offered", "chosen"), [(["a", "b", "c"], "b"), (["c", "d"], "d"), ([], None)])
def test_a_choice_stays_where_it_is_still_offered(offered, chosen):
    chooser = widgets.Dropdown(options=[("a", "a"), ("b", "b")], value="b")
    offer(chooser, [(name, name) for name in offered], "d")
    assert chooser.value == chosen
    chooser.close()
    chooser.layout.close()
    chooser.style.close()
