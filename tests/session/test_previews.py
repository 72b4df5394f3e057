"""The live preview of the tilt axis shows what the step will do."""

import numpy as np
import pytest

from etwidgets import align
from etwidgets.session.previews import axis_slices, moved_columns


@pytest.mark.parametrize(("shift", "angle"), [(0, 0), (3.4, 0), (0, 2.3), (-1.7, -5.5), (40, 1)])
def test_the_columns_are_those_of_the_transformed_stack(shift, angle):
    images = np.random.default_rng(3).normal(size=(4, 21, 30)).astype(np.float32)
    whole = align.transform(images, yshift=shift, angle_deg=angle)
    columns = [0, 7, 15, 29]
    assert np.allclose(moved_columns(images, columns, shift, angle), whole[:, :, columns], atol=1e-5)


def test_the_slices_are_those_of_the_reconstruction(session, stack):
    session.apply("transform", yshift=1.2, angle=1.5)
    session.apply("reconstruct", method="FBP")
    columns = [5, 10, 15]
    slices = axis_slices(stack.data, stack.tilts_deg, columns, 1.2, 1.5)
    expected = session.model.reconstruction.data[columns]
    assert slices.shape == expected.shape
    assert np.allclose(slices, expected, atol=1e-4 * np.abs(expected).max())
