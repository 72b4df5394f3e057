"""Views without a browser: the bytes that are sent, when they are sent, and what is left after closing."""

import re

import ipywidgets.widgets.widget as registry
import numpy as np
import pytest

from etwidgets.errors import ParameterError, ShapeError
from etwidgets.views import (
    Bar,
    BarView,
    CurveView,
    HistogramView,
    ImageView,
    Pane,
    SpectrumCurve,
    SpectrumView,
    SpectrumWindow,
    VolumeChannel,
    VolumeView,
    overlay,
    to_plane,
)
from etwidgets.views.panes import message, reduced
from etwidgets.views.scripts import script
from etwidgets.views.volume_channels import fewer_voxels


def test_bytes_are_linear_between_the_limits():
    plane = to_plane(np.array([[-5.0, 0, 50, 100, 900, np.nan]]), (0, 100))
    assert plane.tolist() == [[0, 0, 128, 255, 255, 0]]


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
        (lambda: ImageView(arrangement="four").show([Pane(np.eye(2))] * 4), ParameterError),
        (lambda: Pane(np.eye(2), slider=(5, 5, "x")), ParameterError),
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
    view.receive({"type": "ready"})
    assert [content["type"] for content in sent] == ["colors", "keys", "frame"]
    assert frames(sent) == [2]


def test_while_a_frame_is_drawn_only_the_newest_waits(wired):
    view, sent = wired
    view.receive({"type": "ready"})
    for _ in range(5):
        view.show([Pane(np.eye(2))])
    assert frames(sent) == [1]
    view.receive({"type": "drawn", "number": 1})
    assert frames(sent) == [1, 5]
    view.receive({"type": "drawn", "number": 5})
    assert frames(sent) == [1, 5]


def test_a_picture_that_the_browser_has_is_not_sent_again(monkeypatch):
    view, sent = ImageView(), []
    monkeypatch.setattr(view, "send", lambda content, buffers=None: sent.append((content, buffers)))
    view.receive({"type": "ready"})
    for second in (np.eye(3), 1 - np.eye(3)):
        view.show([Pane(np.eye(2), (0, 1), cross=(0, 1)), Pane(second, (0, 1))])
        view.receive({"type": "drawn"})
    (content, buffers) = sent[-1]
    assert content["same"] == [True, False]
    assert [len(buffer) for buffer in buffers] == [0, 9]
    view.receive({"type": "ready"})  # the page was loaded again
    assert sent[-1][0]["same"] == [False, False]
    view.close()


def test_large_images_come_with_all_pixels_when_the_browser_asks(wired):
    view, sent = wired
    view.receive({"type": "ready"})
    view.show([Pane(np.zeros((1500, 1200)), (0, 1)), Pane(np.eye(4))])
    view.receive({"type": "drawn"})
    view.receive({"type": "full", "number": 1})
    view.receive({"type": "full", "number": 0})  # of an older frame: nothing
    first, full = [content for content in sent if content["type"] == "frame"]
    assert [(frame["panes"][0]["height"], frame["more"]) for frame in (first, full)] == [
        (750, True),
        (1500, False),
    ]
    assert full["same"] == [False, True]


def test_clicks_and_keys_reach_their_handlers_until_undone(wired):
    view, _ = wired
    clicks = []
    undo = view.on_click(clicks.append)
    view.receive({"type": "click", "pane": 0, "x": 4, "y": 2})
    undo()
    view.receive({"type": "click", "pane": 0, "x": 5, "y": 2})
    assert [click["x"] for click in clicks] == [4]


def test_a_frame_says_which_place_of_a_slider_it_knows(wired):
    view, sent = wired
    view.receive({"type": "ready"})
    heard = []
    view.on_slide(lambda event: heard.append((event["pane"], event["value"])))
    view.show([Pane(np.eye(3), slider=(1, 3, "x"))])
    view.receive({"type": "drawn", "number": 1})
    view.receive({"type": "slide", "pane": 0, "value": 2, "number": 17})
    view.show([Pane(np.eye(3), slider=(2, 3, "x"))])
    first, second = [content for content in sent if content["type"] == "frame"]
    assert (first["slid"], second["slid"]) == (0, 17)
    assert [frame["panes"][0]["slider"] for frame in (first, second)] == [[1, 3, "x"], [2, 3, "x"]]
    assert heard == [(0, 2)]


