"""A notebook written for ETSpy 1.3.0 runs here with its import lines changed, and says what it said there.

The cells are ours, in the manner of ETSpy's documentation and paper, on a small cut of the data.
"""

import inspect
import re
from pathlib import Path

import hyperspy.api as hs
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import etwidgets.api as etspy
from etwidgets import errors
from etwidgets.api import datasets as ds
from etwidgets.api import simulation as sim

PAGE = Path(__file__).parent.parent / "docs" / "differences-from-etspy.md"

# The parameters of ETSpy 1.3.0 that can be given by position, in their order.
METHODS = {
    "TomoStack.__init__": "data tilts shifts",
    "TomoStack.plot": "navigator",
    "TomoStack.change_data_type": "dtype",
    "TomoStack.normalize": "width",
    "TomoStack.save_raw": "filename",
    "TomoStack.trans_stack": "xshift yshift angle interpolation",
    "TomoStack.remove_projections": "projections",
    "TomoStack.save": "filename overwrite extension file_format",
    "TomoStack.test_correlation": "images",
    "TomoStack.align_other": "other shift_type cuda",
    "TomoStack.filter": "method size taper",
    "TomoStack.stack_register": "method start show_progressbar cuda crop shift_type",
    "TomoStack.tilt_align": "method",
    "TomoStack.reconstruct": "method iterations constrain thresh cuda thickness show_progressbar p ncores "
    "sino_filter dart_iterations gray_levels",
    "TomoStack.test_align": "tilt_shift tilt_rotation slices thickness method iterations constrain cuda "
    "thresh vmin_std vmax_std",
    "TomoStack.set_tilts": "start increment",
    "TomoStack.manual_align": "nslice xshift yshift display",
    "TomoStack.recon_error": "nslice algorithm iterations constrain cuda thresh",
    "TomoStack.extract_sinogram": "column",
    "RecStack.trans_stack": "xshift yshift angle interpolation",
    "RecStack.plot_3d": "vmin_std vmax_std figsize",
    "RecStack.forward_project": "tilts cuda",
    "RecStack.plot_slices": "xslice yslice zslice return_fig",
    "RecStack.rotate_volume": "rotation_angles cuda",
    "load": "filename tilts mdocs",
    "io.load": "filename tilts mdocs",
    "io.load_serialem": "mrcfile mdocfile",
    "io.load_serialem_series": "mrcfiles mdocfiles",
    "io.parse_mrc_header": "filename",
    "io.parse_mdoc": "mdoc_file series",
    "io.get_mrc_tilts": "stack filename",
    "io.get_dm_tilts": "s",
    "utils.multiaverage": "stack nframes ny nx",
    "utils.register_serialem_stack": "stack ncpus",
    "utils.calc_est_angles": "num_points",
    "utils.calc_golden_ratio_angles": "tilt_range nangles",
    "utils.get_radial_mask": "mask_shape center",
    "utils.filter_stack": "stack filter_name cutoff",
    "simulation.create_catalyst_model": "nparticles particle_density support_density volsize support_radius "
    "size_interval",
    "simulation.create_cylinder_model": "radius blur blur_sigma add_others",
    "simulation.create_model_tilt_series": "model angles cuda",
    "simulation.misalign_stack": "stack min_shift max_shift tilt_shift tilt_rotate y_only interp_order",
    "simulation.add_noise": "stack noise_type scale_factor",
    "datasets.get_needle_data": "aligned",
    "datasets.get_catalyst_data": "misalign minshift maxshift tiltshift tiltrotate y_only noise noise_factor",
}


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg")
    yield
    plt.close("all")


def found(name):
    place = etspy
    for part in name.split("."):
        place = getattr(place, part)
    return place


@pytest.mark.parametrize(("name", "theirs"), METHODS.items())
def test_what_is_given_by_position_means_the_same(name, theirs):
    parameters = inspect.signature(found(name)).parameters.values()
    ours = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    theirs = theirs.split()
    shared = min(len(ours), len(theirs))
    assert ours[:shared] == theirs[:shared]
    assert set(theirs) <= {p.name for p in parameters}


def test_weight_stack_takes_the_stack_and_the_accuracy():
    assert list(inspect.signature(etspy.utils.weight_stack).parameters)[1:] == ["accuracy"]


def test_cuda_in_the_fourth_place_does_not_crop(small):
    assert small.stack_register("PC", None, False, False).data.shape == small.data.shape  # noqa: FBT003
    with pytest.raises(errors.ParameterError, match="cuda"):
        small.stack_register("PC", None, False, True)  # noqa: FBT003
    assert small.stack_register("PC", None, False, False, True).data.shape < small.data.shape  # noqa: FBT003


@pytest.fixture(scope="module")
def small():
    """Every sixth projection of the needle, binned; 13 of 64 x 64."""
    return ds.get_needle_data().inav[::6].rebin(scale=[1, 4, 4])


