"""Volume draws the three slices through a voxel, and renders."""

import pytest
import seen

from etwidgets.panels import (
    VolumePanel,
)


def test_volume_shows_the_three_slices_through_the_voxel(open_panel, stack):
    panel = open_panel(VolumePanel, stack)
    panel.session.apply("reconstruct", method="FBP", thickness=16)
    for number, value in enumerate((5, 7, 6)):  # slices across x, y, z
        panel._images.receive({"type": "slide", "pane": number, "value": value, "number": number})
    volume = panel.model.reconstruction.data
    panes = seen.images(panel)
    cuts = (volume[5], volume[:, :, 7].T, volume[:, 6, :].T)
    for pane, cut in zip(panes, cuts, strict=True):
        assert seen.differs(pane, cut) <= 1
    assert [pane.cross for pane in panes] == [(7, 6), (5, 6), (5, 7)]


def test_a_rendering_goes_with_its_volume(open_panel, stack):
    panel = open_panel(VolumePanel, stack)
    panel.session.apply("reconstruct", method="BP")
    assert panel._rendering.rays.drawn.channels[0].data is panel.model.reconstruction.data
    panel.controls["renderer"].value = "ipyvolume"
    assert seen.rendered(panel).channels == ()
    panel.controls["render"].click()
    assert len(seen.rendered(panel).channels) == 1
    panel.session.apply("reconstruct", method="FBP")
    assert seen.rendered(panel).channels == ()
    panel.controls["renderer"].value = "built-in"
    assert panel._rendering.rays.drawn.channels[0].data is panel.model.reconstruction.data
    panel.session.undo()
    panel.session.undo()
    assert panel._rendering.rays.drawn is None


def test_a_click_in_the_rendering_moves_the_slices_and_slices_move_the_planes(open_panel, stack):
    panel = open_panel(VolumePanel, stack)
    panel.session.apply("reconstruct", method="BP", thickness=16)
    n_x, n_z, n_y = panel.model.reconstruction.data.shape
    rays = panel._rendering.rays
    rays.receive({"type": "pick", "place": [0.99, 0.5, 0.01]})  # parts of x, y and z
    assert panel.display.voxel == (n_x - 1, 0, n_y // 2)
    assert [pane.slider[0] for pane in seen.images(panel)] == [n_x - 1, n_y // 2, 0]
    assert rays.place == pytest.approx([(n_x - 0.5) / n_x, (n_y // 2 + 0.5) / n_y, 0.5 / n_z])


def test_one_of_the_four_places_fills_the_view(open_panel, stack):
    panel = open_panel(VolumePanel, stack)
    panel.session.apply("reconstruct", method="BP")
    panel._rendering.rays.maximized = True
    assert panel._images.maximized == 3
    assert "etw-maximized-3" in panel._four._dom_classes
    panel._images.maximized = 1
    assert not panel._rendering.rays.maximized
    assert "etw-maximized-1" in panel._four._dom_classes
    panel._images.maximized = -1
    assert not any("maximized" in name for name in panel._four._dom_classes)


def test_sliders_clip_the_rendering(open_panel, stack):
    panel = open_panel(VolumePanel, stack)
    panel.session.apply("reconstruct", method="BP")
    panel.controls["clip-y"].value = (25, 75)
    assert panel._rendering.rays.clip == [[0, 1], [0.25, 0.75], [0, 1]]