def test_another_picture_begins_with_all_images_shown(wired):
    view, _ = wired
    view.maximized = 1
    view.clear()
    assert view.maximized == -1


def test_pixels_are_no_widget_state():
    view = ImageView()
    view.show([Pane(np.zeros((1000, 1000)))])
    assert not any(isinstance(value, bytes | memoryview) for value in view.get_state().values())
    view.close()


def test_curves_are_updated_in_place():
    view = CurveView("tilt (deg)", "shift (px)")
    view.show({"y": ([0, 1], [2, 3]), "x": ([0, 1], [4, 5])})
    figure = view.children[0]
    view.show({"y": ([0, 1, 2], [5, 6, 7])}, mark=1, band=(0.5, 1.5))
    assert view.children[0] is figure
    shown = view.snapshot()
    assert {name: [list(values) for values in pair] for name, pair in shown.curves.items()} == {
        "y": [[0, 1, 2], [5, 6, 7]]
    }
    assert (shown.mark, shown.band) == (1, (0.5, 1.5))
    assert (shown.x_label, shown.y_label) == ("tilt (deg)", "shift (px)")
    view.clear()
    shown = view.snapshot()
    assert (shown.curves, shown.mark, shown.band) == ({}, None, None)
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
    (channel,) = view.snapshot().channels
    data = channel.voxels
    assert data.shape == (10, 16, 20)
    assert np.unravel_index(np.argmax(data), data.shape) == (0, 5, 19)
    assert channel.extent == ((-20, 20), (-16, 16), (-10, 10))
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
    view.receive({"type": "limits", "limits": [0.25, 0.5]})
    assert heard[-1] == pytest.approx((25, 50), abs=0.5)
    view.receive({"type": "limits", "limits": [1.0, 1.0]})
    assert heard[-1][0] < heard[-1][1] <= 100
    view.receive({"type": "reset"})
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
    channel = only(view)
    assert not channel.visible
    middle = [np.mean([channel.surface[axis].min(), channel.surface[axis].max()]) for axis in "xyz"]
    # the ball is at x 8, z 12, y 12 of 24 voxels of 2 nm, and the middle of the volume is 0
    assert middle == pytest.approx([(8.5 - 12) * 2, (12.5 - 12) * 2, (12.5 - 12) * 2], abs=0.2)
    assert np.ptp(channel.surface["x"]) / 2 == pytest.approx(11.5, abs=1)  # voxels make a ball smaller
    view.controls["draw"].value = "both"
    assert only(view).visible
    assert only(view).surface is not None
    view.controls["draw"].value = "volume"
    assert only(view).surface is None
    view.close()


def only(view):
    (channel,) = view.snapshot().channels
    return channel


def ndimage_smooth(volume):
    from scipy import ndimage

    return ndimage.gaussian_filter(volume, 1)


def test_cutting_takes_away_what_is_outside_in_volume_and_surface():
    view = VolumeView()
    view.show(ndimage_smooth(ball()))
    whole = only(view).voxels
    view.controls["cut-x"].value = (0, 34)  # the ball's middle is at 8.5 of 24
    data = only(view).voxels  # z, y, x
    assert np.array_equal(data[..., :8], whole[..., :8])
    assert data[..., 8:].max() <= only(view).limits[0]
    view.controls["draw"].value = "surface"
    assert np.max(only(view).surface["x"]) == pytest.approx(8 - 12, abs=0.6)  # closed where it is cut
    view.controls["cut-x"].value = (0, 100)
    assert np.array_equal(only(view).voxels, whole)
    view.close()


