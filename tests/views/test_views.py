"""Views without a browser: the bytes that are sent, when they are sent, and what is left after closing."""

import ipywidgets.widgets.widget as registry
import numpy as np
import pytest

from etwidgets.errors import ParameterError, ShapeError
from etwidgets.views import (
    CurveView,
    HistogramView,
    ImageView,
    Pane,
    SpectrumCurve,
    SpectrumView,
    SpectrumWindow,
    VolumeChannel,
    VolumeView,
    contrast_limits,
    overlay,
    to_plane,
)
from etwidgets.views.panes import message, reduced
from etwidgets.views.volume_channels import fewer_voxels


def test_bytes_are_linear_between_the_limits():
    plane = to_plane(np.array([[-5.0, 0, 50, 100, 900, np.nan]]), (0, 100))
    assert plane.tolist() == [[0, 0, 128, 255, 255, 0]]


def test_limits_are_percentiles_of_finite_values_and_never_equal():
    values = np.arange(1001.0)
    values[3] = np.nan
    assert contrast_limits(values, (1, 99)) == pytest.approx((10, 990), abs=1.1)
    low, high = contrast_limits(np.full((3, 3), 7.0))
    assert low < high
    assert contrast_limits(np.full((2, 2), np.nan)) == (0, 1)


def test_large_images_are_reduced_by_means():
    image = np.arange(16.0).reshape(4, 4)
    small, factor = reduced(image, 2)
    assert (small.tolist(), factor) == ([[2.5, 4.5], [10.5, 12.5]], 2)
    assert reduced(image, 4)[1] == 1


def test_the_message_says_what_is_drawn():
    pane = Pane(
        np.eye(3), (0, 1), "viridis", "Slice", "x = 3", 3.36, axes=("y", "tilt"), line=(1, 2), cross=(0, 1)
    )
    content, buffers = message([pane])
    (said,) = content["panes"]
    assert (said["width"], said["height"], said["pixelSize"], said["line"]) == (3, 3, 3.36, [1, 2])
    assert said["stretch"]
    assert list(buffers[0]) == [255, 0, 0, 0, 255, 0, 0, 0, 255]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Pane(np.zeros(3)), ShapeError),
        (lambda: Pane(np.zeros((2, 2)), cmap="rainbow"), ParameterError),
        (lambda: ImageView().show([Pane(np.eye(2))] * 7), ParameterError),
        (lambda: VolumeView().show(np.zeros((2, 2))), ShapeError),
        (lambda: VolumeView().show(np.zeros((9, 9, 9)), max_side=1000), ParameterError),
    ],
)
def test_wrong_input_is_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.fixture
def wired(monkeypatch):
    """An image view whose messages to the browser are kept instead of sent."""
    view, sent = ImageView(), []
    monkeypatch.setattr(view, "send", lambda content, buffers=None: sent.append(content))
    yield view, sent
    view.close()


def frames(sent):
    return [content["number"] for content in sent if content["type"] == "frame"]


def test_nothing_is_sent_before_a_browser_is_there_and_then_the_last_frame(wired):
    view, sent = wired
    view.show([Pane(np.eye(2))])
    view.show([Pane(np.eye(3))])
    assert sent == []
    view._receive(view, {"type": "ready"}, [])
    assert [content["type"] for content in sent] == ["colors", "keys", "frame"]
    assert frames(sent) == [2]


def test_while_a_frame_is_drawn_only_the_newest_waits(wired):
    view, sent = wired
    view._receive(view, {"type": "ready"}, [])
    for _ in range(5):
        view.show([Pane(np.eye(2))])
    assert frames(sent) == [1]
    view._receive(view, {"type": "drawn", "number": 1}, [])
    assert frames(sent) == [1, 5]
    view._receive(view, {"type": "drawn", "number": 5}, [])
    assert frames(sent) == [1, 5]


def test_clicks_and_keys_reach_their_handlers_until_undone(wired):
    view, _ = wired
    clicks = []
    undo = view.on_click(clicks.append)
    view._receive(view, {"type": "click", "pane": 0, "x": 4, "y": 2}, [])
    undo()
    view._receive(view, {"type": "click", "pane": 0, "x": 5, "y": 2}, [])
    assert [click["x"] for click in clicks] == [4]


def test_pixels_are_no_widget_state():
    view = ImageView()
    view.show([Pane(np.zeros((1000, 1000)))])
    assert not any(isinstance(value, bytes | memoryview) for value in view.get_state().values())
    view.close()


