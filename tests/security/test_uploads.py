"""What a hostile or broken page can do with uploads: nothing outside its folder, and over no other file."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etwidgets.io import EXTENSIONS, safe_new_path
from etwidgets.panels import DataPanel
from etwidgets.session import InlineRunner, Session
from etwidgets.views import UploadView


class Sender:
    """Sends what the page's script would, or something else, and hears the answers."""

    def __init__(self, folder, limit=1000):
        self.answers, self.sent = [{}], 0
        self.view = UploadView(lambda name: safe_new_path(folder, name), [*EXTENSIONS], limit)
        self.view.send = self.answers.append
        self.opened = []
        self.view.on_files(self.opened.append)

    def send(self, kind, *pieces, **content):
        if kind == "begin":
            self.sent = 0
        told = {"type": kind, "choice": 1, "offset": self.sent, **content}
        self.sent += sum(map(len, pieces))
        self.view.receive(told, list(pieces))
        return self.answers[-1]

    def whole(self, name, content):
        self.send("begin", name=name, size=len(content))
        self.send("piece", content)
        return self.send("end")


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


def names(folder):
    return sorted(path.name for path in folder.iterdir())


BAD_NAMES = [
    "../a.mrc", "/etc/a.mrc", "a/b.mrc", "..", ".", "", ".a.mrc", "a\\b.mrc", "a\0.mrc", "x" * 4096 + ".mrc",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:12]))
def test_a_bad_name_is_refused_and_writes_nothing(folder, name):
    sender = Sender(folder)
    assert sender.send("begin", name=name, size=4)["type"] == "refused"
    sender.send("piece", b"evil")
    sender.send("end")
    assert names(folder) == []
    assert names(folder.parent) == ["root"]


def test_a_link_in_the_place_of_the_new_file_is_not_followed(folder):
    outside = folder.parent / "outside.mrc"
    outside.write_bytes(b"mine")
    (folder / "a.mrc").symlink_to(outside)
    assert Sender(folder).whole("a.mrc", b"evil")["type"] == "refused"
    assert outside.read_bytes() == b"mine"


def test_a_link_that_appears_during_the_upload_is_not_followed(folder):
    outside = folder.parent / "outside.mrc"
    sender = Sender(folder)
    sender.send("begin", name="a.mrc", size=4)
    sender.send("piece", b"evil")
    (folder / "a.mrc").symlink_to(outside)
    assert sender.send("end")["type"] == "refused"
    assert not outside.exists()


def test_the_folder_of_uploads_may_not_lead_out(folder):
    (folder / "uploads").symlink_to(folder.parent)
    panel = DataPanel(Session(runner=InlineRunner()), folder)
    answers = []
    view = next(each for each in panel.views if isinstance(each, UploadView))
    view.send = answers.append
    view.receive({"type": "begin", "name": "a.mrc", "size": 4})
    assert answers[-1]["type"] == "refused"
    assert names(folder.parent) == ["root"]
    panel.close()


def test_answers_and_pieces_of_a_choice_that_was_cancelled_are_not_taken_for_those_of_the_next(folder):
    sender = Sender(folder)
    assert sender.send("begin", name="a.mrc", size=6, choice=1) == {"type": "go", "choice": 1}
    assert sender.send("begin", name="a.mrc", size=6, choice=2) == {"type": "go", "choice": 2}
    sender.send("piece", b"012", choice=1, offset=0)  # was on its way when the first choice was cancelled
    sender.send("piece", b"012", choice=2, offset=0)
    assert sender.send("piece", b"345", choice=2, offset=3) == {"type": "go", "choice": 2}
    assert sender.send("end", choice=2) == {"type": "kept", "choice": 2}
    assert (folder / "a.mrc").read_bytes() == b"012345"


def test_a_piece_that_comes_twice_is_refused(folder):
    sender = Sender(folder)
    sender.send("begin", name="a.mrc", size=6)
    sender.send("piece", b"012", offset=0)
    answer = sender.send("piece", b"012", offset=0)
    assert answer["type"] == "refused"
    assert "came twice" in answer["why"]
    assert names(folder) == []


@pytest.mark.parametrize("end", ["close", "stop", "end", "begin"])
def test_an_upload_that_is_cut_off_leaves_nothing(folder, end):
    sender = Sender(folder)
    sender.send("begin", name="a.mrc", size=8)
    sender.send("piece", b"half")
    if end == "close":
        sender.view.close()
    else:
        sender.send(end, name="b.mrc", size=8)
    if end == "begin":  # the second file is under way
        sender.view.close()
    assert names(folder) == []
    assert sender.opened == []


def test_two_uploads_of_one_name_at_a_time_do_not_mix(folder):
    first, second = Sender(folder), Sender(folder)
    for sender in (first, second):
        assert sender.send("begin", name="a.mrc", size=8)["type"] == "go"
    first.send("piece", b"1111")
    second.send("piece", b"2222")
    first.send("piece", b"1111")
    second.send("piece", b"2222")
    assert first.send("end")["type"] == "kept"
    answer = second.send("end")
    assert answer["type"] == "refused"
    assert "a.mrc already exists" in answer["why"]
    assert (folder / "a.mrc").read_bytes() == b"11111111"
    assert names(folder) == ["a.mrc"]


def test_two_uploads_of_one_name_on_a_disk_without_links(folder, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert Sender(folder).whole("a.mrc", b"1111")["type"] == "kept"
    second = Sender(folder)
    second.send("begin", name="b.mrc", size=4)
    second.send("piece", b"2222")
    (folder / "b.mrc").write_bytes(b"mine")
    assert second.send("end")["type"] == "refused"
    assert [(folder / name).read_bytes() for name in names(folder)] == [b"1111", b"mine"]


def test_more_than_was_announced_or_allowed_is_refused(folder):
    sender = Sender(folder, limit=10)
    assert "more than a page takes" in sender.send("begin", name="a.mrc", size=11)["why"]
    sender.send("begin", name="a.mrc", size=4)
    assert "more data came" in sender.send("piece", b"12345")["why"]
    assert sender.whole("a.mrc", b"12345678")["type"] == "kept"
    assert "more than a page takes" in sender.send("begin", name="b.mrc", size=4)["why"]  # together
    assert names(folder) == ["a.mrc"]


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["begin", "piece", "end", "all", "stop", "mud"]),
            st.dictionaries(st.sampled_from(["name", "size"]), ANYTHING),
            st.lists(st.binary(max_size=8), max_size=1),
        ),
        max_size=8,
    )
)
def test_no_sequence_of_messages_breaks_it_or_leaves_the_folder(tmp_path_factory, messages):
    root = tmp_path_factory.mktemp("uploads") / "root"
    root.mkdir()
    sender = Sender(root)
    for kind, content, pieces in messages:
        sender.view.receive({**content, "type": kind}, pieces)
    sender.view.close()
    assert [path.name for path in root.parent.iterdir()] == ["root"]
    assert [name for name in names(root) if name.startswith(".")] == []
