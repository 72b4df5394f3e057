"""The rendering without a browser: order of the bytes, level, content, transfer functions, messages."""

import numpy as np
import pytest

from etwidgets.errors import ParameterError, ShapeError
from etwidgets.views import RayView, VolumeChannel, ray_volume
from etwidgets.views.ray_volume import PRESETS, transfer_points

SHAPE = (20, 12, 16)  # X, Z, Y


def cube(corner=(14, 2, 9), size=4):
    data = np.zeros(SHAPE, np.float32)
    data[tuple(slice(start, start + size) for start in corner)] = 10
    return data


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(
        RayView, "send", lambda _self, content, buffers=None: messages.append((content, buffers))
    )
    return messages


def test_bytes_are_in_the_order_of_a_texture_with_x_fastest():
    made = ray_volume([VolumeChannel("", cube())], 2.0, 256)
    assert made.sizes == (20, 16, 12)  # x, y, z
    assert made.lengths == (40.0, 32.0, 24.0)
    assert made.data.shape == (12, 16, 20, 1)
    z, y, x, _ = np.argwhere(made.data == 255).T
    assert (x.min(), x.max(), z.min(), z.max(), y.min(), y.max()) == (14, 17, 2, 5, 9, 12)


def test_the_content_is_the_box_around_the_specimen():
    made = ray_volume([VolumeChannel("", cube())], 1.0, 256)
    assert made.content == ((14 / 20, 9 / 16, 2 / 12), (18 / 20, 13 / 16, 6 / 12))


def test_a_stray_voxel_does_not_count_as_content():
    data = cube((4, 2, 4), 8)
    data[19, 11, 15] = 10
    low, high = ray_volume([VolumeChannel("", data)], 1.0, 256).content
    assert (low[0], high[0]) == (4 / 20, 12 / 20)


def test_faint_matter_beside_bright_matter_is_above_the_level():
    data = np.random.default_rng(0).normal(0, 1, (40, 40, 40)).astype(np.float32)
    data[5:15, 10:30, 10:30] += 20  # faint
    data[25:35, 10:30, 10:30] += 100
    made = ray_volume([VolumeChannel("", data)], 1.0, 256)
    low, high = made.limits[0]
    level = low + made.levels[0] * (high - low)
    assert 3 < level < 18


def test_large_volumes_are_reduced_by_means_and_keep_their_lengths():
    data = np.zeros((64, 32, 32), np.float32)
    data[32:] = 1
    made = ray_volume([VolumeChannel("", data)], 1.0, 16)
    assert made.sizes == (16, 8, 8)
    assert made.lengths == (64.0, 32.0, 32.0)
    assert made.shape == (64, 32, 32)
    assert (made.data[:, :, :7] == 0).all()
    assert (made.data[:, :, 9:] == 255).all()


@pytest.mark.parametrize(("count", "lanes"), [(1, 1), (2, 2), (3, 4), (4, 4)])
def test_channels_share_a_texture(count, lanes):
    channels = [VolumeChannel(str(i), cube((4 * i, 2, 4)), "red") for i in range(count)]
    made = ray_volume(channels, 1.0, 256)
    assert made.data.shape[3] == lanes
    for lane in range(count):
        assert np.argwhere(made.data[..., lane])[:, 2].min() == 4 * lane


def test_voxels_and_places_are_inverse():
    made = ray_volume([VolumeChannel("", cube())], 1.0, 256)
    for voxel in ((0, 0, 0), (19, 11, 15), (7, 3, 2)):
        assert made.voxel_at(made.place_of(voxel)) == voxel
    assert made.place_of((0, 11, 0)) == (0.5 / 20, 0.5 / 16, 11.5 / 12)  # x, y, z


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("level", [0.02, 0.3, 0.97])
def test_presets_draw_nothing_of_the_background_and_rise(preset, level):
    points = transfer_points(preset, level)
    values, opacities = zip(*((value, opacity) for value, opacity, _ in points), strict=True)
    assert list(values) == sorted(values)
    assert list(opacities) == sorted(opacities)
    assert 0 <= values[0] <= values[-1] <= 1
    assert opacities[0] == 0 < opacities[-1] <= 1
    assert all(color.startswith("#") and len(color) == 7 for *_, color in points)


