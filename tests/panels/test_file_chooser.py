"""Files are listed, looked at before they are opened, and opened with their tilts; the newest choice wins."""

import asyncio
import base64
import os
import re
import threading
from io import BytesIO

import mrcfile
import numpy as np
import pytest
import seen
import tifffile
from PIL import Image

from etwidgets.panels import DataPanel, file_card
from etwidgets.session import InlineRunner, RecentFiles, Session, ThreadRunner
from etwidgets.signals import RecStack

ANGLES = np.array([-40.0, -20.0, 1.0, 20.0, 40.0])


def write_mrc(path, angles=ANGLES, *, tilts=True):
    """Projections that are bright in one quarter: the upper left one where the tilt is nearest to 0."""
    data = np.zeros((len(angles), 32, 48), np.int16)
    for number, angle in enumerate(angles):
        down = 0 if abs(angle) == np.abs(angles).min() else 16
        data[number, down : down + 16, :24] = 900
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(data)
        file.voxel_size = 12.5
    if tilts:
        path.with_suffix(".rawtlt").write_text("".join(f"{angle}\n" for angle in angles))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    write_mrc(root / "b10.mrc")
    write_mrc(root / "b9.mrc", tilts=False)
    (root / "other.rawtlt").write_text("10\n20\n30\n40\n50\n")
    (root / "short.tlt").write_text("10\n20\n")
    (root / "day").mkdir()
    for number in range(3):
        tifffile.imwrite(root / "day" / f"s_{10 * number - 10}deg.tif", np.full((8, 9), number, np.uint16))
    for day, name in enumerate(("day", "b9.mrc", "b10.mrc", "b10.rawtlt", "other.rawtlt", "short.tlt")):
        os.utime(root / name, (day * 86400.0 + 43200, day * 86400.0 + 43200))
    return root


@pytest.fixture
def recent(tmp_path):
    return RecentFiles(tmp_path / "recent.json")


@pytest.fixture
def panel(made, root, recent):
    return made(DataPanel(Session(runner=InlineRunner(), root=root, recent=recent), root))


def view(panel):
    return panel.controls["files"]


def facts(panel):
    """Names and values on the card."""
    card = re.search(r"<table class='etw-facts'>(.*?)</table>", seen.html(panel)).group(1)
    return dict(re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>", card))


def picture(panel):
    """The picture on the card, and what is written under it."""
    data, caption = re.search(
        r"<img alt='(?:.*?)' src='data:image/png;base64,(.*?)'><p .*?>(.*?)</p>", seen.html(panel)
    ).groups()
    return np.asarray(Image.open(BytesIO(base64.b64decode(data)))), caption


# -- the list ---------------------------------------------------------------------------------------


def test_rows_have_kind_size_and_day(panel, root):
    assert [(row.name, row.kind, row.folder, row.usable) for row in view(panel).snapshot()] == [
        ("day", "folder", True, True),
        ("b9.mrc", "MRC", False, True),
        ("b10.mrc", "MRC", False, True),
    ]
    row = view(panel).snapshot()[2]
    assert row.size == f"{round((root / 'b10.mrc').stat().st_size / 1000)} kB"
    assert row.changed.startswith("1970-01-03")


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        ([], "day b9.mrc b10.mrc b10.rawtlt other.rawtlt short.tlt"),
        ([0], "day short.tlt other.rawtlt b10.rawtlt b10.mrc b9.mrc"),
        ([1], "day b9.mrc b10.mrc b10.rawtlt other.rawtlt short.tlt"),
        ([2], "day b9.mrc b10.mrc b10.rawtlt other.rawtlt short.tlt"),
        ([2, 2], "day short.tlt other.rawtlt b10.rawtlt b9.mrc b10.mrc"),
        ([3], "day short.tlt other.rawtlt b10.rawtlt b10.mrc b9.mrc"),
        ([3, 3], "day b9.mrc b10.mrc b10.rawtlt other.rawtlt short.tlt"),
    ],
)
def test_a_click_on_a_head_sorts_and_folders_stay_on_top(panel, clicks, expected):
    view(panel).receive({"type": "filter", "what": 1})
    for column in clicks:
        view(panel).receive({"type": "sort", "what": column})
    assert view(panel).names == expected.split()
    assert [row.name for row in view(panel).snapshot() if not row.usable] == [
        name for name in view(panel).names if name.endswith("lt")
    ]


def test_what_is_chosen_stays_chosen_when_it_is_sorted_and_listed_again(panel):
    view(panel).value = ["b9.mrc"]
    view(panel).receive({"type": "sort", "what": 3})
    view(panel).receive({"type": "again"})
    assert view(panel).value == ["b9.mrc"]
    assert panel.controls["file"].value == "b9.mrc"


