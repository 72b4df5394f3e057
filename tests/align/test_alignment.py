"""An alignment does in one interpolation what formulas say, in every sign, and composes."""

import numpy as np
import pytest

from etwidgets import align
from etwidgets.align import Alignment, apply_alignment, valid_area
from etwidgets.errors import DataError, ParameterError, ShapeError, TiltCountError


def blob(shape, y, x, sigma=3.0):
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape)
    return np.exp(-((rows[:, None] - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))[np.newaxis]


def centroid(image):
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in image.shape)
    return (rows @ image.sum(1) / image.sum(), image.sum(0) @ columns / image.sum())


def some(count=3, seed=0):
    random = np.random.default_rng(seed)
    return Alignment.of(
        random.uniform(-6, 6, (count, 2)),
        rotation_deg=random.uniform(-20, 20, count),
        magnification=random.uniform(0.8, 1.2, count),
    )


def test_a_point_goes_where_the_formula_says():
    found = apply_alignment(
        blob((96, 128), 5, 12), Alignment.of([[3.0, -7.0]], rotation_deg=30, magnification=1.25)
    )[0]
    cos, sin = np.cos(np.pi / 6), np.sin(np.pi / 6)
    y, x = 1.25 * (5 * cos + 12 * sin) + 3, 1.25 * (12 * cos - 5 * sin) - 7
    assert centroid(found) == pytest.approx((y, x), abs=2e-3)
    assert found.max() == pytest.approx(1, abs=0.02)


def test_it_does_what_shifting_and_rotating_do_one_after_the_other():
    images = blob((96, 128), 5, 12)
    ours = apply_alignment(
        images, Alignment.of([[2.5, -3.25]]).then(Alignment.of([[1.5, 0]], rotation_deg=8))
    )
    theirs = align.transform(
        align.apply_shifts(images, [[2.5, -3.25]]), yshift=1.5, angle_deg=8, interpolation="cubic"
    )
    assert ours == pytest.approx(theirs, abs=2e-3)


def test_composition_and_inverse_agree_with_doing_both():
    first, second = some(seed=1), some(seed=2)
    images = np.repeat(blob((96, 128), 5, 12), 3, axis=0)
    both = apply_alignment(apply_alignment(images, first), second)
    assert apply_alignment(images, first.then(second)) == pytest.approx(both, abs=5e-3)
    nothing = first.then(first.inverse())
    assert nothing.shifts_px == pytest.approx(0, abs=1e-12)
    assert nothing.matrices == pytest.approx(np.broadcast_to(np.eye(2), (3, 2, 2)), abs=1e-12)


def test_another_frame_keeps_the_center():
    wide = apply_alignment(blob((64, 64), 4, -9), Alignment.identity(1), shape_yx=(101, 90))[0]
    assert centroid(wide) == pytest.approx((4, -9), abs=1e-3)


def test_the_valid_area_is_where_the_image_reaches():
    area = valid_area(Alignment.of([[3.0, -5.0]]), (20, 30), shape_yx=(24, 30))[0]
    rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (5, 23, 0, 24)


def test_nothing_to_do_changes_nothing():
    images = np.random.default_rng(0).normal(size=(2, 16, 20)).astype(np.float32)
    assert np.array_equal(apply_alignment(images, Alignment.identity(2)), images)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"shifts_px": [1, 2]}, ShapeError, r"\(T, 2\)"),
        ({"shifts_px": [[0, np.nan]]}, DataError, "projections 0 are not finite"),
        ({"shifts_px": [[0, 0]], "magnification": 0}, ParameterError, "above 0"),
        ({"shifts_px": [[0, 0]], "rotation_deg": [1, 2]}, ShapeError, "one per projection"),
        ({"shifts_px": [[0, 0]], "tilts_deg": [1, 2]}, TiltCountError, "tilts"),
    ],
)
def test_bad_numbers_are_refused(given, error, words):
    with pytest.raises(error, match=words):
        Alignment.of(**given)


def test_an_alignment_of_another_series_is_refused():
    with pytest.raises(TiltCountError, match="2"):
        apply_alignment(np.zeros((3, 8, 8)), Alignment.identity(2))
