"""A session file from a stranger: nothing in it is executed, and nothing outside the folder is opened."""

import builtins
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etwidgets import io
from etwidgets.app import Workbench
from etwidgets.errors import EtwidgetsError, FileFormatError, UnsafeFileError
from etwidgets.session import OPERATIONS, Autosave, InlineRunner, Session
from etwidgets.signals import TomoStack


@pytest.fixture
def place(tmp_path):
    """A root with a series in it, and one outside."""
    root = tmp_path / "root"
    root.mkdir()
    images = np.random.default_rng(0).random((5, 8, 8), dtype=np.float32)
    stack = TomoStack(images, [-20, -10, 0, 10, 20])
    io.save(stack, root / "series.hspy")
    io.save(stack, tmp_path / "outside.hspy")
    return root


def written(root, *steps, **content):
    """A session file with steps ``(operation, parameters)``."""
    listed = [
        {"operation": name, "parameters": parameters, "words": name, "seconds": 1.0, "before": "",
         "after": "", "when": ""}
        for name, parameters in steps
    ]  # fmt: skip
    made = {
        "format": "etwidgets-session", "version": 1, "etwidgets": "1", "start": None, "source": "",
        "position": len(listed), "steps": listed, "kept": [], "display": {},
    }  # fmt: skip
    path = root / "session.json"
    path.write_text(json.dumps({**made, **content}))
    return path


