"""The tour goes where it says, points at a control that is there, sees what was done, and can be ended."""

import pytest

from etwidgets import io
from etwidgets.app import Workbench
from etwidgets.panels.tour import STOPS
from etwidgets.session import OPERATIONS, InlineRunner


@pytest.fixture
def bench(made, series, tmp_path):
    io.save(series, tmp_path / "needle.hspy")
    return made(Workbench(root=tmp_path, runner=InlineRunner()))


def shown(bench):
    """The strip's words, and the controls that are marked."""
    tour = bench.tour
    marked = [
        (panel.name, name)
        for panel in bench.panels.values()
        for name, control in panel.controls.items()
        if "etw-pointed" in control._dom_classes
    ]
    return None if tour.widget.layout.display == "none" else tour._note.value, marked


def test_it_waits_until_it_is_asked_for(bench):
    assert shown(bench) == (None, [])
    bench.panels["data"].controls["tour"].click()
    words, marked = shown(bench)
    assert "Tour, 1 of 7" in words
    assert marked == [("data", "open-sample")]


def test_every_stop_shows_its_panel_and_marks_its_control(bench):
    bench.tour.start()
    for stop in STOPS:
        assert bench.shown == stop.panel
        assert shown(bench)[1] == [(stop.panel, stop.control)]
        assert stop.done_by <= set(OPERATIONS)
        bench.tour.controls["next"].click()
    assert shown(bench) == (None, [])


def test_it_goes_on_when_a_series_is_opened_and_sees_what_was_done(bench):
    bench.tour.start()
    bench.panels["data"].controls["file"].value = "needle.hspy"
    bench.panels["data"].controls["open"].click()
    assert bench.tour.stop.panel == bench.shown == "inspect"
    bench.tour.controls["next"].click()
    assert "Done" not in shown(bench)[0]
    bench.session.apply("register", method="PC")
    assert "Done" in shown(bench)[0]
    bench.session.undo()
    assert "Done" not in shown(bench)[0]


def test_it_is_ended_and_started_again(bench, tmp_path):
    bench.tour.start()
    bench.tour.controls["end"].click()
    assert shown(bench) == (None, [])
    bench.session.open(str(tmp_path / "needle.hspy"))
    bench._header.controls["tour"].click()
    assert bench.tour.stop.panel == "inspect"  # a series is open already
