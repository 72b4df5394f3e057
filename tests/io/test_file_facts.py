"""What is said of a file before it is opened is what it is once it is open; and one image of it is read."""

import h5py
import numpy as np
import pytest
import tifffile

from etwidgets.io import file_facts, load, save
from etwidgets.io.tiff import lazy_dictionaries
from etwidgets.signals import RecStack, TomoStack

ANGLES = np.array([-20.0, -10.0, 1.0, 10.0])


@pytest.fixture
def series():
    """Each projection has its number as its value; 0.4 nm per pixel."""
    stack = TomoStack(np.arange(4, dtype=np.int16)[:, None, None] * np.ones((6, 5), np.int16), ANGLES)
    stack.set_pixel_size(0.4)
    return stack


@pytest.mark.parametrize("name", ["a.mrc", "a.ali", "a.st", "a.tif", "a.hspy", "a.hdf5", "a.zspy"])
def test_facts_and_the_projection_nearest_to_zero(tmp_path, series, name):
    save(series, tmp_path / name)
    found = file_facts(tmp_path / name)
    assert (found.shape, found.dtype, found.count) == ((4, 6, 5), "int16", 4)
    assert found.memory == 4 * 6 * 5 * 2
    assert found.tilts_deg.tolist() == ANGLES.tolist()
    assert found.pixel_size_nm == pytest.approx(0.4)
    assert (found.index, found.image.tolist()) == (2, np.full((6, 5), 2).tolist())
    assert found.problem == ""
    assert load(tmp_path / name).metadata.Tomography.get_item("tilt_source", "") == found.tilt_source


@pytest.mark.parametrize(
    ("name", "shape", "tilts", "source", "index"),
    [
        ("HAADF.mrc", (77, 256, 256), (-76, 76), "HAADF.rawtlt", 38),
        ("HAADF.ali", (77, 256, 256), (-76, 76), "HAADF.rawtlt", 38),
        ("HAADF_Aligned.hspy", (77, 256, 256), (-76, 76), "file", 38),
    ],
)
def test_bundled_files(samples, name, shape, tilts, source, index):
    found = file_facts(samples / name)
    assert (found.shape, found.tilt_source, found.index) == (shape, source, index)
    assert (found.tilts_deg.min(), found.tilts_deg.max()) == tilts
    assert found.pixel_size_nm == pytest.approx(3.36, abs=0.01)
    np.testing.assert_array_equal(found.image, load(samples / name, offset=0).data[index])


def test_one_image_has_its_tilt_and_is_no_series(samples):
    found = file_facts(samples / "DM_Series_Test" / "BF_001.dm3")
    assert (found.shape, found.count, found.tilt_source) == ((128, 128), 1, "metadata (stage tilt)")
    assert found.tilts_deg == pytest.approx([-72.003], abs=1e-3)
    assert "one image" in found.problem
    assert found.image.shape == (128, 128)


def test_frames_are_told(samples):
    with pytest.warns(UserWarning, match="frames of one projection|no tilts") as told:
        found = file_facts(samples / "SerialEM_Multiframe_Test" / "test_001.mrc")
    assert len(told) >= 2
    assert (found.shape, found.tilts_deg, found.axis_deg) == ((2, 1024, 1024), None, -90)
    assert found.pixel_size_nm == pytest.approx(0.788)


def test_a_volume_shows_its_middle(tmp_path):
    volume = RecStack(np.arange(5, dtype=np.float32)[:, None, None] * np.ones((3, 4), np.float32))
    volume.save(tmp_path / "a.hspy")
    found = file_facts(tmp_path / "a.hspy")
    assert (found.is_volume, found.shape, found.count, found.index) == (True, (5, 3, 4), 0, 2)
    assert found.image.tolist() == np.full((3, 4), 2).tolist()


def test_emd_of_ncem(tmp_path):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        group = file.create_group("data/scan")
        group["data"] = np.arange(3.0, dtype=np.float32)[:, None, None] * np.ones((4, 5), np.float32)
        for place, (name, unit, values) in enumerate(
            [("angle", "deg", [-5, 0.5, 5]), ("y", "nm", [0, 2, 4, 6]), ("x", "nm", [0, 2, 4, 6, 8])], 1
        ):
            dim = group.create_dataset(f"dim{place}", data=values)
            dim.attrs["name"], dim.attrs["units"] = name, unit
    found = file_facts(tmp_path / "a.emd")
    assert (found.kind, found.shape, found.pixel_size_nm, found.index) == ("EMD", (3, 4, 5), 2, 1)
    assert found.image.max() == found.image.min() == 1


@pytest.mark.parametrize("name", ["a.mrc", "a.tif", "a.hspy", "a.emd", "a.dm4", "a.exe", "missing.mrc"])
def test_what_cannot_be_read_says_why(tmp_path, name):
    if name != "missing.mrc":
        (tmp_path / name).write_bytes(b"no data at all")
    found = file_facts(tmp_path / name)
    assert name in found.problem
    assert (found.shape, found.image, found.memory, found.count) == ((), None, 0, 0)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"imagej": True}, {"byteorder": ">"}])
def test_one_projection_of_a_tiff_is_read_without_the_others(tmp_path, options, monkeypatch):
    data = np.random.default_rng(1).integers(0, 60_000, (7, 16, 12)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", **options)
    (known,) = lazy_dictionaries(tmp_path / "a.tif")
    read = []
    whole = tifffile.TiffPageSeries.asarray
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", lambda *a, **k: read.append(1) or whole(*a, **k))
    np.testing.assert_array_equal(known["data"][5, 2:9].compute(), data[5, 2:9])
    assert read == []
    np.testing.assert_array_equal(known["data"].compute(), data)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"imagej": True}])
def test_a_lazy_tiff_is_the_same_as_one_that_was_read(tmp_path, options):
    data = np.random.default_rng(1).integers(0, 60_000, (7, 16, 12)).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", data, photometric="minisblack", resolution=(2e7, 2e7), resolutionunit=3, **options
    )
    lazy, read = (load(tmp_path / "a.tif", tilts=range(7), lazy=each) for each in (True, False))
    np.testing.assert_array_equal(lazy.data.compute(), read.data)
    assert lazy.axes_manager.as_dictionary() == read.axes_manager.as_dictionary()