def test_channels_have_their_own_colors_and_sliders():
    view = VolumeView()
    channels = [VolumeChannel("Ni", ball(), "#ff0000"), VolumeChannel("Cr", ball(at=(16, 12, 12)), "#00ff00")]
    view.show(channels, 1.0)
    red, green = (channel.colors for channel in view.snapshot().channels)
    assert np.allclose(red[-1, :3], (1, 0, 0))
    assert np.allclose(green[-1, :3], (0, 1, 0))
    view.controls["channel"].value = 1
    view.controls["opacity"].value = 0.9
    view.controls["shown"].value = False
    first, second = view.snapshot().channels
    assert (first.colors[-1, 3], second.colors[-1, 3]) == pytest.approx((0.2, 0.9))
    assert (first.visible, second.visible) == (True, False)
    view.controls["channel"].value = 0
    assert (view.controls["opacity"].value, view.controls["shown"].value) == (0.2, True)
    assert "Ni" in view.snapshot().note
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
    shown = view.snapshot()
    assert shown.energies == (0, 2)
    np.testing.assert_array_equal(shown.curves[0].counts, np.arange(5))
    assert (shown.windows, shown.marks) == ((SpectrumWindow(0.5, 1),), (("Si Ka", 1.74),))
    view.on_window(lambda *moved: told.append(moved))
    view.receive({"type": "window", "index": 0, "range": [0.25, 1.5], "done": False})
    assert told == [(0, 0.25, 1.5, False)]
    assert not {"curves", "counts", "energies"} & set(view.get_state())
    with pytest.raises(ShapeError, match="a: "):
        view.show(energies, [SpectrumCurve("a", np.arange(4))])
    view.close()


def test_a_snapshot_of_an_image_view_is_what_was_shown():
    view = ImageView()
    assert view.snapshot() == []
    pane = Pane(
        np.arange(4.0).reshape(2, 2), (0, 3), "viridis", "Slice", "x = 3", 3.4, cross=(0, 1), columns=(1,)
    )
    view.show([pane, Pane(np.eye(2), rgb=np.full((2, 2, 3), 7, np.uint8))])
    first, second = view.snapshot()
    assert first.image.tolist() == [[0, 85], [170, 255]]
    assert (first.limits, first.cmap, first.title, first.caption) == ((0, 3), "viridis", "Slice", "x = 3")
    assert (first.cross, first.columns, first.rectangle, first.factor) == ((0, 1), (1,), None, 1)
    assert second.image.tolist() == [[[7, 7, 7]] * 2] * 2
    view.close()
    assert view.snapshot() == []


def test_scale_bars_are_sent_for_every_zoom():
    content, _ = message([Pane(np.eye(100), pixel_size=2.0), Pane(np.eye(100))])
    assert content["panes"][0]["longestBar"] == pytest.approx(60)
    assert content["panes"][0]["bars"] == [1, 2, 5, 10, 20, 50]  # 60 nm at zoom 1, 1.5 nm at zoom 40
    assert content["mostZoom"] == 40
    assert content["panes"][1]["bars"] == []


@pytest.mark.parametrize("name", ["image_view.js", "spectrum_view.js", "histogram_view.js"])
def test_the_script_of_a_view_holds_what_it_imports_once(name):
    module = script(name)
    assert "import " not in re.sub("//.*", "", module)
    assert module.count("class Viewport") == 1
    assert re.findall(r"^export .*", module, re.MULTILINE) == ["export default { render };"]
    names = re.findall(r"^(?:const|function|class) (\w+)|, ([A-Z_]+) = ", module, re.MULTILINE)
    flat = ["".join(pair) for pair in names]
    assert sorted(flat) == sorted(set(flat))


def test_bars_have_round_ticks_and_say_which_was_clicked():
    view = BarView()
    view.show([Bar(0.3, "-10", "first"), Bar(1.7, "0", "second", odd=True)], 1, "tilt (deg)", "residual (px)")
    assert view.shown["top"] == 2
    assert [text for _, text in view.shown["ticks"]] == ["0", "1", "2"]
    assert view.shown["labels"] == [[0, "-10"], [1, "0"]]
    clicked = []
    disconnect = view.on_click(clicked.append)
    for place in (0, 1, 2):
        view.receive({"type": "click", "place": place})
    disconnect()
    view.receive({"type": "click", "place": 0})
    assert clicked == [0, 1]
    view.clear("nothing")
    assert view.snapshot() == ()
    view.close()
