"""Tilt axis previews the slices that its sliders give."""

import numpy as np
import pytest
import seen

from etwidgets import align
from etwidgets.panels import (
    AxisPanel,
)
from etwidgets.session import previews


def test_axis_shows_the_slices_that_the_step_will_give(open_panel, stack):
    panel = open_panel(AxisPanel, stack)
    panel.controls["shift"].value = 1.5
    panel.controls["rotation"].value = 2.0
    panes = seen.images(panel, 1)
    assert [pane.caption for pane in panes] == ["at x = 5", "at x = 10", "at x = 15"]
    panel.session.apply("transform", yshift=1.5, angle=2.0)
    panel.session.apply("reconstruct", method="FBP")
    slices = panel.model.reconstruction.data[[5, 10, 15]]
    for pane, image in zip(panes, slices, strict=True):
        assert seen.differs(pane, image) <= 2


def test_axis_draws_the_line_where_the_axis_is(open_panel, stack):
    panel = open_panel(AxisPanel, stack)
    panel.controls["shift"].value = 3.0
    panel.controls["rotation"].value = 1.0
    shift, rotation = seen.images(panel)[0].line
    # what the sliders will do to the content brings this line to the middle row
    image = np.zeros((1, 41, 41), np.float32)
    for column in range(41):
        row = 20 + shift + np.tan(np.deg2rad(rotation)) * (column - 20)
        image[0, int(row), column], image[0, int(row) + 1, column] = 1 - row % 1, row % 1
    moved = align.transform(image, yshift=3.0, angle_deg=1.0)[0, :, 2:-2]
    middle = (moved * np.arange(41)[:, None]).sum(0) / moved.sum(0)
    assert middle == pytest.approx(np.full(37, 20.0), abs=0.05)


def test_axis_shows_the_residual_and_takes_its_lowest(open_panel, stack):
    panel = open_panel(AxisPanel, stack.trans_stack(yshift=1.5))
    shifts, residual = seen.curves(panel)["relative residual"]
    assert shifts[np.argmin(residual)] == pytest.approx(-1.5, abs=0.8)
    panel.controls["take"].click()
    assert panel.controls["shift"].value == pytest.approx(-1.5, abs=0.4)
    assert f"the sliders are at {panel.controls['shift'].value:+.2f} px" in seen.text(panel)


def test_axis_offers_less_current_and_more(open_panel, stack):
    panel = open_panel(AxisPanel, stack)
    panel.controls["shift"].value = 1.0
    panel.controls["compare"].value = "three shifts"
    panel.controls["by"].value = 0.5
    panes = seen.images(panel, 1)
    assert [pane.title for pane in panes] == [
        "Less: shift +0.50 px", "Current: shift +1.00 px", "More: shift +1.50 px",
    ]  # fmt: skip
    more = panes[2].image
    panel.controls["more"].click()
    assert panel.controls["shift"].value == pytest.approx(1.5)
    panel.controls["compare"].value = "three columns"
    panes = seen.images(panel, 1)
    image = previews.axis_slices(stack.data, stack.tilts_deg, [10], 1.5, 0)[0]
    assert seen.differs(panes[1], image) <= 1
    assert more.shape == panes[1].image.shape


def test_axis_columns_go_where_the_projection_is_clicked_and_keys_nudge(open_panel, stack):
    panel = open_panel(AxisPanel, stack)
    seen.click(panel, x=13.2, y=3, pane=0)
    assert [pane.caption for pane in seen.images(panel, 1)] == ["at x = 5", "at x = 10", "at x = 13"]
    assert seen.images(panel)[0].columns == (5, 10, 13)
    seen.press(panel, "ArrowDown", shift=True)
    seen.press(panel, "ArrowLeft")
    assert (panel.controls["shift"].value, panel.controls["rotation"].value) == (1.0, -0.05)
    panel.controls["reset"].click()
    assert (panel.controls["shift"].value, panel.controls["rotation"].value) == (0, 0)


def test_axis_finds_the_shift_that_was_put_in(open_panel, stack):
    panel = open_panel(AxisPanel, stack.trans_stack(yshift=2.0))
    panel.controls["auto"].click()
    found = panel.model.stack.metadata.Tomography.axis_estimate
    assert found.shift_px == pytest.approx(-2.0, abs=0.2)


def test_axis_shows_before_and_now_after_a_search(open_panel, stack):
    panel = open_panel(AxisPanel, stack)
    panel.controls["method"].value = "CoM"
    panel.controls["auto"].click()
    assert panel.controls["compare"].value == "before and now"
    panes = seen.images(panel, 1)
    assert [pane.title for pane in panes] == ["Before", "Now", "Difference"]
    panel.controls["shift"].value = 1.0
    assert panel.controls["compare"].value == "three columns"
