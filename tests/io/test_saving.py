"""What is saved comes back; a crash leaves a whole file."""

import subprocess
import sys
import threading

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from etwidgets.errors import ParameterError
from etwidgets.io import load, save
from etwidgets.signals import RecStack, TomoStack

TYPES = st.sampled_from(["int8", "uint8", "int16", "uint16", "int32", "float32", "float64", ">i2", ">f4"])


def finite_arrays(dtype):
    elements = {"allow_nan": False, "allow_infinity": False} if np.dtype(dtype).kind == "f" else None
    shapes = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6)
    return hnp.arrays(dtype, shapes, elements=elements)


@settings(max_examples=15, deadline=None)
@given(data=TYPES.flatmap(finite_arrays), start=st.floats(-90, 0))
def test_a_saved_stack_comes_back_exactly(tmp_path_factory, data, start):
    stack = TomoStack(data)
    stack.set_tilts(start, 1.5)
    stack.shifts.data[:] = np.random.default_rng(0).normal(size=(len(data), 2))
    path = tmp_path_factory.mktemp("hspy") / "a.hspy"
    loaded = load(save(stack, path))
    assert np.array_equal(loaded.data, data)
    assert loaded.data.dtype.kind == data.dtype.kind
    assert np.array_equal(loaded.tilts.data, stack.tilts.data)
    assert np.array_equal(loaded.shifts.data, stack.shifts.data)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32", "float64", "int32"])
def test_mrc_export_has_data_scale_and_tilts(tmp_path, images, tilts, dtype):
    stack = TomoStack(images.astype(dtype), tilts)
    for name in ("x", "y"):
        stack.axes_manager[name].scale, stack.axes_manager[name].units = 3.36, "nm"
    path = save(stack, tmp_path / "out.mrc")
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        assert np.array_equal(file.data, images)
        assert float(file.voxel_size.x) == pytest.approx(33.6)
    assert (tmp_path / "out.rawtlt").read_text().split() == ["-10", "-5", "0", "5", "10"]
    again = load(path, offset=0)
    assert np.array_equal(again.tilts_deg, tilts)
    assert again.axes_manager["x"].scale == pytest.approx(3.36)


def test_a_volume_is_exported_without_tilts(tmp_path):
    volume = RecStack(np.random.default_rng(0).random((3, 4, 5), dtype=np.float32))
    path = save(volume, tmp_path / "volume.rec")
    with mrcfile.open(path, permissive=True) as file:
        assert np.array_equal(file.data, volume.data)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["volume.rec"]


def test_tiff_export(tmp_path, images, tilts):
    path = save(TomoStack(images, tilts), tmp_path / "out.tif")
    assert np.array_equal(load(path, tilts=tilts).data, images)


def test_existing_files_and_unknown_formats_are_refused(tmp_path, images, tilts):
    stack = TomoStack(images, tilts)
    for name in ("a.hspy", "a.mrc", "a.tif"):
        save(stack, tmp_path / name)
        with pytest.raises(FileExistsError, match="overwrite=True"):
            save(stack, tmp_path / name)
        save(stack, tmp_path / name, overwrite=True)
    with pytest.raises(ParameterError, match=r"\.xyz"):
        save(stack, tmp_path / "a.xyz")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        save(stack, tmp_path / "nowhere" / "a.hspy")


KILLED = """
import sys, numpy as np
from etwidgets.signals import TomoStack
stack = TomoStack(np.full((40, 256, 256), 2, np.float32), np.arange(40))
print("ready", flush=True)
while True:
    stack.save(sys.argv[1], overwrite=True)
"""


def test_a_killed_save_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.hspy"
    TomoStack(np.full((40, 256, 256), 1, np.float32), np.arange(40)).save(path)
    for delay in (0.02, 0.2):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline().strip() == "ready"
        threading.Event().wait(delay)
        child.kill()
        child.wait()
        child.stdout.close()
        loaded = load(path)
        assert loaded.data.shape == (40, 256, 256)
        assert len(np.unique(loaded.data)) == 1
        assert len(loaded.tilts_deg) == 40
