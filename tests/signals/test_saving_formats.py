"""Every format goes through one save: what comes back, what is refused, what a full disk leaves."""

import re
import subprocess
import sys

import h5py
import mrcfile
import numpy as np
import pytest

from etwidgets import io, resources
from etwidgets.atomic import atomic_path
from etwidgets.errors import DataError, DiskFullError, ParameterError
from etwidgets.signals import RecStack, TomoStack, movies
from etwidgets.signals.hdf5_writing import patient_file

TILTS = np.array([-40.5, -20, 0, 21.25, 39.5])


@pytest.fixture
def series():
    data = np.random.default_rng(0).integers(0, 60000, (5, 12, 10)).astype(np.uint16)
    stack = TomoStack(data, TILTS)
    stack.set_pixel_size(0.68)
    return stack


@pytest.mark.parametrize("ending", [".mrc", ".st", ".rec", ".tif", ".hspy", ".zspy"])
def test_a_stack_saves_itself_in_every_format(series, tmp_path, ending):
    path = series.save(tmp_path / f"a{ending}")
    back = io.load(path)
    assert np.array_equal(back.data, series.data)
    assert np.allclose(back.tilts_deg, TILTS, atol=1e-6)
    assert back.axes_manager["x"].scale == pytest.approx(0.68, rel=1e-6)
    assert back.axes_manager["x"].units == "nm"
    beside = [] if ending in (".hspy", ".zspy") else ["a.rawtlt"]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([f"a{ending}", *beside])
    with pytest.raises(FileExistsError, match="overwrite=True"):
        io.save(series, path)


def test_other_tilts_beside_a_file_are_not_replaced(series, tmp_path):
    (tmp_path / "a.rawtlt").write_text("1\n2\n")
    with pytest.raises(FileExistsError, match=r"a\.rawtlt"):
        series.save(tmp_path / "a.tif")
    series.save(tmp_path / "a.tif", overwrite=True)
    series.save(tmp_path / "a.mrc")  # the same tilts: nothing is lost
    assert (tmp_path / "a.rawtlt").read_text().split() == ["-40.5", "-20", "0", "21.25", "39.5"]


def test_emd_is_the_form_of_tomviz(series, tmp_path):
    path = series.save(tmp_path / "a.emd")
    with h5py.File(path) as file:
        node = file["data/tomography"]
        assert (file.attrs["version_major"], file.attrs["version_minor"]) == (0, 2)
        assert node.attrs["emd_group_type"] == 1
        assert np.array_equal(node["data"][()], series.data)
        dims = [node[f"dim{n}"] for n in (1, 2, 3)]
        assert [(d.attrs["name"], d.attrs["units"]) for d in dims] == [
            ("angles", "[deg]"),
            ("y", "[n_m]"),
            ("x", "[n_m]"),
        ]
        assert {d.dtype for d in dims} == {np.dtype("<f4")}  # Tomviz refuses any other
        assert np.array_equal(dims[0][()], TILTS.astype(np.float32))
        assert dims[2][1] - dims[2][0] == pytest.approx(0.68)


def test_a_volume_in_emd_is_stored_as_x_y_z(tmp_path):
    volume = RecStack(np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4))
    with h5py.File(volume.save(tmp_path / "a.emd")) as file:
        node = file["data/tomography"]
        assert np.array_equal(node["data"][()], volume.data.transpose(0, 2, 1))
        assert [node[f"dim{n}"].attrs["units"] for n in (1, 2, 3)] == ["[px]"] * 3


@pytest.mark.parametrize("pixel", [0.1, 3.36])
def test_the_pixel_size_comes_back_from_mrc_also_where_it_is_one_angstrom(tmp_path, pixel):
    stack = TomoStack(np.zeros((3, 8, 6), np.float32), tilts=[-1, 0, 1])
    stack.set_pixel_size(pixel)
    again = io.load(stack.save(tmp_path / "a.mrc"))
    for name in ("x", "y"):
        assert again.axes_manager[name].units == "nm"
        assert again.axes_manager[name].scale == pytest.approx(pixel, rel=1e-6)


@pytest.mark.parametrize("tilts", [TILTS, np.linspace(-60, 60, 5)])
@pytest.mark.parametrize("pixel", [0.68, None])
def test_what_is_written_for_tomviz_comes_back_equal(tmp_path, tilts, pixel):
    data = np.random.default_rng(0).random((5, 12, 10), dtype=np.float32)
    stack = TomoStack(data, tilts)
    if pixel:
        stack.set_pixel_size(pixel)
    back = io.load(stack.save(tmp_path / "a.emd"))
    assert np.array_equal(back.data, data)
    assert np.array_equal(back.tilts_deg, tilts.astype(np.float32))
    for name in ("x", "y"):
        assert back.axes_manager[name].scale == pytest.approx(pixel or 1.0, rel=1e-6)
        assert back.axes_manager[name].units == ("nm" if pixel else "pixels")
    volume = RecStack(data)
    again = io.load(volume.save(tmp_path / "v.emd"))
    assert isinstance(again, RecStack)
    assert np.array_equal(again.data, data)


