"""What the panels draw is what the data are: each picture is compared with the numbers it stands for."""

import asyncio
import re

import numpy as np
import pytest

from etwidgets import align, engine, simulation
from etwidgets.app import Workbench
from etwidgets.panels import (
    AxisPanel,
    CleanPanel,
    DataPanel,
    InspectPanel,
    ReconstructPanel,
    RegisterPanel,
    StatusLine,
    VolumePanel,
)
from etwidgets.session import InlineRunner, JobStatus, Session, TomoStackModel, previews
from etwidgets.signals import TomoStack


@pytest.fixture
def blobs():
    """Three blobs, registered, with the tilt axis in the middle."""
    y, x = np.mgrid[:24, :20]
    tilts = np.linspace(-60, 60, 13)
    images = np.zeros((13, 24, 20), np.float32)
    for index, tilt in enumerate(np.deg2rad(tilts)):
        for column, across, depth in ((5, 3, 2), (10, -4, 1), (15, 1, -5)):
            center = 11.5 + across * np.cos(tilt) - depth * np.sin(tilt)
            images[index] += np.exp(-((y - center) ** 2 + (x - column) ** 2) / 8)
    return TomoStack(images, tilts)


@pytest.fixture
def open_panel(made):
    return lambda kind, stack=None, *rest: made(kind(Session(TomoStackModel(stack)), *rest))


def drawn(view):
    """Description and bytes of the frame that an image view was last told to draw."""
    content, buffers = view._frame
    planes = [
        np.frombuffer(buffer, np.uint8).reshape(pane["height"], pane["width"])
        for pane, buffer in zip(content["panes"], buffers, strict=True)
    ]
    return content["panes"], planes


def expected(image, limits):
    low, high = limits
    return np.clip((np.asarray(image, float) - low) * 255 / (high - low), 0, 255)


# -- inspect


