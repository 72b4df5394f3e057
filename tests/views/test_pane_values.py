"""Numbers of an image for whoever measures in it: known profiles, statistics and files."""

from io import BytesIO

import numpy as np
import pytest
import tifffile

from etwidgets.errors import ParameterError
from etwidgets.views import Pane
from etwidgets.views.pane_values import answer, difference, profile, statistics, tiff

IMAGE = np.random.default_rng(1).normal(50, 9, (40, 60)).astype(np.float32)


def test_a_profile_along_pixels_has_their_values():
    np.testing.assert_array_equal(profile(IMAGE, (3, 7), (52, 7)), IMAGE[7, 3:53])
    np.testing.assert_array_equal(profile(IMAGE, (11, 39), (11, 0)), IMAGE[::-1, 11])
    np.testing.assert_allclose(profile(IMAGE, (4, 4), (4, 4)), IMAGE[4, 4])
    np.testing.assert_array_equal(profile(IMAGE, (-9, 7), (200, 7)), IMAGE[7])


def test_a_profile_across_pixels_is_linear_between_them():
    ramp = np.add.outer(2.0 * np.arange(20), 3.0 * np.arange(30))
    values = profile(ramp, (2.5, 1), (26.5, 8))
    assert values.size == 26
    np.testing.assert_allclose(values, np.linspace(9.5, 95.5, 26), atol=1e-6)


def test_statistics_are_those_of_numpy_over_the_finite_values():
    part = IMAGE[5:20, 10:45].astype(float)
    assert statistics(IMAGE, (10, 5, 45, 20)) == pytest.approx(
        {"n": 525, "mean": part.mean(), "sd": part.std(), "min": part.min(), "max": part.max()}
    )
    holes = IMAGE.copy()
    holes[5, 10:15] = np.nan
    assert statistics(holes, (10, 5, 45, 20))["n"] == 520
    assert statistics(holes, (10, 5, 15, 6)) == {"n": 0, "mean": None, "sd": None, "min": None, "max": None}


@pytest.mark.parametrize(("unit", "per_cm"), [("nm", 1e7 / 3.36), ("\u00b5m", 1e4 / 3.36)])
def test_a_tiff_has_the_data_and_the_pixel_size(unit, per_cm):
    with tifffile.TiffFile(BytesIO(tiff(Pane(IMAGE, pixel_size=3.36, unit=unit), 32))) as file:
        page = file.pages.first
        np.testing.assert_array_equal(page.asarray(), IMAGE)
        over, under = page.tags["XResolution"].value
        assert over / under == pytest.approx(per_cm)
        assert page.tags["ResolutionUnit"].value == 3  # centimeter


def test_16_bits_hold_integers_as_they_are_and_others_by_their_range():
    counts = np.array([[-31908, 5], [7, 32000]], np.int16)
    np.testing.assert_array_equal(tifffile.imread(BytesIO(tiff(Pane(counts), 16))), counts)
    with tifffile.TiffFile(BytesIO(tiff(Pane(IMAGE, title="Slice"), 16))) as file:
        stored, said = file.pages.first.asarray(), file.pages.first.description
    low, step = (float(said.split(sign)[1].split()[0]) for sign in ("= ", "+ "))
    assert (stored.min(), stored.max()) == (0, 65535)
    np.testing.assert_allclose(low + step * stored, IMAGE, atol=0.6 * step)
    with pytest.raises(ParameterError, match="finite"):
        tiff(Pane(np.full((2, 2), np.nan), limits=(0, 1)), 16)


def test_a_difference_is_centered_on_zero():
    change = np.zeros((40, 60))
    change[:10], change[10:20] = 8.0, -4.0
    said, plane = difference(Pane(IMAGE), Pane(IMAGE + change))
    assert said["limits"] == pytest.approx([-8, 8], rel=1e-5)
    rows = np.frombuffer(plane, np.uint8).reshape(40, 60)[[0, 15, 30], 7].tolist()
    assert rows == pytest.approx([255, 64, 128], abs=1)
    with pytest.raises(ParameterError, match="no difference"):
        difference(Pane(IMAGE), Pane(IMAGE[1:]))


def test_an_answer_repeats_the_question_and_says_why_there_is_none():
    panes = [Pane(IMAGE), Pane(IMAGE, rgb=np.zeros((40, 60, 3), np.uint8), mixed=True)]
    asked = {"type": "values", "id": "a-1", "what": "profile", "pane": 0, "points": [[0, 2], [59, 2]]}
    reply, (values,) = answer(panes, asked)
    assert reply == {"type": "values", "id": "a-1"}
    np.testing.assert_array_equal(np.frombuffer(values), IMAGE[2])
    assert "colors" in answer(panes, {**asked, "pane": 1})[0]["refused"]
    assert "not shown" in answer(panes, {**asked, "pane": 2})[0]["refused"]
    assert "32 or 16 bits" in answer(panes, {"type": "file", "id": "b", "pane": 0, "bits": 8})[0]["refused"]