def test_going_up_begins_at_the_folder_that_one_came_from(panel):
    view(panel).receive({"type": "enter", "what": "day"})
    assert [place[0] for place in view(panel).listing["places"]] == ["root", "day"]
    view(panel).receive({"type": "place", "what": 0})
    assert view(panel).listing["at"] == "day"
    assert view(panel).value == []


def test_a_folder_that_went_away_leads_back_to_the_first(panel, root):
    view(panel).receive({"type": "enter", "what": "day"})
    for path in (root / "day").iterdir():
        path.unlink()
    (root / "day").rmdir()
    view(panel).receive({"type": "again"})
    assert view(panel).names == ["b9.mrc", "b10.mrc"]


# -- the card ---------------------------------------------------------------------------------------


def test_a_file_is_described_and_pictured_before_it_is_opened(panel, root):
    assert "Nothing open yet" in seen.text(panel)
    view(panel).value = ["b10.mrc"]
    assert "Nothing open yet" not in seen.text(panel)
    assert facts(panel) == {
        "kind": f"MRC, {round((root / 'b10.mrc').stat().st_size / 1000)} kB",
        "projections": "5 of 48 x 32 px",
        "values": "int16",
        "in memory": "15 kB",
        "tilts": "-40.0° to 40.0°",
        "tilts from": "b10.rawtlt",
        "pixel size": "1.25 nm",
    }
    image, caption = picture(panel)
    assert image.shape == (32, 48)
    assert (image[:16, :24] == 255).all()
    assert image.sum() == 255 * 16 * 24
    assert caption == "projection 3 of 5, +1.0°"
    assert panel.model.stack is None


def test_a_file_is_entered_and_opened_with_its_tilts(panel):
    view(panel).receive({"type": "enter", "what": "b10.mrc"})
    np.testing.assert_allclose(panel.model.stack.tilts_deg, ANGLES)


@pytest.mark.parametrize(
    ("written", "expected"), [("other.rawtlt", [10, 20, 30, 40, 50]), ("-30, 15", [-30, -15, 0, 15, 30])]
)
def test_where_tilts_are_missing_they_are_given_before_opening(panel, written, expected):
    view(panel).value = ["b9.mrc"]
    assert "No tilts were found" in seen.text(panel)
    assert facts(panel)["tilts"] == "none"
    assert panel.controls["tilts-file"].options == ("b10.rawtlt", "other.rawtlt", "short.tlt")
    panel.controls["tilts-file"].value = written
    assert "No tilts were found" not in seen.text(panel)
    assert facts(panel)["tilts"] == f"{min(expected):.1f}° to {max(expected):.1f}°"
    panel.controls["open"].click()
    np.testing.assert_allclose(panel.model.stack.tilts_deg, expected)


def test_tilts_that_do_not_fit_are_told_before_opening(panel):
    view(panel).value = ["b9.mrc"]
    panel.controls["tilts-file"].value = "short.tlt"
    assert "short.tlt has 2 tilts for 5 projections" in seen.text(panel)
    view(panel).value = ["b10.mrc"]  # the tilts of one file are not those of the next
    assert panel.controls["tilts-file"].value == ""


def test_one_image_and_a_damaged_file_say_so_and_cannot_be_opened(panel, root):
    view(panel).receive({"type": "enter", "what": "day"})
    view(panel).value = ["s_0deg.tif"]
    assert "One image, no tilt series" in seen.text(panel)
    assert picture(panel)[1] == "the image"
    (root / "day" / "bad.mrc").write_bytes(b"nothing")
    view(panel).receive({"type": "again"})
    view(panel).value = ["bad.mrc"]
    assert "an MRC header alone has 1024" in seen.text(panel)
    assert panel.controls["open"] not in list(seen.parts(panel))


def test_what_does_not_fit_into_memory_is_told(panel, monkeypatch):
    monkeypatch.setattr("etwidgets.panels.file_look.fits_memory", lambda _bytes: False)
    view(panel).value = ["b10.mrc"]
    assert "It needs 15 kB of memory" in seen.text(panel)


def test_a_volume_is_told_and_asks_for_no_tilts(panel, root):
    RecStack(np.ones((7, 5, 6), np.float32)).save(root / "v.hspy")
    view(panel).receive({"type": "again"})
    view(panel).value = ["v.hspy"]
    assert facts(panel)["volume"] == "7 x 5 x 6 voxels (x, z, y)"
    assert picture(panel)[1] == "slice 4 of 7 along x"
    assert panel.controls["tilts-file"] not in list(seen.parts(panel))


# -- several files ----------------------------------------------------------------------------------