def test_curves_are_updated_in_place():
    view = CurveView("tilt (deg)", "shift (px)")
    view.show({"y": ([0, 1], [2, 3]), "x": ([0, 1], [4, 5])})
    line = view._lines["y"]
    view.show({"y": ([0, 1, 2], [5, 6, 7])}, mark=1)
    assert view._lines["y"] is line
    assert [list(values) for values in view.values()["y"]] == [[0, 1, 2], [5, 6, 7]]
    assert list(view.values()) == ["y"]
    view.close()


def test_a_volume_keeps_its_mass_and_its_axes_when_reduced():
    volume = np.zeros((60, 30, 20), np.float32)
    volume[40:50, 5:15, 10:20] = 1
    small, factor = fewer_voxels(volume, 30)
    assert (small.shape, factor) == ((30, 15, 10), 2)
    assert small.sum() * 8 == pytest.approx(volume.sum(), rel=0.05)
    assert [np.average(i, weights=small) for i in np.indices(small.shape)] == pytest.approx(
        [22, 4.5, 7], abs=0.4
    )


def test_the_rendered_volume_has_x_y_z_in_the_order_of_ipyvolume():
    view = VolumeView()
    volume = np.zeros((20, 10, 16), np.float32)
    volume[19, 0, 5] = 1
    view.show(volume, 2.0)
    data = view._channels[0].volume.data
    assert data.shape == (10, 16, 20)
    assert np.unravel_index(np.argmax(data), data.shape) == (0, 5, 19)
    assert view._channels[0].volume.extent == [[-20, 20], [-16, 16], [-10, 10]]
    view.close()


def test_closing_leaves_no_widget_behind():
    VolumeView().close()  # importing ipyvolume makes a few widgets of its own, once
    warm = VolumeView()
    warm.show(np.random.default_rng(0).random((12, 12, 12)))
    warm.close()
    before = set(registry._instances)
    image, curve, volume = ImageView(), CurveView("x", "y"), VolumeView()
    image.show([Pane(np.eye(2))])
    curve.show({"a": ([1], [2])})
    for _ in range(2):
        volume.show(np.random.default_rng(0).random((12, 12, 12)))
        volume.controls["level"].value += 5
    for view in (image, curve, volume):
        view.close()
    left = [type(registry._instances[key]).__name__ for key in set(registry._instances) - before]
    assert left == []


# -- histogram


def test_the_histogram_turns_its_lines_into_percentiles():
    rng = np.random.default_rng(0)
    values = rng.random(100_000)
    view, heard = HistogramView(), []
    view.on_percentiles(heard.append)
    view.show(values, (10.0, 90.0))
    assert view.limits == pytest.approx([0.1, 0.9], abs=0.01)
    assert len(view.heights) == 96
    assert max(view.heights) == 1
    view._receive(view, {"type": "limits", "limits": [0.25, 0.5]}, [])
    assert heard[-1] == pytest.approx((25, 50), abs=0.5)
    view._receive(view, {"type": "limits", "limits": [1.0, 1.0]}, [])
    assert heard[-1][0] < heard[-1][1] <= 100
    view._receive(view, {"type": "reset"}, [])
    assert heard[-1] is None
    view.show(None, (0.0, 100.0))
    assert view.heights == []
    view.show(np.full((3, 3), np.nan), (0.0, 100.0))
    view.show(np.zeros((3, 3)), (0.0, 100.0))
    view.close()


# -- volume: surface, cutting, channels


def ball(size=24, radius=6.0, at=(8, 12, 12)):
    grid = np.indices((size, size, size)).astype(float)
    return (sum((axis - place) ** 2 for axis, place in zip(grid, at, strict=True)) < radius**2).astype(float)


def test_the_surface_lies_where_the_ball_is():
    view = VolumeView()
    view.show(ndimage_smooth(ball()), 2.0)
    view.controls["draw"].value = "surface"
    view.controls["level"].value = 50
    mesh = view._figure.meshes[0]
    assert not view._channels[0].volume.visible
    middle = [np.mean([np.min(axis), np.max(axis)]) for axis in (mesh.x, mesh.y, mesh.z)]
    # the ball is at x 8, z 12, y 12 of 24 voxels of 2 nm, and the middle of the volume is 0
    assert middle == pytest.approx([(8.5 - 12) * 2, (12.5 - 12) * 2, (12.5 - 12) * 2], abs=0.2)
    assert np.ptp(mesh.x) / 2 == pytest.approx(11.5, abs=1)  # voxels make a ball smaller
    view.controls["draw"].value = "both"
    assert view._channels[0].volume.visible
    view.controls["draw"].value = "volume"
    assert not mesh.visible
    view.close()


