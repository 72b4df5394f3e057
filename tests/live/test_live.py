"""Reconstruction while projections arrive: drift, bad ones, restart, order, the volume."""

import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage

from etwidgets import engine
from etwidgets.align.refinement.gauge import without_gauge
from etwidgets.errors import FileFormatError, ShapeError
from etwidgets.io import load
from etwidgets.live import (
    ALIGNED,
    LiveReconstruction,
    LiveRun,
    acquisition_order,
    default_folder,
    forecast,
    simulate_acquisition,
)
from etwidgets.live.columns import shifted_columns
from etwidgets.signals import RecStack, TomoStack
from etwidgets.simulation import ellipsoid_series

SIZE, TILTS = 72, np.arange(-66.0, 67, 6)


@pytest.fixture(scope="module")
def truth():
    """Drifting, jumping once, with dark level, flicker and noise; the tilt axis is along x."""
    return ellipsoid_series(
        "particles", shape_yx=(SIZE, SIZE), tilts_deg=TILTS, drift_px=8, jitter_px=1, jump_px=9,
        axis_rotation_deg=0, axis_shift_px=0, seed=2,
    )  # fmt: skip


def acquired(truth, *, dose_symmetric):
    live = LiveReconstruction(budget_s=0.05)
    order = acquisition_order(TILTS, dose_symmetric=dose_symmetric)
    for index in order:
        live.add(f"{index}", TILTS[index], truth.projections[index])
    for _ in range(4):
        live.register_again()
    return live, order


@pytest.fixture(scope="module")
def in_order(truth):
    return acquired(truth, dose_symmetric=False)[0]


@pytest.mark.parametrize("dose_symmetric", [False, True])
def test_drift_is_recovered(truth, in_order, dose_symmetric):
    if dose_symmetric:
        live, order = acquired(truth, dose_symmetric=True)
    else:
        live, order = in_order, np.arange(len(TILTS))
    left = live.shifts_px + truth.moved_px[order]
    left = without_gauge(left, TILTS[order], np.ones(len(order)), keep_constant=False)
    assert np.median(np.hypot(*left.T)) < 0.3
    assert np.hypot(*truth.moved_px.T).max() > 5  # which is what there was to recover
    assert not any("again" in each.doubts for each in live.projections)
    assert live.level == pytest.approx(truth.dark_level, rel=0.1)


def test_bad_projections_are_named_and_left_out(truth):
    images = truth.projections.copy()
    images[9] = scipy.ndimage.gaussian_filter(images[9], 2.5)
    images[13] = truth.dark_level + 0.4 * (images[13] - truth.dark_level)
    images[17] = 7
    live = LiveReconstruction(budget_s=0.05)
    for index, image in enumerate(images[:19]):
        live.add(f"{index}", TILTS[index], image)
    said = {i: each.doubts for i, each in enumerate(live.projections) if "again" in each.doubts}
    assert set(said) == {9, 13, 17}
    assert said[9] == "blurred: acquire again?"
    assert re.fullmatch(r"dark \(-(5|6)\d%\): acquire again\?", said[13])
    assert said[17] == "blank: acquire again?"
    assert live.used.tolist() == [i for i in range(19) if i not in said]


def test_a_blank_first_projection_is_passed_over(truth):
    live = LiveReconstruction(budget_s=0.05)
    assert live.add("0", 0, np.full((SIZE, SIZE), 3.0)).doubts == "blank: acquire again?"
    live.add("1", 0, truth.projections[13])
    assert live.used.tolist() == [0]
    with pytest.raises(ShapeError, match="the projections before"):
        live.add("2", 3, np.zeros((8, 8)))


def test_a_jump_is_told(truth, in_order):
    assert [i for i, each in enumerate(in_order.projections) if "jumped" in each.doubts] == list(truth.jumps)


def test_columns_are_those_of_the_shifted_image():
    y, x = np.mgrid[:40, :50].astype(np.float32)
    image = np.sin(y / 5) + np.cos(x / 7)
    columns, known = shifted_columns(image, (2.3, -3.6), 20, 24, 46)
    rows = np.arange(46)[:, None] - 3 - 2.3
    across = np.arange(20, 24) + 3.6
    expected = np.sin(rows / 5) + np.cos(across / 7)
    assert np.abs(columns - expected)[known == 1].max() < 2e-3
    assert (known > 0)[:, 0].sum() in (36, 37, 38)
    assert columns[known == 0].max() == 0


def test_the_forecast_carries_on_a_known_fall():
    found = forecast(0.4 * 0.9 ** np.arange(15))
    assert found.misfits == pytest.approx(0.4 * 0.9 ** np.arange(15, 21))
    assert found.change == pytest.approx(-0.1)
    assert "go on" in found.sentence
    assert "hardly" in forecast(np.full(15, 0.08)).sentence
    assert forecast(np.array([np.nan, 0.3])).misfits.size == 0


