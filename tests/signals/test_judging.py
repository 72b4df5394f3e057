"""Point response and linearity of a stack are those of its arrays."""

import numpy as np
import pytest

from etwidgets import analysis, simulation
from etwidgets.errors import ParameterError
from etwidgets.signals import TomoStack

TILTS = np.linspace(-60, 60, 41)


@pytest.fixture(scope="module")
def damped():
    linear = simulation.project_ellipsoids(
        simulation.specimen("particles", (48, 48), seed=1), TILTS, (48, 48)
    )
    linear *= 1000 / linear.max()
    return linear, TomoStack((linear - 5e-5 * linear**2).astype(np.float32), TILTS)


def test_a_point_in_a_constrained_volume_is_that_of_its_column(damped):
    stack = damped[1]
    parameters = {"method": "SIRT", "iterations": 5, "constrain": True}
    found = stack.point_response((20, 24, 30), sigma_px=1.5, **parameters)
    column = analysis.point_response(
        TILTS, (48, 48), "SIRT", 5, voxel=(24, 30), sinogram=stack.data[:, :, 20], sigma_px=1.5, minimum=0
    )
    np.testing.assert_allclose(found.image, column.image, atol=1e-6)
    assert found.voxel == (24, 30)
    free = stack.point_response((20, 24, 30), sigma_px=1.5, method="SIRT", iterations=5)
    assert found.elongation < free.elongation - 0.2  # non-negativity keeps vacuum beside the point empty
    with pytest.raises(ParameterError, match="x from 0 to 47"):
        stack.point_response((48, 0, 0))


def test_damping_is_measured_and_undone(damped):
    linear, stack = damped
    before = stack.data.copy()
    found = stack.measure_linearity()
    assert found.term_percent / found.brightest * 1000 == pytest.approx(-5, abs=0.5)
    corrected = stack.correct_linearity(found.term_percent, found.brightest)
    assert np.abs(corrected.data - linear).max() < 0.1 * np.abs(before - linear).max()
    assert corrected.metadata.Tomography.linearity.brightest == found.brightest
    np.testing.assert_array_equal(stack.data, before)
