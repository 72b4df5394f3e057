"""Limits of the contrast and lengths of scale bars."""

import numpy as np
import pytest

from etwidgets.picture_scale import contrast_limits, nice_length, nice_lengths


def test_limits_are_percentiles_of_finite_values_and_never_equal():
    values = np.arange(1001.0)
    values[3] = np.nan
    assert contrast_limits(values, (1, 99)) == pytest.approx((10, 990), abs=1.1)
    low, high = contrast_limits(np.full((3, 3), 7.0))
    assert low < high
    assert contrast_limits(np.full((2, 2), np.nan)) == (0, 1)


def test_lengths_of_scale_bars_are_1_2_or_5_times_a_power_of_ten():
    assert [nice_length(most) for most in (1, 9.9, 49, 50, 0.3, 230)] == [1, 5, 20, 50, 0.2, 200]


@pytest.mark.parametrize(
    ("most", "least", "lengths"), [(230, 6, [5, 10, 20, 50, 100, 200]), (0.3, 0.1, [0.1, 0.2]), (7, 7, [5])]
)
def test_all_lengths_for_a_range_of_zooms(most, least, lengths):
    assert nice_lengths(most, least) == pytest.approx(lengths)
