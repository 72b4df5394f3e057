"""Thresholds, masks and labels of bodies that are known."""

import numpy as np
import pytest
from scipy import ndimage

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError, ShapeError

SHAPE = (40, 44, 48)


@pytest.mark.parametrize("radius", [6, 14])
@pytest.mark.parametrize("blur", [0, 1])
def test_half_is_where_the_edge_is_however_small_the_body(shapes, radius, blur):
    volume = 20 + 100 * shapes.ball(SHAPE, (20, 22, 24), radius)
    volume = ndimage.gaussian_filter(volume, blur) + np.random.default_rng(0).normal(0, 4, SHAPE)
    (threshold,) = analysis.threshold_of(volume, "half")
    # a small body that is blurred has hardly a plateau
    assert threshold == pytest.approx(70, abs=3 if radius > 6 or not blur else 6)


def test_the_other_methods_part_what_is_apart(shapes):
    volume = shapes.ball(SHAPE, (20, 22, 24), 12) + 2 * shapes.ball(SHAPE, (20, 22, 24), 7)
    volume += np.random.default_rng(0).normal(0, 0.05, SHAPE)
    low, high = analysis.threshold_of(volume, "multi-otsu", classes=3)
    assert 0.2 < low < 0.8
    assert 1.2 < high < 2.8
    for method in ("otsu", "li"):
        (threshold,) = analysis.threshold_of(volume, method)
        assert 0.1 < threshold < 2


def test_hysteresis_keeps_what_hangs_together():
    volume = np.zeros((8, 8, 8))
    volume[2:6, 2, 2], volume[3, 2, 2] = 2, 5
    volume[2:6, 6, 6] = 2
    assert analysis.segment(volume, 4).sum() == 1
    assert analysis.segment(volume, 4, low=1).sum() == 4
    assert analysis.segment(volume, 1, smallest_voxels=5).sum() == 0
    assert analysis.segment(volume, 1, smallest_voxels=4).sum() == 8


def test_bodies_that_touch_are_parted_at_their_neck(shapes):
    two = np.maximum(shapes.ball(SHAPE, (20, 22, 15), 9), shapes.ball(SHAPE, (20, 22, 31), 9)) > 0.5
    assert analysis.label(two).max() == 1
    parted = analysis.label(two, split_px=8)
    assert parted.max() == 2
    sizes = np.bincount(parted.ravel())[1:]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)
    single = shapes.ball(SHAPE, (20, 22, 24), 12) > 0.5
    assert analysis.label(single, split_px=8).max() == 1


def test_corners_hang_together():
    mask = np.zeros((4, 4, 4), bool)
    mask[1, 1, 1] = mask[2, 2, 2] = True
    assert analysis.label(mask).max() == 1


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda v: analysis.threshold_of(v, "magic"), ParameterError, "half, otsu, multi-otsu, li"),
        (lambda v: analysis.threshold_of(v, "multi-otsu", 9), ParameterError, "3 to 5 classes, not 9"),
        (lambda v: analysis.threshold_of(np.ones((4, 4, 4))), DataError, "all voxels are 1"),
        (lambda v: analysis.threshold_of(v[0]), ShapeError, r"\(x, z, y\)"),
        (lambda v: analysis.threshold_of(np.where(v > 1, np.nan, v)), DataError, "not finite"),
        (lambda v: analysis.segment(v, 1, low=2), ParameterError, "must not be above"),
        (lambda v: analysis.segment(v, 1, smooth_px=-1), ParameterError, "must not be negative"),
        (lambda v: analysis.label(v > 100), DataError, "lower the threshold"),
        (lambda v: analysis.label(v > 0, split_px=0), ParameterError, "at least 1 voxel"),
    ],
)
def test_what_cannot_be_segmented_is_refused(call, error, words):
    volume = np.random.default_rng(0).normal(0, 1, (6, 6, 6))
    with pytest.raises(error, match=words):
        call(volume)


def test_thresholds_follow_the_gray_scale(shapes):
    noise = np.random.default_rng(0).normal(0, 0.02, (30, 30, 30))
    sharp = shapes.ball((30, 30, 30), (15, 15, 15), 9) + noise
    other = (7 * ndimage.gaussian_filter(sharp, 1.0) + 3).astype(np.float32)
    found = analysis.matched_thresholds((0.5, 0.3), sharp.astype(np.float32), other)
    np.testing.assert_allclose(found, (6.5, 5.1), atol=0.15)
    half = analysis.threshold_of(sharp)
    assert analysis.matched_thresholds(half, sharp, other) == pytest.approx(analysis.threshold_of(other))
    with pytest.raises(DataError, match="not above the ground"):
        analysis.matched_thresholds((-0.2,), sharp, other)
