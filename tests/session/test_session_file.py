"""What a session writes gives the same arrays again, bit for bit: script, notebook, session file."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from etwidgets import io
from etwidgets.errors import FileFormatError, HistoryError
from etwidgets.session import OPERATIONS, Session, TomoStackModel
from etwidgets.session.digest import digest
from etwidgets.signals import TomoStack

STEPS = [
    ("set_tilts", {"start": -60, "increment": 10}),
    ("set_pixel_size", {"pixel_size": 0.75}),
    ("sort_tilts", {}),
    ("remove_projections", {"projections": [3]}),
    ("crop", {"x_start": 1, "x_stop": 19, "y_start": 0, "y_stop": 24}),
    ("turn", {"quarter_turns": 2}),
    ("normalize", {}),
    ("filter", {"method": "median", "size": 3}),
    ("register", {"method": "PC", "upsample_factor": 10}),
    ("manual_align", {"nslice": 4, "xshift": 1, "yshift": -1}),
    ("shift_one", {"projection": 2, "yshift": 0.25, "xshift": -0.5}),
    ("tilt_align", {"method": "CoM", "nslices": 3}),
    ("transform", {"yshift": 0.3, "angle": 1.5}),
    ("bin", {"factor": 2}),
    ("reconstruct", {"method": "SIRT", "iterations": 4, "constrain": True}),
]


def worked(session):
    for name, parameters in STEPS:
        session.apply(name, **parameters)
    return session


def run_in(folder, code):
    end = "\nnp.save('stack.npy', stack.data); np.save('volume.npy', volume.data)\n"
    (folder / "run_me.py").write_text(code + end)
    subprocess.run([sys.executable, "-W", "ignore", "run_me.py"], cwd=folder, check=True, capture_output=True)
    return np.load(folder / "stack.npy"), np.load(folder / "volume.npy")


def test_the_script_of_every_operation_is_tried_here_or_elsewhere():
    tried_elsewhere = {"open", "sample", "add_channel", "remove_channel", "rename_channel"}
    tried_elsewhere |= {
        "take_over",
        "open_spectra",
        "add_spectra",
        "map_elements",
        "decompose",
        "reconstruct_jointly",
    }
    tried_elsewhere |= {"subtract_background", "equalize_intensity", "remove_hot_pixels", "correct_detector"}
    tried_elsewhere |= {"correct_linearity"}
    tried_elsewhere |= {"align_markers", "refine_alignment", "apply_alignment_file"}
    assert {name for name, _ in STEPS} | tried_elsewhere == set(OPERATIONS)


def test_the_script_gives_the_same_arrays_bit_for_bit(session, tmp_path):
    worked(session)
    path = session.export_script(tmp_path / "steps.py")
    stack, volume = run_in(tmp_path, path.read_text())
    assert np.array_equal(stack, session.model.stack.data)
    assert np.array_equal(volume, session.model.reconstruction.data)


# the axis of noise is undetermined, of which a script warns as the session does
@pytest.mark.filterwarnings("ignore:CoM. the rotation is undetermined:UserWarning")
def test_the_notebook_has_the_same_code(session, tmp_path):
    worked(session)
    session.undo()
    session.undo()
    content = json.loads(session.export_notebook(tmp_path / "steps.ipynb").read_text())
    assert content["nbformat"] == 4
    code = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    assert len(code) == 2 + len(STEPS) - 2
    names = {}
    source = "\n".join(code)
    assert "reconstruct" not in source
    with contextlib.chdir(tmp_path):
        exec(source, names)  # noqa: S102  (our own notebook)
    assert np.array_equal(names["stack"].data, session.model.stack.data)


def test_files_and_samples_are_opened_by_the_script(stack, tmp_path):
    io.save(stack, tmp_path / "blobs.hspy")
    session = Session()
    session.open(str(tmp_path / "blobs.hspy"), tilts=None)
    session.apply("reconstruct", method="FBP")
    path = session.export_script(tmp_path / "steps.py")
    assert not list(tmp_path.glob("*_start*"))
    again = run_in(tmp_path, path.read_text())[1]
    assert np.array_equal(again, session.model.reconstruction.data)
    sampled = Session()
    sampled.apply("sample", name="needle (aligned)")
    text = sampled.export_script(tmp_path / "sample.py").read_text()
    names = {}
    exec(text, names)  # noqa: S102  (our own script)
    assert np.array_equal(names["stack"].data, sampled.model.stack.data)


def test_a_saved_session_is_made_again_with_its_undone_steps(session, tmp_path):
    worked(session)
    volume, last = session.model.reconstruction.data, digest(session.model.stack)
    session.undo()
    session.undo()
    session.display.column = 7
    session.display.set_limits("volume", 2.5, 80.0)
    session.display.gamma, session.display.log_scale = 0.5, True
    path = session.save(tmp_path / "work.json")
    other = Session()
    other.open_session(path)
    assert digest(other.model.stack) == digest(session.model.stack)
    assert [line.label for line in other.model.history] == [line.label for line in session.model.history]
    assert (other.display.column, other.display.limits_of("volume")) == (7, (2.5, 80.0))
    assert (other.display.gamma, other.display.log_scale) == (0.5, True)
    assert other.model.source == session.model.source
    other.redo()
    assert digest(other.model.stack) == last
    other.redo()
    assert np.array_equal(other.model.reconstruction.data, volume)
    for _ in STEPS:
        other.undo()
    assert digest(other.model.stack) == digest(session._core.timeline.history.start.stack)


def test_what_came_before_the_last_opening_is_not_written(session, tmp_path):
    session.apply("normalize")
    session.apply("sample", name="catalyst")
    session.apply("bin", factor=4)
    text = session.export_script(tmp_path / "steps.py").read_text()
    assert "normalize" not in text
    assert not list(tmp_path.glob("*.hspy"))
    names = {}
    exec(text, names)  # noqa: S102  (our own script)
    assert np.array_equal(names["stack"].data, session.model.stack.data)
    assert np.array_equal(names["stack"].tilts_deg, session.model.stack.tilts_deg)


def test_an_export_replaces_no_other_series(session, tmp_path):
    session.export_script(tmp_path / "steps.py")
    session.export_notebook(tmp_path / "steps.ipynb")  # the same series lies there already
    other = session.model.stack.deepcopy()
    other.data += 1
    with pytest.raises(FileExistsError, match="another tilt series"):
        Session(TomoStackModel(other)).export_script(tmp_path / "steps.py")
    assert np.array_equal(io.load(tmp_path / "steps_start.hspy").data, session.model.stack.data)


def test_a_changed_file_is_noticed_and_nothing_is_replaced(stack, tmp_path):
    io.save(stack, tmp_path / "blobs.hspy")
    session = Session()
    session.open(str(tmp_path / "blobs.hspy"))
    path = session.save(tmp_path / "work.json")
    stack.data[3, 4, 5] += 1
    io.save(stack, tmp_path / "blobs.hspy", overwrite=True)
    other = Session(TomoStackModel(stack))
    with pytest.raises(HistoryError, match="was a file changed"):
        other.open_session(path)
    assert other.model.stack is stack


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "not a session"),
        ("{", "not a session"),
        ('{"format": "x"}', "not a session"),
        ('{"format": "etwidgets-session", "version": 2}', "version 2"),
        ('{"format": "etwidgets-session", "version": 1}', "damaged"),
    ],
)
def test_what_is_no_session_is_refused(session, tmp_path, content, message):
    path = tmp_path / "work.json"
    path.write_text(content)
    with pytest.raises(FileFormatError, match=message):
        session.open_session(path)


def test_limits_that_are_none_are_refused(session, tmp_path):
    path = session.save(tmp_path / "work.json")
    content = json.loads(path.read_text())
    content["display"]["limits"] = {"series": [1, 2]}
    path.write_text(json.dumps(content))
    with pytest.raises(FileFormatError, match=r"damaged.*limits"):
        Session().open_session(path)


def test_a_session_file_from_before_2026_12_is_read(tmp_path, monkeypatch):
    """Written by the code of 26 November 2026: steps have "words", the display a "colour_map"."""
    images = (np.arange(7 * 12 * 16) * 37 % 251).reshape(7, 12, 16).astype(np.float32)
    TomoStack(images, np.arange(-30.0, 31, 10)).save(tmp_path / "numbers.hspy")
    monkeypatch.chdir(tmp_path)
    session = Session()
    session.open_session(Path(__file__).parent / "written_before_2026-12.json")
    labels = [line.label.split(":")[0] for line in session.model.history]
    assert labels == ["Open", "Crop", "Bin", "Turn by 90°"]
    assert [step.operation for step in session.history] == ["open", "crop", "bin"]  # one was undone
    cropped = images[:, :, 2:14]
    binned = cropped.reshape(7, 6, 2, 6, 2).sum(axis=(2, 4))
    assert np.allclose(session.model.stack.data, binned)
    shown = session.display
    assert (shown.color_map, shown.channel_colors, shown.projection) == ("viridis", {"series": "#112233"}, 3)
    assert [each.label for each in session.model.snapshots] == ["without two"]
    session.restore_snapshot(0)
    assert np.array_equal(session.model.stack.data, cropped[[0, 2, 3, 4, 6]])
    session.restore_snapshot(0)
    session.redo()
    assert np.allclose(session.model.stack.data, binned[:, ::-1, ::-1])
    session.save(tmp_path / "now.json")
    again = Session()
    again.open_session(tmp_path / "now.json")
    assert digest(again.model.stack) == digest(session.model.stack)
    assert len(again.model.snapshots) == 1
