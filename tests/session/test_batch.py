"""The steps of one session on other series, in a session and by the command."""

import subprocess
import sys

import numpy as np
import pytest

from etwidgets import io
from etwidgets.errors import ParameterError
from etwidgets.session import Session, TomoStackModel, run_batch

STEPS = [("register", {"method": "PC"}), ("reconstruct", {"method": "SIRT", "iterations": 3})]


@pytest.fixture
def saved(stack, tmp_path):
    """A session that opened one series, and two other series."""
    io.save(stack, tmp_path / "first.hspy")
    session = Session()
    session.open(str(tmp_path / "first.hspy"))
    for name, parameters in STEPS:
        session.apply(name, **parameters)
    other = stack.deepcopy()
    other.data = np.ascontiguousarray(other.data[:, ::-1])
    io.save(other, tmp_path / "second.hspy")
    io.save(other.isig[:12, :], tmp_path / "third.hspy")
    return session.save(tmp_path / "work.json")


def by_hand(path):
    stack = io.load(path).stack_register("PC")
    return stack, stack.reconstruct("SIRT", iterations=3, show_progressbar=False)


def test_a_session_repeats_what_another_did(saved, tmp_path):
    session = Session()
    session.open(str(tmp_path / "second.hspy"))
    session.repeat(saved)
    stack, volume = by_hand(tmp_path / "second.hspy")
    assert np.array_equal(session.model.stack.data, stack.data)
    assert np.array_equal(session.model.reconstruction.data, volume.data)
    assert [line.label.split(":")[0] for line in session.model.history] == ["Open", "Register", "Reconstruct"]
    session.undo()
    session.undo()
    assert np.array_equal(session.model.stack.data, io.load(tmp_path / "second.hspy").data)


def test_all_or_nothing(stack, tmp_path):
    first = Session(TomoStackModel(stack))
    first.apply("normalize")
    first.apply("remove_projections", projections=[12])
    path = first.save(tmp_path / "work.json")
    short = stack.select_projections(np.arange(13) < 8)
    session = Session(TomoStackModel(short))
    with pytest.raises(Exception, match="12"):
        session.repeat(path)
    assert session.model.stack is short
    assert session.model.history == ()


def test_what_cannot_be_repeated_is_told(stack, tmp_path):
    io.save(stack, tmp_path / "blobs.hspy")
    session = Session()
    session.open(str(tmp_path / "blobs.hspy"))
    only_opened = session.save(tmp_path / "opened.json")
    session.apply("add_channel", path=str(tmp_path / "blobs.hspy"), name="Ni")
    with_channel = session.save(tmp_path / "channel.json")
    other = Session(TomoStackModel(stack))
    with pytest.raises(ParameterError, match="no step after"):
        other.repeat(only_opened)
    with pytest.raises(ParameterError, match="belongs to its own series"):
        other.repeat(with_channel)


def test_the_command_does_all_series_and_tells_which_failed(saved, tmp_path):
    (tmp_path / "broken.mrc").write_bytes(b"no header")
    names = ["second.hspy", "broken.mrc", "third.hspy"]
    command = [sys.executable, "-W", "ignore", "-m", "etwidgets", "run", saved.name, *names]
    done = subprocess.run(
        [*command, "--output", "out"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "1 of 3 series failed: broken" in done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["second", "broken", "third"]
    for name in ("second", "third"):
        _, volume = by_hand(tmp_path / f"{name}.hspy")
        assert np.array_equal(io.load(tmp_path / "out" / f"{name}_rec.hspy").data, volume.data)
        assert (tmp_path / "out" / f"{name}_steps.json").is_file()


def test_without_series_the_session_is_done_again(saved, tmp_path):
    (result,) = run_batch(saved, output=tmp_path / "again")
    assert result.name == "work_rec.hspy"
    assert np.array_equal(io.load(result).data, by_hand(tmp_path / "first.hspy")[1].data)
    with pytest.raises(ParameterError, match="1 of 1 series failed"):
        run_batch(saved, output=tmp_path / "again")
    assert np.array_equal(io.load(result).data, by_hand(tmp_path / "first.hspy")[1].data)
