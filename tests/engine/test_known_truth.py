"""Errors against a known truth with noise: bars for the table in the documentation.

Seven discs, analytic projections, 77 tilts from -76 to 76 degrees, noise of 2 % of the largest value.
"""

import numpy as np
import pytest

from etwidgets import engine, simulation

TILTS = np.arange(-76.0, 77, 2)


@pytest.fixture(scope="module")
def noisy():
    truth, sinogram = simulation.discs(TILTS)
    noise = np.random.default_rng(0).normal(0, 0.02 * sinogram.max(), sinogram.shape)
    return truth, (sinogram + noise)[:, :, np.newaxis]


@pytest.mark.parametrize(
    ("options", "bar"),
    [
        ({"algorithm": "FBP"}, 0.6),
        ({"algorithm": "SIRT", "iterations": 100, "minimum": 0.0}, 0.19),
        ({"algorithm": "OS-SIRT", "iterations": 7, "minimum": 0.0}, 0.19),
        ({"algorithm": "CGLS", "iterations": 8, "minimum": 0.0}, 0.25),
        ({"algorithm": "FISTA-TV", "iterations": 60, "minimum": 0.0, "tv_weight": 40.0}, 0.10),
    ],
)
def test_relative_error(noisy, options, bar):
    truth, data = noisy
    image = engine.reconstruct(data, engine.Geometry(np.deg2rad(TILTS), 256), **options)[0]
    error = np.linalg.norm(image - truth) / np.linalg.norm(truth)
    assert error < bar
