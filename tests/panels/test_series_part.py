"""One file for each tilt: chosen or uploaded, looked at, opened as one series, and never outside the root."""

import runpy

import numpy as np
import pytest
import seen
import tifffile

from etwidgets import io
from etwidgets.panels import DataPanel
from etwidgets.session import Session, run_batch


def write(folder, angles, name="g_{:+05.1f}deg.tif", shape=(12, 16)):
    """Images whose every value is their angle plus 100."""
    folder.mkdir(parents=True, exist_ok=True)
    for angle in angles:
        tifffile.imwrite(folder / name.format(angle), np.full(shape, 100 + angle, np.float32))
    return folder


ANGLES = np.arange(-72.0, 73, 2)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    write(root / "series", ANGLES)
    (root / "series" / "notes.txt").write_text("found on a Tuesday")
    return root


@pytest.fixture
def panel(made, empty_session, root):
    return made(DataPanel(empty_session, root))


def go_into(panel, name):
    panel.controls["files"].receive({"type": "again"})
    panel.controls["files"].receive({"type": "enter", "what": name})


def table_of(panel):
    """The table of the files, as HTML."""
    html = seen.html(panel)
    return html[html.find("<table class='etw-files'>") :].split("</table>")[0]


def shown(panel):
    return "as one tilt series" in seen.text(panel)


def test_a_folder_is_shown_as_a_table_and_opened_in_order_of_angle(panel, root):
    go_into(panel, "series")
    assert panel.controls["all-files"].description == "All 73 .tif files here as one series"
    panel.controls["all-files"].click()
    assert shown(panel)
    table = table_of(panel)
    assert table.count("<tr>") == 74
    places = [table.index(f"{angle:+.1f}°") for angle in ANGLES]
    assert places == sorted(places)
    assert "16 x 12" in table
    assert "73 files" in seen.text(panel)
    panel.controls["open-series"].click()
    stack = panel.model.stack
    assert stack.data.shape == (73, 12, 16)
    np.testing.assert_allclose(stack.tilts_deg, ANGLES)
    np.testing.assert_allclose(stack.data[:, 0, 0], 100 + ANGLES)
    assert not shown(panel)
    assert panel.model.source == "g_-72.0deg.tif and 72 more"


@pytest.mark.parametrize(
    ("folder", "angles", "expected"),
    [("series", "", ANGLES), ("plain", "10, -0.5", [8, 8.5, 9, 9.5, 10])],
)
def test_the_step_is_replayed_by_scripts_sessions_and_the_command_line(
    panel, root, tmp_path, folder, angles, expected
):
    write(root / "plain", range(5), name="image_{}.tif")
    go_into(panel, folder)
    panel.controls["all-files"].click()
    panel.controls["angles"].value = angles
    panel.controls["open-series"].click()
    session = panel.session
    data, tilts = session.model.stack.data, session.model.stack.tilts_deg
    np.testing.assert_allclose(tilts, expected)
    session.export_script(tmp_path / "steps.py")
    found = runpy.run_path(str(tmp_path / "steps.py"))["stack"]
    assert np.array_equal(found.data, data)
    assert np.array_equal(found.tilts_deg, tilts)
    session.save(tmp_path / "session.json")
    again = Session()
    again.open_session(tmp_path / "session.json")
    assert np.array_equal(again.model.stack.data, data)
    (result,) = run_batch(tmp_path / "session.json", output=tmp_path / "out")
    assert np.array_equal(io.load(result).data, data)


def test_several_files_are_chosen_from_the_list(panel):
    go_into(panel, "series")
    panel.controls["files"].value = ("g_-02.0deg.tif", "g_+00.0deg.tif", "g_-10.0deg.tif")
    panel.controls["open-series"].click()
    np.testing.assert_allclose(panel.model.stack.tilts_deg, [-10, -2, 0])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-60, 30", [-60, -30, 0, 30, 60]),
        ("-60 30", [-60, -30, 0, 30, 60]),
        ("angles.rawtlt", [-50, -25, 0, 26, 51]),
        ("", None),
    ],
)
def test_angles_are_given_where_none_were_found(panel, root, written, expected):
    write(root / "plain", range(5), name="image_{}.tif")
    (root / "angles.rawtlt").write_text("26\n-50\n0\n51\n-25\n")
    go_into(panel, "plain")
    panel.controls["all-files"].click()
    assert table_of(panel).count(">none<") == 5
    assert "No tilt was found" in seen.text(panel)
    panel.controls["angles"].value = written
    panel.controls["open-series"].click()
    stack = panel.model.stack
    if expected is None:
        assert not stack.has_tilts
        return
    np.testing.assert_allclose(stack.tilts_deg, expected)
    order = [1, 4, 2, 0, 3] if "rawtlt" in written else range(5)
    np.testing.assert_allclose(stack.data[:, 0, 0], [100 + number for number in order])


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("some", "cannot be read"),
        ("short.rawtlt", "short.rawtlt has 2 tilts for 73 files"),
        ("../outside.rawtlt", "outside the folder"),
    ],
)
def test_angles_that_cannot_be_are_told_and_nothing_opens(panel, root, written, why):
    (root / "short.rawtlt").write_text("1\n2\n")
    (root.parent / "outside.rawtlt").write_text("1\n" * 73)
    go_into(panel, "series")
    panel.controls["all-files"].click()
    panel.controls["angles"].value = written
    assert why in seen.text(panel)
    assert panel.controls["open-series"].disabled
    panel.controls["angles"].value = ""
    assert not panel.controls["open-series"].disabled


