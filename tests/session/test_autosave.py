"""What was done is kept on disk as it is done, and offered again when the process was lost."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from etwidgets.panels.resume_strip import ResumeStrip
from etwidgets.session import Autosave, Session, begin_autosave
from etwidgets.session.autosave import leftovers

KILLED = """
import os, sys
from pathlib import Path
from etwidgets.session import Autosave, Session, begin_autosave
session = Session(autosave=Autosave(Path(sys.argv[1])))
session.apply("sample", name="catalyst")
session.apply("bin", factor=4)
session.apply("reconstruct", method="SIRT", iterations=3)
session.undo()
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed") / "sessions"
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", KILLED, str(folder)], check=False)
    assert run.returncode == -9
    return folder


@pytest.fixture
def killed(left, tmp_path):
    """The folder of a process that was killed in the middle of its work."""
    return shutil.copytree(left, tmp_path / "sessions")


def test_the_work_of_a_killed_process_is_offered_and_resumed(killed):
    strip = ResumeStrip(Session(), killed)
    assert "2 steps, the last one &#x27;Bin: factor 4&#x27;" in strip._words.value
    strip.controls["resume"].click()
    model = strip.model
    expected = Session()
    expected.apply("sample", name="catalyst")
    expected.apply("bin", factor=4)
    assert np.array_equal(model.stack.data, expected.model.stack.data)
    assert model.can_redo
    assert strip.widget.layout.display == "none"
    assert list(killed.iterdir()) == []
    strip.close()


def test_what_is_discarded_is_gone_and_nothing_else_happens(killed):
    strip = ResumeStrip(Session(), killed)
    strip.controls["discard"].click()
    assert strip.model.stack is None
    assert leftovers(killed) == []
    strip.close()


def test_a_session_at_work_is_not_offered_and_a_closed_one_leaves_nothing(tmp_path):
    session = Session(autosave=Autosave(tmp_path))
    assert list(tmp_path.iterdir()) == []
    session.apply("sample", name="catalyst")
    assert len(list(tmp_path.iterdir())) == 1
    assert leftovers(tmp_path) == []
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_removed_and_only_a_few_are_kept(killed):
    good = next(killed.iterdir()).read_text()
    (killed / "999999999-x.json").write_text("{")
    for number in range(8):
        (killed / f"99999999{number}-a.json").write_text(good)
    assert len(leftovers(killed)) == 5
    assert len(list(killed.iterdir())) == 5


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_does_not_stop_the_work(tmp_path):
    autosave = Autosave(tmp_path)
    tmp_path.chmod(0o500)
    session = Session(autosave=autosave)
    session.apply("sample", name="catalyst")
    assert session.model.stack is not None
    tmp_path.chmod(0o700)


def test_where_no_folder_can_be_made_the_work_goes_on_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert begin_autosave(tmp_path / "file" / "sessions") is None
    assert begin_autosave(tmp_path / "sessions") is not None