def test_the_voxels_are_sent_when_a_browser_shows_the_view_and_are_not_in_its_state(sent):
    view = RayView()
    view.show(cube(), 2.0)
    assert sent == []
    view.receive({"type": "ready", "most": 2048})
    content, buffers = sent[-1]
    assert (content["type"], content["sizes"], content["unit"]) == ("volume", [20, 16, 12], "nm")
    assert np.count_nonzero(np.frombuffer(buffers[0], np.uint8)) == 64
    assert not any(isinstance(value, bytes | memoryview) for value in view.get_state().values())
    view.close()


def test_a_small_graphics_card_gets_fewer_voxels(sent):
    view = RayView()
    view.show(np.random.default_rng(0).random((40, 20, 20)).astype(np.float32))
    view.receive({"type": "ready", "most": 16})
    assert sent[-1][0]["sizes"] == [16, 8, 8]
    view.close()


def test_the_curve_stays_with_a_like_volume_and_goes_with_another(sent):
    view = RayView()
    view.show(cube())
    view.transfer = mine = [[[0.0, 0.0, "#000000"], [1.0, 1.0, "#ffffff"]]]
    view.show(cube((2, 2, 2)))
    assert view.transfer == mine
    view.show(np.pad(cube(), 2))
    assert view.transfer != mine
    view.close()


def test_the_camera_is_fitted_to_a_new_shape_alone(sent):
    view = RayView()
    view.receive({"type": "ready", "most": 2048})
    view.show(cube())
    assert sent[-1][0]["anew"]
    view.camera = {"scale": 2.0}  # as the browser does when the hand rests
    view.show(cube((2, 2, 2)))
    assert not sent[-1][0]["anew"]
    view.receive({"type": "ready", "most": 2048})  # the page was loaded again
    assert not sent[-1][0]["anew"]
    view.show(np.pad(cube(), 2))
    assert sent[-1][0]["anew"]
    assert view.camera == {}
    view.close()


def test_a_click_is_told_as_a_voxel(sent):
    view, clicked = RayView(), []
    view.on_pick(clicked.append)
    view.show(cube())
    view.receive({"type": "pick", "place": [0.72, 0.6, 0.2]})
    assert clicked == [(14, 2, 9)]
    view.close()


def test_stills_arrive_one_by_one_and_can_be_stopped(sent):
    view, got = RayView(), []
    with pytest.raises(ParameterError, match="no picture"):
        view.stills(lambda *still: got.append(still), 40, 30)
    view.show(cube())
    view.receive({"type": "ready", "most": 2048})
    stop = view.stills(lambda *still: got.append(still), 40, 30, [None, {"scale": 2.0}])
    asked = sent[-1][0]
    assert (asked["width"], asked["height"], len(asked["cameras"])) == (40, 30, 2)
    view.receive({"type": "still", "id": asked["id"], "index": 0, "count": 2}, [b"one"])
    stop()
    view.receive({"type": "still", "id": asked["id"], "index": 1, "count": 2}, [b"two"])
    assert got == [(0, 2, b"one")]
    assert sent[-1][0] == {"type": "stop"}
    view.close()


def test_what_is_no_volume_is_refused():
    view = RayView()
    with pytest.raises(ShapeError, match="shape"):
        view.show(np.zeros((3, 3)))
    with pytest.raises(ParameterError, match="at least 8"):
        view.show(cube(), most_voxels=4)
    with pytest.raises(ParameterError, match="choose from"):
        transfer_points("loud", 0.5)
    view.close()