def test_emd_needs_tilts(tmp_path):
    with pytest.raises(ParameterError, match="set the tilts first"):
        TomoStack(np.zeros((3, 4, 5))).save(tmp_path / "a.emd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["uint32", "int32", "int64"])
def test_whole_numbers_are_never_rounded_in_silence(tmp_path, dtype):
    data = np.full((3, 4, 5), 2**24, dtype)
    io.save(TomoStack(data), tmp_path / "exact.mrc")
    with mrcfile.open(tmp_path / "exact.mrc") as file:
        assert np.array_equal(file.data, data)
    data[1, 2, 3] = 2**24 + 1
    with pytest.raises(DataError, match=rf"1 of 60 {dtype} values .*16777217.* change by up to 1\b"):
        TomoStack(data).save(tmp_path / "b.mrc")
    assert not (tmp_path / "b.mrc").exists()
    if dtype == "int64":
        data[1, 2, 3] = 2**60 + 1  # no float64 can tell it from 2**60
        with pytest.raises(DataError, match=r"1 of 60 int64 values .* change by up to 1\b"):
            TomoStack(data).save(tmp_path / "b.mrc")


def test_rounded_float64_is_told_and_what_is_too_large_refused(tmp_path):
    data = np.ones((3, 4, 5))
    data[0, 0, :2] = 1 / 3, 1e-9 + 1
    with pytest.warns(UserWarning, match=r"2 of 60 float64 values are rounded, by at most 9\.9e-09"):
        TomoStack(data).save(tmp_path / "a.mrc")
    data[0, 0, 0] = 1e39
    with pytest.raises(DataError, match="go beyond"):
        TomoStack(data).save(tmp_path / "b.mrc")


def test_frames_and_what_is_not_offered_are_refused(tmp_path):
    frames = TomoStack(np.zeros((2, 3, 4, 5), np.float32))
    for ending in (".mrc", ".tif", ".emd"):
        with pytest.raises(ParameterError, match="average them first"):
            frames.save(tmp_path / f"a{ending}")
    with pytest.raises(ParameterError, match=r"\.hspy .*\.emd"):
        frames.save(tmp_path / "a.nxs")
    with pytest.raises(ParameterError, match=r"cannot write \.xyz"):
        frames.save(tmp_path / "a.xyz")
    assert list(tmp_path.iterdir()) == []


def test_raw_data_and_their_header_are_written_together(series, tmp_path):
    path = series.save_raw(tmp_path / "a")
    assert path.name == "a_5x12x10_uint16.rpl"
    raw = np.fromfile(path.with_suffix(".raw"), np.uint16).reshape(5, 12, 10)
    assert np.array_equal(raw, series.data)


# -- a full disk --------------------------------------------------------------------------------------


def test_what_has_no_room_is_refused_before_a_byte_is_written(series, tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "free_disk", lambda _: 66_000)
    monkeypatch.setattr("etwidgets.signals.saving.free_disk", lambda _: 0)
    for ending in (".mrc", ".tif", ".emd", ".hspy", ".zspy"):
        with pytest.raises(DiskFullError, match=rf"a{ending} needs about \d+ kB, but only 66 kB are free in"):
            series.save(tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []


def test_data_that_compress_well_need_little_room(tmp_path, monkeypatch):
    monkeypatch.setattr("etwidgets.signals.saving.free_disk", lambda _: 0)
    monkeypatch.setattr(resources, "free_disk", lambda _: 100_000)
    assert TomoStack(np.zeros((20, 64, 64), np.float32)).save(tmp_path / "a.hspy").exists()  # 328 kB


def test_an_error_of_another_kind_stays_what_it_is(tmp_path):
    with pytest.raises(PermissionError, match="mine"), atomic_path(tmp_path / "a.txt"):
        raise PermissionError("mine")
    with pytest.raises(DiskFullError, match=r"a\.txt could not be written"), atomic_path(tmp_path / "a.txt"):
        raise RuntimeError("encoder error") from OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_hdf5_reads_again_what_did_not_reach_the_disk(tmp_path):
    with pytest.raises(OSError, match="full"), patient_file(tmp_path / "a") as file:  # noqa: PT012  (on leaving)
        file.write(b"abcdef")
        file._put = _refuse
        file.seek(4)
        file.write(b"XYZ")
        file.seek(2)
        assert file.read(10) == b"cdXYZ"
        assert file.seek(0, 2) == 7
    assert (tmp_path / "a").read_bytes() == b"abcdef"


def test_a_film_that_ffmpeg_could_not_end_is_no_film(tmp_path):
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    RecStack(np.zeros((3, 16, 16), np.float32)).save_movie(whole, "x")
    movies.check_mp4(whole)
    cut.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(OSError, match="not written to its end"):
        movies.check_mp4(cut)


def _refuse(*_):
    raise OSError(28, "full")


FULL = """
import resource, signal, sys, warnings
from pathlib import Path
import numpy as np
import pandas as pd
from etwidgets.atomic import atomic_path
from etwidgets.errors import DiskFullError
from etwidgets.signals import RecStack, TomoStack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
data = np.random.default_rng(0).random((10, 256, 256), dtype=np.float32)
stack, volume = TomoStack(data, np.arange(10)), RecStack(data)
writers = {
    "a.hspy": stack.save, "b.hspy": lambda path, **_: stack.as_lazy().save(
        path, overwrite=True, show_progressbar=False
    ),
    "a.zspy": stack.save, "a.mrc": stack.save, "a.tif": stack.save,
    "a.emd": stack.save, "a.rpl": stack.save, "a.gif": lambda path, **_: volume.save_movie(path, "x"),
}
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "The NestedDirectoryStore")
stack.save(folder / "a.hspy")
old = (folder / "a.hspy").read_bytes()
for limit in (3_000, 150_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for name, write in writers.items():
        try:
            write(folder / name, overwrite=True)
        except DiskFullError as error:
            print(name, "told:", error)
from etwidgets.session import Session, TomoStackModel
session = Session(TomoStackModel(stack, reconstruction=volume))
session.apply("normalize")
texts = {
    "a.json": session.save, "a.csv": pd.DataFrame(data[0]).to_csv,
    "a.png": lambda path: session.save_data("figure", path),
}
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
for name, write in texts.items():
    try:
        if name == "a.csv":
            with atomic_path(folder / name) as temporary:
                write(temporary)
        else:
            write(folder / name)
    except DiskFullError as error:
        print(name, "told:", error)
assert (folder / "a.hspy").read_bytes() == old
print(*sorted(each.name for each in folder.iterdir()))
warnings.simplefilter("ignore")
print("end")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_a_disk_that_fills_up_is_told_and_python_ends_well(tmp_path):
    """Without root: a limit of a file's size stands for the full disk. HDF5 used to end the process."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    names = ["a.hspy", "b.hspy", "a.zspy", "a.mrc", "a.tif", "a.emd", "a.rpl", "a.gif"]
    texts = ["a_start.hspy", "a.csv", "a.png"]
    assert [line.split()[2] for line in lines[:-2]] == [*2 * names, *texts]
    assert all(re.search(r"could not be written to .* as it was; free some space", x) for x in lines[:-2])
        re.search(r"could not be written to .* as it was; free some space", line) for line in lines[:-2]
    )
    assert lines[-2:] == ["a.hspy", "end"]


def test_no_tilts_of_another_file_are_taken_for_those_of_this_one(tmp_path):
    with_tilts = TomoStack(np.zeros((3, 8, 6), np.float32), tilts=[-1, 0, 1])
    other_tilts = TomoStack(np.zeros((3, 8, 6), np.float32), tilts=[-9, 0, 9])
    without = TomoStack(np.zeros((3, 8, 6), np.float32))
    volume = RecStack(np.zeros((3, 8, 6), np.float32))
    with_tilts.save(tmp_path / "a.mrc")
    for signal, name in ((without, "a.tif"), (other_tilts, "a.tif"), (volume, "a.rec")):
        for overwrite in (False, True):
            with pytest.raises(FileExistsError, match=r"a\.rawtlt exists, with the tilts of a\.mrc"):
                signal.save(tmp_path / name, overwrite=overwrite)
    with_tilts.save(tmp_path / "a.tif")  # the same tilts
    (tmp_path / "a.tif").unlink()
    without.save(tmp_path / "a.mrc", overwrite=True)
    assert not (tmp_path / "a.rawtlt").exists()
    with pytest.warns(UserWarning, match="no tilts were found"):
        assert not io.load(tmp_path / "a.mrc").has_tilts


def test_a_volume_comes_back_from_mrc_as_a_volume(tmp_path):
    volume = RecStack(np.random.default_rng(1).random((4, 5, 6), np.float32))
    for axis in volume.axes_manager._axes:
        axis.scale, axis.units = 0.5, "nm"
    again = io.load(volume.save(tmp_path / "a.rec"))
    assert isinstance(again, RecStack)
    assert np.array_equal(again.data, volume.data)
    assert [(axis.name, axis.units) for axis in again.axes_manager._axes] == [(n, "nm") for n in "xzy"]
    assert [axis.scale for axis in again.axes_manager._axes] == pytest.approx([0.5] * 3, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_negative_values_of_our_own_mrc_stay(tmp_path, dtype):
    stack = TomoStack(np.arange(-5, 43).reshape(3, 4, 4).astype(dtype), tilts=[-1, 0, 1])
    again = io.load(stack.save(tmp_path / "a.mrc"))
    assert again.data.dtype == dtype
    assert np.array_equal(again.data, stack.data)


@pytest.mark.parametrize("name", ["", "a\0.mrc"])
def test_what_is_no_name_of_a_file_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="not the name of a file"):
        TomoStack(np.zeros((3, 8, 6), np.float32), tilts=[-1, 0, 1]).save(name)
    assert list(tmp_path.iterdir()) == []
