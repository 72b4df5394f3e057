"""Every listing of the ETSpy paper, sections 2 to 9, with only the import lines changed.

Herzing and Taillon, "ETSpy: A HyperSpy extension package for electron tomography data processing and
reconstruction". What the paper prints is asserted; slow steps run on a cut of the data.
"""

import hyperspy.api as hs
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import etwidgets.api as etspy
from etwidgets import datasets as ds


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def registered():
    return ds.get_needle_data().stack_register("PC")


@pytest.fixture(scope="module")
def small():
    """A few columns of the aligned needle, binned, so that every method is quick."""
    return ds.get_needle_data(aligned=True).isig[120:132, :].rebin(scale=[1, 1, 4])


def test_section_2_test_data():
    s = ds.get_needle_data()  # loads experimental test data
    s2 = ds.get_catalyst_data()  # loads simulated catalyst data
    assert str(s) == "<TomoStack, title: , dimensions: (77|256, 256)>"
    assert str(s2) == "<TomoStack, title: , dimensions: (90|600, 600)>"
    s_aligned = ds.get_needle_data(aligned=True)
    assert str(s_aligned) == str(s)


def test_section_3_signal_classes():
    s = ds.get_needle_data()
    node = s.metadata.Tomography
    assert {"tilts", "cropped", "tiltaxis", "xshift", "yshift"} <= set(node.keys())
    assert s.tilts.data.shape == (77, 1)
    assert s.shifts.data.shape == (77, 2)


def test_section_4_load(tmp_path):
    filename = ds.get_needle_data().save(tmp_path / "filename.hspy")
    s = etspy.load(filename)
    assert isinstance(s, etspy.TomoStack)
    image_series = []
    for number, tilt in enumerate((-2, 0, 2)):
        image = hs.signals.Signal2D(np.full((4, 5), number, np.float32))
        image.save(tmp_path / f"image{number}_{tilt}deg.tif")
        image_series.append(tmp_path / f"image{number}_{tilt}deg.tif")
    s2 = etspy.load(image_series)
    assert s2.data[:, 0, 0].tolist() == [0, 1, 2]


def test_section_4_from_memory():
    tilts = np.arange(0, 180, 2)
    s = np.random.random([90, 100, 100])  # noqa: NPY002  (the paper's line)
    s = etspy.TomoStack(s, tilts)
    assert str(s) == "<TomoStack, title: , dimensions: (90|100, 100)>"
    s = hs.signals.Signal2D(np.random.random([90, 100, 100]))  # noqa: NPY002  (the paper's line)
    s = etspy.TomoStack(s, tilts)
    assert s.tilts.data[:, 0].tolist() == tilts.tolist()


def test_section_5_plotting():
    s = ds.get_catalyst_data()
    s.plot()
    hs.plot.plot_images([s.inav[0], s.extract_sinogram(128)], colorbar=None)
    assert s.swap_axes("Projections", "x").axes_manager.navigation_axes[0].name == "x"


def test_section_6_slicing():
    s = ds.get_needle_data()
    s_cropped = s.isig[5:-10, 10:-5]
    assert str(s_cropped) == "<TomoStack, title: , dimensions: (77|241, 241)>"
    assert str(s.tilts) == "<TomoTilts, title: Image tilt values, dimensions: (77|1)>"
    assert str(s.shifts) == "<TomoShifts, title: Image shift values, dimensions: (77|2)>"
    s_cropped = s.inav[5:-10]
    assert str(s_cropped) == "<TomoStack, title: , dimensions: (62|256, 256)>"
    assert str(s_cropped.tilts) == "<TomoTilts, title: Image tilt values, dimensions: (62|1)>"
    assert str(s_cropped.shifts) == "<TomoShifts, title: Image shift values, dimensions: (62|2)>"
    assert s_cropped.tilts.data[0, 0] == -66


