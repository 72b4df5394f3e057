"""One alignment for signals of other pixel sizes: shifts and crops are scaled."""

import numpy as np
import pytest
from scipy import ndimage

from etwidgets.errors import HistoryError
from etwidgets.signals import TomoStack
from etwidgets.signals.scaling import resampled

TILTS = np.arange(-60, 61, 30.0)


def blobs(size, places, width):
    """Gaussians at places given in parts of the field, as pixels of any size see them."""
    at = (np.arange(size) + 0.5) / size - 0.5
    return np.stack(
        [np.exp(-((at[:, None] - y) ** 2 + (at - x) ** 2) / (2 * width**2)) for y, x in places]
    ).astype(np.float32)


@pytest.fixture
def places():
    return np.random.default_rng(5).uniform(-0.08, 0.08, (5, 2))


def stack_of(size, places, pixel):
    stack = TomoStack(blobs(size, places, 0.07), TILTS)
    stack.set_pixel_size(pixel)
    return stack


def centers(stack):
    size = stack.data.shape[-1]
    return np.array([ndimage.center_of_mass(image) for image in stack.data]) / size


@pytest.mark.parametrize(("fine", "coarse"), [(96, 48), (48, 96), (90, 60)])
def test_an_alignment_is_carried_to_other_pixels(places, fine, coarse):
    ours, theirs = stack_of(fine, places, 1.0), stack_of(coarse, places, fine / coarse)
    shifts = -places * fine
    moved = ours.shift_projections(shifts).trans_stack(yshift=0.05 * fine)
    other = moved.align_other(theirs)
    assert other.data.shape == theirs.data.shape
    expected = centers(moved) + 0.5 / fine - 0.5 / coarse  # indices begin at the middle of a pixel
    np.testing.assert_allclose(centers(other), expected, atol=0.1 / coarse)


def test_a_crop_is_carried_if_it_ends_on_whole_pixels(places):
    ours, theirs = stack_of(96, places, 1.0), stack_of(48, places, 2.0)
    moved = ours.shift_projections(np.zeros((5, 2)) + 2.0)
    assert moved.isig[10:90, 20:80].align_other(theirs).data.shape == (5, 30, 40)
    with pytest.raises(HistoryError, match=r"at 5\.50 px of the other stack"):
        moved.isig[11:90, 20:80].align_other(theirs)


def test_other_fields_are_refused(places):
    ours = stack_of(96, places, 1.0).shift_projections(np.zeros((5, 2)) + 2.0)
    with pytest.raises(HistoryError):
        ours.align_other(stack_of(48, places, 1.0))  # half the field in the same pixels
    with pytest.raises(HistoryError):
        ours.align_other(TomoStack(np.ones((5, 48, 96)), TILTS))


@pytest.mark.parametrize("size", [24, 36, 48, 96])
def test_resampling_keeps_places_and_intensities(places, size):
    stack = stack_of(48, places, 2.0)
    again = resampled(stack, (5, size, size))
    assert again.axes_manager["x"].scale == pytest.approx(96 / size)
    assert again.data.mean() == pytest.approx(stack.data.mean(), rel=0.01)
    there = (centers(stack) * 48 + 0.5) / 48 - 0.5 / size
    np.testing.assert_allclose(centers(again), there, atol=0.1 / size)
