"""Tools over the images with known answers: measured on the needle, saved and read back; sliders and layout.

The tests on the needle share one page and leave no measurement behind.
"""

import json
import re

import numpy as np
import pytest
import tifffile
from view_alone import ViewAlone

from etwidgets import datasets
from etwidgets.color_maps import color_table
from etwidgets.views import ImageView, Pane

SIDE = 256  # pixels of a projection of the needle, each of 3.36 nm


@pytest.fixture(scope="module")
def needle():
    """The projection that is shown first, the one nearest to 0 degrees."""
    stack = datasets.get_needle_data(aligned=False)
    return np.asarray(stack.data[np.argmin(np.abs(stack.tilts_deg))])


class Tools:
    """Drives the tools of the first image of *Inspect* in pixels of the image."""

    panel = ".etw-panel-inspect .etw-image"

    def __init__(self, looking):
        self.looking, self.page = looking, looking.page
        looking.step("inspect")
        self.canvas = self.page.locator(f"{self.panel} > canvas")
        self.canvas.focus()
        self.page.keyboard.press("f")

    def at(self, x, y):
        box, place = self.canvas.bounding_box(), json.loads(self.canvas.get_attribute("data-places"))[0]
        return (
            box["x"] + place["x"] + (x + 0.5) * place["w"] / SIDE,
            box["y"] + place["y"] + (y + 0.5) * place["h"] / SIDE,
        )

    def button(self, *names):
        pane = self.page.locator(f"{self.panel} .etw-pane").first
        for name in ("menu", *names):
            button = pane.locator(f".etw-tool-{name}")
            if name != "menu" or button.is_visible():
                button.click()

    def drag(self, start, end):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=3)
        self.page.mouse.up()

    def said(self, *words):
        """What is written at the measurements, once all these words are."""
        texts = []

        def there():
            buttons = self.page.locator(f"{self.panel} .etw-remove")
            texts[:] = buttons.evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
            return all(any(word in text for text in texts) for word in words)

        self.looking.until(there)
        return texts

    def clear(self):
        for button in self.page.locator(f"{self.panel} .etw-remove").all()[::-1]:
            button.click()

    def saved(self, *names):
        """The file that a button saves."""
        with self.page.expect_download() as download:
            self.button(*names)
        return download.value


@pytest.fixture
def tools(looking):
    tools = Tools(looking)
    yield tools
    tools.clear()


def numbers(text, *names):
    return [float(re.search(rf"\b{name} (-?[\d.]+)", text)[1]) for name in names]


def test_a_distance_of_100_px_is_336_nm(tools):
    tools.button("distance")
    tools.drag((60, 90), (160, 90))
    (text,) = tools.said("distance")
    assert float(re.search(r"([\d.]+) nm", text)[1]) == pytest.approx(336, abs=1)
    tools.drag((160, 90), (60, 190))  # the end point is dragged: 100 px down from the first
    (text,) = tools.said("dy 33")
    assert numbers(text, "dx", "dy") == pytest.approx([0, 336], abs=2)


def test_three_points_with_a_right_angle(tools):
    tools.button("angle")
    tools.drag((50, 50), (50, 150))
    tools.page.mouse.click(*tools.at(150, 150))
    (text,) = tools.said("angle")
    assert float(re.search(r"([\d.]+)°", text)[1]) == pytest.approx(90, abs=0.5)


def test_a_profile_has_the_values_of_the_data(tools, needle):
    tools.button("profile")
    tools.drag((20, 120), (220, 120))
    tools.said("profile: 672 nm")
    rows = tools.looking.page.locator(f"{tools.panel} .etw-profile")
    rows.wait_for(state="visible")
    with tools.page.expect_download() as download:
        rows.locator("button").first.click()
    table = np.genfromtxt(download.value.path(), delimiter=",", skip_header=1)
    np.testing.assert_array_equal(table[:, 1], needle[120, 20:221])
    np.testing.assert_allclose(table[:, 0], 3.36 * np.arange(201), rtol=1e-6)


def test_statistics_are_those_of_numpy_and_follow_the_tilt(tools, needle):
    tools.button("statistics")
    tools.drag((60, 100), (119, 149))
    (text,) = tools.said("sd")
    part = needle[100:150, 60:120].astype(float)
    expected = [part.size, part.mean(), part.std(), part.min(), part.max()]
    assert numbers(text, "n", "mean", "sd", "min", "max") == pytest.approx(expected, rel=1e-5)
    tools.looking.keep("measured-in-picture")
    tools.canvas.focus()
    tools.page.keyboard.press("ArrowRight")
    tools.looking.until(lambda: tools.said("sd")[0] != text)
    tools.page.keyboard.press("ArrowLeft")
    tools.looking.until(lambda: tools.said("sd")[0] == text)
    tools.page.keyboard.press("Delete")
    tools.looking.until(lambda: not tools.said())


def test_files_are_what_is_shown(tools, needle):
    stored = tifffile.imread(tools.saved("save", "tiff32").path())
    np.testing.assert_array_equal(stored, needle)
    np.testing.assert_array_equal(tifffile.imread(tools.saved("save", "tiff16").path()), needle)
    svg = tools.saved("save", "svg").path().read_text()
    assert re.search(r"<text [^>]*>\d+ nm</text>", svg)
    assert "<image " in svg
    png = tools.saved("save", "png")
    assert png.suggested_filename.startswith("Projection-39-of-77")
    width, height = np.frombuffer(png.path().read_bytes()[16:24], ">u4")
    assert min(width, height) >= SIDE


