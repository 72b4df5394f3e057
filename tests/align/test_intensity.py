"""Flicker that was put in is taken out, and matter that enters the field is left in."""

import functools

import numpy as np
import pytest

from etwidgets import align
from etwidgets.errors import DataError
from etwidgets.simulation import ellipsoid_series, specimen

TILTS = np.linspace(-60, 60, 61)
STILL = {"drift_px": 0.0, "jitter_px": 0.0, "jump_px": 0.0, "dark": 0.0, "dose": None, "tilts_deg": TILTS}


@functools.cache
def with_and_without(kind):
    """Projections with flicker, without it, and the intensities that make the difference."""
    bodies = specimen(kind)[:60]  # a slab of fewer particles
    flickering, steady = (ellipsoid_series(bodies, flicker=f, **STILL).projections for f in (0.05, 0.0))
    flickering = flickering.astype(float)
    return flickering, steady, flickering.sum((1, 2)) / steady.sum((1, 2), dtype=float)


@pytest.mark.parametrize(
    ("kind", "law", "left"),
    [("particles", "constant", 0.001), ("slab", "slab", 0.005), ("entering", "trend", 0.035)],
)
def test_the_law_is_chosen_and_the_flicker_goes(kind, law, left):
    images, _, gains = with_and_without(kind)
    found = align.intensity_factors(images, TILTS)
    assert found.law == law
    product = gains * found.factors
    assert product.std() / product.mean() < left < 0.05
    jumps = np.diff(np.log(product)).std() / np.diff(np.log(gains)).std()
    assert jumps < 0.25


def test_matter_that_enters_is_not_equalized_away():
    images, steady, _ = with_and_without("entering")
    masses = steady.sum((1, 2))
    assert np.ptp(masses) / masses.mean() > 0.3
    corrected = align.equalize_intensity(images, TILTS).sum((1, 2))
    assert np.corrcoef(corrected, masses)[0, 1] > 0.95


def test_one_dark_projection_does_not_draw_its_neighbors():
    images, _, gains = with_and_without("slab")
    images = images.copy()
    images[30] *= 0.3
    found = align.intensity_factors(images, TILTS, law="trend")
    assert found.factors[30] * gains[30] == pytest.approx(1 / 0.3, rel=0.1)
    near = [27, 28, 29, 31, 32, 33]
    assert np.abs(found.factors[near] * gains[near] - 1).max() < 0.1


def test_a_projection_without_intensity_is_named():
    images = with_and_without("particles")[0].copy()
    images[3] = 0
    with pytest.raises(DataError, match="projections 3 have no intensity"):
        align.intensity_factors(images, TILTS)
