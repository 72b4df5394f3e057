"""Panels without a browser: set controls, and look at the model and at what is said."""

import numpy as np
import pytest
import seen

from etwidgets import io
from etwidgets.panels import (
    AnalyzePanel,
    AxisPanel,
    CleanPanel,
    DataPanel,
    HistoryPanel,
    InspectPanel,
    ReconstructPanel,
    RegisterPanel,
    SpectralPanel,
    StatusLine,
    VolumePanel,
)
from etwidgets.session import Session

ALL = (
    AnalyzePanel,
    AxisPanel,
    CleanPanel,
    DataPanel,
    HistoryPanel,
    InspectPanel,
    ReconstructPanel,
    RegisterPanel,
    SpectralPanel,
    StatusLine,
    VolumePanel,
)


@pytest.mark.parametrize("panel", ALL)
def test_every_panel_lives_without_data_and_with_data(made, empty_session, session, panel):
    for one in (empty_session, session):
        shown = made(panel(one))
        for name, control in shown.controls.items():
            assert f"etw-{shown.name}-{name}" in control._dom_classes
        assert one.model.message is None


@pytest.mark.parametrize("panel", [AnalyzePanel, AxisPanel, ReconstructPanel, RegisterPanel, VolumePanel])
def test_what_cannot_act_says_why(made, empty_session, panel):
    shown = made(panel(empty_session))
    primary = next(shown.controls[n] for n in ("run", "auto", "render") if n in shown.controls)
    assert primary.disabled
    assert "first" in shown.hint.value


def test_a_series_without_tilts_cannot_be_registered_and_says_what_to_do(made, session, series):
    without = series.deepcopy()
    del without.tilts
    from etwidgets.session import TomoStackModel

    shown = made(RegisterPanel(Session(TomoStackModel(without))))
    assert shown.controls["run"].disabled
    assert "tilts" in shown.hint.value


def test_looking_moves_the_display_and_not_the_data(made, session, series):
    shown = made(InspectPanel(session))
    shown.controls["tilt"].value = 3
    shown.controls["column"].value = 7
    shown.controls["colors"].value = "viridis"
    shown.controls["contrast"].value = (1.0, 90.0)
    display = session.display
    assert (display.projection, display.column, display.color_map) == (3, 7, "viridis")
    assert display.contrast == (1, 90)
    assert session.model.stack is series
    display.projection = 5
    assert shown.controls["tilt"].value == 5
    assert "-20.0" in shown.controls["tilt"].label


def test_registering_commits_shifts_and_can_be_undone(made, session, series):
    shown = made(RegisterPanel(session))
    shown.controls["method"].value = "PC"
    shown.controls["PC-upsample_factor"].value = 10
    shown.controls["start"].value = 4
    shown.controls["run"].click()
    stack = session.model.stack
    assert stack is not series
    assert stack.shifts_px[4].tolist() == [0, 0]
    assert session.history[-1].parameters["upsample_factor"] == 10
    shown.controls["chart"].value = "shifts"
    curves = seen.curves(shown)
    assert np.allclose(curves["y"][1], stack.shifts_px[:, 0])
    assert session.model.before is series
    session.undo()
    assert session.model.stack is series


def test_every_registration_method_shows_its_help(made, session):
    shown = made(RegisterPanel(session))
    for label, name in shown.controls["method"].options:
        assert label.endswith(f"({name})")
        shown.controls["method"].value = name
        assert all(slot in shown._chooser.help.value for slot in ("For", "When", "Caution", "doi"))
        assert (shown.controls["PC-upsample_factor"].layout.display == "none") == (name != "PC")


def test_the_axis_sliders_preview_and_apply(made, session, series):
    shown = made(AxisPanel(session))
    assert shown.controls["apply"].disabled
    frame = shown._slices._number
    shown.controls["shift"].value = -1.5
    shown.controls["rotation"].value = 0.5
    assert shown._slices._number > frame
    assert session.model.stack is series
    assert not shown.controls["apply"].disabled
    shown.controls["apply"].click()
    known = session.model.stack.metadata.Tomography
    assert (known.yshift, known.tiltaxis) == (-1.5, 0.5)
    assert (shown.controls["shift"].value, shown.controls["rotation"].value) == (0, 0)


def test_the_axis_is_found_and_told_with_its_error(made, session):
    shown = made(AxisPanel(session))
    session.apply("register", method="COM-CL")
    shown.controls["auto"].click()
    assert "tilt_align" in session.model.done_operations
    assert "95 %" in shown._found.value


@pytest.mark.parametrize("method", ["FBP", "SIRT", "SART", "BP", "DART"])
def test_reconstructing_commits_a_volume(made, session, method):
    shown = made(ReconstructPanel(session))
    shown.controls["method"].value = method
    shown.controls["iterations"].value = 2
    shown.controls["gray_levels"].value = "0, 60, 120"
    shown.controls["thickness"].value = 20
    shown.controls["run"].click()
    volume = session.model.reconstruction
    assert volume.data.shape == (48, 20, 40)
    assert session.model.message.level != "error"
    if method == "DART":
        assert set(np.unique(volume.data)) <= {0, 60, 120}
    elif method != "BP":
        assert volume.data.min() >= 0