def test_a_notebook_on_simulated_data():
    catalyst = sim.create_catalyst_model(4, volsize=(48, 48, 48), support_radius=14, size_interval=(2, 3))
    angles = np.arange(0, 180, 6)
    stack = sim.create_model_tilt_series(catalyst, angles)
    assert str(stack) == "<TomoStack, title: , dimensions: (30|48, 48)>"
    moved = sim.misalign_stack(stack, min_shift=-3, max_shift=3)
    noisy = sim.add_noise(moved, "gaussian", 0.02)
    assert moved.shifts.inav[0:5].data.shape == (5, 2)
    print(noisy.metadata.Tomography, noisy.tilts, noisy.tilts.axes_manager)  # noqa: T201  (as a notebook does)
    reg = noisy.stack_register("StackReg", show_progressbar=False)
    spread = (reg.shifts - reg.shifts.mean(axis=0)).std(axis=0)
    assert spread.data.max() < 0.8 < moved.shifts.std(axis=0).data.min()
    y_shifts = reg.shifts.isig[0]
    assert y_shifts.data.tolist() == reg.shifts.data[:, 0].tolist()
    hs.plot.plot_images([noisy.max(), reg.max()], per_row=2, colorbar=None)
    sino = reg.extract_sinogram(24)
    rec = reg.isig[24:25, :].reconstruct("FBP", cuda=False, show_progressbar=False)
    hs.plot.plot_images([sino, rec.inav[0]], colorbar=None)
    rec_stack, error = reg.recon_error(24, iterations=20, constrain=True, cuda=False)
    assert (rec_stack.data.shape, error.data.shape) == ((20, 48, 48), (20,))
    assert error.data[-1] < 0.5 * error.data[0]
    volume = reg.reconstruct("SIRT", 20, True, cuda=False, show_progressbar=False)  # noqa: FBT003
    volume.plot_slices(24, 24, 24)
    assert np.corrcoef(volume.data.ravel(), catalyst.data.ravel())[0, 1] > 0.8


def test_a_notebook_on_the_needle(small, tmp_path):
    s = small
    assert (s.tilts.data[0, 0], s.tilts.data[-1, 0]) == (-76, 68)
    assert hasattr(s, "shifts")
    reg = s.stack_register("PC", show_progressbar=False)
    fig = reg.test_align(slices=[16, 32, 48], tilt_shift=0, tilt_rotation=0)
    assert len(fig.axes) == 3
    ali = reg.tilt_align("CoM", slices=np.arange(10, 50, 4))
    assert ali.metadata.Tomography.tiltaxis == pytest.approx(-2.7, abs=1)
    again = reg.trans_stack(
        xshift=ali.metadata.Tomography.xshift, yshift=ali.metadata.Tomography.yshift,
        angle=ali.metadata.Tomography.tiltaxis,
    )  # fmt: skip
    assert np.allclose(again.data, ali.data)
    other = ali.align_other(s)
    assert np.array_equal(other.data, ali.data)
    assert reg.trans_stack(1, 1, 1, "none").data.shape == s.data.shape
    levels = [0.0, float(ali.data.max()) / 40, float(ali.data.max()) / 20]
    cut = ali.isig[30:32, :]
    dart = cut.reconstruct(
        "DART", iterations=2, gray_levels=levels, dart_iterations=None, show_progressbar=False
    )
    same = cut.reconstruct(
        "DART", iterations=2, gray_levels=levels, dart_iterations=5, show_progressbar=False
    )
    assert np.array_equal(dart.data, same.data)
    turned = dart.rotate_volume([0, 0, 0])
    assert np.allclose(turned.data, dart.data, atol=1e-3)
    ali.save(tmp_path / "ali.hspy")
    back = etspy.load(tmp_path / "ali.hspy")
    assert back.tilts.data.tolist() == ali.tilts.data.tolist()
    assert back.shifts.data.tolist() == ali.shifts.data.tolist()


def test_tilts_are_found_and_set_as_there(small):
    bare = etspy.TomoStack(small.data)
    if not hasattr(bare, "tilts"):
        bare.tilts = small.tilts
    assert bare.tilts.data.tolist() == small.tilts.data.tolist()
    signal = hs.signals.Signal2D(small.data)
    axis = signal.axes_manager[0]
    axis.name, axis.units, axis.scale, axis.offset = "Tilts", "degrees", 12, -76
    assert etspy.TomoStack(signal).tilts.data.tolist() == small.tilts.data.tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.stack_register("UNKNOWN"),
        lambda s: s.extract_sinogram("3"),
        lambda s: etspy.load(np.zeros(10)),
    ],
)
def test_a_wrong_type_is_a_type_error_as_there(small, call):
    with pytest.raises(TypeError) as caught:
        call(small)
    assert isinstance(caught.value, errors.EtwidgetsError)
    assert isinstance(caught.value, ValueError)


def test_a_kind_of_file_that_is_not_read_is_a_type_error(tmp_path):
    (tmp_path / "HAADF.none").write_bytes(b"0")
    with pytest.raises(TypeError, match="are not read"):
        etspy.load(tmp_path / "HAADF.none")


def test_the_page_names_what_is_missing():
    page = PAGE.read_text(encoding="utf-8")
    missing = (
        "ProjMatch", "CommonStack", "AlignmentMethod", "etspy_path", "interactive_rotation", "VolumeSlicer",
        "recon.run", "astra_error", "align_to_other", "MismatchedTiltError", "TiltCOMAligner",
    )  # fmt: skip
    for name in missing:
        assert re.search(rf"`[^`]*\b{re.escape(name)}\b[^`]*`", page), name
        assert not hasattr(etspy, name.split(".")[0])