@pytest.fixture(scope="module")
def folder(truth, tmp_path_factory):
    """A finished acquisition."""
    path = tmp_path_factory.mktemp("acquired") / "in"
    stack = TomoStack(truth.projections, TILTS)
    stack.set_pixel_size(0.8)
    simulate_acquisition(stack, path, interval_s=0, dose_symmetric=True, sleep=lambda _s: None)
    return path


def misfit(volume, live, held):
    """How well a volume predicts projections that it was made without, at full size."""
    (tilts, images) = held
    predicted = engine.forward_project(volume, live.slices.geometry(tilts))
    return np.linalg.norm(predicted - images) / np.linalg.norm(images)


def test_the_volume_at_the_end_is_as_good_as_one_from_scratch(truth, tmp_path):
    live_in, order = tmp_path / "in", acquisition_order(TILTS, dose_symmetric=False)
    held = np.arange(len(TILTS)) % 9 == 4
    kept = TomoStack(truth.aligned[~held], TILTS[~held])  # aligned: that is tested above
    simulate_acquisition(kept, live_in, interval_s=0, sleep=lambda _s: None)
    run = LiveRun(live_in, tmp_path / "out", until=int((~held).sum()))
    run.run()
    live = run.live
    parts = [live.columns_of(i, 0, SIZE) for i in range(len(live.projections))]
    images, known = (np.stack([part[k] for part in parts]) for k in (0, 1))
    geometry = live.slices.geometry(live.tilts_deg)
    scratch = engine.reconstruct(
        images, geometry, algorithm="OS-SIRT", iterations=10, minimum=0.0, known=known, momentum=0.6,
        n_subsets=round(len(images) / 5),
    )  # fmt: skip
    shift = np.median(live.shifts_px, axis=0)
    target = [
        shifted_columns(each, tuple(shift), 0, SIZE, live.size_zy[1])[0] for each in truth.aligned[held]
    ]
    target = np.stack(target) / np.float32(live.frame.bright)
    ours = misfit(np.load(tmp_path / "out" / "whole.npy"), live, (TILTS[held], target))
    theirs = misfit(scratch, live, (TILTS[held], target))
    assert ours < 1.05 * theirs
    assert len(order) > len(images)


def test_files_at_the_end_open_as_series_and_volume(folder, tmp_path):
    told = []
    run = LiveRun(folder, tmp_path / "out", until=12, on_projection=told.append)
    run.run()
    assert [each.tilt_deg for each in told] == TILTS[acquisition_order(TILTS, dose_symmetric=True)][
        :12
    ].tolist()
    series, volume = (load(path) for path in run.written)
    assert isinstance(series, TomoStack)
    assert isinstance(volume, RecStack)
    assert series.tilts_deg.tolist() == sorted(each.tilt_deg for each in told)
    assert series.axes_manager["x"].scale == pytest.approx(0.8)
    assert volume.data.shape[0] == volume.data.shape[2] == SIZE
    assert series.metadata.Tomography.tilt_source == "acquired live in in"
    order = np.argsort([each.tilt_deg for each in told])
    assert np.allclose(series.shifts_px, run.live.shifts_px[order], atol=1e-6)


def test_a_killed_run_goes_on_without_doing_anything_again(folder, tmp_path):
    watched = tmp_path / "in"
    shutil.copytree(folder, watched)
    whole = (watched / "series.mrc.mdoc").read_text()
    (watched / "series.mrc.mdoc").write_text(whole[: whole.index("[ZValue = 8]")])
    first = LiveRun(watched, tmp_path / "out", until=8)
    first._finish = lambda: None  # killed: nothing is done at the end
    first.run()
    before = [each.as_dict() for each in first.live.projections]
    (watched / "series.mrc.mdoc").write_text(whole)
    told = []
    second = LiveRun(watched, tmp_path / "out", until=14, on_projection=told.append)
    second._finish = lambda: None
    second.run()
    assert second.n_restored == 8
    assert len(told) == 6
    after = [each.as_dict() for each in second.live.projections[:8]]
    assert [each["done_at"] for each in after] == [each["done_at"] for each in before]
    assert len({each.key for each in second.live.projections}) == 14


def test_a_damaged_state_is_refused_with_what_to_do(folder, tmp_path):
    (tmp_path / "live.json").write_text(json.dumps({"version": 1}))
    with pytest.raises(FileFormatError, match="remove the folder"):
        LiveRun(folder, tmp_path).run()
    (tmp_path / "live.json").write_text(json.dumps({"version": 9}))
    with pytest.raises(FileFormatError, match="later version"):
        LiveRun(folder, tmp_path).run()


def test_stopped_it_writes_what_there_is(folder, tmp_path):
    run = LiveRun(folder, tmp_path / "out")
    run._on_projection = lambda _new: run.stop() if len(run.live.projections) == 5 else None
    worker = threading.Thread(target=run.run)
    worker.start()
    worker.join(30)
    assert not worker.is_alive()
    assert load(tmp_path / "out" / ALIGNED).data.shape[0] == 5


def test_where_it_keeps_its_files():
    assert default_folder(Path("data/monday")) == Path("data/monday_live")
