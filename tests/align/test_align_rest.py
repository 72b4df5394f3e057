"""Filters, correlation, weighting and angle schemes."""

import numpy as np
import pytest
from scipy import ndimage

from etwidgets.align import calc_est_angles, calc_golden_ratio_angles, correlate, filter_projections
from etwidgets.errors import EtwidgetsError


def test_median_is_the_median_of_each_image():
    data = np.random.default_rng(0).random((3, 20, 24))
    expected = np.stack([ndimage.median_filter(image, 3) for image in data])
    found = filter_projections(data, "median", size=3, taper=0)
    assert np.allclose(found[:, 2:-2, 2:-2], expected[:, 2:-2, 2:-2], atol=1e-6)


def test_sobel_is_the_size_of_the_gradient():
    y, x = np.mgrid[:20, :24]
    found = filter_projections((3.0 * x + 4.0 * y)[None], "sobel", taper=0)
    assert np.allclose(found[0, 5:-5, 5:-5], found[0, 10, 10])
    assert found[0, 10, 10] > 0


def test_the_band_pass_takes_any_shape_and_removes_the_mean():
    data = 100 + np.random.default_rng(0).random((2, 30, 47))
    found = filter_projections(data, "bpf", taper=0)
    assert found.shape == data.shape
    assert abs(found.mean()) < 0.1


@pytest.mark.parametrize("method", ["median", "sobel", "bpf", "both"])
def test_filters_keep_the_size_with_a_taper_too(method):
    data = np.random.default_rng(0).random((2, 30, 47))
    assert filter_projections(data, method, taper=0.1).shape == data.shape


def test_correlation_peaks_at_the_shift_that_registers():
    image = np.random.default_rng(0).random((64, 80))
    _, shift = correlate(image, np.roll(image, (5, -7), (0, 1)))
    assert tuple(shift) == pytest.approx((-5, 7), abs=0.5)


def test_equally_sloped_and_golden_angles():
    assert calc_est_angles(4) == pytest.approx([-63.4, -45, -26.6, 0, 26.6, 45, 63.4, 90], abs=0.05)
    golden = np.asarray(calc_golden_ratio_angles(140, 20))
    assert golden.shape == (20,)
    assert np.abs(golden).max() <= 70
    assert np.diff(np.sort(golden)).max() < 20
    with pytest.raises(EtwidgetsError, match="0"):
        calc_est_angles(0)
