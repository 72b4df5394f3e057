"""Plain HyperSpy operations keep class, tilts and shifts, or refuse; etspy is installed beside us."""

import importlib.metadata

import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import DiskFullError, MissingTiltsError, ParameterError, TiltCountError
from etwidgets.signals import LazyRecStack, LazyTomoStack, RecStack, TomoStack


@pytest.fixture(params=["eager", "lazy"])
def any_stack(request, stack):
    stack.shifts.data[:] = np.arange(18).reshape(9, 2)
    return stack if request.param == "eager" else stack.as_lazy()


def computed(signal):
    if signal._lazy:
        signal.compute(show_progressbar=False)
    return signal


def test_etspy_is_installed_and_does_not_take_our_classes():
    assert importlib.metadata.version("etspy")
    from etspy.base import TomoStack as Other

    ours = TomoStack(np.zeros((3, 4, 4)), [0, 1, 2])
    ours.change_dtype("float32")
    assert type(ours) is TomoStack
    assert type(ours.as_lazy()) is LazyTomoStack
    theirs = Other(np.zeros((3, 4, 4)), np.array([0.0, 1, 2]))
    assert type(theirs.deepcopy()) is Other


@pytest.mark.parametrize(
    "operation",
    [
        lambda s: s + 1,
        lambda s: -s,
        lambda s: s * s,
        lambda s: s.deepcopy(),
        lambda s: s.copy(),
        lambda s: s.as_lazy(),
        lambda s: s.map(np.sqrt, inplace=False, show_progressbar=False),
        lambda s: s.rebin(scale=[1, 2, 2]),
        lambda s: s.swap_axes("Projections", "x"),
    ],
    ids=["add", "negate", "multiply", "deepcopy", "copy", "as_lazy", "map", "rebin", "swap"],
)
@pytest.mark.filterwarnings("ignore:.*ufunc.*")
def test_class_tilts_and_shifts_survive(any_stack, operation, tilts):
    result = operation(any_stack)
    assert isinstance(result, TomoStack)
    assert np.array_equal(result.tilts_deg, tilts)
    assert result.shifts_px.shape == (9, 2)
    assert np.array_equal(computed(result).tilts_deg, tilts)
    assert type(result) is TomoStack


def test_change_dtype_in_place(any_stack, tilts):
    any_stack.change_dtype("float64")
    assert isinstance(any_stack, TomoStack)
    assert any_stack.data.dtype == np.float64
    assert np.array_equal(any_stack.tilts_deg, tilts)


def test_crop_in_place_takes_tilts_and_shifts(any_stack, data, tilts):
    any_stack.crop("Projections", 2, 6)
    any_stack.crop("x", 1, 9)
    any_stack.crop_signal(left=0, right=6, top=2, bottom=8)
    assert np.array_equal(computed(any_stack).data, data[2:6, 2:8, 1:7])
    assert np.array_equal(any_stack.tilts_deg, tilts[2:6])
    assert any_stack.shifts_px[:, 0].tolist() == [4, 6, 8, 10]
    assert any_stack.axes_manager["Projections"].offset == tilts[2]


def test_rebin_rescales_the_shifts_and_sums(any_stack, data):
    binned = any_stack.rebin(scale=[1, 2, 3])  # x by 2, y by 3
    expected = data.reshape(9, 4, 3, 7, 2).sum((2, 4))
    assert np.allclose(computed(binned).data, expected, rtol=1e-5)
    assert np.allclose(binned.shifts_px, any_stack.shifts_px / [3, 2])
    assert binned.axes_manager["x"].scale == 2


def test_rebin_over_tilts_is_refused(any_stack):
    with pytest.raises(ParameterError, match="different tilts"):
        any_stack.rebin(scale=[3, 1, 1])


@pytest.mark.parametrize("reduce", ["max", "sum", "mean", "std"])
def test_a_reduction_over_tilts_has_no_tilts(any_stack, data, reduce):
    result = computed(getattr(any_stack, reduce)("Projections"))
    assert np.allclose(result.data, getattr(data, reduce)(axis=0), rtol=1e-4)
    with pytest.raises((MissingTiltsError, TiltCountError)):
        _ = result.tilts


def test_hs_stack_keeps_tilts_along_a_new_axis(stack, tilts):
    both = hs.stack([stack, stack * 2], show_progressbar=False)
    assert isinstance(both, TomoStack)
    assert np.array_equal(both.tilts_deg, tilts)


def test_hs_stack_along_the_projections_refuses_to_guess(stack):
    joined = hs.stack([stack.inav[:4], stack.inav[4:]], axis="Projections", show_progressbar=False)
    with pytest.raises(TiltCountError, match="4 tilts for 9 projections"):
        _ = joined.tilts
    joined.tilts = stack.tilts_deg
    assert joined.tilts_deg[0] == -8


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("ending", [".hspy", ".zspy"])
@pytest.mark.filterwarnings(
    "ignore:The NestedDirectoryStore is deprecated:FutureWarning"
)  # rosettasciio, zarr 2
def test_a_plain_hs_load_gets_everything_back(tmp_path, any_stack, ending, lazy, data, tilts):
    any_stack.metadata.General.title = "needle"
    part = any_stack.isig[1:-1, :]
    path = part.save(tmp_path / f"a{ending}")
    loaded = hs.load(path, lazy=lazy)
    assert type(loaded) is (LazyTomoStack if lazy else TomoStack)
    assert np.array_equal(computed(loaded).data, data[:, :, 1:-1])
    assert np.array_equal(loaded.tilts_deg, tilts)
    assert np.array_equal(loaded.shifts_px, any_stack.shifts_px)
    assert loaded.metadata.Tomography.transforms.step_000.kind == "crop"
    assert loaded.metadata.General.title == "needle"
    assert [p.name for p in tmp_path.iterdir()] == [f"a{ending}"]


@pytest.mark.parametrize("ending", [".hspy", ".zspy"])
@pytest.mark.filterwarnings("ignore:The NestedDirectoryStore is deprecated:FutureWarning")
def test_a_lazy_stack_can_be_saved_onto_its_own_file(tmp_path, stack, ending, data):
    path = stack.save(tmp_path / f"a{ending}")
    lazy = hs.load(path, lazy=True)
    (lazy * 2).save(path, overwrite=True)
    assert np.array_equal(hs.load(path).data, data * 2)


def test_saving_over_a_file_must_be_asked_for(tmp_path, stack, data):
    path = stack.save(tmp_path / "a")
    assert path.suffix == ".hspy"
    with pytest.raises(FileExistsError, match="overwrite=True"):
        (stack * 0).save(path)
    assert np.array_equal(hs.load(path).data, data)


def test_a_failed_save_leaves_the_old_file(tmp_path, stack, data, monkeypatch):
    path = stack.save(tmp_path / "a.hspy")

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(DiskFullError, match="is full"):
        (stack * 0).save(path, overwrite=True)
    monkeypatch.undo()
    assert np.array_equal(hs.load(path).data, data)
    assert [p.name for p in tmp_path.iterdir()] == ["a.hspy"]


def test_a_volume_survives_too(tmp_path):
    volume = RecStack(np.random.default_rng(0).random((4, 5, 6)))
    assert str(volume) == "<RecStack, title: , dimensions: (4|6, 5)>"
    assert [axis.name for axis in volume.axes_manager._axes] == ["x", "z", "y"]
    assert type(volume.as_lazy()) is LazyRecStack
    assert type(volume.isig[1:3, :]) is RecStack
    loaded = hs.load(volume.save(tmp_path / "v.hspy"))
    assert type(loaded) is RecStack
    assert np.array_equal(loaded.data, volume.data)
