"""Reconstruct draws the slices that its methods give, and says what they cost."""

import re

import numpy as np
import seen

from etwidgets import engine
from etwidgets.panels import (
    ReconstructPanel,
)


def test_reconstruct_shows_the_sinogram_and_the_slice_of_one_column(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    panel.controls["column"].value = 6
    panel.controls["run"].click()
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Sinogram", "Slice"]
    image = panel.model.reconstruction.data[6]
    assert seen.differs(panes[1], image) <= 1
    panel.session.apply("transform", yshift=1.0)
    assert "before its last change" in seen.images(panel)[1].title


def test_reconstruct_offers_what_the_method_takes(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    shown = {}
    for method in ("FBP", "SIRT", "OS-SIRT", "FISTA-TV", "DART"):
        panel.controls["method"].value = method
        optional = ("iterations", "sino_filter", "n_subsets", "tv_weight", "gray_levels", "constrain")
        shown[method] = {name for name in optional if panel.controls[name].layout.display != "none"}
    assert shown == {
        "FBP": {"sino_filter", "constrain"},
        "SIRT": {"iterations", "constrain"},
        "OS-SIRT": {"iterations", "n_subsets", "constrain"},
        "FISTA-TV": {"iterations", "tv_weight", "constrain"},
        "DART": {"iterations", "gray_levels"},
    }


def test_reconstruct_tells_memory_and_time_before_a_run(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    assert "~" not in seen.text(panel)  # what will be chosen is not known yet
    assert "of memory" in seen.text(panel)
    panel.controls["method"].value = "FBP"
    assert "~1 s, " in seen.text(panel)
    assert "of memory" in seen.text(panel)
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 5000
    seconds = int(re.search(r"~(\d+) s", seen.text(panel))[1])
    panel.controls["iterations"].value = 50
    assert int(re.search(r"~(\d+) s", seen.text(panel))[1]) <= max(1, seconds // 10)


def test_a_hidden_panel_tries_nothing_out(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    panel.shown = False
    panel.controls["method"].value = "SIRT"
    assert "~" not in seen.text(panel)
    panel.shown = True
    panel.controls["iterations"].value = 7
    assert "~" in seen.text(panel)


def test_the_suggested_tv_weight_follows_the_noise_of_the_data(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    panel.controls["method"].value = "FISTA-TV"
    assert panel.controls["tv_weight"].value == engine.suggested_tv_weight(stack.data) > 0
    panel.controls["iterations"].value = 3
    panel.controls["run"].click()
    made = panel.model.reconstruction.metadata.Tomography.reconstruction
    assert made.tv_weight == panel.controls["tv_weight"].value


def test_reconstruct_compares_methods_on_one_slice(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    panel.controls["column"].value = 10
    panel.controls["iterations"].value = 16
    panel.controls["compare"].click()
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["FBP", "SIRT 16", "OS-SIRT 2", "FISTA-TV 16"]
    assert len({tuple(pane.limits) for pane in panes}) == 1
    sirt = stack.reconstruct("SIRT", iterations=16, constrain=True, show_progressbar=False)
    assert seen.differs(panes[1], sirt.data[10]) <= 1
    left = np.linalg.norm(sirt.forward_project(stack.tilts_deg).data[:, :, 10] - stack.data[:, :, 10])
    percent = 100 * left / np.linalg.norm(stack.data[:, :, 10])
    assert panes[1].caption == f"residual {percent:.1f} %"


def test_reconstruct_follows_one_slice_and_scrubs_back(open_panel, stack):
    panel = open_panel(ReconstructPanel, stack)
    assert panel.controls["follow"].disabled
    panel.controls["method"].value = "FBP"
    assert panel.controls["follow"].disabled
    assert "no iterations to follow" in panel.hint.value
    panel.controls["method"].value = "SIRT"
    panel.controls["iterations"].value = 8
    panel.controls["column"].value = 6
    panel.controls["follow"].click()
    curve = seen.curves(panel)["residual"]
    assert list(curve[0]) == list(range(1, 9))
    assert (np.diff(curve[1]) < 0).all()
    assert panel.controls["iteration"].value == 8
    panel.controls["iteration"].value = 3
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Slice after 3 iterations", "Residual sinogram"]
    slice_after_3 = stack.reconstruct("SIRT", iterations=3, constrain=True, show_progressbar=False).data[6]
    assert seen.differs(panes[0], slice_after_3) <= 1
    panel.controls["use"].click()
    assert panel.controls["iterations"].value == 3
    panel.controls["run"].click()
    assert [pane.title for pane in seen.images(panel)] == ["Sinogram", "Slice"]
