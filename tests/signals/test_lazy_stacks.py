"""Lazy stacks give what eager ones give, and read each projection once per step."""

import tempfile
from collections import Counter
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

import etwidgets as etw
from etwidgets import simulation
from etwidgets.errors import DiskFullError
from etwidgets.progress import Cancelled, NullProgress
from etwidgets.signals import lazy_images

TILTS = np.linspace(-60, 60, 13)


@pytest.fixture(scope="module")
def counts():
    bodies = simulation.specimen("particles", (48, 64), seed=3)
    moved = np.random.default_rng(0).uniform(-2, 2, (13, 2))
    clean = simulation.project_ellipsoids(bodies, TILTS, (48, 64), moved_px=moved)
    return np.random.default_rng(1).poisson(20 + 10 * clean).astype(np.uint16)


@pytest.fixture
def reads():
    return Counter()


@pytest.fixture
def lazy(counts, reads, monkeypatch, tmp_path):
    """A lazy stack that counts how often each projection is read, too large for what is kept in memory."""
    monkeypatch.setattr(lazy_images, "_SMALL", 0)
    monkeypatch.setattr(lazy_images, "_TOGETHER", 5 * counts[0].nbytes)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    class Counted:
        shape, dtype, ndim = counts.shape, counts.dtype, 3

        def __getitem__(self, index):
            reads.update(range(*index[0].indices(len(counts))))
            return counts[index]

        def __deepcopy__(self, memo):
            return self

    return etw.TomoStack(da.from_array(Counted(), chunks=(1, 48, 64), name="counted"), TILTS)


@pytest.fixture
def eager(counts):
    return etw.TomoStack(counts, TILTS)


STEPS = {
    "subtract_background": lambda s: s.subtract_background("percentile"),
    "subtract_background, plane": lambda s: s.subtract_background("edge", shape="plane", each=True),
    "equalize_intensity": lambda s: s.equalize_intensity(),
    "stack_register": lambda s: s.stack_register("PC"),
    "shift_projections": lambda s: s.shift_projections(np.full((13, 2), 1.25)),
    "tilt_align": lambda s: s.tilt_align("CoM", apply_undetermined=True),
    "crop_to": lambda s: s.crop_to(x_start=5, x_stop=60, y_start=3, y_stop=40),
    "bin": lambda s: s.bin(2),
    "filter": lambda s: s.filter("median", size=3),
    "reconstruct": lambda s: s.reconstruct("OS-SIRT", 2, thickness=20, show_progressbar=False),
    "registered, cropped, reconstructed": lambda s: (
        s.stack_register("PC")
        .crop_to(x_start=5, x_stop=60, y_start=3, y_stop=40)
        .reconstruct("FBP", thickness=20, show_progressbar=False)
    ),
}
BEFORE = {  # how often a step reads the projections before it gives its result, which is still to be computed
    "subtract_background": 1, "subtract_background, plane": 1, "equalize_intensity": 1, "stack_register": 1,
    "shift_projections": 0, "tilt_align": 1, "crop_to": 0, "bin": 0, "filter": 0, "reconstruct": 1,
    "registered, cropped, reconstructed": 2,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_bits_and_reads_each_projection_once(lazy, eager, reads, tmp_path, step):
    expected = STEPS[step](eager)
    result = STEPS[step](lazy)
    assert isinstance(result.data, da.Array)
    assert set(reads.values()) <= {BEFORE[step]}
    assert (BEFORE[step] > 0) == (len(reads) == 13)
    reads.clear()
    values = np.asarray(result.data)
    assert np.array_equal(values, expected.data)
    again = 0 if "reconstruct" in step else 1  # what was stored by columns is not read again
    assert set(reads.values()) <= {again}
    known = result.metadata.as_dictionary().get("Tomography", {})
    assert known.keys() == expected.metadata.as_dictionary().get("Tomography", {}).keys()
    del result
    if "reconstruct" not in step:
        assert not list(tmp_path.iterdir())  # no file is left of those that were made on the way


def test_columns_are_those_of_the_projections_and_their_file_goes_with_them(lazy, counts, tmp_path):
    columns = lazy_images.columns_of(lazy.data, 10)
    assert columns.chunks[0] == (10,) * 6 + (4,)
    assert np.array_equal(columns[17:33].compute(), counts.transpose(2, 0, 1)[17:33])
    assert len(list(tmp_path.iterdir())) == 1
    del columns
    assert not list(tmp_path.iterdir())


class _Stops(NullProgress):
    def advance(self, fraction, message=""):
        if fraction > 0.3:
            raise Cancelled


@pytest.mark.parametrize(
    "read",
    [
        lambda data: lazy_images.columns_of(data, 8, _Stops()),
        lambda data: lazy_images.images_of(data, _Stops()).__enter__(),
    ],
)
def test_cancelling_leaves_no_file(lazy, reads, tmp_path, read):
    with pytest.raises(Cancelled):
        read(lazy.data)
    assert 0 < len(reads) < 13
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_before_anything_is_read(lazy, reads, tmp_path, monkeypatch):
    monkeypatch.setattr("etwidgets.resources.free_disk", lambda _: 100)
    with pytest.raises(DiskFullError), lazy_images.images_of(lazy.data):
        pass
    assert not reads
    assert not list(tmp_path.iterdir())


def test_opening_and_copying_a_lazy_mrc_file_reads_no_image(tmp_path, eager, counts):
    path = eager.save(tmp_path / "a.mrc")
    stack = etw.load(path, lazy=True)
    source = next(v for k, v in stack.data.dask.items() if str(k).startswith("original"))
    copied = stack.deepcopy()
    assert any(value is source for value in copied.data.dask.values())
    Path(path).unlink()  # the open file stays as it was
    assert np.array_equal(copied.data.compute(), counts)
