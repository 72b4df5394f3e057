"""The tab Live: watches a folder of the page, shows what has come, hands the result over."""

import numpy as np
import pytest

from etwidgets.live import simulate_acquisition
from etwidgets.panels import LivePanel
from etwidgets.session import Session
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series

TILTS = np.arange(-50.0, 51, 10)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with an acquisition in the folder ``monday``."""
    path = tmp_path_factory.mktemp("root")
    made = ellipsoid_series("particles", shape_yx=(40, 48), tilts_deg=TILTS, drift_px=3, axis_rotation_deg=0)
    simulate_acquisition(
        TomoStack(made.projections, TILTS), path / "monday", interval_s=0, bad=[7], sleep=lambda _s: None
    )
    return path


def ended(panel):
    panel.controls["folder"].value = "monday"
    panel.controls["until"].value = len(TILTS)
    panel.controls["start"].click()
    return panel


def test_what_arrived_is_shown_and_taken_over(root, made, empty_session):
    panel = ended(made(LivePanel(empty_session, root)))
    panes = panel._images.snapshot()
    assert [each.title for each in panes] == ["Newest projection", "Slice", "Slice", "Slice"]
    assert panes[0].caption == "11, +50.0°"
    assert "blurred: acquire again?" in panel._rows.value
    assert "11, 10 used" in panel._state.value
    assert set(panel._curve.snapshot().curves) >= {"acquired", "next"}
    assert not panel.controls["take"].disabled
    panel.controls["take"].click()
    model = empty_session.model
    assert model.stack.data.shape == (10, 40, 48)
    assert model.reconstruction.data.shape[::2] == (48, 40)
    assert [step.operation for step in empty_session.history] == ["take_over"]
    assert panel._images.snapshot() != []  # another series does not end what is watched


def test_a_script_gives_what_was_taken_over(root, made, empty_session, tmp_path):
    panel = ended(made(LivePanel(empty_session, root)))
    panel.controls["take"].click()
    script = empty_session.export_script(tmp_path / "run.py").read_text()
    names = {}
    exec(compile(script, "run.py", "exec"), names)  # noqa: S102  (our own script)
    assert np.array_equal(names["stack"].data, empty_session.model.stack.data)
    assert np.array_equal(names["volume"].data, empty_session.model.reconstruction.data)


def test_what_cannot_be_watched_is_told(root, made, empty_session):
    panel = made(LivePanel(empty_session, root))
    assert panel.controls["start"].disabled
    assert "Choose the folder" in panel.hint.value
    assert "monday" in panel.controls["folder"].options
    for name, words in (("..", "outside"), ("tuesday", "no file")):
        panel.controls["folder"].value = name
        panel.controls["start"].click()
        assert words in empty_session.model.messages[-1].text
    assert not panel.controls["start"].disabled


def test_files_of_another_kind_are_not_taken_over(root):
    session = Session()
    with pytest.raises(ValueError, match="other files"):
        session.apply("take_over", path=[str(root / "monday" / "series.mrc")] * 2)
