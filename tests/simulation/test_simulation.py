"""Phantoms, misalignment and noise have the numbers that they state."""

import numpy as np
import pytest

from etwidgets import simulation
from etwidgets.errors import ParameterError


def test_catalyst_has_a_support_and_particles_on_its_surface():
    volume = simulation.catalyst(96, seed=1)
    assert (volume.shape, volume.dtype) == ((96, 96, 96), np.float32)
    x, z, y = np.nonzero(volume > 180)
    distance = np.sqrt((x - 47.5) ** 2 + (z - 47.5) ** 2 + (y - 47.5) ** 2)
    assert distance.min() > 32 - 4
    assert distance.max() < 32 + 4
    support = (volume > 50).sum()
    assert support == pytest.approx(4 / 3 * np.pi * 32**3, rel=0.02)
    assert np.array_equal(volume, simulation.catalyst(96, seed=1))
    assert not np.array_equal(volume, simulation.catalyst(96, seed=2))


def test_cylinder_has_its_area_in_every_slice():
    volume = simulation.cylinder(64, radius=12, value=1)
    assert volume.sum((1, 2)) == pytest.approx(np.full(64, np.pi * 12**2), rel=0.01)


def test_needle_tapers_and_has_a_void_off_its_axis():
    volume = simulation.needle((96, 64, 64), seed=0)
    areas = (volume > 30).sum((1, 2))
    assert areas[5] > 2 * areas[90]
    without = simulation.needle((96, 64, 64), seed=0, void_radius=0)
    missing = without - volume
    assert missing.sum() > 0
    x, z, y = (np.average(i, weights=missing) for i in np.indices(volume.shape))
    assert x == pytest.approx(0.6 * 96, abs=1)
    assert np.hypot(z - 31.5, y - 31.5) == pytest.approx(8, abs=0.7)


def test_the_mass_of_a_projection_is_that_of_the_volume():
    volume = simulation.needle((24, 40, 40))
    series = simulation.project(volume, [-60, 0, 45])
    assert series.shape == (3, 40, 24)
    assert series.sum((1, 2)) == pytest.approx(np.full(3, volume.sum()), rel=0.01)


def test_misalignment_moves_content_as_stated():
    image = np.zeros((6, 41, 41), np.float32)
    y, x = np.mgrid[:41, :41]
    image[:] = np.exp(-((y - 20) ** 2 + (x - 28) ** 2) / 8)
    moved, shifts = simulation.misalign(image, jitter_px=3, axis_shift_px=2, axis_rotation_deg=90, seed=5)
    assert shifts.shape == (6, 2)
    assert np.abs(shifts).max() <= 3
    # clockwise by 90 degrees: right of the center goes below it; then 2 px down, then the jitter
    for frame, (dy, dx) in zip(moved, shifts, strict=True):
        total = frame.clip(0).sum()
        center = (frame.clip(0) * y).sum() / total, (frame.clip(0) * x).sum() / total
        assert center == pytest.approx((28 + 2 + dy, 20 + dx), abs=0.1)
    _, only_y = simulation.misalign(image, y_only=True)
    assert not only_y[:, 1].any()


def test_gaussian_noise_keeps_the_mean_and_has_its_deviation():
    data = np.full((4, 100, 100), 50.0)
    noise = simulation.add_noise(data, "gaussian", 0.1, seed=1) - data
    assert noise.mean() == pytest.approx(0, abs=0.1)
    assert noise.std() == pytest.approx(5, rel=0.02)


def test_poisson_noise_keeps_the_mean_and_has_its_variance():
    data = np.full((4, 100, 100), 50.0)
    noisy = simulation.add_noise(data, "poisson", 2, seed=1)
    assert noisy.mean() == pytest.approx(50, rel=0.005)
    assert noisy.var() == pytest.approx(25, rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulation.catalyst(4), "at least 8"),
        (lambda: simulation.catalyst(32, n_particles=500), "500"),
        (lambda: simulation.add_noise(np.ones((1, 2, 2)), "pink"), "pink"),
        (lambda: simulation.add_noise(-np.ones((1, 2, 2)), "poisson", 1), "negative"),
        (lambda: simulation.add_noise(np.ones((1, 2, 2)), level=0), "positive"),
        (lambda: simulation.misalign(np.ones((1, 9, 9)), jitter_px=(2, -2)), "smaller number first"),
    ],
)
def test_wrong_parameters_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_discs_and_their_projections_belong_together():
    tilts = [-60, 0, 37]
    image, sinogram = simulation.discs(tilts, 128)
    assert image.shape == (128, 128)
    assert image.max() == pytest.approx(2, abs=0.01)
    projected = simulation.project(image[np.newaxis], tilts)[:, :, 0]
    assert np.linalg.norm(projected - sinogram) < 0.02 * np.linalg.norm(sinogram)
    assert sinogram.sum(1) == pytest.approx(np.full(3, image.sum()), rel=1e-3)
