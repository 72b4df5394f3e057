"""Volume draws the three slices through a voxel, and renders."""

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
    assert seen.rendered(panel) is None
    panel.controls["render"].click()
    assert len(seen.rendered(panel).channels) == 1
    panel.session.apply("reconstruct", method="FBP")
    assert seen.rendered(panel) is None
