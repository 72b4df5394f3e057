"""The compiled cubic interpolation gives what SciPy's gives, and what a formula says."""

import numpy as np
import pytest
import scipy.ndimage

from etwidgets import engine


@pytest.mark.parametrize("offset", [(0.3, -1.7), (-20.25, 5.5)])
@pytest.mark.parametrize("angle_deg", [0.0, 7.0])
def test_it_is_scipys(angle_deg, offset):
    image = np.random.default_rng(0).random((33, 41)).astype(np.float32)
    angle = np.deg2rad(angle_deg)
    matrix = 1.02 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = np.empty((45, 38), np.float32)
    engine.affine_cubic(engine.spline_coefficients(image), matrix, np.array(offset), result)
    expected = scipy.ndimage.affine_transform(image, matrix, offset, result.shape, order=3, mode="nearest")
    assert result == pytest.approx(expected, abs=2e-6)


def test_a_smooth_image_moves_as_its_formula():
    def value(y, x):
        return np.sin(y / 5) + np.cos(x / 7)

    rows, columns = np.indices((60, 70), dtype=float)
    result = np.empty((20, 20), np.float32)
    coefficients = engine.spline_coefficients(value(rows, columns))
    engine.affine_cubic(coefficients, np.eye(2), np.array([20.4, 25.7]), result)
    y, x = np.indices((20, 20), dtype=float)
    assert result == pytest.approx(value(y + 20.4, x + 25.7), abs=1e-3)
