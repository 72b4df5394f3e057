"""An operation of the user's own is a step like any other: undo, session file, script; it can do no harm."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
import scipy.ndimage

from etwidgets.errors import ParameterError
from etwidgets.session import Session, TomoStackModel, operation

MODULE = """
import scipy.ndimage

from etwidgets.session import operation


@operation("Smooth", running="smoothing")
def smooth(stack, *, sigma=1.0):
    return stack.map(scipy.ndimage.gaussian_filter, sigma=sigma, inplace=False, show_progressbar=False)
"""


@pytest.fixture
def smooth(tmp_path, monkeypatch):
    (tmp_path / "my_steps.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("my_steps").smooth
    sys.modules.pop("my_steps")


@pytest.fixture
def session(stack, smooth):
    return Session(TomoStackModel(stack), operations=[smooth])


def test_it_works_and_can_be_undone(session, stack):
    session.apply("smooth", sigma=1.5)
    expected = np.stack([scipy.ndimage.gaussian_filter(image, 1.5) for image in stack.data])
    assert np.allclose(session.model.stack.data, expected, rtol=1e-5, atol=1e-7)
    assert session.model.history[0].label == "Smooth: sigma 1.5"
    assert np.array_equal(session.model.stack.tilts_deg, stack.tilts_deg)
    session.undo()
    assert session.model.stack is stack


def test_without_a_session_it_is_the_function(smooth, stack):
    assert np.array_equal(smooth(stack, sigma=0.0).data, stack.data)


def test_the_script_imports_it_and_gives_the_same(session, tmp_path):
    session.apply("smooth", sigma=0.7)
    session.apply("reconstruct", method="FBP")
    path = session.export_script(tmp_path / "steps.py")
    path.write_text(path.read_text() + "np.save('volume.npy', volume.data)\n")
    assert "from my_steps import smooth" in path.read_text()
    subprocess.run([sys.executable, "-W", "ignore", path.name], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "volume.npy"), session.model.reconstruction.data)


def test_a_session_file_needs_it(session, smooth, tmp_path):
    session.apply("smooth", sigma=0.7)
    path = session.save(tmp_path / "work.json")
    again = Session(operations=[smooth])
    again.open_session(path)
    assert np.array_equal(again.model.stack.data, session.model.stack.data)
    with pytest.raises(ParameterError, match=r"no operation 'smooth'.*operations="):
        Session().open_session(path)


def test_a_step_of_a_notebook_says_where_to_put_it(stack, tmp_path):
    def double(stack):
        return stack * 2

    double.__module__ = "__main__"
    session = Session(TomoStackModel(stack), operations=[operation("Double")(double)])
    session.apply("double")
    with pytest.raises(ParameterError, match=r"my_steps\.py"):
        session.export_script(tmp_path / "steps.py")


def test_it_cannot_write_its_input(stack):
    @operation("Spoil")
    def spoil(stack):
        stack.data[0] = 0
        return stack

    before = stack.data.copy()
    with pytest.raises(ValueError, match="read-only"):
        Session(TomoStackModel(stack), operations=[spoil]).apply("spoil")
    assert np.array_equal(stack.data, before)


def test_it_may_call_our_methods_on_what_it_is_given(stack):
    @operation("All", kind="volume", needs_tilts=True)
    def all_at_once(stack, *, progress):
        aligned = stack.stack_register("PC", show_progressbar=False).filter("median", size=3)
        progress.advance(0.5)
        return aligned.reconstruct("SIRT", iterations=2, show_progressbar=False)

    session = Session(TomoStackModel(stack), operations=[all_at_once])
    session.apply("all_at_once")
    expected = stack.stack_register("PC").filter("median", size=3)
    expected = expected.reconstruct("SIRT", iterations=2, show_progressbar=False)
    assert np.array_equal(session.model.reconstruction.data, expected.data)


def test_what_is_wrong_with_it_is_told(stack, smooth):
    session = Session(TomoStackModel(stack), operations=[smooth])
    with pytest.raises(ParameterError, match="did you mean 'sigma'"):
        session.apply("smooth", sigmo=1.0)
    with pytest.raises(ParameterError, match="already"):
        Session(operations=[smooth, smooth])
    with pytest.raises(ParameterError, match="not an operation; put @operation"):
        Session(operations=[np.sin])
    with pytest.raises(ParameterError, match="one of stack, volume"):
        operation("Look", kind="picture")
    with pytest.raises(ParameterError, match=r"write \(stack, \*, sigma, \.\.\.\)"):
        operation("Smooth")(lambda stack, sigma: stack)
    wrong = operation("Wrong")(lambda stack: stack.data)
    with pytest.raises(ParameterError, match="must give a TomoStack, and gave ndarray"):
        Session(TomoStackModel(stack), operations=[wrong]).apply(wrong.name)