def test_section_6_remove_projections():
    s = ds.get_needle_data()
    s_new = s.remove_projections([10, 20])
    assert str(s_new) == "<TomoStack, title: , dimensions: (75|256, 256)>"
    assert str(s_new.tilts) == "<TomoTilts, title: Image tilt values, dimensions: (75|1)>"
    assert str(s_new.shifts) == "<TomoShifts, title: Image shift values, dimensions: (75|2)>"
    assert not {-56, -36} & set(s_new.tilts.data[:, 0])


@pytest.mark.parametrize("method", ["median", "sobel", "bpf", "both"])
def test_section_6_filters(small, method):
    assert small.filter(method).data.shape == small.data.shape


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("stack_register", "PC"),
        ("stack_register", "StackReg"),
        ("stack_register", "COM"),
        ("stack_register", "COM-CL"),
        ("register_stack", "COM"),
    ],
)
def test_section_7_registration(name, method):
    s = ds.get_needle_data().inav[20:-20].rebin(scale=[1, 2, 2])
    reg = getattr(s, name)(method)
    # a needle at rest has its base, the left columns, at the same rows in neighboring projections
    before, after = (np.abs(np.diff(x.data[:, :, :40].astype(float), axis=0)).mean() for x in (s, reg))
    assert after < 0.6 * before
    assert reg.shifts.data.any()


def test_section_7_align_other(registered):
    s = ds.get_needle_data()
    other = registered.align_other(s)
    assert np.array_equal(other.data, registered.data)


@pytest.mark.parametrize("name", ["CoM", "COM"])
def test_section_8_tilt_align(registered, name):
    ali = registered.tilt_align(name)
    assert ali.metadata.Tomography.tiltaxis == pytest.approx(-2.7, abs=0.5)
    assert ali.metadata.Tomography.yshift == ali.metadata.Tomography.axis_estimate.shift_px


@pytest.mark.slow  # the notebook of the paper does the same, and is run
def test_section_8_max_image_on_the_catalyst():
    s = ds.get_catalyst_data(misalign=True, tiltrotate=2.3)
    reg = s.rebin(scale=[1, 2, 2]).stack_register("StackReg")
    ali = reg.tilt_align("MaxImage")
    assert ali.metadata.Tomography.tiltaxis == pytest.approx(-2.3, abs=0.5)


def test_section_8_test_align(registered):
    figure = registered.test_align(tilt_shift=-1.5, tilt_rotation=-2.7)
    assert len(figure.axes) == 3


@pytest.mark.parametrize("method", ["BP", "FBP", "SIRT", "SART", "DART"])
def test_section_9_reconstruct(small, method):
    options = {"gray_levels": [0, 500, 1500], "iterations": 3} if method == "DART" else {}
    rec = small.reconstruct(method, show_progressbar=False, **options)
    assert isinstance(rec, etspy.RecStack)
    assert str(rec) == "<RecStack, title: , dimensions: (12|64, 64)>"
    center = rec.data[:, 24:40, 24:40].mean()
    corner = rec.data[:, :10, :10].mean()
    assert center > 3 * abs(corner)


def test_section_9_recon_error():
    s = ds.get_needle_data(aligned=True).rebin(scale=[1, 2, 2])
    series, error = s.recon_error(64, algorithm="SIRT", iterations=30)
    assert series.data.shape == (30, 128, 128)
    assert error.data.shape == (30,)
    assert (np.diff(error.data) < 0).all()
    series.plot()
    error.plot()


def test_section_9_slices(small):
    rec = small.reconstruct("FBP", show_progressbar=False)
    figure = rec.plot_slices(return_fig=True)
    assert len(figure.axes) == 3


def test_the_namespace_of_the_package_has_its_helpers():
    assert etspy.utils.calc_est_angles(4)[-1] == 90
    assert len(etspy.utils.calc_golden_ratio_angles(140, 5)) == 5
    assert callable(etspy.utils.weight_stack)