def test_wrong_gray_levels_are_told_in_words(made, session):
    shown = made(ReconstructPanel(session))
    shown.controls["method"].value = "DART"
    shown.controls["gray_levels"].value = "much, more"
    shown.controls["run"].click()
    assert session.model.message.level == "error"
    assert "much, more" in session.model.message.text
    assert session.model.reconstruction is None


def test_the_volume_is_cut_where_one_clicks_and_says_when_it_is_old(made, session):
    session.apply("reconstruct", method="FBP")
    shown = made(VolumePanel(session))
    assert session.display.voxel == (24, 20, 20)
    shown._images.receive({"type": "click", "pane": 1, "x": 11, "y": 7})
    assert session.display.voxel == (11, 7, 20)
    assert [pane.slider for pane in seen.images(shown)] == [(11, 48, "x"), (20, 40, "y"), (7, 40, "z")]
    shown.controls["render"].click()
    assert shown._rendering.view._figure is not None
    session.apply("transform", yshift=1.0)
    assert session.model.stale
    assert "Reconstruct it again" in shown.hint.value


def test_history_lists_undoes_and_does_again(made, session, series):
    shown = made(HistoryPanel(session))
    session.apply("crop", x_start=4, x_stop=40, y_start=2, y_stop=38)
    session.apply("register", method="PC")
    steps = shown.controls["steps"]
    assert [value for _, value in steps.options] == [0, 1, 2]
    assert steps.value == 2
    shown.controls["undo"].click()
    shown.controls["undo"].click()
    assert session.model.stack is series
    assert sum("(undone)" in label for label, _ in steps.options) == 2
    assert shown.controls["undo"].disabled
    shown.controls["redo"].click()
    assert session.model.stack.data.shape == (15, 36, 36)
    assert steps.value == 1
    steps.value = 0
    assert session.model.stack is series
    steps.value = 2
    assert [line.done for line in session.model.history] == [True, True]


def test_history_writes_into_the_root_and_replaces_nothing(made, session, tmp_path):
    shown = made(HistoryPanel(session, tmp_path))
    session.apply("reconstruct", method="FBP")
    for kind, name in (
        ("script", "steps.py"),
        ("notebook", "steps.ipynb"),
        ("session", "session.json"),
        ("projections", "projections.mrc"),
        ("volume", "volume.tif"),
        ("figure of slices", "slices.svg"),
    ):
        shown.controls["kind"].value = kind
        shown.controls["name"].value = name
        shown.controls["save"].click()
        assert (tmp_path / name).stat().st_size > 200, name
    assert np.array_equal(io.load(tmp_path / "projections.mrc").data, session.model.stack.data)
    assert "<svg" in (tmp_path / "slices.svg").read_text()
    before = (tmp_path / "slices.svg").read_bytes()
    shown.controls["save"].click()
    assert "choose another name" in session.model.message.text
    for name in ("../x.svg", "/x.svg", ".hidden.svg", ""):
        shown.controls["name"].value = name
        shown.controls["save"].click()
        assert session.model.message.level == "error"
    assert (tmp_path / "slices.svg").read_bytes() == before
    assert not (tmp_path.parent / "x.svg").exists()


def test_history_without_a_folder_says_so(made, session):
    shown = made(HistoryPanel(session))
    assert shown.controls["save"].disabled
    assert "folder" in shown.hint.value


def test_opening_a_file_under_the_root_and_nothing_else(made, empty_session, series, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    series.save(root / "needle.hspy")
    (tmp_path / "secret.hspy").write_bytes(b"x")
    shown = made(DataPanel(empty_session, root))
    assert shown.controls["files"].names == ["needle.hspy"]
    shown.controls["file"].value = "../secret.hspy"
    shown.controls["open"].click()
    assert "outside" in empty_session.model.message.text
    shown.controls["file"].value = "needle.hspy"
    shown.controls["open"].click()
    assert empty_session.model.stack.data.shape == (15, 40, 48)
    assert "-70.0° to 70.0°" in shown._facts.value
    assert "needle.hspy" in shown._facts.value


def test_a_missing_file_is_told_and_changes_nothing(made, session, series, tmp_path):
    shown = made(DataPanel(session, tmp_path))
    shown.controls["file"].value = "nothing.mrc"
    shown.controls["open"].click()
    assert session.model.message.level == "error"
    assert session.model.stack is series


def test_the_status_line_tells_the_last_message(made, session):
    shown = made(StatusLine(session))
    session.tell("<b>careful</b>", "warning")
    assert "&lt;b&gt;careful" in shown._message.value
    assert shown.controls["cancel"].layout.display == "none"
