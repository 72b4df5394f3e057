"""The response to a point against the formula for the missing wedge."""

import numpy as np
import pytest

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError, ShapeError

SIXTY = np.arange(-60.0, 61, 2)


@pytest.mark.parametrize("voxel", [(48, 48), (60, 30)])
def test_fbp_elongates_a_point_as_the_formula_says(voxel):
    found = analysis.point_response(SIXTY, (96, 96), voxel=voxel, sigma_px=2)
    assert np.unravel_index(found.image.argmax(), found.image.shape) == voxel
    assert found.elongation == pytest.approx(analysis.elongation_factor(SIXTY), rel=0.08)
    assert found.across_px < 2.355 * 2 < found.along_beam_px


def test_without_a_wedge_a_point_stays_round():
    found = analysis.point_response(np.arange(0.0, 180, 3), (64, 64), sigma_px=2)
    assert found.elongation == pytest.approx(1, abs=0.03)
    assert found.across_px == pytest.approx(2.355 * 2, rel=0.05)
    assert found.peak == pytest.approx(1, abs=0.08)


def test_iterations_narrow_the_response_of_sirt():
    few, many = (analysis.point_response(SIXTY, (64, 64), "SIRT", count) for count in (5, 80))
    assert few.across_px > many.across_px > 1.5
    assert many.peak > 2 * few.peak
    assert many.elongation == pytest.approx(1.6, abs=0.15)


def test_a_linear_method_gives_the_same_on_data_and_on_nothing():
    sinogram = np.random.default_rng(0).random((len(SIXTY), 64)) * 50
    alone = analysis.point_response(SIXTY, (64, 64), "SIRT", 10, voxel=(30, 40))
    within = analysis.point_response(SIXTY, (64, 64), "SIRT", 10, voxel=(30, 40), sinogram=sinogram)
    np.testing.assert_allclose(within.image, alone.image, atol=2e-3)


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(ParameterError, match=r"voxel must be \(z, y\) indices within a slice of \(32, 32\)"):
        analysis.point_response(SIXTY, (32, 32), voxel=(32, 0))
    with pytest.raises(ParameterError, match="the width of the point must be at least"):
        analysis.point_response(SIXTY, (32, 32), sigma_px=0.1)
    with pytest.raises(ParameterError, match="strength must be a positive number"):
        analysis.point_response(SIXTY, (32, 32), strength=0)
    with pytest.raises(ShapeError, match="the sinogram has the shape"):
        analysis.point_response(SIXTY, (32, 32), sinogram=np.zeros((3, 32)))
    with pytest.raises(DataError, match="shows nothing of a point"):
        analysis.point_response(SIXTY, (32, 32), "SIRT", 1, maximum=0.0)
