"""What is wrong is said where it matters, with the button or the field that mends it."""

import numpy as np
import pytest

from etwidgets.app import Workbench
from etwidgets.panels import AnalyzePanel, AxisPanel, DataPanel, ReconstructPanel, RegisterPanel
from etwidgets.session import InlineRunner
from etwidgets.signals import TomoStack


@pytest.fixture
def bench(series):
    bench = Workbench(series, runner=InlineRunner())
    yield bench
    bench.close()


def said(strip):
    return [text.value for text in strip._said if text.value]


def test_an_unregistered_series_is_told_before_it_is_reconstructed_and_not_blocked(bench):
    bench.show("reconstruct")
    panel = bench.panels["reconstruct"]
    assert "have not been registered" in said(panel._strip)[0]
    assert not panel.controls["run"].disabled
    panel.controls["fix-1"].click()
    assert bench.shown == "register"
    bench.session.apply("register", method="PC")
    bench.show("reconstruct")
    assert said(panel._strip) == []


@pytest.mark.parametrize("how", ["shifts", "ending"])
def test_a_series_that_came_aligned_is_not_suspected(open_panel, series, how):
    aligned = series.deepcopy()
    if how == "shifts":
        aligned.shifts = np.ones((15, 2))
    else:
        aligned.metadata.General.original_filename = "needle.ali"
    assert said(open_panel(ReconstructPanel, aligned)._strip) == []


@pytest.mark.parametrize("kind", [RegisterPanel, AxisPanel, ReconstructPanel])
def test_tilts_are_given_where_they_are_missed(open_panel, series, kind):
    panel = open_panel(kind, TomoStack(series.data))
    assert panel._tilts.widget.layout.display == ""
    panel.controls["first-tilt"].value, panel.controls["tilt-step"].value = -70, 10
    panel.controls["set-tilts"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, series.tilts_deg)
    assert panel._tilts.widget.layout.display == "none"


def test_a_vertical_axis_is_turned_in_the_same_strip_and_every_pixel_stays(open_panel, series):
    lying = TomoStack(np.rot90(series.data[:, 4:36], axes=(1, 2)).copy(), series.tilts_deg)
    panel = open_panel(DataPanel, lying)
    assert "vertical" in said(panel._strip)[0]
    assert panel.controls["fix-1"].description == "Turn by 90°"
    assert panel.model.message.action.operation == "turn"
    panel.controls["fix-1"].click()
    assert np.array_equal(panel.model.stack.data, series.data[:, 4:36])
    assert said(panel._strip) == []


def test_each_finding_has_its_own_button(open_panel, series):
    order = np.r_[5:15, 0:5]
    odd = TomoStack(series.data[order], series.tilts_deg[order])
    odd.data[3] = 1
    panel = open_panel(DataPanel, odd)
    labels = [panel.controls[f"fix-{number}"].description for number in (1, 2)]
    assert labels == ["Exclude them", "Sort by tilt"]
    panel.controls["fix-2"].click()
    assert (np.diff(panel.model.stack.tilts_deg) > 0).all()
    panel.controls["fix-1"].click()
    assert panel.model.stack.data.shape[0] == 14


def test_an_old_volume_and_a_pixel_size_that_is_not_known_are_mended_where_they_matter(bench):
    session = bench.session
    session.apply("reconstruct", method="FBP")
    bench.show("analyze")
    panel: AnalyzePanel = bench.panels["analyze"]
    assert "pixel size is unknown" in said(panel._strip)[0]
    panel.controls["pixel"].value = 0.5
    panel.controls["set-pixel"].click()
    assert panel._pixel.widget.layout.display == "none"
    assert panel.controls["fix-1"].description == "Reconstruct again"
    panel.controls["fix-1"].click()
    assert session.model.reconstruction.axes_manager["x"].scale == 0.5
    assert said(panel._strip) == []


def test_what_cannot_act_leads_to_where_it_can_be_mended(made):
    bench = Workbench(runner=InlineRunner())
    for name, leads_to in (
        ("register", "data"),
        ("clean", "data"),
        ("volume", "reconstruct"),
        ("analyze", "reconstruct"),
    ):
        bench.show(name)
        panel = bench.panels[name]
        assert "etw-nothing" in panel._middle._dom_classes  # its promise, and this button
        assert panel.controls["begin"].layout.display == ""
        assert panel.controls["way-out"].layout.display == "none"
        panel.controls["begin"].click()
        assert bench.shown == leads_to
    bench.close()


def test_a_panel_that_stands_alone_has_no_button_that_leads_nowhere(open_panel, series):
    panel = open_panel(ReconstructPanel, series)
    assert said(panel._strip)
    assert panel.controls["fix-1"].layout.display == "none"
    assert open_panel(RegisterPanel).controls["way-out"].layout.display == "none"


def test_every_tab_shows_its_way_out_with_a_label_or_not_at_all(made):
    bench = Workbench(runner=InlineRunner())
    for panel in bench.panels.values():
        for button in (panel.controls["way-out"], panel.controls["begin"]):
            assert (button.layout.display == "none") == (not button.description), panel.name
    history = bench.panels["history"]
    assert history.controls["way-out"].description == "Go to Data"
    history.controls["kind"].value = "volume"
    assert history.controls["way-out"].description == "Go to Reconstruct"
    bench.close()