def test_one_image_alone_and_all_again(tools):
    def shown():
        return [p is not None for p in json.loads(tools.canvas.get_attribute("data-places"))]

    tools.page.mouse.move(*tools.at(100, 100))
    tools.page.keyboard.press("m")
    tools.looking.until(lambda: shown() == [True, False])
    tools.looking.keep("one-picture")
    tools.page.mouse.dblclick(*tools.at(100, 200))
    tools.looking.until(lambda: shown() == [True, True])


# -- sliders, in a page without a server


@pytest.fixture
def alone(chromium):
    """Three panes with sliders, arranged in quarters; a moved slider redraws."""
    page, view, places = chromium.new_page(), ImageView(height=600, arrangement="four"), [5, 6, 7]

    def draw():
        image = np.eye(20)
        view.show([Pane(image, (0, 1), slider=(k, 20, "xyz"[i])) for i, k in enumerate(places)])

    def move(event):
        places[event["pane"]] = event["value"]
        draw()

    view.on_slide(move)
    draw()
    yield ViewAlone(page, view), places
    page.close()
    view.close()


def test_the_wheel_steps_through_slices_and_with_ctrl_zooms(alone):
    driven, places = alone
    page, canvas = driven.page, driven.page.locator("canvas")
    spot = json.loads(canvas.get_attribute("data-places"))[1]
    page.mouse.move(spot["x"] + 20, spot["y"] + 20)
    page.mouse.wheel(0, 100)
    driven.exchange(lambda: places == [5, 7, 7], 50)
    page.mouse.wheel(0, -100)
    driven.exchange(lambda: places == [5, 6, 7], 50)
    assert (places, canvas.get_attribute("data-zoom")) == ([5, 6, 7], "1.000")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    driven.exchange(lambda: float(canvas.get_attribute("data-zoom")) > 1.5, 50)
    assert float(canvas.get_attribute("data-zoom")) == pytest.approx(np.exp(0.5), abs=0.01)
    assert places == [5, 6, 7]


def test_an_older_frame_does_not_pull_a_slider_back(alone):
    driven, places = alone
    page = driven.page
    slider = page.locator(".etw-pane[data-pane='2'] input")
    slider.focus()
    page.keyboard.press("ArrowRight")
    old = Pane(np.eye(20), (0, 1), slider=(7, 20, "z"))
    driven.view.show([old] * 3)  # Python has not heard of the move yet
    driven.deliver()
    assert slider.input_value() == "8"
    driven.exchange(lambda: places[2] == 8, 50)
    assert (places, slider.input_value()) == ([5, 6, 8], "8")


def brightness(page, across):
    """Red of the first image at a part of its width."""
    return page.evaluate(
        """across => {
            const canvas = document.querySelector("canvas"), [p] = JSON.parse(canvas.dataset.places);
            return canvas.getContext("2d").getImageData(p.x + across * p.w, p.y + p.h / 3, 1, 1).data[0];
        }""",
        across,
    )


def test_gamma_and_logarithm_bend_the_brightness(alone):
    driven, _places = alone
    view = driven.view
    view.show([Pane(np.full((8, 8), 64.0), (0, 255))])

    expected = {(1.0, False): 64, (0.5, False): 128, (1.0, True): 192, (2.0, True): 145}
    for (view.gamma, view.log_scale), value in expected.items():
        driven.exchange(lambda value=value: brightness(driven.page, 0.3) == value, 50)
        assert brightness(driven.page, 0.3) == value


def test_a_line_between_two_images_is_dragged(alone):
    driven, _places = alone
    driven.view.show([Pane(np.full((8, 8), level), (0, 255)) for level in (50.0, 200.0)])
    driven.exchange()
    page = driven.page
    place = json.loads(page.locator("canvas").get_attribute("data-places"))[0]
    page.locator(".etw-pane[data-pane='0'] .etw-tool-swipe").click()
    across, down = place["x"] + place["w"] / 2, place["y"] + 0.8 * place["h"]
    driven.exchange(lambda: brightness(page, 0.6) == 200, 50)
    assert [brightness(page, part) for part in (0.4, 0.6)] == [50, 200]
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.move(across - 0.3 * place["w"], down, steps=3)
    page.mouse.up()
    driven.exchange(lambda: brightness(page, 0.4) == 200, 50)
    assert [brightness(page, part) for part in (0.1, 0.4)] == [50, 200]
    page.locator(".etw-pane[data-pane='0'] .etw-tool-difference").click()
    brightest = color_table("coolwarm")[-1]  # 150 everywhere: as far as the limits reach
    driven.exchange(lambda: brightness(page, 0.6) == brightest[0], 50)
    assert brightness(page, 0.6) == brightest[0]


def test_in_quarters_the_last_stays_empty_and_one_fills_the_view(alone):
    driven, _places = alone
    canvas = driven.page.locator("canvas")
    first, right, below = json.loads(canvas.get_attribute("data-places"))
    assert right["x"] > first["x"] + first["w"]
    assert right["y"] == first["y"]
    assert below["y"] > first["y"] + first["h"]
    assert below["x"] == first["x"]
    driven.view.maximized = 3
    driven.exchange(lambda: json.loads(canvas.get_attribute("data-places")) == [None] * 3, 50)
    assert json.loads(canvas.get_attribute("data-places")) == [None] * 3
    assert driven.page.locator(".etw-pane:visible").count() == 0
