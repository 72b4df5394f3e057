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


TILTS = np.arange(-60.0, 61, 10)


def test_clean_shows_a_background_before_it_is_subtracted(open_panel):
    images = simulation.ellipsoid_series("particles", dark=0.05, tilts_deg=TILTS).projections
    panel = open_panel(CleanPanel, TomoStack(images, TILTS))
    panel.controls["tool"].value = "background"
    assert [pane.title for pane in seen.images(panel)] == ["Before", "After", "Difference"]
    found = align.estimate_background(images)
    assert f"Level {found.level:.4g}" in seen.text(panel)
    assert panel.controls["run"].description == "Subtract background"
    panel.controls["run"].click()
    assert np.allclose(panel.model.stack.data, align.subtract_background(images, found))


def test_clean_takes_the_background_from_the_dragged_rectangle(open_panel):
    images = simulation.ellipsoid_series("particles", dark=0.05, tilts_deg=TILTS).projections
    panel = open_panel(CleanPanel, TomoStack(images, TILTS))
    panel.controls["tool"].value = "background"
    panel.controls["background-method"].value = "frame"
    seen.drag(panel, kind="rectangle", values=[0, 0, 40, 12], done=True, pane=0)
    assert seen.images(panel)[0].rectangle == (0, 0, 40, 12)
    panel.controls["run"].click()
    expected = align.subtract_background(
        images, align.estimate_background(images, "frame", frame=[0, 0, 40, 12])
    )
    assert np.allclose(panel.model.stack.data, expected)


def test_clean_does_not_subtract_a_slab(open_panel):
    slab = simulation.ellipsoid_series(simulation.specimen("slab")[:60], tilts_deg=TILTS).projections
    panel = open_panel(CleanPanel, TomoStack(slab, TILTS))
    panel.controls["tool"].value = "background"
    assert "Not determined" in seen.text(panel)
    assert panel.controls["run"].disabled


def test_clean_counts_hot_pixels_and_replaces_them(open_panel):
    images = simulation.ellipsoid_series("needle", tilts_deg=TILTS).projections
    images[:, 20, 30] += 2000
    images[4, 50, 60] += 2000
    panel = open_panel(CleanPanel, TomoStack(images, TILTS))
    panel.controls["tool"].value = "hot pixels"
    assert "Found 1 pixels that are always wrong, and 1 single hits" in seen.text(panel)
    panel.controls["run"].click()
    assert panel.model.stack.data.max() < 1000


def test_clean_equalizes_intensity_and_corrects_the_detector(open_panel):
    images = simulation.ellipsoid_series("particles", dark=0.0, tilts_deg=TILTS).projections
    panel = open_panel(CleanPanel, TomoStack(images, TILTS))
    panel.controls["tool"].value = "detector"
    assert panel.controls["run"].disabled
    panel.controls["dark"].value = 3
    assert not panel.controls["run"].disabled
    panel.controls["tool"].value = "intensity"
    panel.controls["law"].value = "constant"
    assert "Law: constant" in seen.text(panel)
    panel.controls["run"].click()
    sums = panel.model.stack.data.sum((1, 2))
    assert sums.std() < 1e-3 * sums.mean()
