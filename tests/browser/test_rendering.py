"""The view of ray casting on a page of its own: where things appear, what a click hits, what planes show."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from view_alone import ViewAlone

from etwidgets.views import RayView
from etwidgets.views.ray_volume import transfer_points

SIDE = 400
N_X, N_Z, N_Y = 64, 48, 56
NEAR = ((44, 60), (4, 20), (4, 20))  # a cube, from and to along x, z, y: to the right, in front, above
FAR = ((4, 12), (36, 44), (44, 52))  # a smaller one: to the left, behind, below
GROUND = (13, 13, 15)
EYE = 3.2  # distance of the eye, in lengths of the longest side: what is nearer is larger

SOLID = transfer_points("solid", 0.5)


class Rendering(ViewAlone):
    """The view on a page, with what is asked of it."""

    def __init__(self, page, data):
        super().__init__(page, RayView())
        page.evaluate(f"document.querySelector('#host').style = 'width: {SIDE}px; height: {SIDE}px'")
        self.picked = []
        self.view.on_pick(self.picked.append)
        self.view.show(data, 2.0)
        self.set(box=False, transfer=[SOLID])

    def set(self, **traits):
        for name, value in traits.items():
            self.view.set_trait(name, value)
        self.exchange()

    def look(self, axis):
        self.view.look_along(axis)
        self.exchange()

    def click(self, x, y):
        self.page.mouse.click(x, y)
        self.exchange()

    def picture(self):
        """The pixels of the canvas under the drawn lines, once it is sharp."""
        self.page.wait_for_function(
            "() => { const {frame, sharp} = document.querySelector('.etw-rays').dataset;"
            " return frame && sharp === frame; }"
        )
        url = self.page.evaluate("document.querySelector('.etw-rays canvas').toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))

    def drawn_at(self):
        """Left, right, top and bottom of what is much brighter than the background, in both halves."""
        seen = (self.picture().astype(int) - GROUND > 40).any(axis=2)
        return {side: _box(seen, columns) for side, columns in _HALVES.items()}


_HALVES = {"left": slice(0, SIDE // 2), "right": slice(SIDE // 2, SIDE)}


def _box(seen, columns):
    rows, found = np.nonzero(seen[:, columns])
    if not rows.size:
        return None
    return tuple(
        int(each)
        for each in (found.min() + columns.start, found.max() + 1 + columns.start, rows.min(), rows.max() + 1)
    )


def expected(cube, right, down, away, sign):
    """Where a cube is seen by a pinhole camera that is fitted to both; as :func:`_box`."""
    names = ("x", "z", "y")
    cubes = [dict(zip(names, each, strict=True)) for each in (cube, NEAR, FAR)]
    low, high = ({n: end(end(each[n]) for each in cubes) for n in names} for end in (min, max))
    middle = {n: (low[n] + high[n]) / 2 for n in names}

    def seen(axis, value, depth):
        return (value - middle[axis]) / N_X * EYE / (EYE + sign * (depth - middle[away]) / N_X)

    most = max(seen(axis, high[axis], depth) for axis in (right, down) for depth in (low[away], high[away]))
    return tuple(
        SIDE / 2 * (1 + 0.86 / most * end(seen(axis, end(cubes[0][axis]), depth) for depth in cubes[0][away]))
        for axis in (right, down)
        for end in (min, max)
    )


@pytest.fixture(scope="module")
def rendering(chromium):
    data = np.zeros((N_X, N_Z, N_Y), np.float32)
    for cube in (NEAR, FAR):
        data[tuple(slice(*each) for each in cube)] = 1
    page = chromium.new_page(viewport={"width": SIDE, "height": SIDE})
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    driven = Rendering(page, data)
    yield driven
    assert wrong == []
    driven.view.close()
    page.close()


@pytest.mark.parametrize(
    ("right", "down", "away", "sign"),
    [("x", "y", "z", 1), ("x", "z", "y", -1), ("y", "z", "x", 1)],
    ids=["z", "y", "x"],
)
def test_a_look_along_an_axis_shows_things_as_the_slice_across_it(rendering, right, down, away, sign):
    """With x to the right and z downwards one looks from large y to small ones, or all would be mirrored."""
    rendering.look(away)
    found = rendering.drawn_at()
    for cube in (NEAR, FAR):
        place = expected(cube, right, down, away, sign)
        assert found["left" if place[0] < SIDE / 2 else "right"] == pytest.approx(place, abs=4)


@pytest.mark.parametrize("mode", ["surface", "maximum"])
def test_each_mode_shows_it_at_the_same_place(rendering, mode):
    rendering.look("z")
    before = rendering.drawn_at()
    rendering.set(mode=mode)
    after = rendering.drawn_at()
    rendering.set(mode="volume")
    for side in before:
        assert after[side] == pytest.approx(before[side], abs=3)


def test_what_is_clipped_is_not_drawn(rendering):
    rendering.look("z")
    rendering.set(clip=[[0, 0.5], [0, 1], [0, 1]])
    found = rendering.drawn_at()
    rendering.set(clip=[[0, 1]] * 3)
    assert found["right"] is None
    assert found["left"] is not None


def test_a_slice_plane_shows_the_slice_at_its_place(rendering):
    rendering.look("z")
    solid = rendering.drawn_at()["right"]
    rendering.set(transfer=[[[0, 0, "#000000"], [1, 0, "#ffffff"]]], planes=True)  # nothing but planes
    left, right, top, bottom = solid
    shown = {}
    for z, wanted in ((12, True), (24, False)):
        rendering.view.point_at((32, z, 28))
        rendering.exchange()
        shown[wanted] = rendering.picture()[top + 14 : bottom - 14, left + 14 : right - 14].mean()
    rendering.set(planes=False, transfer=[SOLID])
    assert shown[True] > 200
    assert shown[False] < 20


def test_a_click_names_the_first_voxel_under_it(rendering):
    rendering.look("z")
    for side, (z, (x_from, x_to), (y_from, y_to)) in (
        ("right", (NEAR[1][0], NEAR[0], NEAR[2])),
        ("left", (FAR[1][0], FAR[0], FAR[2])),
    ):
        left, right, top, bottom = rendering.drawn_at()[side]
        rendering.click((left + right) / 2, (top + bottom) / 2)
        voxel = rendering.picked[-1]
        assert voxel[1] == z
        assert voxel[0] == pytest.approx((x_from + x_to) / 2, abs=1.5)
        assert voxel[2] == pytest.approx((y_from + y_to) / 2, abs=1.5)
    told = len(rendering.picked)
    rendering.click(SIDE / 2, SIDE / 2)  # nothing is there
    assert len(rendering.picked) == told


def test_what_is_near_follows_the_hand(rendering):
    rendering.look("z")
    before = rendering.drawn_at()["right"]
    rendering.page.mouse.move(200, 200)
    rendering.page.mouse.down()
    rendering.page.mouse.move(212, 200, steps=3)
    rendering.page.mouse.up()
    assert rendering.drawn_at()["right"][1] > before[1] + 2


def test_the_camera_is_known_and_can_be_set(rendering):
    rendering.look("z")
    rendering.drawn_at()
    rendering.exchange()
    camera = rendering.view.camera
    assert camera["rotation"] == [[1, 0, 0], [0, -1, 0], [0, 0, -1]]
    rendering.set(camera={**camera, "scale": camera["scale"] / 2})
    left, right, *_ = rendering.drawn_at()["right"]
    rendering.set(camera=camera)
    wide_left, wide_right, *_ = rendering.drawn_at()["right"]
    assert right - left == pytest.approx((wide_right - wide_left) / 2, abs=3)


def test_an_oblique_cut_bares_what_is_inside(rendering):
    """A plane half-way through the near cube, facing the viewer: 8 of its 16 voxels along z are left."""
    rendering.look("z")
    rendering.view.point_at((52, 12, 12))
    rendering.set(cut=[0, 0, -1])
    left, right, top, bottom = rendering.drawn_at()["right"]
    rendering.click((left + right) / 2, (top + bottom) / 2)
    rendering.set(cut=[])
    assert rendering.picked[-1][1] == 12
    rendering.click((left + right) / 2, (top + bottom) / 2)
    assert rendering.picked[-1][1] == NEAR[1][0]


def test_a_still_has_its_own_size_and_camera(rendering):
    rendering.look("z")
    left, right, *_ = rendering.drawn_at()["right"]
    rendering.exchange()
    camera, got = rendering.view.camera, []
    rendering.view.stills(lambda *still: got.append(still), 200, 200, [None, {**camera, "scale": 1e-3}])
    rendering.exchange(lambda: len(got) == 2, 500)
    pictures = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int) for *_, data in got]
    assert [picture.shape for picture in pictures] == [(200, 200, 3)] * 2
    seen = [(picture[:170, 100:] - GROUND > 40).any(axis=2) for picture in pictures]  # without the scale bar
    assert np.ptp(np.nonzero(seen[0])[1]) == pytest.approx((right - left) / 2, abs=3)
    assert seen[1].sum() < 30


def test_it_is_fitted_again_in_a_narrower_place_unless_it_was_zoomed(rendering):
    def reach():
        columns = np.nonzero((rendering.picture().astype(int) - GROUND > 40).any(axis=(0, 2)))[0]
        return columns.min(), columns.max()

    def widen(pixels):
        before = rendering.page.evaluate("document.querySelector('.etw-rays').dataset.frame")
        rendering.page.evaluate(f"document.querySelector('#host').style.width = '{pixels}px'")
        rendering.page.wait_for_function(
            "before => document.querySelector('.etw-rays').dataset.frame !== before", arg=before
        )

    rendering.look("z")
    widen(SIDE // 2)
    left, right = reach()
    assert left > 5
    assert right < SIDE // 2 - 6
    widen(SIDE)
    rendering.page.keyboard.press("+")
    whole = np.ptp(reach())
    widen(SIDE // 2)
    assert np.ptp(reach()) < whole  # cut, as it is not fitted
    assert reach()[1] > SIDE // 2 - 6
    widen(SIDE)
