"""Inspect draws the projections, sinograms and sums that its controls name."""

import numpy as np
import pytest
import seen

from etwidgets.app import Workbench
from etwidgets.panels import (
    InspectPanel,
    RegisterPanel,
)
from etwidgets.session import InlineRunner, Session, TomoStackModel
from etwidgets.views import ImageView


def test_inspect_shows_the_projection_and_the_sinogram_that_the_sliders_name(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    assert panel.controls["tilt"].label == "+0.0°"
    panel.controls["tilt"].value = 2
    panel.controls["column"].value = 15
    panes = seen.images(panel)
    assert panes[0].caption == "3 of 13, -40.0°"
    assert panes[1].caption == "at x = 15"
    assert seen.differs(panes[0], stack.data[2]) <= 1
    assert seen.differs(panes[1], stack.data[:, :, 15]) <= 1


def test_inspect_keeps_one_contrast_for_all_projections_until_it_is_changed(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    before = seen.images(panel)[0].limits
    panel.controls["tilt"].value = 0
    assert seen.images(panel)[0].limits == before
    panel.controls["contrast"].value = (10, 90)
    low, high = np.percentile(stack.data, (10, 90))
    assert seen.images(panel)[0].limits == pytest.approx([low, high], rel=1e-5)
    panel.controls["colors"].value = "inferno"
    assert [pane.cmap for pane in seen.images(panel)] == ["inferno", "inferno"]


def test_limits_in_intensities_count_until_the_contrast_is_set_in_percent(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    shown = [panel.controls[name].value for name in ("black", "white")]
    assert shown == pytest.approx(seen.images(panel)[0].limits, rel=1e-5)
    panel.controls["white"].value = 2 * shown[1]
    panel.controls["black"].value = shown[1]
    assert [pane.limits for pane in seen.images(panel)] == [(shown[1], 2 * shown[1])] * 2
    panel.controls["white"].value = shown[1] - 1
    assert "below white" in panel.model.message.text
    assert panel.controls["white"].value == pytest.approx(2 * shown[1], rel=1e-5)
    panel.controls["contrast"].value = (10, 90)
    assert seen.images(panel)[0].limits == pytest.approx(np.percentile(stack.data, (10, 90)), rel=1e-5)
    assert panel.controls["black"].value == pytest.approx(np.percentile(stack.data, 10), rel=1e-5)
    panel.display.set_limits("series", 1.0, 2.0)
    seen.histogram(panel).receive({"type": "reset"})
    assert panel.display.limits_of("series") is None


def test_gamma_and_logarithm_are_those_of_all_pictures(made, stack):
    session = Session(TomoStackModel(stack))
    first, second = made(InspectPanel(session)), made(RegisterPanel(session))
    first.controls["gamma"].value, first.controls["log-scale"].value = 0.5, True
    view = seen.view(second, ImageView)
    assert (view.gamma, view.log_scale) == (0.5, True)


def test_two_panels_look_at_the_same_place(made, stack):
    session = Session(TomoStackModel(stack))
    first, second = made(InspectPanel(session)), made(RegisterPanel(session))
    first.controls["tilt"].value = 4
    assert second.controls["tilt"].value == 4
    second.controls["column"].value = 3
    assert first.controls["column"].value == 3


def test_sliders_follow_when_projections_and_columns_go(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    panel.controls["tilt"].value = 12
    panel.controls["column"].value = 19
    panel.session.apply("remove_projections", projections=[11, 12])
    panel.session.apply("crop", x_start=0, x_stop=10, y_start=0, y_stop=24)
    assert panel.controls["tilt"].value == 10
    assert panel.controls["tilt"].label == "+40.0°"
    assert (panel.controls["column"].max, panel.controls["column"].value) == (9, 9)
    assert panel.model.message.level == "info"


def test_inspect_is_moved_by_mouse_and_keys(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    seen.drag(panel, kind="column", values=[13], pane=0, done=True)
    seen.click(panel, pane=1, x=3, y=4)
    assert (panel.display.column, panel.display.projection) == (13, 4)
    assert seen.images(panel)[0].columns == (13,)
    for key, shift in (("ArrowRight", False), ("ArrowUp", True), ("ArrowUp", False), ("ArrowLeft", True)):
        seen.press(panel, key, shift=shift)
    assert (panel.display.column, panel.display.projection) == (2, 0)
    assert panel.controls["play"].value == 0
    seen.press(panel, " ")
    assert panel.controls["play"].playing


@pytest.mark.parametrize(("beside", "combine"), [("maximum over tilts", np.max), ("sum over tilts", np.sum)])
def test_inspect_shows_all_tilts_in_one(open_panel, stack, beside, combine):
    panel = open_panel(InspectPanel, stack)
    panel.controls["beside"].value = beside
    panes = seen.images(panel)
    assert panes[1].title.lower() == beside.replace("over", "over all")
    assert seen.differs(panes[1], combine(stack.data, axis=0)) <= 1


def test_keys_that_all_panels_know(made, stack):
    bench = made(Workbench(stack, runner=InlineRunner()))
    bench.show("inspect")
    panel = bench.panels["inspect"]
    view = seen.view(panel, ImageView)
    view.receive({"type": "key", "key": "]"})
    assert bench.shown == "clean"
    bench.session.apply("normalize")
    view.receive({"type": "key", "key": "z"})
    assert bench.model.stack is stack
    view.receive({"type": "key", "key": "Z"})
    assert bench.model.stack is not stack
    rows = view.key_help
    assert {rows["z"], rows["space"], rows["?"]} == {"undo", "play the tilts", "show or hide this table"}


def test_inspect_marks_the_same_point_on_both_pictures(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    seen.click(panel, pane=0, x=7, y=4)
    panes = seen.images(panel)
    assert panes[0].cross == (7, 4)
    assert panes[1].cross == (4, panel.display.projection)
    seen.click(panel, pane=1, x=9, y=2)
    panes = seen.images(panel)
    assert (panel.display.projection, panes[0].cross, panes[1].cross) == (2, (7, 9), (9, 2))


def test_the_histogram_sets_the_contrast_and_a_double_click_resets_it(open_panel, stack):
    panel = open_panel(InspectPanel, stack)
    usual = panel.display.contrast
    histogram = seen.histogram(panel)
    histogram.receive({"type": "limits", "limits": [0.3, 0.6]})
    low, high = panel.display.contrast
    assert 0 < low < high < 100
    assert histogram.limits == pytest.approx([0.3, 0.6], abs=0.03)
    histogram.receive({"type": "reset"})
    assert panel.display.contrast == usual