def test_inspect_shows_the_projection_and_the_sinogram_that_the_sliders_name(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    assert panel.controls["tilt"].label == "+0.0°"
    panel.controls["tilt"].value = 2
    panel.controls["column"].value = 15
    panes, planes = drawn(panel._images)
    assert panes[0]["caption"] == "3 of 13, -40.0°"
    assert panes[1]["caption"] == "at x = 15"
    assert np.abs(planes[0] - expected(blobs.data[2], panes[0]["limits"])).max() <= 1
    assert np.abs(planes[1] - expected(blobs.data[:, :, 15], panes[1]["limits"])).max() <= 1


def test_inspect_keeps_one_contrast_for_all_projections_until_it_is_changed(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    before = drawn(panel._images)[0][0]["limits"]
    panel.controls["tilt"].value = 0
    assert drawn(panel._images)[0][0]["limits"] == before
    panel.controls["contrast"].value = (10, 90)
    low, high = np.percentile(blobs.data, (10, 90))
    assert drawn(panel._images)[0][0]["limits"] == pytest.approx([low, high], rel=1e-5)
    panel.controls["colors"].value = "inferno"
    assert [pane["cmap"] for pane in drawn(panel._images)[0]] == ["inferno", "inferno"]


def test_two_panels_look_at_the_same_place(made, blobs):
    session = Session(TomoStackModel(blobs))
    first, second = made(InspectPanel(session)), made(RegisterPanel(session))
    first.controls["tilt"].value = 4
    assert second.controls["tilt"].value == 4
    second.controls["column"].value = 3
    assert first.controls["column"].value == 3


def test_sliders_follow_when_projections_and_columns_go(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    panel.controls["tilt"].value = 12
    panel.controls["column"].value = 19
    panel.session.apply("remove_projections", projections=[11, 12])
    panel.session.apply("crop", x_start=0, x_stop=10, y_start=0, y_stop=24)
    assert panel.controls["tilt"].value == 10
    assert panel.controls["tilt"].label == "+40.0°"
    assert (panel.controls["column"].max, panel.controls["column"].value) == (9, 9)
    assert panel.model.message.level == "info"


def test_inspect_is_moved_by_mouse_and_keys(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    panel._dragged({"kind": "column", "values": [13], "pane": 0, "done": True})
    panel._clicked({"pane": 1, "x": 3, "y": 4, "shift": False})
    assert (panel.display.column, panel.display.projection) == (13, 4)
    assert drawn(panel._images)[0][0]["columns"] == [13]
    for key, shift in (("ArrowRight", False), ("ArrowUp", True), ("ArrowUp", False), ("ArrowLeft", True)):
        panel._key({"key": key, "shift": shift})
    assert (panel.display.column, panel.display.projection) == (2, 0)
    assert panel.controls["play"].value == 0
    panel._key({"key": " ", "shift": False})
    assert panel.controls["play"].playing


@pytest.mark.parametrize(("beside", "combine"), [("maximum over tilts", np.max), ("sum over tilts", np.sum)])
def test_inspect_shows_all_tilts_in_one(open_panel, blobs, beside, combine):
    panel = open_panel(InspectPanel, blobs)
    panel.controls["beside"].value = beside
    panes, planes = drawn(panel._images)
    assert panes[1]["title"].lower() == beside.replace("over", "over all")
    assert np.abs(planes[1] - expected(combine(blobs.data, axis=0), panes[1]["limits"])).max() <= 1


def test_keys_that_all_panels_know(made, blobs):
    bench = made(Workbench(blobs, runner=InlineRunner()))
    bench.show("inspect")
    panel = bench.panels["inspect"]
    panel._common_key({"key": "]"})
    assert bench.shown == "clean"
    bench.session.apply("normalize")
    panel._common_key({"key": "z"})
    assert bench.model.stack is blobs
    panel._common_key({"key": "Z"})
    assert bench.model.stack is not blobs
    rows = dict(panel._images._keys)
    assert {rows["z"], rows["space"], rows["?"]} == {"undo", "play the tilts", "show or hide this table"}


# -- data


def test_data_tells_what_is_odd_and_mends_it(open_panel, blobs):
    order = np.random.default_rng(1).permutation(13)
    panel = open_panel(DataPanel, blobs.select_projections(order))
    assert "not in order of tilt" in panel._strip._said[0].value
    assert panel.controls["fix-1"].description == "Sort by tilt"
    panel.controls["fix-1"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, blobs.tilts_deg)
    assert np.array_equal(panel.model.stack.data, blobs.data)
    assert panel.controls["fix-1"].layout.display == "none"
    panel.session.undo()
    assert "not in order of tilt" in panel._strip._said[0].value


# -- clean


def test_clean_crops_to_the_dragged_rectangle(open_panel, blobs):
    panel = open_panel(CleanPanel, blobs)
    assert drawn(panel._images)[0][0]["rectangle"] == [0, 0, 20, 24]
    assert panel.controls["run"].disabled
    panel._dragged({"kind": "rectangle", "values": [3, 2, 18, 20], "done": True, "pane": 0})
    assert drawn(panel._images)[0][0]["rectangle"] == [3, 2, 18, 20]
    assert "15 x 18 px" in panel._said.value
    panel.controls["run"].click()
    assert np.array_equal(panel.model.stack.data, blobs.data[:, 2:20, 3:18])
    assert [panel.controls[n].value for n in ("x_start", "y_start", "x_stop", "y_stop")] == [0, 0, 15, 18]


def test_clean_leaves_out_what_is_clicked_and_what_is_suspect(open_panel):
    tilts = np.arange(-60.0, 61, 10)
    images = simulation.project(simulation.catalyst(64), tilts)
    images[5] *= 0.7
    panel = open_panel(CleanPanel, TomoStack(images, tilts))
    panel.controls["tool"].value = "leave out"
    assert "6 (-10.0°): darker" in panel._said.value
    left, top, right, bottom = panel._places[2]
    panel._clicked({"x": (left + right) // 2, "y": (top + bottom) // 2, "pane": 0, "shift": False})
    boxes = drawn(panel._images)[0][0]["boxes"]
    assert [box[4] for box in boxes] == ["marked", "suspect"]
    assert boxes[0][:4] == [left, top, right, bottom]
    panel.controls["suspects"].click()
    assert panel.controls["run"].description == "Leave out 2"
    panel.controls["run"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, np.delete(tilts, [2, 5]))
    assert panel.controls["run"].disabled


def test_clean_shows_a_filter_before_it_is_applied(open_panel, blobs):
    noisy = TomoStack(
        blobs.data + (np.random.default_rng(0).random(blobs.data.shape) > 0.98), blobs.tilts_deg
    )
    panel = open_panel(CleanPanel, noisy)
    panel.display.projection = 3
    panel.controls["tool"].value = "filter"
    panes, planes = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["Before", "After", "Difference"]
    after = align.filter_projections(noisy.data, "median", size=3)
    assert np.abs(planes[1] - expected(after[3], panes[1]["limits"])).max() <= 1
    panel.controls["run"].click()
    assert np.allclose(panel.model.stack.data, after)


@pytest.mark.parametrize(("tool", "shape"), [("bin", (13, 12, 10)), ("normalize", (13, 24, 20))])
def test_clean_bins_and_normalizes(open_panel, blobs, tool, shape):
    panel = open_panel(CleanPanel, blobs)
    panel.controls["tool"].value = tool
    panel.controls["run"].click()
    assert panel.model.stack.data.shape == shape
    assert panel.model.history[-1].done


# -- register


def test_register_draws_the_shifts_that_were_applied_in_order_of_tilt(open_panel, blobs):
    order = np.random.default_rng(2).permutation(13)
    shifts = np.random.default_rng(5).uniform(-2, 2, (13, 2))
    panel = open_panel(RegisterPanel, blobs.shift_projections(shifts).select_projections(order))
    curves = panel._curves.values()
    assert list(curves["y"][0]) == list(np.linspace(-60, 60, 13))
    assert np.allclose(curves["y"][1], shifts[:, 0])
    assert np.allclose(curves["x"][1], shifts[:, 1])


def test_register_shows_the_picture_before_on_request(open_panel, blobs):
    shifts = np.random.default_rng(5).uniform(-2, 2, (13, 2))
    moved = TomoStack(align.apply_shifts(blobs.data, shifts), blobs.tilts_deg)
    panel = open_panel(RegisterPanel, moved)
    assert panel.controls["which"].disabled
    panel.controls["run"].click()
    assert not panel.controls["which"].disabled
    panel.controls["tilt"].value = 0
    panel.controls["which"].value = "before"
    panes, planes = drawn(panel._images)
    assert np.abs(planes[0] - expected(moved.data[0], panes[0]["limits"])).max() <= 1


def test_register_lists_what_is_off_and_excludes_it(open_panel):
    tilts = np.arange(-60.0, 61, 10)
    shifts = np.zeros((13, 2))
    shifts[4] = (0, 3)
    images = simulation.project(simulation.catalyst(64), tilts)
    panel = open_panel(RegisterPanel, TomoStack(align.apply_shifts(images, shifts), tilts))
    assert panel.controls["residuals"].value == ()
    panel.controls["pick"].click()
    assert panel.controls["residuals"].value == (4,)
    assert "1 of 13 projections are outliers" in panel._off.value
    line = next(label for label, index in panel.controls["residuals"].options if index == 4)
    assert "-20.0°" in line
    assert line.endswith("outlier")
    assert panel.display.projection == 4
    panel.controls["exclude"].click()
    assert panel.model.stack.data.shape[0] == 12
    assert -20.0 not in panel.model.stack.tilts_deg
    assert panel.controls["exclude"].disabled


def test_register_nudges_one_projection_by_keys(open_panel, blobs):
    shifts = np.zeros((13, 2))
    shifts[4] = (-1, 0.5)
    moved = blobs.shift_projections(shifts)
    panel = open_panel(RegisterPanel, moved)
    panel.display.projection = 4
    panel.controls["look"].value = "neighbor (to nudge)"
    for key, shift in (("ArrowDown", True), ("ArrowLeft", False), ("ArrowLeft", False)):
        panel._key({"key": key, "shift": shift})
    assert (panel.controls["nudge_y"].value, panel.controls["nudge_x"].value) == (1.0, -0.5)
    panes, _ = drawn(panel._images)
    assert panes[1]["title"] == "Difference to the neighbor"
    assert panes[1]["limits"][0] == -panes[1]["limits"][1]
    panel.controls["nudge"].click()
    data = panel.model.stack.data
    assert np.abs(data[4] - blobs.data[4])[4:-4, 4:-4].max() < 0.02 * np.abs(blobs.data).max()
    assert np.array_equal(np.delete(data, 4, 0), np.delete(moved.data, 4, 0))
    assert panel.controls["nudge"].disabled


def test_register_shows_the_maximum_before_and_after(open_panel, blobs):
    panel = open_panel(RegisterPanel, blobs)
    panel.session.apply("transform", yshift=2.0)
    panel.controls["look"].value = "maximum over tilts"
    panes, planes = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["Maximum before", "Maximum now"]
    assert np.abs(planes[0] - expected(blobs.data.max(0), panes[0]["limits"])).max() <= 1


# -- axis


def test_axis_shows_the_slices_that_the_step_will_give(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs)
    panel.controls["shift"].value = 1.5
    panel.controls["rotation"].value = 2.0
    panes, planes = drawn(panel._slices)
    assert [pane["caption"] for pane in panes] == ["at x = 5", "at x = 10", "at x = 15"]
    panel.session.apply("transform", yshift=1.5, angle=2.0)
    panel.session.apply("reconstruct", method="FBP")
    slices = panel.model.reconstruction.data[[5, 10, 15]]
    for pane, plane, image in zip(panes, planes, slices, strict=True):
        assert np.abs(plane - expected(image, pane["limits"])).max() <= 2


def test_axis_draws_the_line_where_the_axis_is(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs)
    panel.controls["shift"].value = 3.0
    panel.controls["rotation"].value = 1.0
    shift, rotation = drawn(panel._projection)[0][0]["line"]
    # what the sliders will do to the content brings this line to the middle row
    image = np.zeros((1, 41, 41), np.float32)
    for column in range(41):
        row = 20 + shift + np.tan(np.deg2rad(rotation)) * (column - 20)
        image[0, int(row), column], image[0, int(row) + 1, column] = 1 - row % 1, row % 1
    moved = align.transform(image, yshift=3.0, angle_deg=1.0)[0, :, 2:-2]
    middle = (moved * np.arange(41)[:, None]).sum(0) / moved.sum(0)
    assert middle == pytest.approx(np.full(37, 20.0), abs=0.05)


def test_axis_shows_the_residual_and_takes_its_lowest(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs.trans_stack(yshift=1.5))
    shifts, residual = panel._residual._curve.snapshot().curves["relative residual"]
    assert shifts[np.argmin(residual)] == pytest.approx(-1.5, abs=0.8)
    panel.controls["take"].click()
    assert panel.controls["shift"].value == pytest.approx(-1.5, abs=0.4)
    assert f"the sliders are at {panel.controls['shift'].value:+.2f} px" in panel._residual._note.value


def test_axis_offers_less_current_and_more(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs)
    panel.controls["shift"].value = 1.0
    panel.controls["compare"].value = "three shifts"
    panel.controls["by"].value = 0.5
    panes, planes = drawn(panel._slices)
    assert [pane["title"] for pane in panes] == [
        "Less: shift +0.50 px", "Current: shift +1.00 px", "More: shift +1.50 px",
    ]  # fmt: skip
    more = planes[2]
    panel.controls["more"].click()
    assert panel.controls["shift"].value == pytest.approx(1.5)
    panel.controls["compare"].value = "three columns"
    panes, planes = drawn(panel._slices)
    image = previews.axis_slices(blobs.data, blobs.tilts_deg, [10], 1.5, 0)[0]
    assert np.abs(planes[1] - expected(image, panes[1]["limits"])).max() <= 1
    assert more.shape == planes[1].shape


def test_axis_columns_go_where_the_projection_is_clicked_and_keys_nudge(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs)
    panel._clicked({"x": 13.2, "y": 3, "pane": 0, "shift": False})
    assert [pane["caption"] for pane in drawn(panel._slices)[0]] == ["at x = 5", "at x = 10", "at x = 13"]
    assert drawn(panel._projection)[0][0]["columns"] == [5, 10, 13]
    panel._key({"key": "ArrowDown", "shift": True})
    panel._key({"key": "ArrowLeft", "shift": False})
    assert (panel.controls["shift"].value, panel.controls["rotation"].value) == (1.0, -0.05)
    panel.controls["reset"].click()
    assert (panel.controls["shift"].value, panel.controls["rotation"].value) == (0, 0)


def test_axis_finds_the_shift_that_was_put_in(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs.trans_stack(yshift=2.0))
    panel.controls["auto"].click()
    found = panel.model.stack.metadata.Tomography.axis_estimate
    assert found.shift_px == pytest.approx(-2.0, abs=0.2)


# -- reconstruct


def test_reconstruct_shows_the_sinogram_and_the_slice_of_one_column(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    panel.controls["column"].value = 6
    panel.controls["run"].click()
    panes, planes = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["Sinogram", "Slice"]
    image = panel.model.reconstruction.data[6]
    assert np.abs(planes[1] - expected(image, panes[1]["limits"])).max() <= 1
    panel.session.apply("transform", yshift=1.0)
    assert "before its last change" in drawn(panel._images)[0][1]["title"]


def test_reconstruct_offers_what_the_method_takes(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    shown = {}
    for method in ("FBP", "SIRT", "OS-SIRT", "FISTA-TV", "DART"):
        panel.controls["method"].value = method
        optional = ("iterations", "sino_filter", "n_subsets", "tv_weight", "gray_levels", "constrain")
        shown[method] = {name for name in optional if panel.controls[name].layout.display != "none"}
    assert shown == {
        "FBP": {"sino_filter", "constrain"},
        "SIRT": {"iterations", "constrain"},
        "OS-SIRT": {"iterations", "n_subsets", "constrain"},
        "FISTA-TV": {"iterations", "tv_weight", "constrain"},
        "DART": {"iterations", "gray_levels"},
    }


def test_reconstruct_tells_memory_and_time_before_a_run(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    assert "~1 s, " in panel._cost.value
    assert "of memory" in panel._cost.value
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 5000
    seconds = int(re.search(r"~(\d+) s", panel._cost.value)[1])
    panel.controls["iterations"].value = 50
    assert int(re.search(r"~(\d+) s", panel._cost.value)[1]) <= max(1, seconds // 10)


def test_a_hidden_panel_tries_nothing_out(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    panel.shown = False
    panel.controls["method"].value = "SIRT"
    assert "~" not in panel._cost.value
    panel.shown = True
    panel.controls["iterations"].value = 7
    assert "~" in panel._cost.value


def test_the_suggested_tv_weight_follows_the_noise_of_the_data(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    panel.controls["method"].value = "FISTA-TV"
    assert panel.controls["tv_weight"].value == engine.suggested_tv_weight(blobs.data) > 0
    panel.controls["iterations"].value = 3
    panel.controls["run"].click()
    made = panel.model.reconstruction.metadata.Tomography.reconstruction
    assert made.tv_weight == panel.controls["tv_weight"].value


def test_reconstruct_compares_methods_on_one_slice(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    panel.controls["column"].value = 10
    panel.controls["iterations"].value = 16
    panel.controls["compare"].click()
    panes, planes = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["FBP", "SIRT 16", "OS-SIRT 2", "FISTA-TV 16"]
    assert len({tuple(pane["limits"]) for pane in panes}) == 1
    sirt = blobs.reconstruct("SIRT", iterations=16, constrain=True, show_progressbar=False)
    assert np.abs(planes[1] - expected(sirt.data[10], panes[1]["limits"])).max() <= 1
    left = np.linalg.norm(sirt.forward_project(blobs.tilts_deg).data[:, :, 10] - blobs.data[:, :, 10])
    percent = 100 * left / np.linalg.norm(blobs.data[:, :, 10])
    assert panes[1]["caption"] == f"relative residual {percent:.1f} %"


def test_reconstruct_follows_one_slice_and_scrubs_back(open_panel, blobs):
    panel = open_panel(ReconstructPanel, blobs)
    assert panel.controls["follow"].disabled
    assert "no iterations to follow" in panel.hint.value
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 8
    panel.controls["column"].value = 6
    panel.controls["follow"].click()
    curve = panel._convergence._curve.snapshot().curves["residual"]
    assert list(curve[0]) == list(range(1, 9))
    assert (np.diff(curve[1]) < 0).all()
    assert panel.controls["iteration"].value == 8
    panel.controls["iteration"].value = 3
    panes, planes = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["Slice after 3 iterations", "Residual sinogram"]
    slice_after_3 = blobs.reconstruct("SIRT", iterations=3, constrain=True, show_progressbar=False).data[6]
    assert np.abs(planes[0] - expected(slice_after_3, panes[0]["limits"])).max() <= 1
    panel.controls["use"].click()
    assert panel.controls["iterations"].value == 3
    panel.controls["run"].click()
    assert [pane["title"] for pane in drawn(panel._images)[0]] == ["Sinogram", "Slice"]


# -- volume


def test_volume_shows_the_three_slices_through_the_voxel(open_panel, blobs):
    panel = open_panel(VolumePanel, blobs)
    panel.session.apply("reconstruct", method="FBP", thickness=16)
    for name, value in (("x", 5), ("z", 6), ("y", 7)):
        panel.controls[name].value = value
    volume = panel.model.reconstruction.data
    panes, planes = drawn(panel._images)
    cuts = (volume[5], volume[:, :, 7].T, volume[:, 6, :].T)
    for pane, plane, cut in zip(panes, planes, cuts, strict=True):
        assert np.abs(plane - expected(cut, pane["limits"])).max() <= 1
    assert [pane["cross"] for pane in panes] == [[7, 6], [5, 6], [5, 7]]


def test_a_rendering_goes_with_its_volume(open_panel, blobs):
    panel = open_panel(VolumePanel, blobs)
    panel.session.apply("reconstruct", method="BP")
    assert panel._rendered.layout.display == "none"
    panel.controls["render"].click()
    assert panel._rendered.layout.display == ""
    panel.session.apply("reconstruct", method="FBP")
    assert panel._rendered.layout.display == "none"


# -- status and data


def test_status_shows_progress_time_left_and_cancel_only_while_a_job_runs(open_panel, blobs):
    panel = open_panel(StatusLine, blobs)
    panel.session.tell("an older message")
    panel.model.busy = True
    panel.model.job = JobStatus("reconstruct", "Reconstruct: SIRT", "running", 0.34, "", 6.0, 11.6)
    assert panel.controls["cancel"].layout.display == ""
    assert panel.controls["bar"].value == 0.34
    assert panel._note.value == "Reconstruct: SIRT"
    assert panel._left.value == "34 % · 12 s left"
    assert panel._message.value == ""
    panel.model.busy = False
    assert panel.controls["cancel"].layout.display == "none"
    assert panel.controls["cancel"].disabled
    assert "an older message" in panel._message.value


def test_data_sets_tilts_where_there_are_none(open_panel, blobs):
    panel = open_panel(DataPanel, TomoStack(blobs.data))
    assert panel._tilts.widget.layout.display == ""
    panel.controls["first-tilt"].value = -60
    panel.controls["tilt-step"].value = 10
    panel.controls["set-tilts"].click()
    assert np.array_equal(panel.model.stack.tilts_deg, np.arange(-60, 61, 10))
    assert panel._tilts.widget.layout.display == "none"
    panel.session.undo()
    assert panel._tilts.widget.layout.display == ""


def test_data_tells_the_facts_of_the_needle(open_panel):
    panel = open_panel(DataPanel)
    panel.controls["sample"].value = "needle"
    panel.controls["open-sample"].click()
    assert panel.model.stack.data.shape == (77, 256, 256)
    for fact in ("77 of 256 x 256 px", "3.36 nm", "-76.0° to 76.0°, step 2.00°", "HAADF.rawtlt", "-31908"):
        assert fact in panel._facts.value


# -- the path of the work


def test_the_next_sensible_step_is_marked(warm, blobs):
    bench = Workbench(runner=None)
    assert marked(bench) == ["data"]
    bench.close()
    bench = Workbench(blobs)
    assert marked(bench) == ["register"]
    bench.close()


def marked(bench):
    return [name for name, step in bench._steps.items() if "•" in step.description]


def test_in_a_notebook_a_step_runs_in_a_thread_and_arrives(warm, blobs):
    async def work():
        bench = Workbench(blobs)
        bench.panels["register"].controls["run"].click()
        assert bench.model.busy
        await bench.session.job
        after = [step.operation for step in bench.session.history], marked(bench)
        bench.close()
        return after

    assert asyncio.run(work()) == (["register"], ["axis"])


def test_inspect_marks_the_same_point_on_both_pictures(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    panel._clicked({"pane": 0, "x": 7, "y": 4})
    panes, _ = drawn(panel._images)
    assert panes[0]["cross"] == [7, 4]
    assert panes[1]["cross"] == [4, panel.display.projection]
    panel._clicked({"pane": 1, "x": 9, "y": 2})
    panes, _ = drawn(panel._images)
    assert (panel.display.projection, panes[0]["cross"], panes[1]["cross"]) == (2, [7, 9], [9, 2])


def test_the_histogram_sets_the_contrast_and_a_double_click_resets_it(open_panel, blobs):
    panel = open_panel(InspectPanel, blobs)
    usual = panel.display.contrast
    histogram = next(view for view in panel._views if hasattr(view, "heights"))
    histogram._receive(histogram, {"type": "limits", "limits": [0.3, 0.6]}, [])
    low, high = panel.display.contrast
    assert 0 < low < high < 100
    assert histogram.limits == pytest.approx([0.3, 0.6], abs=0.03)
    histogram._receive(histogram, {"type": "reset"}, [])
    assert panel.display.contrast == usual


def test_register_shows_before_beside_after_and_the_difference(open_panel, blobs):
    panel = open_panel(RegisterPanel, blobs)
    panel.session.apply("remove_projections", projections=[0])
    panel.controls["look"].value = "before beside after"
    panel.display.projection = 3
    panes, _ = drawn(panel._images)
    assert [pane["title"] for pane in panes] == ["Before", "After"]
    assert panes[0]["caption"].split(", ")[1] == panes[1]["caption"].split(", ")[1]  # the same tilt
    panel.session.apply("shift_one", projection=3, yshift=1.0)
    panel.controls["look"].value = "projection, sinogram"
    panel.controls["which"].value = "difference"
    panes, planes = drawn(panel._images)
    assert panes[0]["cmap"] == "coolwarm"
    assert len(np.unique(planes[0])) > 2
    panel._key({"key": "b"})
    assert panel.controls["which"].value == "before"
    panel._key({"key": "b"})
    assert panel.controls["which"].value == "after"
    panel._key({"key": " "})
    assert panel.controls["play"].playing


def test_axis_shows_before_and_now_after_a_search(open_panel, blobs):
    panel = open_panel(AxisPanel, blobs)
    panel.controls["method"].value = "CoM"
    panel.controls["auto"].click()
    assert panel.controls["compare"].value == "before and now"
    panes, _ = drawn(panel._slices)
    assert [pane["title"] for pane in panes] == ["Before", "Now", "Difference"]
    panel.controls["shift"].value = 1.0
    assert panel.controls["compare"].value == "three columns"


def test_a_coarse_preview_is_where_the_sharp_one_is():
    from etwidgets import simulation

    tilts = np.arange(-75.0, 76, 3)
    projections = simulation.project(simulation.needle((8, 96, 96)), tilts)
    sharp = previews.axis_slices(projections, tilts, [2, 5], 1.5, 0.5)
    coarse = previews.axis_slices(projections, tilts, [2, 5], 1.5, 0.5, binning=2)
    assert coarse.shape == sharp.shape
    for one, other in zip(sharp, coarse, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.95
        assert other.sum() == pytest.approx(one.sum(), rel=0.05)
        assert np.allclose(*(_center(np.clip(image, 0, None)) for image in (one, other)), atol=0.3)


def _center(image):
    rows, columns = np.indices(image.shape)
    return (image * rows).sum() / image.sum(), (image * columns).sum() / image.sum()