@pytest.fixture
def opened(monkeypatch):
    """The files that were opened, but by the loop of a cluster that other tests left: it reads /proc."""
    seen = []

    def keep(path):
        if threading.current_thread().name != "IO loop":
            seen.append(str(path))

    before, before_os, load = builtins.open, os.open, io.load

    def note(path, *args, **kwargs):
        keep(path)
        return before(path, *args, **kwargs)

    def note_os(path, *args, **kwargs):
        keep(path)
        return before_os(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", note)
    monkeypatch.setattr(os, "open", note_os)
    monkeypatch.setattr(io, "load", lambda path, **options: seen.append(str(path)) or load(path, **options))
    return seen


def outside_paths(root):
    (root / "link.hspy").symlink_to(root.parent / "outside.hspy")
    (root / "folder").symlink_to(root.parent)
    return [
        str(root.parent / "outside.hspy"), "../outside.hspy", str(root / ".." / "outside.hspy"),
        str(root / "none" / ".." / ".." / "outside.hspy"), str(root / "link.hspy"),
        str(root / "folder" / "outside.hspy"), str(root / "folder"), str(root / "folder" / "*.hspy"),
        str(root / "*k.hspy"), "/etc/passwd", "~/outside.hspy", "file:///etc/passwd", "http://127.0.0.1/x.mrc",
        "//127.0.0.1/share/x.mrc", "/dev/zero", "/proc/self/environ", str(root) + "-other/x.hspy",
        [str(root / "series.hspy"), "/etc/passwd"], [[["/etc/passwd"]]],
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(19))
@pytest.mark.parametrize("operation", ["open", "open_spectra"])
def test_no_step_opens_a_file_outside_the_folder(place, opened, monkeypatch, operation, number):
    path = outside_paths(place)[number]
    file = written(place, (operation, {"path": path}))
    monkeypatch.chdir(place)
    session = Session(runner=InlineRunner(), root=place)
    del opened[:]
    with pytest.raises((UnsafeFileError, FileNotFoundError)):
        session.open_session(file)
    strange = [each for each in opened if Path(each) != file and "session.json" not in each]
    assert strange == []
    assert session.history == ()


@pytest.mark.parametrize("name", ["tilts", "path"])
def test_neither_does_a_later_step_nor_one_that_was_set_aside(place, opened, name):
    good = ("open", {"path": str(place / "series.hspy")})
    bad = ("open", {"path": str(place / "series.hspy"), name: "/etc/passwd"})
    line = written(place, good, bad, position=1)  # undone steps can be done again by a click
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        Session(root=place).open_session(line)
    steps = json.loads(written(place, bad).read_text())["steps"]
    aside = written(place, good, kept=[{"label": "x", "steps": steps, "position": 1}])
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        Session(root=place).open_session(aside)
    assert [each for each in opened if "passwd" in each] == []


def test_repeating_and_single_steps_keep_to_the_folder_too(place):
    session = Session(root=place)
    session.open(str(place / "series.hspy"))
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        session.open(str(place.parent / "outside.hspy"))
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        session.apply("add_channel", path="/etc/passwd", name="Ni")
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        session.apply("apply_alignment_file", path=str(place.parent / "a.xf"))
    steps = (
        ("open", {"path": str(place / "series.hspy")}),
        ("normalize", {}),
        ("open", {"path": "/etc/passwd"}),
    )
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        session.repeat(written(place, *steps))


def test_a_session_that_was_kept_is_continued_in_the_folder_only(place, tmp_path):
    kept = tmp_path / "state"
    first = Session(autosave=Autosave(kept))
    first.open(str(place.parent / "outside.hspy"))
    first.apply("bin", factor=2)
    first.autosave.release()
    name = first.autosave.folder.name
    page = Session(autosave=Autosave(kept, name), root=place)
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        page.resume()
    assert page.model.stack is None
    again = Session(autosave=Autosave(kept, name), root=place.parent)
    again.resume()
    assert again.model.stack.data.shape == (5, 4, 4)


def test_a_served_page_keeps_to_its_folder_and_a_notebook_does_not(place):
    outside = str(place.parent / "outside.hspy")
    page = Workbench(root=place, runner=InlineRunner(), served=True)
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        page.session.open_session(written(place, ("open", {"path": outside})))
    page.close()
    notebook = Workbench(root=place, runner=InlineRunner())
    notebook.session.open(outside)
    assert notebook.model.stack.data.shape == (5, 8, 8)
    notebook.close()


def test_a_good_session_file_is_opened_in_the_folder(place):
    session = Session(root=place)
    session.open(str(place / "series.hspy"))
    session.apply("bin", factor=2)
    path = session.save(place / "mine.json")
    again = Session(root=place)
    again.open_session(path)
    assert np.array_equal(again.model.stack.data, session.model.stack.data)


@pytest.mark.parametrize(
    "name", ["__import__", "os.system", "eval", "__class__", "open_session", "save", "apply"]
)
def test_a_step_is_an_operation_of_the_table_or_nothing(place, name):
    with pytest.raises(EtwidgetsError, match="no operation"):
        Session(root=place).open_session(written(place, (name, {"path": "x"})))


@pytest.mark.parametrize(
    "start", ["../outside.hspy", "/etc/passwd", "a/b.hspy", "..\\x.hspy", "x\0.hspy", "", 3]
)
def test_the_first_series_lies_beside_the_file(place, start):
    with pytest.raises(FileFormatError, match=r"damaged.*beside it"):
        Session(root=place).open_session(written(place, start=start))


def test_a_link_beside_the_file_is_no_first_series(place):
    (place / "start.hspy").symlink_to(place.parent / "outside.hspy")
    with pytest.raises(UnsafeFileError, match="outside the folder"):
        Session(root=place).open_session(written(place, start="start.hspy"))


FORBIDDEN = ("passwd", "outside.hspy")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just(10**400),
    st.sampled_from(["/etc/passwd", "../outside.hspy", "~", "*", "\0", "x" * 5000]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ["operation", "parameters", "words", "seconds", "before", "after", "when"]
NAMES = sorted({name for operation in OPERATIONS.values() for name in operation.parameters})


@pytest.fixture
def first_step(place):
    """A step that opens the series, as it is in a session file."""
    session = Session()
    session.open(str(place / "series.hspy"))
    return json.loads(session.save(place / "first.json").read_text())["steps"]


@st.composite
def session_contents(draw):
    """A session that was made by hand: some fields right, others anything."""
    steps = []
    for _ in range(draw(st.integers(0, 3))):
        parameters = draw(st.one_of(VALUES, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3)))
        operation = draw(st.one_of(st.sampled_from(sorted(OPERATIONS)), VALUES))
        step = {"operation": operation, "parameters": parameters, "words": "x", "seconds": 1.0, "before": "",
                "after": "", "when": ""}  # fmt: skip
        step.update(draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=1)))
        steps.append(step)
    content = {"format": "etwidgets-session", "version": 1, "start": None, "source": "",
               "position": len(steps), "steps": steps, "kept": [], "display": {}}  # fmt: skip
    content.update(draw(st.dictionaries(st.sampled_from(sorted(content)), VALUES, max_size=1)))
    return content


@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(content=session_contents(), begun=st.booleans())
def test_whatever_a_session_file_holds_it_opens_or_is_refused_in_words(
    place, first_step, opened, content, begun
):
    path = place / "session.json"
    if begun and isinstance(content["steps"], list) and type(content["position"]) is int:
        content = {**content, "steps": first_step + content["steps"], "position": content["position"] + 1}
    path.write_text(json.dumps(content))
    del opened[:]
    session = Session(runner=InlineRunner(), root=place)
    try:
        session.open_session(path)
    except (EtwidgetsError, FileNotFoundError) as error:
        assert str(error)  # noqa: PT017  (both ends are right)
    assert [each for each in opened if each.endswith(FORBIDDEN)] == []
    session.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_bytes_that_are_no_session_are_refused(place, content):
    path = place / "session.json"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"not a session|is damaged"):
        Session(root=place).open_session(path)
