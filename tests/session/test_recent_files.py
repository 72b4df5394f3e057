"""What was opened is remembered: the newest first, at most twelve, and nothing outside a folder."""

import json
from pathlib import Path

import pytest

from etwidgets.session import RecentFiles, Session


@pytest.fixture
def recent(tmp_path):
    return RecentFiles(tmp_path / "state" / "recent-files.json")


def names(found):
    return [each.paths[0].name for each in found]


def test_the_newest_comes_first_each_once_and_at_most_twelve(recent, tmp_path):
    for number in [*range(14), 5]:
        recent.add({"path": str(tmp_path / f"{number}.mrc")})
    assert names(recent.read()) == [f"{number}.mrc" for number in (5, 13, 12, 11, 10, 9, 8, 7, 6, 4, 3, 2)]
    assert [each.there for each in recent.read()] == [False] * 12


def test_a_session_notes_what_it_opens_and_nothing_else(recent, stack, tmp_path):
    stack.save(tmp_path / "a.hspy")
    session = Session(recent=recent)
    session.apply("sample", name="needle")
    assert recent.read() == []
    with pytest.raises(FileNotFoundError):
        session.open(tmp_path / "b.hspy")
    session.open([tmp_path / "a.hspy"])
    (only,) = recent.read()
    assert (only.paths, only.tilts, only.there) == ((tmp_path / "a.hspy",), "", True)


def test_the_file_of_the_tilts_is_remembered_with_the_series(recent, tmp_path):
    recent.add({"path": "/data/a.mrc", "tilts": "/data/a.txt"})
    recent.add({"path": "/data/b.mrc", "tilts": [1.0, 2.0]})
    assert [each.tilts for each in recent.read()] == ["", str(Path("/data/a.txt"))]


def test_only_what_lies_in_the_folder_is_offered(recent, tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.mrc").write_bytes(b"x")
    (root / "link.mrc").symlink_to(outside / "secret.mrc")
    (root / "round.mrc").symlink_to(root / "round.mrc")
    (root / "in.mrc").write_bytes(b"x")
    for path in ("outside/secret.mrc", "root/link.mrc", "root/../outside/secret.mrc", "root/round.mrc"):
        recent.add({"path": str(tmp_path / path)})
    recent.add({"path": [str(root / "in.mrc"), str(outside / "secret.mrc")]})
    recent.add({"path": str(root / "gone.mrc")})
    recent.add({"path": str(root / "in.mrc"), "tilts": str(outside / "secret.mrc")})
    assert names(recent.below(root)) == ["gone.mrc"]
    recent.add({"path": str(root / "in.mrc")})
    assert names(recent.below(root)) == ["in.mrc", "gone.mrc"]


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[" * 100_000, "7", '{"a": 1}',
        '[7, {"paths": []}, {"paths": [1]}, {"paths": ["a"], "tilts": 3}]',
        json.dumps([{"paths": ["a\0b"]}]),
    ],
)  # fmt: skip
def test_what_is_damaged_is_passed_over(recent, tmp_path, content):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "recent-files.json").write_text(content)
    assert recent.read() == []
    recent.add({"path": str(tmp_path / "a.mrc")})
    assert names(recent.read()) == ["a.mrc"]


def test_a_full_or_forbidden_disk_stops_no_opening(tmp_path, stack, caplog):
    (tmp_path / "file").write_text("in the way")
    stack.save(tmp_path / "a.hspy")
    session = Session(recent=RecentFiles(tmp_path / "file" / "recent-files.json"))
    session.open(tmp_path / "a.hspy")
    assert session.model.source == "a.hspy"
    assert "cannot be noted" in caplog.text
