"""The quadratic term of series that are damped by a known amount."""

import numpy as np
import pytest

from etwidgets import analysis, simulation
from etwidgets.errors import DataError, ParameterError

TILTS = np.linspace(-60, 60, 41)
SHAPE = (64, 64)


def series(kind, term, dose=None, flicker=0.0, seed=6):
    """Exact projections, brightest 1000 (or the dose), with a quadratic term there, and a level."""
    random = np.random.default_rng(seed)
    linear = simulation.project_ellipsoids(simulation.specimen(kind, SHAPE, seed=1), TILTS, SHAPE)
    linear *= (dose or 1000) / linear.max()
    images = linear + term * linear**2 / linear.max()
    images *= 1 + flicker * random.normal(size=(len(TILTS), 1, 1))
    images += 0.01 * linear.max()
    return random.poisson(images) if dose else images, float(linear.max())


def at_brightest(found, brightest):
    """The term, %, at another brightness than the one at which it was found."""
    return found.term_percent * brightest / found.brightest


@pytest.mark.parametrize("kind", ["particles", "rods"])
def test_a_linear_series_has_no_term(kind):
    images, brightest = series(kind, 0.0)
    found = analysis.measure_linearity(images, TILTS)
    assert abs(at_brightest(found, brightest)) < 0.5
    assert found.determined


@pytest.mark.parametrize("kind", ["particles", "rods"])
def test_damping_by_five_percent_is_found(kind):
    images, brightest = series(kind, -0.05)
    found = analysis.measure_linearity(images, TILTS)
    assert at_brightest(found, brightest) == pytest.approx(-5, abs=0.5)
    assert not found.is_linear
    assert found.advice.startswith("Damped: the brightest pixels are")


def test_noise_and_flicker_are_within_the_error():
    scores = []
    for seed in range(2):
        for term in (0.0, -0.05):
            images, brightest = series("particles", term, dose=1000, flicker=0.03, seed=seed)
            found = analysis.measure_linearity(images, TILTS, n_columns=24)
            off = at_brightest(found, brightest) - 100 * term
            scores.append(off / (found.error_percent * brightest / found.brightest))
    assert np.abs(scores).max() < 3
    assert np.sqrt(np.mean(np.square(scores))) < 1.6


def test_a_round_bar_determines_nothing_and_is_not_corrected():
    y = np.arange(64) - 31.5
    chord = 2 * np.sqrt(np.clip(15.0**2 - y**2, 0, None)) * 20
    images = np.random.default_rng(0).poisson(np.broadcast_to(chord[:, None], (len(TILTS), 64, 32)))
    found = analysis.measure_linearity(images, TILTS)
    assert not found.determined
    assert found.advice.startswith("Not determined")


def test_matter_that_leaves_the_field_is_refused():
    thickness = 20 / np.cos(np.deg2rad(TILTS))[:, None, None]
    images = thickness * np.random.default_rng(0).uniform(0.8, 1.2, (len(TILTS), 64, 48))
    with pytest.raises(DataError, match="matter stays inside the field at all tilts in"):
        analysis.measure_linearity(images, TILTS)


def test_the_correction_is_the_inverse():
    linear = np.linspace(0, 1000, 50).reshape(1, 5, 10)
    for term in (-20, -5, 3, 100):
        damped = linear + term / 100 * linear**2 / 1000
        np.testing.assert_allclose(analysis.linearized(damped, term, 1000), linear, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(analysis.linearized(linear, 0, 1000), linear.astype(np.float32))


def test_what_cannot_be_judged_or_inverted_is_refused():
    with pytest.raises(DataError, match="9 projections are too few"):
        analysis.measure_linearity(np.ones((9, 32, 32)), np.arange(9.0))
    with pytest.raises(ParameterError, match="the quadratic term must be more than -25"):
        analysis.linearized(np.ones((1, 2, 2)), -30, 1.0)
    with pytest.raises(ParameterError, match="brightest must be a positive number"):
        analysis.linearized(np.ones((1, 2, 2)), -3, 0)
    with pytest.raises(DataError, match="remove hot pixels first"):
        analysis.linearized(np.full((1, 2, 2), 9.0), -10, 1.0)
