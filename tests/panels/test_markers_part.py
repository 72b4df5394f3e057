"""Markers are placed or found, followed, judged, deleted, and align the series."""

import numpy as np
import pytest
import seen

from etwidgets import simulation
from etwidgets.panels import RegisterPanel
from etwidgets.session.parameters import parameters_text
from etwidgets.signals import TomoStack
from etwidgets.simulation.ellipsoid_series import Ellipsoid

TILTS = np.linspace(-40, 40, 13)
POINTS = np.array([[-20.0, 6, 9], [3, -14, -8], [22, 10, 4], [-5, 8, -18], [10, -5, 18]])  # x, z, y


@pytest.fixture(scope="module")
def moved():
    balls = tuple(Ellipsoid((x, y, z), 4 * np.eye(3), 1.0) for x, z, y in POINTS)
    series = simulation.ellipsoid_series(
        balls, shape_yx=(64, 80), tilts_deg=TILTS, drift_px=6, jump_px=3, dark=0, axis_rotation_deg=3, seed=2
    )
    return TomoStack(series.projections, TILTS)


def marks(panel):
    return [box[4] for box in seen.images(panel)[0].boxes]


def test_markers_are_found_followed_deleted_and_align(open_panel, moved):
    panel = open_panel(RegisterPanel, moved)
    controls = panel.controls
    assert controls["align-markers"].disabled
    controls["find-markers"].click()
    assert controls["look"].value.startswith("markers")
    assert len(controls["markers"].options) == 5
    assert "5 markers" in seen.text(panel)
    panel.display.projection = 0
    assert marks(panel) == ["marker"] * 5
    assert set(seen.curves(panel)) == {"all markers"}
    controls["markers"].value = (controls["markers"].options[0][1],)
    assert marks(panel).count("chosen") == 1
    assert len(seen.curves(panel)) == 2
    controls["delete-worst"].click()
    assert len(controls["markers"].options) == 4
    assert panel.model.stack is moved
    controls["align-markers"].click()
    found = panel.model.stack.metadata.Tomography.markers
    assert found.rotation_deg == pytest.approx(-3, abs=1)
    assert len(found.positions_px) == 4
    assert controls["markers"].options == ()
    assert parameters_text({"markers": found.positions_px.tolist()}) == "markers (4 values)"


def test_markers_are_placed_by_clicks(open_panel, moved):
    panel = open_panel(RegisterPanel, moved)
    panel.controls["look"].value = "markers (to place)"
    panel.display.projection = 6
    truth = moved.data[6]
    for _ in range(4):
        y, x = np.unravel_index(np.argmax(truth), truth.shape)
        seen.click(panel, x=int(x), y=int(y))
        truth = truth.copy()
        truth[max(0, y - 7) : y + 8, max(0, x - 7) : x + 8] = 0
    assert marks(panel) == ["marker"] * 4
    panel.display.projection = 7
    seen.click(panel, x=2, y=2)
    assert marks(panel) == []  # all in one projection
    assert not panel.controls["follow-markers"].disabled
    panel.controls["follow-markers"].click()
    assert marks(panel) == ["marker"] * 4
    panel.controls["clear-markers"].click()
    assert marks(panel) == []
    assert "No markers yet" in seen.text(panel)
