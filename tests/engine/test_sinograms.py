"""A few sinograms of a moved stack are those of the whole stack, moved."""

import numpy as np
import pytest

from etwidgets import align, datasets, engine
from etwidgets.errors import ParameterError, ShapeError

MOVES = [(0, 0), (3.4, 0), (0, 2.3), (-1.7, -5.5), (19, 1), (0.5, 90)]


@pytest.mark.parametrize(("shift", "angle"), MOVES)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int16])
def test_the_columns_are_those_of_the_transformed_stack(shift, angle, dtype):
    images = np.random.default_rng(3).integers(0, 200, size=(4, 21, 30)).astype(dtype)
    whole = align.transform(images, yshift=shift, angle_deg=angle)
    columns = [0, 7, 15, 29]
    moved = engine.sinograms_at(images, columns, shift, angle)
    assert moved.dtype == np.float32
    assert np.abs(moved - whole[:, :, columns]).max() <= 1e-6 * 200


def test_on_the_needle_to_1e_6():
    data = datasets.get_needle_data().data
    whole = align.transform(data, yshift=-3.3, angle_deg=2.8)
    columns = [64, 128, 192]
    moved = engine.sinograms_at(data, columns, -3.3, 2.8)
    assert np.linalg.norm(moved - whole[:, :, columns]) < 1e-6 * np.linalg.norm(moved)


def test_any_memory_order_is_read():
    images = np.random.default_rng(3).random((4, 21, 30))
    reversed_view = np.asfortranarray(images)[:, ::-1]
    expected = engine.sinograms_at(np.ascontiguousarray(reversed_view), [3, 9], 1.3, 4)
    assert np.array_equal(engine.sinograms_at(reversed_view, [3, 9], 1.3, 4), expected)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((3, 4)), [0]), ShapeError, r"\(3, 4\)"),
        ((np.zeros((2, 3, 4)), [4]), ParameterError, "between 0 and 3"),
        ((np.zeros((2, 3, 4)), [1], np.nan), ParameterError, "shift"),
        ((np.zeros((2, 3, 4)), [1], 0, np.inf), ParameterError, "rotation"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        engine.sinograms_at(*arguments)
