"""The files that come with etspy: shapes, tilts, pixel sizes, values, as their instruments wrote them."""

import numpy as np
import pytest

from etwidgets.io import load
from etwidgets.signals import LazyTomoStack, TomoStack


@pytest.mark.parametrize("name", ["HAADF.mrc", "HAADF.ali"])
def test_needle(samples, name, caplog):
    stack = load(samples / name)
    assert str(stack) == "<TomoStack, title: , dimensions: (77|256, 256)>"
    assert stack.tilts_deg.tolist() == list(range(-76, 78, 2))
    assert stack.axes_manager["x"].scale == pytest.approx(3.36)
    assert stack.axes_manager["y"].units == "nm"
    assert (stack.data.min(), stack.data.max(), stack.data.dtype) == (0, 64233, np.uint16)
    assert stack.metadata.Tomography.intensity_offset == -31908
    assert "-31908" in caplog.text
    assert stack.metadata.Tomography.tilt_source == "HAADF.rawtlt"


def test_needle_as_stored(samples):
    stack = load(samples / "HAADF.mrc", offset=0)
    assert (stack.data.min(), stack.data.max(), stack.data.dtype) == (-31908, 32325, np.int16)
    assert not stack.metadata.has_item("Tomography.intensity_offset")


def test_an_own_offset(samples):
    stack = load(samples / "HAADF.mrc", offset=-40000.5)
    assert stack.data.dtype == np.float32
    assert stack.data.min() == pytest.approx(40000.5 - 31908)


def test_the_extended_header_has_the_tilts_too(samples, tmp_path):
    copy = tmp_path / "needle.mrc"
    copy.write_bytes((samples / "HAADF.mrc").read_bytes())
    stack = load(copy)
    assert stack.metadata.Tomography.tilt_source == "FEI extended header"
    assert stack.tilts_deg == pytest.approx(np.arange(-76, 78, 2), abs=0.01)


def test_needle_lazily(samples):
    stack = load(samples / "HAADF.mrc", lazy=True)
    assert type(stack) is LazyTomoStack
    assert stack.data.chunksize == (1, 256, 256)
    assert np.array_equal(stack.data.compute(), load(samples / "HAADF.mrc").data)


def test_aligned_needle_keeps_what_etspy_wrote(samples):
    stack = load(samples / "HAADF_Aligned.hspy")
    assert type(stack) is TomoStack
    assert stack.tilts_deg.tolist() == list(range(-76, 78, 2))
    assert stack.shifts_px[:2] == pytest.approx(np.array([[0, 0], [-11.415, -0.864]]), abs=1e-3)
    assert stack.metadata.Tomography.tiltaxis == pytest.approx(-2.793, abs=1e-3)
    assert stack.data.dtype == np.float32


def test_digital_micrograph_stack(samples):
    with pytest.warns(UserWarning, match="HAADF.rawtlt are not used: 77 tilts for 91 projections"):
        stack = load(samples / "HAADF.dm3")
    assert stack.data.shape == (91, 64, 64)
    assert stack.tilts_deg.tolist() == list(range(-90, 92, 2))
    assert stack.axes_manager["x"].scale == pytest.approx(17.995, abs=1e-3)
    assert stack.axes_manager["x"].units == "nm"
    assert (stack.data.min(), stack.data.max()) == (513, 39459)


def test_digital_micrograph_series_is_sorted_by_tilt(samples):
    folder = samples / "DM_Series_Test"
    stack = load([folder / f"BF_00{i}.dm3" for i in (3, 1, 2)])
    assert stack.data.shape == (3, 128, 128)
    assert stack.tilts_deg == pytest.approx([-72.003, -69.004, -66.004], abs=1e-3)
    assert stack.axes_manager["x"].scale == pytest.approx(19.109, abs=1e-3)
    assert stack.metadata.Tomography.tilt_source == "metadata (stage tilt)"


def test_serialem_frames(samples):
    folder = samples / "SerialEM_Multiframe_Test"
    stack = load([folder / f"test_00{i}.mrc" for i in range(3)])
    assert stack.data.shape == (3, 2, 1024, 1024)
    assert stack.tilts_deg == pytest.approx([-5.00151, -0.000488, 5.00054])
    assert stack.axes_manager["x"].scale == pytest.approx(0.788)
    assert stack.metadata.Tomography.header_tiltaxis == -90
    microscope = stack.metadata.Acquisition_instrument.TEM
    assert (microscope.magnification, microscope.beam_energy, microscope.spot_size) == (115000, 300, 7)


def test_serialem_pair_given_by_hand(samples, tmp_path):
    folder = samples / "SerialEM_Multiframe_Test"
    copy = tmp_path / "alone.mrc"
    copy.write_bytes((folder / "test_001.mrc").read_bytes())
    stack = load([copy], mdocs=folder / "test_001.mdoc")
    assert stack.metadata.Tomography.tilt_source == "mdoc files"
    assert stack.tilts_deg == pytest.approx([5.00054])
    with (
        pytest.warns(UserWarning, match="no tilts were found"),
        pytest.warns(UserWarning, match="all 2 tilts are 5"),
    ):
        load(copy, mdocs=folder / "test_001.mdoc")


def test_serialem_header_alone(samples, tmp_path):
    copy = tmp_path / "alone.mrc"
    copy.write_bytes((samples / "SerialEM_Multiframe_Test" / "test_001.mrc").read_bytes())
    stack = load([copy])
    assert stack.metadata.Tomography.tilt_source == "SerialEM extended header"
    assert stack.tilts_deg == pytest.approx([5.0], abs=0.01)
    assert stack.metadata.Tomography.header_tiltaxis == -90
