"""Volumes segmented and measured without a browser: objects of known size."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import seen
from scripts import run_script

import etwidgets
from etwidgets import analysis
from etwidgets.panels import AnalyzePanel
from etwidgets.progress import NullProgress
from etwidgets.session import Session, TomoStackModel, measuring
from etwidgets.session.history import Channel
from etwidgets.session.measuring import Subject
from etwidgets.session.script import _measured, script
from etwidgets.signals import RecStack, TomoStack
from etwidgets.simulation.ellipsoids import Ellipsoid, project_ellipsoids

SHAPE = (28, 30, 36)


def ball(center, radius):
    x, z, y = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    distance = np.sqrt((x - center[0]) ** 2 + (z - center[1]) ** 2 + (y - center[2]) ** 2)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def volume_of(data):
    volume = RecStack(data)
    for axis in volume.axes_manager._axes:
        axis.scale, axis.units = 2.0, "nm"
    return volume


@pytest.fixture
def session():
    tilts = np.arange(-60.0, 61, 20)
    model = TomoStackModel(TomoStack(np.ones((7, 36, 28), np.float32), tilts))
    session = Session(model)
    noise = np.random.default_rng(0).normal(0, 0.02, SHAPE).astype(np.float32)
    whole = volume_of(10 * (ball((14, 15, 10), 7) + ball((14, 15, 27), 6)) + noise)
    shell = volume_of(ball((14, 15, 10), 10) * (1 - ball((14, 15, 10), 7)))
    state = session._core.timeline.history.start
    state = replace(state, reconstruction=whole, channels=(Channel("shell", model.stack, shell),))
    session._core.timeline.history._start = state
    session._core.publish()
    return session


@pytest.fixture
def panel(made, session, tmp_path):
    return made(AnalyzePanel(session, tmp_path))


def test_the_threshold_is_found_and_the_outline_is_drawn(panel):
    assert panel.controls["threshold"].value == pytest.approx(5, abs=0.2)
    rgb = seen.images(panel)[0].image
    assert all(pane.image.shape[2:] == (3,) for pane in seen.images(panel))
    orange = (rgb == [255, 180, 84]).all(-1)
    radii = np.hypot(*(np.argwhere(orange) - [15, 10]).T)
    assert np.isclose(radii[radii < 9], 7, atol=1).all()


def test_bodies_are_measured_with_their_interval(panel, session):
    panel.controls["run"].click()
    (found,) = session.model.measurements
    truth = [8 * 4 / 3 * np.pi * r**3 for r in (7, 6)]
    np.testing.assert_allclose(found.table["volume_nm3"], truth, rtol=0.02)
    assert found.total.low < sum(truth) < found.total.high
    assert "90 % interval" in panel._results.summary.value
    assert found.pores == (0.0, 0)
    assert panel._results.table.value.count("<tr>") == 3
    thresholds, values = panel._results.curve.snapshot().curves["all objects"]
    assert thresholds[0] < 5 < thresholds[-1]
    assert (np.diff(values) <= 0).all()


def test_dragging_on_the_histogram_sets_the_threshold(panel, session):
    panel._segmentation.histogram.receive({"type": "window", "index": 0, "range": [8.0, 10], "done": True})
    assert panel.controls["threshold"].value == 8
    assert panel.controls["method"].value == "by hand"
    panel.controls["run"].click()
    assert session.model.measurements[-1].subject.parameters["threshold"] == 8


def test_options_of_the_form_are_used(panel, session):
    panel.controls["smallest"].value = 1300
    panel.controls["low"].value = 50
    panel.controls["run"].click()
    found = session.model.measurements[-1]
    assert len(found.table) == 1
    assert found.subject.parameters["low"] == pytest.approx(2.5, abs=0.1)


def test_two_volumes_are_compared(panel, session):
    panel.controls["against"].value = "shell"
    panel.controls["smallest"].value = 1000  # the second ball is not part of it
    panel.controls["run"].click()
    comparison = dict(session.model.measurements[-1].comparison)
    ratio = float(comparison["volumes series / shell"].split()[0])
    assert ratio == pytest.approx(7**3 / (10**3 - 7**3), rel=0.08)
    area = float(comparison["interface"].removesuffix(" nm²").replace("\N{NARROW NO-BREAK SPACE}", ""))
    assert area == pytest.approx(4 * 4 * np.pi * 7**2, rel=0.05)
    panel.controls["against"].value = "series"
    panel.controls["run"].click()
    assert "not with itself" in session.model.message.text


def test_layers_are_listed(panel, session):
    panel.controls["axis"].value = "y"
    panel.controls["run"].click()
    layers = session.model.measurements[-1].layers
    assert len(layers) == 2
    assert "thickness (nm)" in panel._results.summary.value
    position, area = panel._results.profile.snapshot().curves["cross-section"]
    assert position[0] == 1
    assert area.max() == pytest.approx(4 * np.pi * 7**2, rel=0.05)


def test_the_table_is_saved_and_no_file_is_replaced(panel, session, tmp_path):
    assert panel.controls["save"].disabled
    panel.controls["run"].click()
    panel.controls["save"].click()
    saved = pd.read_csv(tmp_path / "measured.csv")
    assert list(saved.columns) == list(analysis.COLUMNS)
    np.testing.assert_allclose(saved["volume_nm3"], session.model.measurements[-1].table["volume_nm3"])
    panel.controls["save"].click()
    assert "exists" in session.model.message.text


def test_one_iteration_more_needs_iterations(panel, session):
    panel.controls["again"].value = True
    panel.controls["run"].click()
    assert "not made by iterations" in session.model.message.text


def test_without_a_volume_it_says_what_to_do(made, empty_session):
    panel = made(AnalyzePanel(empty_session))
    assert panel.controls["run"].disabled
    assert "Reconstruct a volume first" in panel.hint.value


def test_one_iteration_more_and_the_script(made, series, tmp_path):
    """The whole way: reconstructed, measured, and the script finds the same table."""
    series.save(tmp_path / "needle.hspy")
    session = Session(TomoStackModel())
    session.open(str(tmp_path / "needle.hspy"))
    session.apply("register", method="PC")
    session.apply("reconstruct", method="SIRT", iterations=5, constrain=True)
    panel = made(AnalyzePanel(session, tmp_path))
    panel.controls["again"].value = True
    panel.controls["smallest"].value = 20
    panel.controls["run"].click()
    found = session.model.measurements[-1]
    assert found.by_iterations.low <= found.total.value <= found.by_iterations.high
    assert found.by_iterations.noise_part > 0
    path = session.export_script(tmp_path / "steps.py")
    path.write_text(path.read_text() + "\ntable.to_csv('table.csv', index=False)\n")
    run_script(path)
    again = pd.read_csv(tmp_path / "table.csv")
    np.testing.assert_allclose(again["volume_nm3"], found.table["volume_nm3"])
    session.undo()
    assert "bodies" not in session.export_script(tmp_path / "fewer.py").read_text()


def test_where_the_pixel_size_is_not_known_nothing_is_called_nm(session, made, tmp_path):
    """Ten thousand voxels are not ten thousand nm³."""
    volume = RecStack(10 * ball((14, 15, 10), 7))
    session._core.timeline.history._start = replace(
        session._core.timeline.history.start, reconstruction=volume, channels=()
    )
    session._core.publish()
    panel = made(AnalyzePanel(session, tmp_path))
    panel.controls["run"].click()
    shown = panel._results.summary.value + panel._results.table.value
    assert "<th>total volume</th><td>1410 px³</td>" in shown
    assert "nm" not in shown
    assert panel._results.curve._axes.get_ylabel() == "volume (px³)"
    panel.controls["file-name"].value = "bodies.csv"
    panel.controls["save"].click()
    saved = pd.read_csv(tmp_path / "bodies.csv")
    assert "volume_px3" in saved.columns
    assert not [name for name in saved.columns if "nm" in name]


def test_the_interval_of_the_whole_way_holds_the_true_volume(made, tmp_path):
    """A ball of known volume, recorded with noise, and a tilt axis that nobody looked for."""
    tilts = np.linspace(-60, 60, 25)
    ball = Ellipsoid((0.3, 1.7, -2.2), 6.5 * np.eye(3), 1.0)
    exact = project_ellipsoids((ball,), tilts, (32, 20))
    counts = 200 / exact.max()
    recorded = np.random.default_rng(1).poisson(exact.clip(0) * counts) / counts
    session = Session(TomoStackModel(TomoStack(recorded.astype(np.float32), tilts)))
    panel = made(AnalyzePanel(session, tmp_path))
    session.apply("reconstruct", method="SIRT", iterations=20, constrain=True)
    panel.controls["smallest"].value = 20
    panel.controls["sure"].click()
    found = session.model.measurements[-1].intervals.set_index("quantity")
    for quantity, truth in (
        ("total volume", 4 / 3 * np.pi * 6.5**3),
        ("mean diameter", 13),
        ("intensity inside", 1),
    ):
        row = found.loc[quantity]
        assert row["low"] < truth < row["high"]
        assert row["high"] - row["low"] < 0.2 * truth
    assert found.loc["total volume", "draws_part"] > 0
    total = session.model.measurements[-1].total
    assert found.loc["total volume", "value"] == pytest.approx(total.value)
    names = {"stack": session.model.stack, "volume": session.model.reconstruction, "etw": etwidgets}
    written = "\n".join(_measured(session.model.measurements[-1])[1])
    exec(written, names)  # noqa: S102  (it is what the user would run)
    assert names["intervals"]["volume_nm3"].low == pytest.approx(found.loc["total volume", "low"])
    assert names["intervals"]["volume_nm3"].value == pytest.approx(total.value)
    assert "90 % interval" not in panel._results.summary.value  # one interval for one number
    assert "90 % interval" in seen.html(panel).split("etw-intervals")[1]
    panel.controls["save"].click()
    saved = pd.read_csv(tmp_path / "measured-intervals.csv")
    np.testing.assert_allclose(saved["low"], found["low"])
    assert (tmp_path / "measured.csv").exists()
    session.apply("shift_one", projection=3, yshift=2.0)
    assert panel.controls["sure"].disabled


def test_a_script_repeats_the_intervals(session):
    subject = Subject("series", session.model.reconstruction.data, {"threshold": 5.0, "low": 4.0})
    found = replace(
        measuring.measure(subject, 2.0, NullProgress()), intervals=pd.DataFrame({"quantity": ["x"]})
    )
    written = script((), None, [found])
    totals = "etw.analysis.totals(volume, voxel_nm, threshold, low=low)"
    assert f"totals = lambda volume, voxel_nm, threshold, low: {totals}" in written
    assert "intervals = stack.measure_intervals(totals, (5.0, 4.0), volume=volume, binning=1)" in written
    compile(written, "script", "exec")
