"""Corrections by hand in Analyze: what a drag in a slice changes in what is measured."""

import numpy as np
import pytest
import seen

from etwidgets.panels import AnalyzePanel
from tests.panels.test_analyze_panel import SHAPE, session  # noqa: F401  (a fixture)


@pytest.fixture
def panel(made, session, tmp_path):  # noqa: F811
    shown = made(AnalyzePanel(session, tmp_path))
    shown.display.voxel = (14, 15, 18)  # between the two balls
    return shown


def stroke(panel, pane, points, done=True):
    panel._images.receive({"type": "drag", "pane": pane, "kind": "stroke", "values": points, "done": done})


def measured(panel):
    panel.controls["run"].click()
    return panel.session.model.measurements[-1]


def test_a_brush_adds_a_body_and_undo_removes_it(panel):
    before = measured(panel)
    panel.controls["paint"].value, panel.controls["radius"].value = "Add", 2.0
    panel.controls["depth"].value = 2
    stroke(panel, 2, [[4.0, 33.0]])  # the slice across z: x to the right, y downwards
    after = measured(panel)
    assert len(after.table) == len(before.table) + 1
    new = after.table.sort_values("volume_nm3").iloc[0]
    center = [new[f"center_{axis}_nm"] / 2 for axis in "xzy"]
    assert center == pytest.approx([4, 15, 33], abs=0.1)
    panel.controls["unpaint"].click()
    assert len(measured(panel).table) == len(before.table)
    assert panel.controls["unpaint"].disabled


def test_a_lasso_erases_one_of_two_balls(panel):
    assert len(measured(panel).table) == 2
    panel.controls["paint"].value, panel.controls["brush"].value = "Erase", "lasso"
    panel.controls["depth"].value = 30
    stroke(panel, 0, [[19, 0], [36, 0], [36, 30], [19, 30]])  # the slice across x: y to the right
    table = measured(panel).table
    assert len(table) == 1
    assert table["center_y_nm"].iloc[0] / 2 == pytest.approx(10, abs=0.1)


def test_the_outline_follows_and_the_gray_values_stay(panel):
    before = seen.images(panel)[0].image
    panel.controls["paint"].value, panel.controls["radius"].value = "Add", 3.0
    stroke(panel, 0, [[18, 6]])
    after = seen.images(panel)[0].image
    changed = np.argwhere((before != after).any(axis=-1))
    assert len(changed)
    assert np.abs(changed - [6, 18]).max() <= 3


def test_nothing_is_painted_while_looking_or_before_the_drag_is_done(panel):
    stroke(panel, 0, [[18, 6]])
    panel.controls["paint"].value = "Add"
    stroke(panel, 0, [[18, 6]], done=False)
    assert panel._painting.strokes_of("series") == ()
    assert panel.controls["clear"].disabled


def test_strokes_are_of_one_volume_and_go_with_the_specimen(panel):
    panel.controls["paint"].value = "Add"
    stroke(panel, 0, [[18, 6]])
    assert len(panel._painting.strokes_of("series")) == 1
    assert panel._painting.strokes_of("shell") == ()
    panel.reset()
    assert panel._painting.strokes_of("series") == ()
    assert panel.controls["paint"].value == "Look"


def test_strokes_outside_a_smaller_volume_go(panel):
    panel.controls["paint"].value = "Add"
    stroke(panel, 0, [[18, 6]])
    panel._painting.keep_inside("series", (10, *SHAPE[1:]))
    assert panel._painting.strokes_of("series") == ()