def ndimage_smooth(volume):
    from scipy import ndimage

    return ndimage.gaussian_filter(volume, 1)


def test_cutting_takes_away_what_is_outside_in_volume_and_surface():
    view = VolumeView()
    view.show(ndimage_smooth(ball()))
    whole = view._channels[0].volume.data.copy()
    view.controls["cut-x"].value = (0, 34)  # the ball's middle is at 8.5 of 24
    data = view._channels[0].volume.data  # z, y, x
    assert np.array_equal(data[..., :8], whole[..., :8])
    assert data[..., 8:].max() <= view._channels[0].limits[0]
    view.controls["draw"].value = "surface"
    mesh = view._figure.meshes[0]
    assert np.max(mesh.x) == pytest.approx(8 - 12, abs=0.6)  # closed where it is cut
    view.controls["cut-x"].value = (0, 100)
    assert np.array_equal(view._channels[0].volume.data, whole)
    view.close()


def test_channels_have_their_own_colors_and_sliders():
    view = VolumeView()
    channels = [VolumeChannel("Ni", ball(), "#ff0000"), VolumeChannel("Cr", ball(at=(16, 12, 12)), "#00ff00")]
    view.show(channels, 1.0)
    assert len(view._figure.volumes) == 2
    assert "const int steps = 24;" in view._figure._shaders["volr-fragment"]
    red, green = (channel.volume.tf.rgba for channel in view._channels)
    assert np.allclose(red[-1, :3], (1, 0, 0))
    assert np.allclose(green[-1, :3], (0, 1, 0))
    view.controls["channel"].value = 1
    view.controls["opacity"].value = 0.9
    view.controls["shown"].value = False
    assert view._channels[0].settings["opacity"] == 0.2
    assert view._channels[1].volume.tf.rgba[-1, 3] == pytest.approx(0.9)
    assert [channel.volume.visible for channel in view._channels] == [True, False]
    view.controls["channel"].value = 0
    assert (view.controls["opacity"].value, view.controls["shown"].value) == (0.2, True)
    assert "Ni" in view._note.value
    with pytest.raises(ShapeError, match="same place"):
        view.show([VolumeChannel("a", np.zeros((4, 4, 4))), VolumeChannel("b", np.zeros((4, 4, 5)))])
    with pytest.raises(ParameterError, match="one to 4 channels"):
        view.show([VolumeChannel("a", np.zeros((4, 4, 4)))] * 5)
    view.close()


def test_images_over_each_other_add_their_light():
    first, second = np.array([[0.0, 10.0]]), np.array([[5.0, 5.0]])
    mixed = overlay([(first, (0, 10), "#ff0000"), (second, (0, 10), "#00ff00")])
    np.testing.assert_array_equal(mixed, [[[0, 128, 0], [255, 128, 0]]])
    content, (colors,) = message([Pane(first, rgb=mixed)])
    assert content["panes"][0]["rgb"]
    assert colors == mixed.tobytes()
    with pytest.raises(ShapeError, match="do not fit"):
        Pane(first, rgb=mixed[:, :1])


def test_a_spectrum_is_sent_as_bytes_and_its_windows_are_told():
    view, told = SpectrumView(), []
    energies = np.arange(5) * 0.5
    view.show(energies, [SpectrumCurve("a", np.arange(5))], [SpectrumWindow(0.5, 1)], [("Si Ka", 1.74)])
    content, (counts,) = view._shown
    assert (content["first"], content["last"]) == (0, 2)
    np.testing.assert_array_equal(np.frombuffer(counts, np.float32), np.arange(5))
    view.on_window(lambda *moved: told.append(moved))
    view._receive(view, {"type": "window", "index": 0, "range": [0.25, 1.5], "done": False}, None)
    assert told == [(0, 0.25, 1.5, False)]
    assert not {"curves", "counts", "energies"} & set(view.get_state())
    with pytest.raises(ShapeError, match="a: "):
        view.show(energies, [SpectrumCurve("a", np.arange(4))])
    view.close()
