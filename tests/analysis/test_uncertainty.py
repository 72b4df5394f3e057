"""Intervals from repetitions, and bodies with sharp surfaces."""

import numpy as np
import pytest
from scipy import ndimage

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError


def test_the_bias_of_repetitions_is_subtracted():
    found = analysis.interval_of_draws([100.0, 101, 99], [[94.0, 96], [95.0, 97], [93.0, 95]], [103, 97])
    assert found.corrected == pytest.approx(105)
    assert found.iterations_part == pytest.approx(0)
    assert found.threshold_part == pytest.approx(3)
    assert found.bias_part == pytest.approx(2.5)
    assert found.draws_part == pytest.approx(2.3534 * np.sqrt(2) * np.sqrt(1.5), rel=1e-3)
    half = np.sqrt(found.draws_part**2 + 9 + 2.5**2)
    assert (found.low, found.high) == pytest.approx((105 - half, 105 + half))
    assert str(found).startswith("100 (corrected 105; ")


def test_repetitions_that_agree_leave_nothing_to_doubt():
    found = analysis.interval_of_draws([7.0], [[7.0, 7.0]], [7.0, 7.0])
    assert found.low == found.corrected == found.high == 7


def test_too_few_or_empty_repetitions_are_refused():
    with pytest.raises(ParameterError, match=r"two simulated values .* not \[1\]"):
        analysis.interval_of_draws([1.0], [[1.0]], [1.0, 1.0])
    with pytest.raises(DataError, match="not finite"):
        analysis.interval_of_draws([1.0], [[1.0, np.nan]], [1.0, 1.0])


def test_a_blurred_body_becomes_sharp_again(shapes):
    blurred = ndimage.gaussian_filter(shapes.ball((36, 36, 36), (17.3, 18.1, 17.0), 9), 1.5)
    volume = (2 + 3 * blurred).astype(np.float32)
    inside, outside = analysis.plateaus(volume, 3.5)
    part = analysis.filled_fraction(volume, 3.5)
    assert inside == pytest.approx(5, abs=0.05)
    assert outside == pytest.approx(2, abs=0.05)
    assert part.sum() == pytest.approx(4 / 3 * np.pi * (9 - 1.5**2 / 9) ** 3, rel=0.005)
    assert np.count_nonzero((part > 0) & (part < 1)) < 0.4 * np.count_nonzero(
        (blurred > 0.01) & (blurred < 0.99)
    )


def test_each_body_keeps_its_own_intensity(shapes):
    volume = 1 * shapes.ball((20, 20, 40), (10, 10, 10), 5) + 3 * shapes.ball((20, 20, 40), (10, 10, 30), 5)
    inside, _ = analysis.plateaus(volume, 0.5)
    assert inside[10, 10, 10] == pytest.approx(1)
    assert inside[10, 10, 30] == pytest.approx(3)


def test_a_step_needs_both_sides():
    assert analysis.step_at(np.repeat(np.array([1.0, 4.0]), 8).reshape(2, 2, 4), 2.0) == 3
    with pytest.raises(DataError, match="separates nothing"):
        analysis.step_at(np.ones((2, 2, 2)), 0.5)


def test_the_core_of_a_blurred_body_has_its_density():
    x, z, y = np.mgrid[:40, :36, :36]
    one = np.hypot(np.hypot(x - 12, z - 17), y - 17) < 8
    other = np.hypot(np.hypot(x - 32, z - 20), y - 15) < 5
    blurred = ndimage.gaussian_filter(np.where(one, 3.0, 0.0) + np.where(other, 2.0, 0.0), 1).astype(
        np.float32
    )
    values = analysis.core_values(blurred, one + 2 * other)
    np.testing.assert_allclose(values, [3, 2], rtol=0.01)
    assert blurred[one].mean() < 2.8  # of which the edge has less
    found = analysis.totals(blurred, 2.0, 1.0, smallest_voxels=1000)
    assert found["inside"] == pytest.approx(3, rel=0.01)
    assert found["largest_diameter_nm"] == found["mean_diameter_nm"] == pytest.approx(32, rel=0.05)
