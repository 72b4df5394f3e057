"""What was done is kept on disk as it is done, and comes back: steps, and what was expensive to compute."""

import gc
import json
import os
import shutil
import subprocess
import sys
import time
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from etwidgets import autosaved_sessions
from etwidgets.align import Alignment
from etwidgets.autosaved_sessions import About, AutosavedSession, list_sessions
from etwidgets.errors import FileFormatError, HistoryError, UnsafeFileError
from etwidgets.panels.resume_strip import ResumeStrip
from etwidgets.progress import Cancelled
from etwidgets.session import Autosave, Session, TomoStackModel, begin_autosave, running
from etwidgets.session.autosaved_results import Results, ResultsFolder
from etwidgets.session.history import History, State
from etwidgets.session.runners import InlineRunner
from etwidgets.signals import TomoStack

KILLED = """
import os, sys
from pathlib import Path
from etwidgets.session import Autosave, Session
session = Session(autosave=Autosave(Path(sys.argv[1])))
session.apply("open", path=sys.argv[2])
session.apply("bin", factor=2)
session.apply("reconstruct", method="SIRT", iterations=3)
session.undo()
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """A small file."""
    path = tmp_path_factory.mktemp("series") / "blobs.hspy"
    data = np.random.default_rng(3).poisson(50, (15, 48, 40)).astype(np.float32)
    TomoStack(data, tilts=np.linspace(-70, 70, 15)).save(path)
    return str(path)


@pytest.fixture(scope="module")
def left(tmp_path_factory, series):
    folder = tmp_path_factory.mktemp("killed") / "sessions"
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(folder), series]
    run = subprocess.run(command, check=False)
    assert run.returncode != 0
    return folder


@pytest.fixture
def killed(left, tmp_path):
    """The folder of a process that was killed in the middle of its work."""
    return shutil.copytree(left, tmp_path / "sessions")


@pytest.fixture
def always_keep(monkeypatch):
    """Results are kept however fast they were computed."""
    monkeypatch.setattr(Results, "worth_keeping", True)


def leftovers(folder):
    return [kept for kept in list_sessions(folder) if not kept.about.at_work]


def worked_through(folder, series):
    session = Session(autosave=Autosave(folder))
    session.apply("open", path=series)
    session.apply("bin", factor=2)
    session.apply("reconstruct", method="FBP")
    return session


def test_the_work_of_a_killed_process_is_offered_and_continued(killed, series):
    session = Session(autosave=Autosave(killed))
    strip = ResumeStrip(session, killed)
    assert "blobs.hspy" in strip._note.value
    assert "2 steps, the last one &#x27;Bin: factor 2&#x27;" in strip._note.value
    strip.controls["resume"].click()
    expected = Session()
    expected.apply("open", path=series)
    expected.apply("bin", factor=2)
    assert np.array_equal(strip.model.stack.data, expected.model.stack.data)
    assert strip.model.can_redo
    assert strip.widget.layout.display == "none"
    strip.close()
    session.close()
    assert list_sessions(killed) == []


def test_what_is_discarded_is_gone_and_nothing_else_happens(killed):
    strip = ResumeStrip(Session(), killed)
    strip.controls["discard"].click()
    assert strip.model.stack is None
    assert leftovers(killed) == []
    strip.close()


def test_a_served_page_goes_to_the_address_of_a_session(killed):
    gone_to = []
    strip = ResumeStrip(Session(), killed, gone_to.append)
    strip.controls["resume"].click()
    strip.controls["all"].click()
    assert gone_to == [f"?session={list_sessions(killed)[0].name}", "sessions"]
    assert strip.model.stack is None
    strip.close()


def test_a_session_at_work_is_not_offered_and_a_closed_one_leaves_nothing(tmp_path, series):
    session = worked_through(tmp_path, series)
    assert len(list_sessions(tmp_path)) == 1
    assert leftovers(tmp_path) == []
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_the_same_number_that_began_later_is_another(killed):
    kept = list_sessions(killed)[0]
    mine = replace(kept.about, **autosaved_sessions.this_process())
    assert mine.at_work
    assert not replace(mine, started_at=psutil.Process().create_time() - 100).at_work


def test_results_come_back_from_disk_and_are_not_computed_again(tmp_path, always_keep, monkeypatch, series):
    first = worked_through(tmp_path, series)
    first.autosave.release()
    monkeypatch.setattr("etwidgets.session.running.run", lambda *_: pytest.fail("a step was computed again"))
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    second.resume()
    for name in ("stack", "reconstruction"):
        was, now = getattr(first.model, name), getattr(second.model, name)
        assert np.array_equal(was.data, now.data)
        assert was.data.dtype == now.data.dtype
        assert [(a.name, a.scale, a.units) for a in was.axes_manager._axes] == [
            (a.name, a.scale, a.units) for a in now.axes_manager._axes
        ]
    assert [line.label for line in second.model.history] == [line.label for line in first.model.history]
    assert second.model.source == "blobs.hspy"


def test_the_steps_after_the_kept_results_are_done_again(tmp_path, always_keep, monkeypatch, series):
    first = worked_through(tmp_path, series)
    monkeypatch.setattr(Results, "worth_keeping", False)
    first.apply("reconstruct", method="BP")
    first.autosave.release()
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    second.resume()
    assert np.array_equal(second.model.reconstruction.data, first.model.reconstruction.data)
    assert len(second.history) == 4


def test_results_that_were_changed_on_disk_are_computed_again(tmp_path, always_keep, series):
    first = worked_through(tmp_path, series)
    first.autosave.release()
    folder = first.autosave.folder / "results"
    known = json.loads((folder / "results.json").read_text())
    # the volume's file holds another volume now
    other = first.model.reconstruction.deepcopy()
    other.data[0, 0, 0] += 1
    other.save(folder / known["reconstruction"][0], overwrite=True)
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    second.resume()
    assert np.array_equal(second.model.reconstruction.data, first.model.reconstruction.data)


def test_spectra_are_opened_again_beside_kept_results(tmp_path, always_keep):
    first = Session(autosave=Autosave(tmp_path))
    first.apply("sample", name="EDX needle")
    first.apply("map_elements", lines=["Ni_Ka"])
    first.autosave.release()
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    second.resume()
    assert second.model.spectra.data.shape == first.model.spectra.data.shape
    assert [channel.name for channel in second.model.channels] == ["Ni_Ka"]
    assert np.array_equal(second.model.channels[0].stack.data, first.model.channels[0].stack.data)


def test_only_the_present_results_stay_on_disk(tmp_path, always_keep, series):
    session = worked_through(tmp_path, series)
    folder = session.autosave.folder / "results"
    assert len(list(folder.glob("*.hspy"))) == 2
    session.apply("crop", x_start=4, x_stop=20, y_start=0, y_stop=20)  # the volume stays, but is stale
    assert len(list(folder.glob("*.hspy"))) == 2
    session.apply("open", path=series)
    assert len(list(folder.glob("*.hspy"))) == 1


def test_what_is_computed_faster_than_written_is_not_kept(tmp_path, series):
    session = Session(autosave=Autosave(tmp_path))
    session.apply("open", path=series)
    session.apply("bin", factor=2)
    results = Results(session._core.state, session.history)
    assert not replace(results, steps=(replace(session.history[0], seconds=0.9),)).worth_keeping
    assert replace(results, steps=(replace(session.history[0], seconds=1.1),)).worth_keeping


def test_what_is_done_after_coming_back_begins_at_the_same_original_images(tmp_path, series):
    """Shifted, kept, rotated: one interpolation of the images that were opened, before and after."""
    session = Session(autosave=Autosave(tmp_path))
    session.apply("open", path=series)
    session.apply("shift_one", projection=3, yshift=1.3, xshift=-0.4)
    kept = ResultsFolder(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    kept.keep(Results(session._core.state, session.history))
    found = ResultsFolder(tmp_path / "kept").find(session.history)
    rotation = Alignment.of(np.full((15, 2), 0.5), rotation_deg=2)
    before, after = (
        state.stack.apply_alignment(rotation).data for state in (session._core.state, found.state)
    )
    assert np.array_equal(before, after)
    assert not np.array_equal(after, found.state.stack.apply_alignment(rotation, from_original=False).data)
    assert len(list((tmp_path / "kept" / "results").glob("*.npy"))) == 1


def test_the_oldest_results_of_others_make_room(tmp_path, monkeypatch):
    for age, name in ((300, "a" * 16), (200, "b" * 16), (100, "c" * 16)):
        (tmp_path / name / "results").mkdir(parents=True)
        (tmp_path / name / "results" / "x.hspy").write_bytes(bytes(1000))
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    monkeypatch.setattr(autosaved_sessions, "results_limit", lambda _folder: 2500)
    assert autosaved_sessions.size_of_results(tmp_path) == 3000
    assert not autosaved_sessions.make_room(tmp_path, 2600, keep=tmp_path / ("c" * 16))
    assert autosaved_sessions.size_of_results(tmp_path) == 3000
    assert autosaved_sessions.make_room(tmp_path, 1200, keep=tmp_path / ("c" * 16))
    assert [(tmp_path / (letter * 16) / "results").exists() for letter in "abc"] == [False, True, True]


def test_what_cannot_be_read_is_removed_and_only_ten_are_kept(killed):
    good = list_sessions(killed)[0]
    (killed / "999999999").mkdir()
    os.utime(killed / "999999999", (0, 0))
    for number in range(12):
        copy = shutil.copytree(good.folder, killed / f"{number:016x}")
        autosaved_sessions.write_about(copy, replace(good.about, saved_at=time.time() - 100 + number))
    old = shutil.copytree(good.folder, killed / "dddddddddddd")
    autosaved_sessions.write_about(old, replace(good.about, saved_at=time.time() - 40 * 24 * 3600))
    autosaved_sessions.tidy(killed)
    assert [kept.name for kept in list_sessions(killed)] == [
        good.name,
        *(f"{n:016x}" for n in range(11, 2, -1)),
    ]
    assert len(list(killed.iterdir())) == 10


def test_a_session_that_cannot_be_continued_stays_as_it_was(tmp_path, series):
    first = worked_through(tmp_path, series)
    first.autosave.release()
    steps = first.autosave.folder / "session.json"
    content = json.loads(steps.read_text())
    content["steps"][1]["after"] = "0" * 16
    steps.write_text(json.dumps(content))
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    with pytest.raises(HistoryError, match="gave another result"):
        second.resume()
    second.apply("open", path=series)
    assert json.loads(steps.read_text()) == content
    assert [kept.folder for kept in leftovers(tmp_path)] == [first.autosave.folder]


def test_a_session_whose_continuing_was_cancelled_stays_as_it_was(tmp_path, series, always_keep):
    first = worked_through(tmp_path, series)
    first.autosave.release()
    steps = first.autosave.folder / "session.json"
    content = steps.read_text()
    second = Session(autosave=Autosave(tmp_path, first.autosave.folder.name))
    reopen = running.reopen

    def cancelled_meanwhile(*arguments, **options):
        second.cancel()
        return reopen(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "reopen", cancelled_meanwhile)
        with pytest.raises(Cancelled):
            second.resume()
    second.apply("open", path=series)
    second.apply("normalize")
    assert steps.read_text() == content
    assert [kept.folder for kept in leftovers(tmp_path)] == [first.autosave.folder]


def test_of_two_notebooks_that_offer_a_session_one_continues_it(killed):
    one, two = (ResumeStrip(Session(autosave=Autosave(killed)), killed) for _ in range(2))
    name = list_sessions(killed)[0].name
    one.controls["resume"].click()
    two.controls["resume"].click()
    assert len(one.session.history) == 2
    assert len(two.session.history) == 0
    assert "worked on in another page" in two.model.message.text
    three = ResumeStrip(Session(autosave=Autosave(killed)), killed)
    assert three.widget.layout.display == "none"
    assert (killed / name).is_dir()
    for strip in (one, two, three):
        strip.close()


def test_a_session_that_was_continued_meanwhile_is_not_discarded(killed):
    one, two = (ResumeStrip(Session(autosave=Autosave(killed)), killed) for _ in range(2))
    one.controls["resume"].click()
    two.controls["discard"].click()
    assert len(list_sessions(killed)) == 1
    assert "not discarded" in two.model.message.text
    one.close()
    two.close()


def test_a_session_that_cannot_be_read_is_not_overwritten(killed):
    kept = list_sessions(killed)[0]
    (kept.folder / "session.json").write_text('{"format": "etwidgets-session", "version": 99}')
    session = Session(autosave=Autosave(killed, kept.name))
    with pytest.raises(FileFormatError, match="version 99"):
        session.resume()
    assert session.autosave.folder != kept.folder


def test_undone_steps_are_worth_keeping(tmp_path, series):
    session = worked_through(tmp_path, series)
    session.go_to(1)
    assert list_sessions(tmp_path)[0].about.steps == 1
    session.autosave.release()
    autosaved_sessions.tidy(tmp_path)
    second = Session(autosave=Autosave(tmp_path, session.autosave.folder.name))
    second.resume()
    assert second.model.can_redo
    assert [line.done for line in second.model.history] == [True, False, False]


def test_a_series_that_came_from_no_file_is_kept_once_its_session_is_in_one(tmp_path, series):
    from etwidgets import load

    first = Session(TomoStackModel(load(series)))
    first.apply("bin", factor=2)
    first.save(tmp_path / "mine.json")
    second = Session(autosave=Autosave(tmp_path / "sessions"))
    second.open_session(tmp_path / "mine.json")
    second.apply("normalize")
    second.autosave.release()
    for path in tmp_path.glob("mine*"):
        path.unlink()
    third = Session(autosave=Autosave(tmp_path / "sessions", second.autosave.folder.name))
    third.resume()
    assert np.array_equal(third.model.stack.data, second.model.stack.data)
    third.apply("bin", factor=2)
    assert list_sessions(tmp_path / "sessions")[0].about.steps == 3


def test_a_session_on_files_outside_the_folder_of_the_page_is_not_continued(tmp_path, series):
    first = worked_through(tmp_path / "sessions", series)
    first.autosave.release()
    second = Session(autosave=Autosave(tmp_path / "sessions", first.autosave.folder.name), root=tmp_path)
    with pytest.raises(UnsafeFileError):
        second.resume()


def test_going_on_with_another_session_keeps_this_one(killed, tmp_path, series):
    session = worked_through(killed, series)
    own = session.autosave.folder
    other = leftovers(killed)[0]
    session.resume(other)
    assert len(session.history) == 2
    assert [kept.folder for kept in leftovers(killed)] == [own]
    with pytest.raises(HistoryError, match="worked on in another page"):
        session.resume(AutosavedSession(own, About("x", 3, 3, "y", 0.0, **autosaved_sessions.this_process())))


class Later(InlineRunner):
    """Calls what was to be called later when it is told to."""

    def __init__(self):
        self.calls = []

    def later(self, seconds, call):
        self.calls.append(call)


def test_steps_that_cannot_be_saved_are_told_and_tried_again(tmp_path, monkeypatch, series):
    runner, full = Later(), [True]
    session = Session(runner=runner, autosave=Autosave(tmp_path))
    write = Path.write_text

    def fail(path, *arguments, **options):
        if full[0]:
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", fail)
    session.apply("open", path=series)
    session.apply("bin", factor=2)
    assert "not being saved: session.json could not be written" in session.model.unsaved
    assert not session.autosaved
    assert list_sessions(tmp_path) == []
    runner.calls.pop()()
    assert session.model.unsaved
    assert len(runner.calls) == 1
    full[0] = False
    runner.calls.pop()()
    assert session.model.unsaved == ""
    assert session.autosaved
    assert runner.calls == []
    assert list_sessions(tmp_path)[0].about.steps == 2


def test_where_no_folder_can_be_made_the_work_goes_on_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert begin_autosave(tmp_path / "file" / "sessions") is None
    assert begin_autosave(tmp_path / "sessions") is not None


def test_the_thumbnail_is_a_small_picture_of_the_volume(tmp_path, series):
    from PIL import Image

    session = worked_through(tmp_path, series)
    with Image.open(list_sessions(tmp_path)[0].thumbnail) as picture:
        assert max(picture.size) <= 96
        pixels = np.asarray(picture, dtype=float)
    seen = session.model.reconstruction.data.max(axis=1).T
    assert pixels.shape == seen.shape == session.model.stack.data.shape[1:]
    assert np.corrcoef(pixels.ravel(), seen.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    "name", ["", "..", "../etc", "abc", "A" * 16, "0" * 33, "a" * 15 + "/", "a" * 15 + "\n"]
)
def test_a_name_of_a_session_is_never_a_path(name):
    assert not autosaved_sessions.is_session_name(name)


def test_what_is_kept_on_disk_is_not_held_in_memory(tmp_path, series, always_keep):
    session = worked_through(tmp_path, series)
    volume = weakref.ref(session.model.reconstruction.data)
    session._core.timeline.history = History(State(), 0)
    session._core.publish()
    gc.collect()
    assert volume() is None
