"""EMD files of NCEM, Tomviz and HyperSpy: which axis is which, and the tilts."""

import h5py
import hyperspy.api as hs
import numpy as np
import pytest

from etwidgets.errors import FileFormatError, ShapeError, UnsafeFileError
from etwidgets.io import load, preview_files
from etwidgets.signals import LazyTomoStack, RecStack

SERIES = np.random.default_rng(0).integers(0, 1000, (7, 12, 10)).astype(np.uint16)
ANGLES = np.arange(-30.0, 31, 10)
UNEVEN = np.array([-30.5, -20, -11.25, 0, 9.5, 20, 30.1])


def write_emd(path, data, dims, group="data/tomography", first=1, kind=np.float32):
    """``dims``: (name, values, units) of axis 0, 1, ... of the data set."""
    with h5py.File(path, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        node = file.create_group(group)
        node.attrs["emd_group_type"] = 1
        node["data"] = data
        for number, (name, values, units) in enumerate(dims, first):
            dim = node.create_dataset(f"dim{number}", data=np.asarray(values, kind))
            dim.attrs["name"], dim.attrs["units"] = name, units
    return path


def lengths(count, step=0.5):
    return step * np.arange(count)


def tomviz_dims(angles=ANGLES, unit="[deg]", name="angles"):
    return [(name, angles, unit), ("y", lengths(12), "[n_m]"), ("x", lengths(10), "[n_m]")]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("angles", [ANGLES, UNEVEN])
def test_a_tilt_series_of_tomviz(tmp_path, angles, lazy):
    stack = load(write_emd(tmp_path / "t.emd", SERIES, tomviz_dims(angles)), lazy=lazy)
    assert isinstance(stack, LazyTomoStack) == lazy
    assert np.array_equal(np.asarray(stack.data), SERIES)
    assert stack.tilts_deg.tolist() == angles.tolist()  # in spite of float32
    assert stack.metadata.Tomography.tilt_source == "EMD dim1 (angles)"
    assert (stack.axes_manager["x"].scale, stack.axes_manager["x"].units) == (0.5, "nm")


@pytest.mark.parametrize("first", [0, 1])
def test_the_other_order_of_storage(tmp_path, first):
    path = write_emd(tmp_path / "t.emd", SERIES.T, tomviz_dims()[::-1], "experiments/needle", first, float)
    stack = load(path)
    assert np.array_equal(stack.data, SERIES)
    assert stack.tilts_deg.tolist() == ANGLES.tolist()


def test_names_decide_not_positions(tmp_path):
    angles, y, x = tomviz_dims()
    stack = load(write_emd(tmp_path / "t.emd", SERIES.transpose(2, 0, 1), [x, angles, y]))
    assert np.array_equal(stack.data, SERIES)
    unnamed = [("", ANGLES, "deg"), ("", lengths(12), "nm"), ("", lengths(10), "nm")]
    for order in ((0, 1, 2), (2, 1, 0)):
        dims = [unnamed[i] for i in order]
        assert np.array_equal(load(write_emd(tmp_path / "t.emd", SERIES.transpose(order), dims)).data, SERIES)


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [
        ("angles", "[rad]", np.pi / 180),
        ("Tilt angle", "[r_a_d]", np.pi / 180),
        ("theta", "degrees", 1),
        ("tilt", "", 1),
        ("goniometer", "[deg]", 1),
        ("stage", "mrad", np.pi / 0.18),
    ],
)
def test_names_and_units_of_tilts(tmp_path, name, unit, factor):
    path = write_emd(tmp_path / "t.emd", SERIES, tomviz_dims(UNEVEN * factor, unit, name))
    assert load(path).tilts_deg == pytest.approx(UNEVEN, abs=1e-4)


def test_attributes_as_bytes_and_lengths_in_other_units(tmp_path):
    dims = [
        (np.bytes_("angles"), ANGLES, np.bytes_("[deg]")),
        (np.bytes_("y"), lengths(12), np.bytes_("[u_m]")),
        (np.bytes_("x"), lengths(10), np.bytes_("[µ_m]".encode())),
    ]
    stack = load(write_emd(tmp_path / "t.emd", SERIES, dims))
    assert stack.tilts_deg.tolist() == ANGLES.tolist()
    for name in ("x", "y"):
        assert (stack.axes_manager[name].scale, stack.axes_manager[name].units) == (500, "nm")


