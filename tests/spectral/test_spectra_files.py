"""Spectral series from files: all tilts in one, one per tilt, and what is refused."""

import json

import numpy as np
import pytest
from hyperspy.signals import BaseSignal

import etwidgets as etw
from etwidgets import datasets, simulation, spectral
from etwidgets.errors import FileFormatError, ParameterError, SampleDataError, TiltCountError


def test_a_series_is_the_same_after_saving(spectra, needle, tmp_path):
    spectra.save(tmp_path / "edx.hspy")
    for lazy in (False, True):
        again = spectral.load(tmp_path / "edx.hspy", lazy=lazy)
        assert again._lazy is lazy
        np.testing.assert_array_equal(np.asarray(again.data), spectra.data)
        np.testing.assert_array_equal(spectral.tilts_of(again), needle.tilts_deg)


def test_one_file_per_tilt(spectra, needle, tmp_path):
    paths = []
    for number in range(3):
        image = spectra.inav[:, :, number]
        del image.metadata.Tomography
        paths.append(tmp_path / f"EDX_SI_{number:02d}.hdf5")
        image.save(paths[-1], file_format="HSPY")
    stacked = spectral.load(paths, tilts=needle.tilts_deg[:3])
    np.testing.assert_array_equal(stacked.data, spectra.data[:3])
    maps = spectral.element_maps(stacked, ["Ni_Ka"])
    np.testing.assert_array_equal(
        maps["Ni_Ka"].data, spectral.element_maps(spectra, ["Ni_Ka"])["Ni_Ka"].data[:3]
    )
    with pytest.raises(TiltCountError, match="2 tilts for 3"):
        spectral.load(paths, tilts=[0, 1])


def test_files_without_spectra_are_refused(tmp_path):
    etw.io.save(datasets.get_spectral_needle_haadf((24, 16, 16)), tmp_path / "haadf.hspy")
    with pytest.raises(ParameterError, match="holds no spectra"):
        spectral.load(tmp_path / "haadf.hspy")
    (tmp_path / "notes.txt").write_text("0 1 2")
    with pytest.raises(FileFormatError, match=r"\.hspy"):
        spectral.load(tmp_path / "notes.txt")


def test_spectra_are_not_taken_for_images(spectra, tmp_path):
    spectra.save(tmp_path / "edx.hspy")
    with pytest.raises(FileFormatError, match="holds spectra"):
        etw.load(tmp_path / "edx.hspy")


def test_the_record_of_the_paper_names_its_files(spectra, needle, tmp_path, monkeypatch):
    """The list of files as NIST's repository gives it, with checksums, from a server of our own."""
    import hashlib
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    served = tmp_path / "served"
    served.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    parts = [{"filepath": "readme.txt", "downloadURL": f"{address}/readme.txt"}]
    for number in range(2):
        spectra.inav[:, :, number].save(served / f"EDX_SI_{number}.hdf5", file_format="HSPY")
        digest = hashlib.sha256((served / f"EDX_SI_{number}.hdf5").read_bytes()).hexdigest()
        parts.append({"filepath": f"EDX_SI_{number}.hdf5", "downloadURL": f"{address}/EDX_SI_{number}.hdf5",
                      "checksum": {"algorithm": {"tag": "sha256"}, "hash": digest}})  # fmt: skip
    (served / "record").write_text(json.dumps({"components": parts[::-1]}))
    monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "cache")
    try:
        found = datasets.get_edx_data([0, 15], record=f"{address}/record", lazy=False)
        np.testing.assert_array_equal(found.data, spectra.data[:2])
        parts[1]["checksum"]["hash"] = "0" * 64
        (served / "wrong").write_text(json.dumps({"components": parts}))
        monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "other")
        with pytest.raises(SampleDataError, match="get_spectral_needle"):
            datasets.get_edx_data([0, 15], record=f"{address}/wrong")
        (served / "empty").write_text("{}")
        with pytest.raises(SampleDataError, match="cannot be read"):
            datasets.get_edx_data(record=f"{address}/empty")
    finally:
        server.shutdown()
        server.server_close()


def test_the_sample_is_the_simulation():
    lazy = datasets.get_spectral_needle((24, 16, 16), lazy=True)
    eager = datasets.get_spectral_needle((24, 16, 16))
    np.testing.assert_array_equal(np.asarray(lazy.data), eager.data)
    assert eager.data.dtype == np.uint8
    np.testing.assert_array_equal(eager.data[5], simulation.spectral_needle((24, 16, 16)).counts(5))


def test_another_thread_sees_the_spectra_while_a_projection_is_taken(spectra, monkeypatch):
    seen, deepcopy = [], BaseSignal.deepcopy

    def look_and_copy(signal):
        seen.append(spectra.data.shape)
        return deepcopy(signal)

    monkeypatch.setattr(BaseSignal, "deepcopy", look_and_copy)
    image = spectral.projection(spectra, 3)
    np.testing.assert_array_equal(image.data, spectra.data[3])
    assert seen
    assert set(seen) == {spectra.data.shape}
