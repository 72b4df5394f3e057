"""Opening files and samples as steps."""

import numpy as np
import pytest

from etwidgets.errors import ParameterError
from etwidgets.session import SAMPLES, Session
from etwidgets.session.digest import digest


def test_the_file_is_read_and_named(tmp_path, stack):
    path = stack.save(tmp_path / "blobs.hspy")
    session = Session()
    session.open(path)
    assert session.model.source == "blobs.hspy"
    assert digest(session.model.stack) == digest(stack)
    assert session.history[0].parameters == {"path": str(path)}


def test_a_file_replaces_the_stack_and_forgets_the_volume(tmp_path, session, stack):
    path = stack.save(tmp_path / "blobs.hspy")
    session.apply("reconstruct", method="BP")
    session.open(path)
    assert session.model.reconstruction is None
    assert not session.model.stale
    session.undo()
    assert session.model.stack is stack
    assert session.model.reconstruction.data.shape == (20, 24, 24)


def test_a_volume_can_be_opened_alone(tmp_path, session):
    session.apply("reconstruct", method="BP")
    volume = session.model.reconstruction
    path = volume.save(tmp_path / "volume.hspy")
    session.open(path)
    assert session.model.stack is None
    assert np.array_equal(session.model.reconstruction.data, volume.data)


def test_a_missing_file_is_said_in_words(tmp_path):
    session = Session()
    with pytest.raises(FileNotFoundError):
        session.open(tmp_path / "missing.mrc")
    assert "missing.mrc" in session.model.message.text
    assert session.model.message.level == "error"


def test_a_file_without_tilts_opens_with_a_warning(tmp_path, stack):
    del stack.tilts
    path = stack.save(tmp_path / "no_tilts.hspy")
    session = Session()
    session.open(path)
    assert session.model.message.level == "warning"
    assert "tilts" in session.model.message.text


def test_every_sample_opens():
    session = Session()
    for name in SAMPLES:
        session.apply("sample", name=name)
        assert session.model.stack.data.ndim == 3
        assert session.model.stack.has_tilts
        assert session.model.source == f"sample {name}"


def test_an_unknown_sample_is_refused():
    with pytest.raises(ParameterError, match="needle"):
        Session().apply("sample", name="needel")
