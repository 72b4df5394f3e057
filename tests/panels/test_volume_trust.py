"""Volume shows how sure a voxel is, how a point is blurred, and which faces no projection shows."""

import numpy as np
import pytest
import seen

from etwidgets import analysis
from etwidgets.panels import VolumePanel
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import TomoStack
from etwidgets.simulation.ellipsoids import Ellipsoid, project_ellipsoids
from etwidgets.views import ImageView, VolumeView

TILTS = np.linspace(-60, 60, 31)
RADIUS = 9.0


@pytest.fixture(scope="module")
def ball():
    exact = project_ellipsoids((Ellipsoid((0, 0, 0), RADIUS * np.eye(3), 1.0),), TILTS, (32, 28))
    counts = 100 / exact.max()
    return (np.random.default_rng(0).poisson(exact.clip(0) * counts) / counts).astype(np.float32)


@pytest.fixture
def panel(open_panel, ball):
    panel = open_panel(VolumePanel, TomoStack(ball, TILTS))
    panel.session.apply("reconstruct", method="FBP")
    return panel


def test_the_standard_deviation_is_shown_beside_the_slices(panel):
    assert len([each for each in seen.parts(panel) if isinstance(each, ImageView)]) == 1
    panel.controls["spread"].click()
    spread = panel.session.model.assessments[-1].found.data
    x, z, y = panel.display.voxel
    slices = seen.images(panel, 1)
    assert seen.differs(slices[0], spread[x]) <= 1
    assert slices[0].limits[0] == 0
    assert slices[0].color_bar == "intensity"
    value = panel.model.reconstruction.data[x, z, y]
    assert f"{value:.4g} ± {spread[x, z, y]:.3g}" in seen.text(panel)
    seen.click(panel, 0, x=3, y=4, index=1)
    assert panel.display.voxel == (x, 4, 3)
    assert f"± {spread[x, 4, 3]:.3g}" in seen.text(panel)
    panel.controls["spread"].click()
    assert panel.controls["spread"].description == "Show standard deviation"
    assert "±" not in seen.text(panel)


def test_the_standard_deviation_goes_with_its_volume_and_comes_back_by_undo(panel):
    panel.controls["spread"].click()
    panel.session.apply("reconstruct", method="BP")
    assert panel._spread.found is None
    assert not panel._spread.shown
    assert panel.controls["spread"].description == "Standard deviation"
    panel.session.undo()
    panel.controls["spread"].click()  # no job: it is there
    assert panel._spread.shown
    panel.session.apply("shift_one", projection=2, yshift=1.0)
    assert panel._spread.shown  # the old volume is shown, too
    panel.session.apply("reconstruct", method="FBP")
    panel.session.apply("shift_one", projection=2, yshift=1.0)
    assert panel.controls["spread"].disabled


def test_what_was_cancelled_is_not_waited_for(panel, monkeypatch):
    def cancelled(job, *_):
        job.end("cancelled")
        return job

    with monkeypatch.context() as patch:
        patch.setattr(panel.session._core.queue, "run", cancelled)
        panel.controls["spread"].click()
    panel.session.assess("spread")  # asked for elsewhere, later
    assert panel._spread.found is not None
    assert not panel._spread.shown


def test_its_memory_counts(ball):
    session = Session(TomoStackModel(TomoStack(ball, TILTS)))
    session.apply("reconstruct", method="FBP")
    before = session.model.memory_used
    session.assess("spread")
    session.save_snapshot()
    assert session.model.memory_used == before + session.model.reconstruction.data.nbytes


def test_the_blur_of_a_point_is_that_of_the_wedge(panel):
    assert seen.images(panel)[0].inset is None
    panel.controls["response"].value = True
    along, across = (seen.images(panel)[0].inset["ellipse"][i] for i in (1, 0))
    assert along / across == pytest.approx(1.64, abs=0.06)  # FBP to 60 degrees; by curvatures 1.55
    assert f"{along / across:.2f} times" in seen.text(panel)
    image = np.reshape(seen.images(panel)[0].inset["values"], (15, 15))
    assert image[7, 7] == 255
    assert image[5, 7] > 2 * image[7, 5]  # longer downwards, along z
    assert seen.images(panel)[1].inset is None
    panel.session.apply("reconstruct", method="FBP", thickness=20)
    panel._images.receive({"type": "slide", "pane": 2, "value": 5, "number": 1})
    assert seen.images(panel)[0].inset is not None
    panel.controls["response"].value = False
    assert seen.images(panel)[0].inset is None


def test_a_point_seen_from_few_sides_becomes_a_line_and_the_page_can_draw_it(open_panel, ball):
    panel = open_panel(VolumePanel, TomoStack(ball[14:17], TILTS[14:17]))
    panel.session.apply("reconstruct", method="SIRT", iterations=2)
    panel.controls["response"].value = True
    assert "without an end" in seen.text(panel)
    assert np.isfinite(seen.images(panel)[0].inset["ellipse"]).all()


def test_a_third_of_a_ball_is_not_seen_to_sixty_degrees():
    """Of all directions about the tilt axis the wedge leaves out 60 of 180 degrees, whatever their x."""
    x, z, y = np.mgrid[:48, :48, :48] - 23.5
    volume = np.clip(18.5 - np.sqrt(x**2 + z**2 + y**2), 0, 1).astype(np.float32)
    view = VolumeView()
    try:
        view.show(volume, unseen=analysis.unseen_directions(TILTS))
        view.controls["level"].value = 50
        view.controls["unseen"].value = True
        assert view.controls["draw"].value == "surface"
        (channel,) = view._channels
        colors, mesh = channel.mesh.color, channel.mesh
        marked = (colors == colors[np.argmax(np.abs(mesh.z))]).all(axis=1)
        assert colors.shape == (len(mesh.x), 3)
        off = np.rad2deg(np.arctan2(np.abs(mesh.y), np.abs(mesh.z)))  # from the beam
        sides = np.abs(mesh.x) < 15  # at the poles every direction is near
        assert marked[sides & (off < 25)].all()
        assert not marked[sides & (off > 35)].any()
        share = float(view._legend.value.split(": ")[1].split("%")[0]) / 100
        assert share == pytest.approx(60 / 180, abs=0.02)
        assert "Drawn as a surface" in view._legend.value
        assert channel.mesh.color.shape == (len(mesh.x), 3)
        view.controls["unseen"].value = False
        assert view._legend.value == ""
        assert view.controls["draw"].value == "volume"  # as before
        view.controls["draw"].value = "surface"
        assert channel.mesh.color.shape == ()
    finally:
        view.close()


def test_the_panel_marks_faces_that_no_projection_shows(panel):
    rays = panel._rendering.rays
    panel.controls["unseen"].value = True
    assert rays.mode == "surface"
    assert "no projection shows" in seen.text(panel)
    steepest = max(abs(panel.model.stack.tilts_deg))
    angles = 180 * (np.arange(256) + 0.5) / 256  # of normals, from y to -z
    assert rays.unseen == [int(steepest < angle < 180 - steepest) for angle in angles]
    panel.controls["unseen"].value = False
    assert rays.unseen == []
    assert rays.mode == "volume"  # as before


def test_ipyvolume_offers_marks_where_the_tilts_are_known(panel):
    panel.controls["renderer"].value = "ipyvolume"
    panel.controls["render"].click()
    assert panel._rendering.view.controls["unseen"].layout.display == ""
    panel._rendering.view.controls["unseen"].value = True
    assert "faces that no projection shows" in seen.text(panel)