def test_typed_angles_go_to_the_files_in_the_order_of_their_numbers(panel, root):
    """img_2 comes before img_10, as where a script loads the folder."""
    (root / "numbered").mkdir()
    for number in range(1, 13):
        tifffile.imwrite(root / "numbered" / f"img_{number}.tif", np.full((12, 16), number, np.float32))
    go_into(panel, "numbered")
    panel.controls["all-files"].click()
    panel.controls["angles"].value = "-60, 10"
    panel.controls["open-series"].click()
    assert panel.model.stack.tilts_deg.tolist() == list(range(-60, 60, 10))
    assert panel.model.stack.data[:, 0, 0].tolist() == list(range(1, 13))


def test_one_file_without_an_angle_does_not_take_it_from_the_others(panel, root):
    tifffile.imwrite(root / "series" / "again.tif", np.zeros((12, 16), np.float32))
    go_into(panel, "series")
    panel.controls["all-files"].click()
    assert table_of(panel).count("file name") == 73
    assert "no angle is in its name" in table_of(panel)
    assert panel.controls["open-series"].disabled
    panel.controls["leave-out"].click()
    panel.controls["open-series"].click()
    assert panel.model.stack.tilts_deg.tolist() == ANGLES.tolist()


def test_typed_angles_take_the_place_of_those_that_cannot_be(panel, root):
    (root / "twice").mkdir()
    for name in ("a_2deg.tif", "b_2deg.tif", "c_400deg.tif"):
        tifffile.imwrite(root / "twice" / name, np.zeros((12, 16), np.float32))
    go_into(panel, "twice")
    panel.controls["all-files"].click()
    assert panel.controls["open-series"].disabled
    assert "the same tilt as a_2deg.tif" in table_of(panel)
    panel.controls["angles"].value = "0, 1"
    assert not panel.controls["open-series"].disabled
    panel.controls["open-series"].click()
    assert panel.model.stack.tilts_deg.tolist() == [0, 1, 2]


def test_files_that_do_not_fit_are_marked_and_left_out(panel, root):
    write(root / "series", [80], shape=(20, 16))
    (root / "series" / "g_+82.0deg.tif").write_bytes(b"no image at all")
    tifffile.imwrite(
        root / "series" / "g_all.tif", np.ones((4, 12, 16), np.float32), photometric="minisblack"
    )
    go_into(panel, "series")
    panel.controls["all-files"].click()
    said = seen.text(panel)
    assert "3 of 76 files do not fit the series" in said
    assert panel.controls["open-series"].disabled
    assert table_of(panel).count("etw-problem") == 3
    panel.controls["leave-out"].click()
    assert "do not fit" not in seen.text(panel)
    panel.controls["open-series"].click()
    assert panel.model.stack.data.shape == (73, 12, 16)


def test_no_file_outside_the_root_gets_into_a_series(panel, root):
    outside = write(root.parent / "outside", [84.0])
    (link,) = (root / "series" / "g_+84.0deg.tif",)
    link.symlink_to(outside / "g_+84.0deg.tif")
    go_into(panel, "series")
    assert "73" in panel.controls["all-files"].description
    panel.controls["files"].value = ("g_-72.0deg.tif", "g_-70.0deg.tif")
    inside = root / "series" / "g_-70.0deg.tif"
    inside.unlink()
    inside.symlink_to(outside / "g_+84.0deg.tif")  # after it was looked at
    panel.controls["open-series"].click()
    assert panel.model.stack is None
    assert "outside" in panel.model.message.text


def test_a_series_is_uploaded_in_several_files(panel, root, tmp_path, upload):
    folder = write(tmp_path / "mine", [-4.0, 0.0, 4.0], name="up_{:+.0f}.tif")
    for path in sorted(folder.iterdir()):
        assert upload(panel, path.name, path.read_bytes())[-1]["type"] == "kept"
    upload(panel, "up.rawtlt", b"-8\n0\n8\n")
    seen.uploader(panel).receive({"type": "all"})
    assert shown(panel)
    assert "+8.0°" in table_of(panel)
    panel.controls["open-series"].click()
    assert panel.model.stack.data.shape == (3, 12, 16)
    np.testing.assert_allclose(panel.model.stack.tilts_deg, [-8, 0, 8])


def test_an_upload_without_an_image_is_told(panel, upload):
    upload(panel, "up.rawtlt", b"-8\n0\n8\n")
    seen.uploader(panel).receive({"type": "all"})
    assert "None of the uploaded files is a tilt series: up.rawtlt" in panel.model.message.text


def test_one_image_is_refused_and_what_was_open_stays(made, root, series, tmp_path):
    tifffile.imwrite(root / "one.tif", np.ones((32, 32), np.uint16))
    from etwidgets.session import TomoStackModel

    panel = made(DataPanel(Session(TomoStackModel(series)), root))
    before = panel._facts.value
    panel.controls["file"].value = "one.tif"
    panel.controls["open"].click()
    assert "one image" in panel.model.message.text
    assert panel.model.message.level == "error"
    assert panel.model.stack is series
    assert panel._facts.value == before
    assert panel.model.history == ()
