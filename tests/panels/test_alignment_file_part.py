"""An alignment file is chosen in Register and applied; what was done is exported in History."""

import numpy as np
import pytest
import seen

from etwidgets.io import load_alignment
from etwidgets.panels import HistoryPanel, RegisterPanel


@pytest.fixture
def folder(tmp_path, series):
    """With a shift of two columns for each projection, and files that are no alignment."""
    np.savetxt(tmp_path / "a.prexg", np.tile([1, 0, 0, 1, 2, 1], (len(series.data), 1)))
    (tmp_path / "bad.xf").write_text("1 0 0\n")
    (tmp_path / "notes.txt").write_text("nothing")
    return tmp_path


def choose(panel, name):
    panel.controls["files"].value = (name,)


def test_a_file_is_chosen_and_applied(made, session, series, folder):
    panel = made(RegisterPanel(session, folder))
    assert panel.controls["files"].names == ["a.prexg", "bad.xf"]
    assert panel.controls["apply-file"].disabled
    panel.controls["step"].value = "alignment file"
    choose(panel, "a.prexg")
    assert "a.prexg" in seen.text(panel)
    panel.controls["apply-file"].click()
    now = session.model.stack
    np.testing.assert_allclose(now.data[:, 5:-5, 5:-5], series.data[:, 4:-6, 3:-7], atol=1e-3)
    assert session.model.history[-1].label.startswith("Apply alignment file")


def test_the_first_row_decides_on_the_direction_of_y(made, session, series, folder):
    panel = made(RegisterPanel(session, folder))
    choose(panel, "a.prexg")
    panel.controls["first-row"].value = "top"
    panel.controls["apply-file"].click()
    np.testing.assert_allclose(session.model.stack.data[:, 5:-5, 5:-5], series.data[:, 6:-4, 3:-7], atol=1e-3)


def test_a_bad_file_is_told_and_changes_nothing(made, session, series, folder):
    panel = made(RegisterPanel(session, folder))
    choose(panel, "bad.xf")
    panel.controls["apply-file"].click()
    assert session.model.message.level == "error"
    assert "3 columns, not 6" in session.model.message.text
    assert session.model.stack is series


def test_the_alignment_is_exported(made, session, series, folder):
    session.apply("transform", yshift=3.0, xshift=-1.0, angle=0.0)
    panel = made(HistoryPanel(session, folder))
    panel.controls["kind"].value = "alignment"
    assert panel.controls["name"].value == "alignment.xf"
    panel.controls["save"].click()
    found = load_alignment(folder / "alignment.xf", shape_yx=series.data.shape[1:])
    np.testing.assert_allclose(found.shifts_px, np.tile([3, -1], (len(series.data), 1)), atol=1e-9)
    np.testing.assert_allclose(found.tilts_deg, series.tilts_deg)
    assert "alignment.xf" in session.model.message.text
