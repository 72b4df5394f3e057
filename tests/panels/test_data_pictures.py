"""Data says what is odd about a series, and corrects it."""

import numpy as np
import seen

from etwidgets.panels import (
    DataPanel,
)
from etwidgets.signals import TomoStack


def test_data_tells_what_is_odd_and_mends_it(open_panel, stack):
    order = np.random.default_rng(1).permutation(13)
    panel = open_panel(DataPanel, stack.select_projections(order))
    assert "not in order of tilt" in seen.text(panel)
    assert panel.controls["fix-1"].description == "Sort by tilt"
    panel.controls["fix-1"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, stack.tilts_deg)
    assert np.array_equal(panel.model.stack.data, stack.data)
    assert panel.controls["fix-1"].layout.display == "none"
    panel.session.undo()
    assert "not in order of tilt" in seen.text(panel)


def test_data_sets_tilts_where_there_are_none(open_panel, stack):
    panel = open_panel(DataPanel, TomoStack(stack.data))
    assert panel.controls["set-tilts"] in seen.parts(panel)
    panel.controls["first-tilt"].value = -60
    panel.controls["tilt-step"].value = 10
    panel.controls["set-tilts"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, np.arange(-60, 61, 10))
    assert panel.controls["set-tilts"] not in seen.parts(panel)
    panel.session.undo()
    assert panel.controls["set-tilts"] in seen.parts(panel)


def test_data_tells_the_facts_of_the_needle(open_panel):
    panel = open_panel(DataPanel)
    panel.controls["sample"].value = "needle"
    panel.controls["open-sample"].click()
    assert panel.model.stack.data.shape == (77, 256, 256)
    for fact in (
        "77 of 256 x 256 px",
        "3.36 nm",
        "-76.0° to 76.0°, increment 2.00°",
        "HAADF.rawtlt",
        "-31908",
    ):
        assert fact in seen.text(panel)
