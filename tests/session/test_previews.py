"""The live preview of the tilt axis shows what the step will do."""

import numpy as np

from etwidgets.session.previews import axis_slices


def test_the_slices_are_those_of_the_reconstruction(session, stack):
    session.apply("transform", yshift=1.2, angle=1.5)
    session.apply("reconstruct", method="FBP")
    columns = [5, 10, 15]
    slices = axis_slices(stack.data, stack.tilts_deg, columns, 1.2, 1.5)
    expected = session.model.reconstruction.data[columns]
    assert slices.shape == expected.shape
    assert np.allclose(slices, expected, atol=1e-4 * np.abs(expected).max())
