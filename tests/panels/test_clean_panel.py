"""Clean crops, excludes, filters and bins what its pictures show."""

import numpy as np
import pytest
import seen

from etwidgets import align, simulation
from etwidgets.panels import (
    CleanPanel,
)
from etwidgets.signals import TomoStack


def test_clean_crops_to_the_dragged_rectangle(open_panel, stack):
    panel = open_panel(CleanPanel, stack)
    assert seen.images(panel)[0].rectangle == (0, 0, 20, 24)
    assert panel.controls["run"].disabled
    seen.drag(panel, kind="rectangle", values=[3, 2, 18, 20], done=True, pane=0)
    assert seen.images(panel)[0].rectangle == (3, 2, 18, 20)
    assert "15 x 18 px" in seen.text(panel)
    panel.controls["run"].click()
    assert np.array_equal(panel.model.stack.data, stack.data[:, 2:20, 3:18])
    assert [panel.controls[n].value for n in ("x_start", "y_start", "x_stop", "y_stop")] == [0, 0, 15, 18]


def test_clean_leaves_out_what_is_clicked_and_what_is_suspect(open_panel):
    tilts = np.arange(-60.0, 61, 10)
    images = simulation.project(simulation.catalyst(64), tilts)
    images[5] *= 0.7
    panel = open_panel(CleanPanel, TomoStack(images, tilts))
    panel.controls["tool"].value = "exclude"
    assert "6 (-10.0°): darker" in seen.text(panel)
    left, top, right, bottom = panel._places[2]
    seen.click(panel, x=(left + right) // 2, y=(top + bottom) // 2, pane=0)
    boxes = seen.images(panel)[0].boxes
    assert [box[4] for box in boxes] == ["marked", "suspect"]
    assert boxes[0][:4] == (left, top, right, bottom)
    panel.controls["suspects"].click()
    assert panel.controls["run"].description == "Exclude 2"
    panel.controls["run"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, np.delete(tilts, [2, 5]))
    assert panel.controls["run"].disabled


def test_clean_shows_a_filter_before_it_is_applied(open_panel, stack):
    noisy = TomoStack(
        stack.data + (np.random.default_rng(0).random(stack.data.shape) > 0.98), stack.tilts_deg
    )
    panel = open_panel(CleanPanel, noisy)
    panel.display.projection = 3
    panel.controls["tool"].value = "filter"
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Before", "After", "Difference"]
    after = align.filter_projections(noisy.data, "median", size=3)
    assert seen.differs(panes[1], after[3]) <= 1
    panel.controls["run"].click()
    assert np.allclose(panel.model.stack.data, after)


@pytest.mark.parametrize(("tool", "shape"), [("bin", (13, 12, 10)), ("normalize", (13, 24, 20))])
def test_clean_bins_and_normalizes(open_panel, stack, tool, shape):
    panel = open_panel(CleanPanel, stack)
    panel.controls["tool"].value = tool
    panel.controls["run"].click()
    assert panel.model.stack.data.shape == shape
    assert panel.model.history[-1].done