def test_a_folder_of_single_images_is_one_series_at_one_click(panel):
    view(panel).value = ["day"]
    assert facts(panel)["projections"] == "3 of 9 x 8 px"
    assert facts(panel)["tilts"] == "-10.0° to 10.0°"
    assert facts(panel)["in memory"] == "1 kB"
    assert picture(panel)[1] == "s_0deg.tif, +0.0°"
    panel.controls["open-series"].click()
    np.testing.assert_allclose(panel.model.stack.data[:, 0, 0], [0, 1, 2])


def test_a_folder_of_whole_series_is_not_one(panel, root):
    for name in ("a.mrc", "b.mrc"):
        write_mrc(root / "day 2" / name)
    view(panel).receive({"type": "again"})
    view(panel).value = ["day 2"]
    assert "2 files, each a series by itself. Double-click" in seen.text(panel)
    assert panel.controls["open-series"] not in list(seen.parts(panel))
    tifffile.imwrite(root / "day 2" / "c.tif", np.ones((4, 4), np.uint8))
    view(panel).value = []
    view(panel).value = ["day 2"]
    assert "Files that can be opened: 2 MRC, 1 TIFF." in seen.text(panel)


def test_one_file_after_several_takes_their_place(panel):
    view(panel).value = ["day"]
    view(panel).value = ["b10.mrc"]
    assert panel.controls["open-series"] not in list(seen.parts(panel))
    assert facts(panel)["projections"] == "5 of 48 x 32 px"
    view(panel).value = []
    assert "Nothing open yet" in seen.text(panel)


# -- what was opened before -------------------------------------------------------------------------


def test_recent_files_are_offered_and_chosen_again_with_their_tilts(panel, root, recent):
    view(panel).value = ["b9.mrc"]
    panel.controls["tilts-file"].value = "other.rawtlt"
    panel.controls["open"].click()
    view(panel).value = ["day"]
    panel.controls["open-series"].click()
    assert [each["label"] for each in view(panel).recent] == ["s_-10deg.tif and 2 more", "b9.mrc"]
    view(panel).receive({"type": "recent", "what": 0})
    assert view(panel).value == ["s_-10deg.tif", "s_0deg.tif", "s_10deg.tif"]
    assert facts(panel)["projections"] == "3 of 9 x 8 px"
    view(panel).receive({"type": "recent", "what": 1})
    assert (view(panel).value, panel.controls["file"].value) == (["b9.mrc"], "b9.mrc")
    assert facts(panel)["tilts"] == "10.0° to 50.0°"
    view(panel).receive({"type": "open-recent", "what": 1})
    assert panel.model.stack.tilts_deg.tolist() == [10, 20, 30, 40, 50]


def test_a_recent_file_that_is_gone_is_gray_and_does_nothing(made, root, recent):
    recent.add({"path": str(root / "gone.mrc")})
    recent.add({"path": str(root / "b9.mrc")})
    panel = made(DataPanel(Session(root=root, recent=recent), root))
    assert [(each["label"], each["gone"]) for each in view(panel).recent] == [
        ("b9.mrc", False),
        ("gone.mrc", True),
    ]
    (root / "b9.mrc").unlink()
    for place in (0, 1):
        view(panel).receive({"type": "recent", "what": place})
        view(panel).receive({"type": "open-recent", "what": place})
    assert [each["gone"] for each in view(panel).recent] == [True, True]
    assert (view(panel).value, panel.model.stack) == ([], None)


# -- the worker -------------------------------------------------------------------------------------


def test_the_page_stays_alive_and_the_newest_choice_wins(root, monkeypatch):
    """Of three that are chosen while the first is still read, the second is never read."""
    go_on, read, look_at_file = threading.Event(), [], file_card.look_at_file

    def slow(path):
        read.append(path.name)
        assert go_on.wait(20)
        return look_at_file(path)

    monkeypatch.setattr(file_card, "look_at_file", slow)
    write_mrc(root / "b11.mrc", ANGLES[:4])

    async def until(holds):
        while not holds():  # noqa: ASYNC110  (set by a thread)
            await asyncio.sleep(0.01)

    async def work():
        panel = DataPanel(Session(runner=ThreadRunner(), root=root), root)
        for name in ("b9.mrc", "b10.mrc", "b11.mrc"):
            view(panel).value = [name]
            await until(lambda: read)
        assert "Reading" in seen.text(panel)
        go_on.set()
        await until(lambda: "Reading" not in seen.text(panel))
        said = facts(panel)["projections"]
        panel.session.close()
        panel.close()
        return said

    assert asyncio.run(asyncio.wait_for(work(), 30)) == "4 of 48 x 32 px"
    assert read == ["b9.mrc", "b11.mrc"]
