"""The steps of one session on other series, in a session and by the command."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from etwidgets import TomoStack, io, simulation
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
    with pytest.raises(ParameterError, match=r"1 of 1 series failed.*already exists"):
        run_batch(saved, output=tmp_path / "again", ending=".zspy")
    assert np.array_equal(io.load(result).data, by_hand(tmp_path / "first.hspy")[1].data)


def times(folder):
    return {each.name: each.stat().st_mtime_ns for each in folder.iterdir()}


def test_what_is_done_is_not_done_again(saved, tmp_path):
    said, out = [], tmp_path / "out"
    series = [tmp_path / "second.hspy", tmp_path / "third.hspy"]
    first = run_batch(saved, series, output=out, tell=said.append)
    before = times(out)
    assert run_batch(saved, series, output=out, tell=said.append) == first
    assert times(out) == before
    assert [line.endswith("(done before)") for line in said] == [False, False, True, True]
    # another file of that name: these are results of something else
    io.save(io.load(series[1]).isig[:10, :], series[1], overwrite=True)
    with pytest.raises(ParameterError, match=r"1 of 2 series failed: third \(.*already exists"):
        run_batch(saved, series, output=out)
    assert times(out) == before


def test_what_was_broken_off_is_done_again(saved, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-W", "ignore", "-m", "etwidgets", "run", saved.name, "second.hspy"]
    with subprocess.Popen([*command, "--output", "out"], cwd=tmp_path) as process:
        while not (out / "second_done.json").exists():
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    (out / "second_rec.hspy").write_bytes(b"half of it")
    assert "result" not in json.loads((out / "second_done.json").read_text())
    (result,) = run_batch(saved, [tmp_path / "second.hspy"], output=out)
    assert np.array_equal(io.load(result).data, by_hand(tmp_path / "second.hspy")[1].data)


def test_a_process_that_ends_fails_its_own_series_only(saved, tmp_path):
    (tmp_path / "fatal_steps.py").write_text(
        "import os\nfrom etwidgets.session import operation\n\n"
        "@operation('Smooth')\ndef smooth(stack, *, size=3):\n"
        "    if stack.data.shape[2] == 12:\n        os.kill(os.getpid(), 9)\n"
        "    return stack.filter('median', size=size)\n"
    )
    content = json.loads(saved.read_text())
    content["steps"][2].update(operation="smooth", parameters={"size": 3})
    saved.write_text(json.dumps(content))
    out, said = tmp_path / "out", []
    files = {"output": out, "operations": [tmp_path / "fatal_steps.py"]}
    with pytest.raises(ParameterError, match=r"1 of 2 series failed: third \(.*signal 9"):
        run_batch(saved, [tmp_path / "[st]*d.hspy"], jobs=2, tell=said.append, **files)
    assert sorted(line.split(":")[0] for line in said) == ["second", "third"]
    smooth = io.load(tmp_path / "second.hspy").stack_register("PC").filter("median", size=3)
    assert np.array_equal(io.load(out / "second_aligned.hspy").data, smooth.data)
    assert not (out / "third_aligned.hspy").exists()
    assert run_batch(saved, [tmp_path / "second.hspy"], **files) == [out / "second_aligned.hspy"]


def test_the_table_has_those_that_failed_and_is_written_anew(saved, tmp_path):
    out, broken = tmp_path / "out", tmp_path / "fourth.mrc"
    broken.write_bytes(b"no header")
    with pytest.raises(ParameterError, match="1 of 2 series failed: fourth"):
        run_batch(saved, [broken, tmp_path / "second.hspy"], output=out, report=True)
    rows = {row["series"]: row for row in json.loads((out / "reports.json").read_text())}
    assert "Failed" in rows["fourth"]["gravest"]
    assert rows["second"]["method"] == "SIRT"
    assert (out / "second_report.html").is_file()
    run_batch(saved, [tmp_path / "second.hspy"], output=out, report=True)
    assert [row["series"] for row in json.loads((out / "reports.json").read_text())] == ["second"]
    with pytest.raises(ParameterError, match="no file fits"):
        run_batch(saved, [tmp_path / "none*.mrc"], output=out)


@pytest.fixture
def needle():
    """15 projections of 32 x 24, jittered."""
    tilts = np.arange(-70.0, 71, 10)
    projections = simulation.project(simulation.needle((24, 32, 32)), tilts)
    moved, _ = simulation.misalign(projections, jitter_px=1, axis_shift_px=1.0, seed=3)
    return TomoStack(moved.clip(0), tilts)


def test_by_itself_with_a_channel(needle, tmp_path):
    io.save(needle, tmp_path / "needle.mrc")
    io.save(needle, tmp_path / "needle_Ni.hspy")
    (result,) = run_batch(
        None, [tmp_path / "needle.mrc"], output=tmp_path / "out", channels={"Ni": "{name}_Ni.hspy"}
    )
    volume = io.load(result)
    kept = json.loads((tmp_path / "out" / "needle_steps.json").read_text())
    done = [step["operation"] for step in kept["steps"]]
    assert done[:2] == ["open", "add_channel"]
    assert done[-1] == "reconstruct"
    assert "register" in done
    assert volume.metadata.Tomography.reconstruction.algorithm in ("SIRT", "OS-SIRT", "CGLS", "FISTA-TV")
    assert np.array_equal(volume.data, io.load(tmp_path / "out" / "needle_Ni_rec.hspy").data)


def test_a_channel_of_the_session_is_taken_from_each_series(stack, saved, tmp_path):
    session = Session()
    session.open(str(tmp_path / "first.hspy"))
    session.apply("add_channel", path=str(tmp_path / "first.hspy"), name="Ni")
    session.apply("register", method="PC")
    steps = session.save(tmp_path / "with.json")
    (result,) = run_batch(
        steps, [tmp_path / "second.hspy"], output=tmp_path / "out", channels={"Ni": "{name}.hspy"}
    )
    assert np.array_equal(io.load(tmp_path / "out" / "second_Ni_aligned.hspy").data, io.load(result).data)
