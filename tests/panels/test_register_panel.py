"""Register draws the shifts and the residuals that are in the data, and corrects them."""

import numpy as np
import pytest
import seen

from etwidgets import align, simulation
from etwidgets.panels import RegisterPanel
from etwidgets.signals import TomoStack
from etwidgets.views import BarView


def test_register_draws_the_shifts_that_were_applied_in_order_of_tilt(open_panel, stack):
    order = np.random.default_rng(2).permutation(13)
    shifts = np.random.default_rng(5).uniform(-2, 2, (13, 2))
    panel = open_panel(RegisterPanel, stack.shift_projections(shifts).select_projections(order))
    panel.controls["chart"].value = "shifts"
    curves = seen.curves(panel)
    assert list(curves["y"][0]) == list(np.linspace(-60, 60, 13))
    assert np.allclose(curves["y"][1], shifts[:, 0])
    assert np.allclose(curves["x"][1], shifts[:, 1])


def test_register_shows_the_picture_before_on_request(open_panel, stack):
    shifts = np.random.default_rng(5).uniform(-2, 2, (13, 2))
    moved = TomoStack(align.apply_shifts(stack.data, shifts), stack.tilts_deg)
    panel = open_panel(RegisterPanel, moved)
    assert panel.controls["which"].disabled
    panel.controls["run"].click()
    assert not panel.controls["which"].disabled
    panel.controls["tilt"].value = 0
    panel.controls["which"].value = "before"
    panes = seen.images(panel)
    assert seen.differs(panes[0], moved.data[0]) <= 1


def test_register_shows_what_is_off_and_excludes_it(open_panel):
    tilts = np.arange(-60.0, 61, 10)
    order = np.random.default_rng(2).permutation(13)
    shifts = np.zeros((13, 2))
    shifts[4] = (0, 3)
    images = simulation.project(simulation.catalyst(64), tilts)
    moved = TomoStack(align.apply_shifts(images, shifts)[order], tilts[order])
    panel = open_panel(RegisterPanel, moved)
    bars = seen.bars(panel)
    assert [bar.odd for bar in bars] == [i == 4 for i in range(13)]  # in order of tilt
    assert bars[4].height == pytest.approx(3, abs=0.5)
    assert bars[4].height == max(bar.height for bar in bars)
    assert "-20.0°: off by" in bars[4].words
    assert panel.controls["exclude-outliers"].description == "Exclude 1 outlier"
    seen.view(panel, BarView).receive({"type": "click", "place": 4})
    assert order[panel.display.projection] == 4
    assert panel.controls["exclude"].description == f"Exclude projection {panel.display.projection + 1}"
    panel.controls["exclude-outliers"].click()
    assert panel.model.stack.data.shape[0] == 12
    assert -20.0 not in panel.model.stack.tilts_deg
    assert panel.controls["exclude-outliers"].disabled
    panel.display.projection = 0
    panel.controls["exclude"].click()
    assert list(panel.model.stack.tilts_deg) == [t for t in tilts[order] if t != -20][1:]


def test_register_nudges_one_projection_by_keys(open_panel, stack):
    shifts = np.zeros((13, 2))
    shifts[4] = (-1, 0.5)
    moved = stack.shift_projections(shifts)
    panel = open_panel(RegisterPanel, moved)
    panel.display.projection = 4
    panel.controls["look"].value = "neighbor (to nudge)"
    for key, shift in (("ArrowDown", True), ("ArrowLeft", False), ("ArrowLeft", False)):
        seen.press(panel, key, shift=shift)
    assert (panel.controls["nudge_y"].value, panel.controls["nudge_x"].value) == (1.0, -0.5)
    panes = seen.images(panel)
    assert panes[1].title == "Difference from neighbor"
    assert panes[1].limits[0] == -panes[1].limits[1]
    panel.controls["nudge"].click()
    data = panel.model.stack.data
    assert np.abs(data[4] - stack.data[4])[4:-4, 4:-4].max() < 0.02 * np.abs(stack.data).max()
    assert np.array_equal(np.delete(data, 4, 0), np.delete(moved.data, 4, 0))
    assert panel.controls["nudge"].disabled


def test_register_shows_the_maximum_before_and_after(open_panel, stack):
    panel = open_panel(RegisterPanel, stack)
    panel.session.apply("transform", yshift=2.0)
    panel.controls["look"].value = "maximum over tilts"
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Maximum before", "Maximum now"]
    assert seen.differs(panes[0], stack.data.max(0)) <= 1


def test_register_shows_before_beside_after_and_the_difference(open_panel, stack):
    panel = open_panel(RegisterPanel, stack)
    panel.session.apply("remove_projections", projections=[0])
    panel.controls["look"].value = "before beside after"
    panel.display.projection = 3
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Before", "After"]
    assert panes[0].caption.split(", ")[1] == panes[1].caption.split(", ")[1]  # the same tilt
    panel.session.apply("shift_one", projection=3, yshift=1.0)
    panel.controls["look"].value = "projection, sinogram"
    panel.controls["which"].value = "difference"
    panes = seen.images(panel)
    assert panes[0].cmap == "coolwarm"
    assert len(np.unique(panes[0].image)) > 2
    seen.press(panel, "b")
    assert panel.controls["which"].value == "before"
    seen.press(panel, "b")
    assert panel.controls["which"].value == "after"
    seen.press(panel, " ")
    assert panel.controls["play"].playing


def test_register_has_a_region_to_draw_for_the_method_that_takes_one(open_panel, stack):
    panel = open_panel(RegisterPanel, stack)
    height, width = stack.data.shape[1:]
    assert seen.images(panel)[0].rectangle is None
    panel.controls["region"].click()
    assert seen.images(panel)[0].rectangle == (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    seen.drag(panel, "rectangle", (0, 1, width, height))
    assert panel.controls["PC-roi"].value == f"1, {height}, 0, {width}"
    panel.controls["run"].click()
    assert panel.session.history[-1].parameters["roi"] == [1, height, 0, width]
    panel.controls["method"].value = "COM"
    assert seen.images(panel)[0].rectangle is None
    assert panel.controls["region"].layout.display == "none"
    panel.controls["method"].value = "PC"
    panel.controls["region"].click()
    assert panel.controls["PC-roi"].value == ""
