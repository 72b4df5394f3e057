"""A projection that is off is found, by how much, and no other."""

import numpy as np
import pytest

from etwidgets import align, simulation

TILTS = np.arange(-60.0, 61, 5)


@pytest.fixture(scope="module")
def series():
    return simulation.project(simulation.catalyst(72), TILTS)


@pytest.mark.parametrize("which", [0, 1, 11, 23, 24])
def test_one_shifted_projection_is_found(series, which):
    shifts = np.zeros((25, 2))
    shifts[which] = (2.3, -1.7)
    found = align.registration_residuals(align.apply_shifts(series, shifts), TILTS)
    assert np.flatnonzero(found.outliers).tolist() == [which]
    assert found.shifts_px[which] == pytest.approx((-2.3, 1.7), abs=0.6)


def test_a_registered_series_has_none_and_the_order_does_not_matter(series):
    assert not align.registration_residuals(series, TILTS).outliers.any()
    shifts = np.zeros((25, 2))
    shifts[7] = (0, 3)
    moved = align.apply_shifts(series, shifts)
    order = np.random.default_rng(0).permutation(25)
    shuffled = align.registration_residuals(moved[order], TILTS[order])
    plain = align.registration_residuals(moved, TILTS)
    assert np.allclose(shuffled.shifts_px, plain.shifts_px[order])
    assert order[np.flatnonzero(shuffled.outliers)].tolist() == [7]


def test_two_projections_are_too_few_to_tell(series):
    assert not align.registration_residuals(series[:2], TILTS[:2]).outliers.any()
