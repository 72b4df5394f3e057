"""The live preview of the tilt axis shows what the step will do."""

import numpy as np
import pytest

from etwidgets import simulation
from etwidgets.session.previews import axis_slices


def test_the_slices_are_those_of_the_reconstruction(session, stack):
    session.apply("transform", yshift=1.2, angle=1.5)
    session.apply("reconstruct", method="FBP")
    columns = [5, 10, 15]
    slices = axis_slices(stack.data, stack.tilts_deg, columns, 1.2, 1.5)
    expected = session.model.reconstruction.data[columns]
    assert slices.shape == expected.shape
    assert np.allclose(slices, expected, atol=1e-4 * np.abs(expected).max())


def test_a_coarse_preview_is_where_the_sharp_one_is():
    tilts = np.arange(-75.0, 76, 3)
    projections = simulation.project(simulation.needle((8, 96, 96)), tilts)
    sharp = axis_slices(projections, tilts, [2, 5], 1.5, 0.5)
    coarse = axis_slices(projections, tilts, [2, 5], 1.5, 0.5, binning=2)
    assert coarse.shape == sharp.shape
    for one, other in zip(sharp, coarse, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.95
        assert other.sum() == pytest.approx(one.sum(), rel=0.05)
        assert np.allclose(*(_center(np.clip(image, 0, None)) for image in (one, other)), atol=0.3)


def _center(image):
    rows, columns = np.indices(image.shape)
    return (image * rows).sum() / image.sum(), (image * columns).sum() / image.sum()