def test_a_stack_that_hyperspy_wrote(tmp_path):
    signal = hs.signals.Signal2D(SERIES)
    axis = signal.axes_manager.navigation_axes[0]
    axis.name, axis.units, axis.offset, axis.scale = "tilt", "degrees", -30, 10
    signal.save(tmp_path / "h.emd")
    stack = load(tmp_path / "h.emd")
    assert np.array_equal(stack.data, SERIES)
    assert stack.tilts_deg.tolist() == ANGLES.tolist()


def test_a_volume_of_tomviz(tmp_path):
    volume = np.random.default_rng(1).random((5, 6, 7), dtype=np.float32)
    dims = [(name, lengths(n), "[n_m]") for name, n in zip("xyz", volume.shape, strict=True)]
    loaded = load(write_emd(tmp_path / "v.emd", volume, dims))
    assert type(loaded) is RecStack
    assert np.array_equal(loaded.data, volume.transpose(0, 2, 1))
    assert [loaded.axes_manager[name].size for name in "xzy"] == [5, 7, 6]


def test_signed_values_stay_as_they_are(tmp_path):
    data = SERIES.astype(np.int16) - np.int16(500)
    assert np.array_equal(load(write_emd(tmp_path / "t.emd", data, tomviz_dims())).data, data)


def test_axes_that_nothing_tells_apart_are_told(tmp_path):
    dims = [("", lengths(n, 1), "") for n in SERIES.shape]
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(UserWarning, match="axis 0, of 7, is taken as projections"),
    ):
        stack = load(write_emd(tmp_path / "t.emd", SERIES, dims))
    assert stack.data.shape == (7, 12, 10)
    dims = [("x", lengths(10), "[n_m]"), ("", lengths(12, 1), ""), ("", lengths(7, 1), "")]
    with (
        pytest.warns(UserWarning, match="no tilts"),
        pytest.warns(UserWarning, match="axis 2, of 7, is taken"),
    ):
        assert np.array_equal(load(write_emd(tmp_path / "f.emd", SERIES.T, dims)).data, SERIES)


def test_a_dimension_of_another_length_is_told(tmp_path):
    path = write_emd(tmp_path / "t.emd", SERIES, tomviz_dims(ANGLES[:5]))
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(UserWarning, match=r"EMD dim1 \(angles\) are not used: 5 tilts for 7 projections"),
    ):
        assert load(path).data.shape == (7, 12, 10)


def test_of_several_data_sets_it_is_the_one_of_tomviz(tmp_path):
    path = write_emd(tmp_path / "t.emd", SERIES, tomviz_dims())
    with h5py.File(path, "a") as file:
        node = file.create_group("data/another")
        node["data"], node["dim1"] = np.zeros((70, 12, 10)), np.arange(70.0)
    with pytest.warns(UserWarning, match="holds 2 data sets; /data/tomography is loaded"):
        assert np.array_equal(load(path).data, SERIES)


def test_other_data_are_refused(tmp_path):
    angles, y, x = tomviz_dims()
    with pytest.raises(ShapeError, match=r"\(7, 2, 12, 10\)"):
        load(write_emd(tmp_path / "4.emd", np.zeros((7, 2, 12, 10)), [angles, ("f", [0, 1], ""), y, x]))
    with pytest.raises(FileFormatError, match="spectra"):
        load(write_emd(tmp_path / "s.emd", SERIES, [("E", lengths(7), "[eV]"), y, x]))
    with pytest.raises(FileFormatError, match="complex64"):
        load(write_emd(tmp_path / "c.emd", SERIES.astype(np.complex64), tomviz_dims()))
    path = write_emd(tmp_path / "e.emd", SERIES, tomviz_dims())
    with h5py.File(path, "a") as file:
        file["more"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(UnsafeFileError):
        load(path)


def test_the_table_tells_a_series(tmp_path):
    (found,) = preview_files([write_emd(tmp_path / "t.emd", SERIES, tomviz_dims())])
    assert (found.shape, found.tilt_source, found.tilt_deg) == ((7, 12, 10), "EMD dim1 (angles)", None)
