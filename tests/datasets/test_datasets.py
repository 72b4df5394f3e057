"""The sample data, from every source."""

import importlib.metadata
import shutil

import numpy as np
import pytest

from etwidgets import datasets as ds
from etwidgets.errors import SampleDataError


def test_needle():
    raw, aligned = ds.get_needle_data(), ds.get_needle_data(aligned=True)
    for stack in (raw, aligned):
        assert str(stack) == "<TomoStack, title: , dimensions: (77|256, 256)>"
        assert stack.tilts_deg.tolist() == list(range(-76, 78, 2))
    assert not np.array_equal(raw.data, aligned.data)


def test_catalyst():
    stack = ds.get_catalyst_data()
    assert stack.data.shape == (90, 600, 600)
    assert stack.tilts_deg.tolist() == list(range(0, 180, 2))
    assert not stack.metadata.has_item("Simulation")


@pytest.fixture
def nothing_installed(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.delenv("ETWIDGETS_DATA", raising=False)


def test_without_a_source_the_catalyst_is_simulated(nothing_installed):
    stack = ds.get_catalyst_data(misalign=True, minshift=-3, maxshift=3, tiltrotate=2, noise=True, seed=4)
    assert stack.data.shape == (90, 200, 200)
    assert stack.tilts_deg.tolist() == list(range(0, 180, 2))
    shifts = stack.metadata.Simulation.shifts
    assert shifts.shape == (90, 2)
    assert np.abs(shifts).max() <= 3
    assert not stack.shifts.data.any()
    again = ds.get_catalyst_data(misalign=True, minshift=-3, maxshift=3, tiltrotate=2, noise=True, seed=4)
    assert np.array_equal(stack.data, again.data)


def test_a_folder_comes_first(tmp_path, monkeypatch):
    installed = ds.locate("HAADF.mrc")
    shutil.copy(installed, tmp_path / "HAADF.mrc")
    monkeypatch.setenv("ETWIDGETS_DATA", str(tmp_path))
    assert ds.locate("HAADF.mrc") == tmp_path / "HAADF.mrc"
    assert ds.locate("HAADF_Aligned.hspy") == installed.with_name("HAADF_Aligned.hspy")


@pytest.mark.parametrize("content", [b"not the needle", None])
def test_a_download_is_checked(nothing_installed, monkeypatch, tmp_path, content):
    """A wrong or absent file behind the address is refused, and the message says what to install."""
    served = tmp_path / "served"
    served.mkdir()
    if content:
        (served / "HAADF.mrc").write_bytes(content)
    monkeypatch.setattr(ds, "_ADDRESS", _serve(served, monkeypatch))
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    with pytest.raises(SampleDataError, match=r"pip install 'etwidgets\[samples\]'"):
        ds.get_needle_data()


def test_a_right_download_is_used(nothing_installed, monkeypatch, tmp_path, samples_needle):
    served = tmp_path / "served"
    served.mkdir()
    (served / "HAADF.mrc").write_bytes(samples_needle)
    monkeypatch.setattr(ds, "_ADDRESS", _serve(served, monkeypatch))
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    assert ds.get_needle_data().data.shape == (77, 256, 256)


@pytest.fixture(scope="session")
def samples_needle():
    return ds.locate("HAADF.mrc").read_bytes()


def _serve(folder, monkeypatch):
    """An address on this machine that serves a folder until the test process ends."""
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{server.server_port}/"
