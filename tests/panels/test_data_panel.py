"""Files of this machine and from the user's computer: listed, brought, opened, and never outside the root."""

import numpy as np
import pytest
import seen

from etwidgets import io
from etwidgets.panels import DataPanel
from etwidgets.session import Session, TomoStackModel


@pytest.fixture
def root(tmp_path, series):
    root = tmp_path / "root"
    (root / "day 1").mkdir(parents=True)
    series.save(root / "day 1" / "needle.hspy")
    (root / "notes.md").write_text("no series")
    (root / ".hidden.mrc").write_bytes(b"")
    (tmp_path / "outside").mkdir()
    (root / "leads out").symlink_to(tmp_path / "outside")
    return root


@pytest.fixture
def panel(made, empty_session, root):
    return made(DataPanel(empty_session, root))


def test_folders_are_gone_into_and_files_are_chosen(panel):
    files = panel.controls["files"]
    assert files.names == ["day 1"]
    files.receive({"type": "enter", "what": "day 1"})
    assert files.names == ["needle.hspy"]
    files.value = ("needle.hspy",)
    assert panel.controls["file"].value == "day 1/needle.hspy"
    panel.controls["open"].click()
    assert panel.model.stack.data.shape == (15, 40, 48)
    assert files.value == []
    files.receive({"type": "place", "what": 0})
    assert files.names == ["day 1"]


def test_a_series_is_uploaded_with_its_tilts_and_opened(panel, root, series, tmp_path, upload):
    import mrcfile

    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.ascontiguousarray(series.data[:, ::-1]))
    tilts = "\n".join(str(tilt) for tilt in series.tilts_deg).encode()
    content = (tmp_path / "a.mrc").read_bytes()
    answers = upload(panel, "a.mrc", content)
    assert answers[-1]["type"] == "kept"
    assert upload(panel, "angles.rawtlt", tilts)[-1]["type"] == "kept"
    seen.uploader(panel).receive({"type": "all"})
    assert (root / "uploads" / "a.mrc").read_bytes() == content
    assert np.allclose(panel.model.stack.tilts_deg, series.tilts_deg)
    again = io.load(tmp_path / "a.mrc", tilts=series.tilts_deg)
    assert np.array_equal(panel.model.stack.data, again.data)


@pytest.mark.parametrize(
    ("name", "announced", "why"),
    [
        ("../a.mrc", 10, "not a valid file name"),
        ("a.exe", 10, "cannot be opened"),
        (".a.mrc", 10, "not a valid file name"),
        ("a.mrc", 3_000_000_000, "more than a page takes"),
        ("a.mrc", 5, "more data came than expected"),
        ("a.mrc", 50, "10 of 50 bytes came"),
    ],
)
def test_what_is_refused_leaves_nothing(panel, root, name, announced, why, upload):
    answers = upload(panel, name, b"0123456789", announced)
    assert answers[-1]["type"] == "refused"
    assert why in answers[-1]["why"]
    assert not (root / "uploads").exists() or list((root / "uploads").iterdir()) == []


def test_an_upload_replaces_no_file_and_leaves_nothing_when_it_is_stopped(panel, root, upload):
    upload(panel, "a.mrc", b"first")
    assert "exists" in upload(panel, "a.mrc", b"second")[-1]["why"]
    assert (root / "uploads" / "a.mrc").read_bytes() == b"first"
    view = seen.uploader(panel)
    view.receive({"type": "begin", "name": "b.mrc", "size": 10})
    view.receive({"type": "piece", "offset": 0}, [b"01234"])
    view.receive({"type": "stop"})
    assert [path.name for path in (root / "uploads").iterdir()] == ["a.mrc"]


def test_the_pixel_size_is_mended_and_undone(made, series):
    panel = made(DataPanel(Session(TomoStackModel(series))))
    assert panel.controls["pixel"].value == 1
    panel.controls["pixel"].value = 0.5
    panel.controls["set-pixel"].click()
    axes = panel.model.stack.axes_manager
    assert [(axes[name].scale, axes[name].units) for name in ("x", "y")] == [(0.5, "nm")] * 2
    assert "0.5 nm" in panel._facts.value
    assert panel.controls["set-pixel"].disabled
    panel.session.undo()
    assert "0.5 nm" not in panel._facts.value


def test_the_files_metadata_are_there_to_unfold(made):
    panel = made(DataPanel(Session()))
    panel.controls["sample"].value = "needle"
    panel.controls["open-sample"].click()
    assert "<summary>File metadata" in panel._metadata.value
    assert "mx" in panel._metadata.value or "voxel" in panel._metadata.value.lower()


def test_a_channel_is_added_from_the_chosen_file_and_drawn_with_the_volume(made, empty_session, root, series):
    from etwidgets.panels import VolumePanel

    panel = made(DataPanel(empty_session, root))
    panel.controls["add-channel"].click()
    assert "Select a file in the list" in empty_session.model.message.text
    panel.controls["file"].value = "day 1/needle.hspy"
    panel.controls["open"].click()
    assert panel.controls["file"].value == ""  # what is chosen next is another file
    panel.controls["file"].value = "day 1/needle.hspy"
    panel.controls["channel-name"].value = "Ni"
    panel.controls["add-channel"].click()
    assert [channel.name for channel in empty_session.model.channels] == ["Ni"]
    assert "Ni" in seen.text(panel)
    empty_session.apply("reconstruct", method="FBP")
    shown = made(VolumePanel(empty_session, root))
    assert shown._rendering.rays.drawn.names == ("series", "Ni")
    panel.controls["remove-channel"].click()
    assert empty_session.model.channels == ()
