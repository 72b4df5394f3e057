"""Crop and bin in whole pixels: known values, sizes, shifts and records; wrong numbers are refused."""

import numpy as np
import pytest

from etwidgets.errors import ParameterError
from etwidgets.signals import TomoStack

TILTS = np.linspace(-60, 60, 5)


@pytest.fixture
def stack():
    """5 projections of 9 x 13 whose value is 1000 t + 100 y + x."""
    t, y, x = np.mgrid[:5, :9, :13]
    stack = TomoStack((1000 * t + 100 * y + x).astype(np.float32), TILTS)
    stack.set_pixel_size(0.5)
    stack.shifts = np.tile([4.0, -2.0], (5, 1))
    return stack


def test_a_crop_keeps_these_pixels(stack):
    part = stack.crop_to(x_start=3, x_stop=10, y_start=2, y_stop=9)
    assert part.data.shape == (5, 7, 7)
    assert part.data[0, 0, 0] == 203
    assert part.data[4, 6, 6] == 4809
    np.testing.assert_array_equal(part.data, stack.data[:, 2:9, 3:10])
    np.testing.assert_array_equal(part.tilts_deg, TILTS)
    np.testing.assert_array_equal(part.shifts_px, stack.shifts_px)
    assert part.axes_manager["x"].scale == 0.5


def test_a_crop_has_data_of_its_own_and_a_record(stack):
    part = stack.crop_to(x_start=3, x_stop=10, y_start=2, y_stop=9)
    assert not np.shares_memory(part.data, stack.data)
    record = part.metadata.Tomography.transforms.step_000
    kept = {name: record.get_item(name) for name in ("x_start", "x_stop", "y_start", "y_stop")}
    assert record.kind == "crop"
    assert kept == {"x_start": 3, "x_stop": 10, "y_start": 2, "y_stop": 9}


@pytest.mark.parametrize("frames", [False, True])
def test_bins_are_sums_of_squares(stack, frames):
    stack = stack.crop_to(x_start=0, x_stop=12, y_start=0, y_stop=8)
    if frames:
        stack = TomoStack(np.stack([stack.data, stack.data], 1), TILTS)
        stack.set_pixel_size(0.5)
    small = stack.bin(4)
    assert small.data.shape[-2:] == (2, 3)
    squares = stack.data.reshape(*stack.data.shape[:-2], 2, 4, 3, 4)
    np.testing.assert_array_equal(small.data, squares.sum((-3, -1)))
    assert small.axes_manager["x"].scale == 2.0
    np.testing.assert_array_equal(small.tilts_deg, TILTS)


def test_shifts_are_those_of_the_larger_pixels(stack):
    np.testing.assert_allclose(stack.bin(2).shifts_px, np.tile([2.0, -1.0], (5, 1)))


def test_another_series_is_cropped_and_binned_alike(stack):
    other = TomoStack(2 * stack.data, TILTS)
    ours = stack.crop_to(x_start=1, x_stop=13, y_start=0, y_stop=8).bin(2)
    theirs = ours.bring_along(other)
    np.testing.assert_array_equal(theirs.data, 2 * ours.data)
    assert theirs.data.shape == (5, 4, 6)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ((0, 14, 0, 9), r"crop keeps x from 0 to 14, but the image has x 0 to 13"),
        ((0, 13, 5, 5), r"crop keeps y from 5 to 5, but the image has y 0 to 9"),
        ((-1, 13, 0, 9), r"crop keeps x from -1 to 13, but the image has x 0 to 13"),
        ((0, 13, 0, 8.5), r"y_stop must be an integer \(pixels\), not 8\.5"),
    ],
)
def test_what_is_not_in_the_image_is_refused(stack, edges, message):
    names = ("x_start", "x_stop", "y_start", "y_stop")
    with pytest.raises(ParameterError, match=message):
        stack.crop_to(**dict(zip(names, edges, strict=True)))


@pytest.mark.parametrize("factor", [0, -2, 10, 1.5, True, "2"])
def test_a_factor_that_leaves_nothing_is_refused(stack, factor):
    with pytest.raises(ParameterError, match=f"factor must be an integer between 1 and 9, not {factor!r}"):
        stack.bin(factor)
