"""Figures show what they should, and none is left open where nobody would close it."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from etwidgets.errors import ParameterError
from etwidgets.signals import RecStack


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg")
    plt.close("all")
    yield
    plt.close("all")


@pytest.mark.parametrize(
    "call",
    [
        lambda s, v: s.test_correlation(),
        lambda s, v: s.test_align(slices=[10, 20, 30], thickness=8),
        lambda s, v: v.plot_slices(return_fig=True),
    ],
    ids=["correlation", "align", "slices"],
)
def test_25_figures_that_are_returned_leave_none_open(blobs, call, tmp_path):
    volume = RecStack(np.random.default_rng(0).random((8, 9, 10)))
    for _ in range(25):
        figure = call(blobs, volume)
    assert plt.get_fignums() == []
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 3
    figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_of_those_that_only_pyplot_can_reach_the_last_one_is_kept(blobs):
    volume = RecStack(np.zeros((8, 9, 10)))
    for _ in range(3):
        assert volume.plot_slices() is None
        blobs.manual_align(2, xshift=1, display=True)
    assert len(plt.get_fignums()) == 2
    assert len(plt.gcf().axes) == 3


def test_windows_of_one_kind_do_not_pile_up(blobs, monkeypatch):
    mine = plt.figure("mine").number
    monkeypatch.setattr(plt, "get_backend", lambda: "qtagg")
    figures = [blobs.test_correlation() for _ in range(12)]
    assert mine in plt.get_fignums()
    assert len(plt.get_fignums()) == 1 + 8
    assert figures[-1].number in plt.get_fignums()
    assert figures[0].number not in plt.get_fignums()


def test_plot_results_shows_the_axis_that_max_image_found(blobs):
    turned = blobs.trans_stack(angle=3)
    with pytest.warns(UserWarning, match="MaxImage: the rotation is undetermined.*No rotation was applied"):
        aligned = turned.tilt_align("MaxImage", plot_results=True)
    found = aligned.metadata.Tomography.axis_estimate.rotation_deg
    image, curve = plt.gcf().axes
    assert np.array_equal(image.images[0].get_array(), turned.data.max(axis=0))
    assert image.lines[0].get_slope() == pytest.approx(np.tan(np.deg2rad(-found)))
    assert curve.lines[1].get_xdata()[0] == found
    with pytest.raises(ParameterError, match="MaxImage"):
        turned.tilt_align("CoM", plot_results=True)


def test_sinograms_are_plotted_with_y_across(stack):
    stack.axes_manager["y"].scale, stack.axes_manager["y"].units = 3.36, "nm"
    stack.plot_sinos(navigator=None)
    axes = plt.gcf().axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("y axis (nm)", "Projections axis (degrees)")
    assert axes.get_xlim() == pytest.approx((-1.68, 11.5 * 3.36))
