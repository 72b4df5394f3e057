"""Other signals of the series go with it through every step, forth and back, and into scripts."""

import numpy as np
import pytest
from scripts import run_script

from etwidgets.errors import HistoryError, ParameterError
from etwidgets.progress import Progress
from etwidgets.session import Session, TomoStackModel, running
from etwidgets.session.operations import find
from etwidgets.signals import TomoStack


@pytest.fixture
def files(tmp_path, stack):
    """The series and twice its values as a second signal, in files."""
    stack.save(tmp_path / "main.hspy")
    TomoStack(2 * stack.data, stack.tilts_deg).save(tmp_path / "double.hspy")
    return tmp_path


@pytest.fixture
def opened(files):
    session = Session(TomoStackModel())
    session.open(str(files / "main.hspy"))
    return session


STEPS = [
    ("remove_projections", {"projections": [3]}),
    ("register", {"method": "PC"}),
    ("crop", {"x_start": 1, "x_stop": 19, "y_start": 2, "y_stop": 24}),
    ("transform", {"yshift": 0.7, "angle": 1.0}),
    ("bin", {"factor": 2}),
    ("set_pixel_size", {"pixel_size": 0.5}),
    ("reconstruct", {"method": "FISTA-TV", "iterations": 3, "tv_weight": 0.1}),
]


@pytest.mark.parametrize("after", range(len(STEPS)))
def test_a_channel_is_where_the_series_is_whenever_it_was_added(opened, files, after):
    """Every step is linear, so that twice the values stay twice the values."""
    for number, (name, parameters) in enumerate(STEPS):
        if number == after:
            opened.apply("add_channel", path=str(files / "double.hspy"), name="double")
        opened.apply(name, **parameters)
    (channel,) = opened.model.channels
    assert channel.name == "double"
    assert np.allclose(channel.stack.data, 2 * opened.model.stack.data, rtol=1e-4, atol=1e-4)
    assert np.allclose(
        channel.reconstruction.data, 2 * opened.model.reconstruction.data, rtol=1e-3, atol=1e-3
    )
    assert channel.stack.axes_manager["x"].scale == 0.5


def test_channels_follow_undo_and_the_session_file(opened, files):
    opened.apply("add_channel", path=str(files / "double.hspy"), name="double")
    opened.apply("bin", factor=2)
    assert opened.model.channels[0].stack.data.shape == (13, 12, 10)
    opened.undo()
    assert opened.model.channels[0].stack.data.shape == (13, 24, 20)
    opened.undo()
    assert opened.model.channels == ()
    opened.redo()
    opened.redo()
    opened.save(files / "session.json")
    again = Session()
    again.open_session(files / "session.json")
    assert np.array_equal(again.model.channels[0].stack.data, opened.model.channels[0].stack.data)


def test_the_script_gives_the_same_channels(opened, files):
    opened.apply("add_channel", path=str(files / "double.hspy"), name="double")
    for name, parameters in STEPS:
        opened.apply(name, **parameters)
    path = opened.export_script(files / "steps.py")
    path.write_text(path.read_text() + "\nnp.save('volume.npy', volumes['double'].data)\n")
    run_script(path)
    assert np.array_equal(np.load(files / "volume.npy"), opened.model.channels[0].reconstruction.data)


def test_what_does_not_fit_is_refused_and_changes_nothing(opened, files, stack):
    TomoStack(stack.data[:, :-1], stack.tilts_deg).save(files / "small.hspy")
    TomoStack(stack.data, stack.tilts_deg + 3).save(files / "tilted.hspy")
    for name, why in (
        ("small", "the same projections and the same field"),
        ("tilted", "differ by up to 3.00"),
    ):
        with pytest.raises(HistoryError, match=why):
            opened.apply("add_channel", path=str(files / f"{name}.hspy"), name=name)
    with pytest.raises(ParameterError, match="give the channel a name"):
        opened.apply("add_channel", path=str(files / "double.hspy"), name=" ")
    with pytest.raises(ParameterError, match="no channel 'Ni'; there are: none"):
        opened.apply("remove_channel", name="Ni")
    assert opened.model.channels == ()


def test_a_channel_that_is_aligned_already_is_taken_as_it_is(opened, files):
    opened.apply("register", method="PC")
    TomoStack(2 * opened.model.stack.data, opened.model.stack.tilts_deg).save(files / "aligned.hspy")
    opened.apply("add_channel", path=str(files / "aligned.hspy"), name="a", aligned=True)
    assert np.allclose(opened.model.channels[0].stack.data, 2 * opened.model.stack.data)
    opened.apply("bin", factor=2)
    assert np.allclose(opened.model.channels[0].stack.data, 2 * opened.model.stack.data)


def test_dart_refuses_channels_and_a_channel_can_go(opened, files):
    opened.apply("add_channel", path=str(files / "double.hspy"), name="double")
    with pytest.raises(ParameterError, match="gray levels of one signal"):
        opened.apply("reconstruct", method="DART", gray_levels=[0, 1], iterations=1, dart_iterations=1)
    opened.apply("remove_channel", name="double")
    assert opened.model.channels == ()
    opened.undo()
    assert len(opened.model.channels) == 1


def test_each_channel_is_named_while_it_is_worked_on(opened, files):
    opened.apply("add_channel", path=str(files / "double.hspy"), name="double")
    said = []

    class Listener(Progress):
        def advance(self, fraction, message=""):
            said.append((fraction, message))

    running.run(find("reconstruct"), {"method": "SIRT", "iterations": 2}, opened._core.state, Listener())
    assert {message for fraction, message in said if fraction < 0.5} == {"the series, 1 of 2"}
    assert {message for fraction, message in said if fraction > 0.5} == {"double, 2 of 2"}
