"""Series whose alignment is known: the paper's catalyst, and Gaussian blobs that project to Gaussians."""

import importlib.metadata
from pathlib import Path

import h5py
import numpy as np
import pytest


@pytest.fixture(scope="session")
def catalyst():
    """The paper's catalyst, binned to 90 x 200 x 200, and its tilts 0 to 178 degrees."""
    files = importlib.metadata.distribution("etspy").files
    path = next(f for f in files if f.name.startswith("Catalyst3DModel")).locate()
    with h5py.File(Path(str(path))) as file:
        data = file["Experiments/__unnamed__/data"][:]
    binned = data.reshape(90, 200, 3, 200, 3).mean((2, 4), dtype=np.float32)
    return binned, np.arange(0.0, 180, 2)


@pytest.fixture(scope="session")
def blobs():
    """Projections (T, Y, X) of Gaussian blobs along a needle; a shift of the axis may be put in exactly."""

    def make(tilts_deg, *, shift=0.0, rotation_deg=0.0, size=(96, 128), n_blobs=60, seed=0):
        rng = np.random.default_rng(seed)
        height, width = size
        y, x = np.mgrid[:height, :width].astype(float)
        images = np.zeros((len(tilts_deg), height, width))
        angle = np.deg2rad(rotation_deg)
        for _ in range(n_blobs):
            along = rng.uniform(-50, 50)
            reach = 14 * (1 - 0.5 * (along + 50) / 100)
            across, depth = rng.uniform(-reach, reach, 2)
            sigma, weight = rng.uniform(2, 3.5), rng.uniform(0.5, 1.5)
            for i, tilt in enumerate(np.deg2rad(tilts_deg)):
                v = across * np.cos(tilt) - depth * np.sin(tilt)
                # rotate clockwise on screen, then shift down
                row = (height - 1) / 2 + np.sin(angle) * along + np.cos(angle) * v + shift
                column = (width - 1) / 2 + np.cos(angle) * along - np.sin(angle) * v
                images[i] += weight * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * sigma**2))
        return images.astype(np.float32)

    return make


@pytest.fixture(scope="session")
def gauge_free():
    """RMS (y, x) of shifts after what no method can know: a constant in x; constant, cos, sin in y."""

    def measure(left, tilts_deg):
        angles = np.deg2rad(tilts_deg)
        free = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
        y = left[:, 0] - free @ np.linalg.lstsq(free, left[:, 0], rcond=None)[0]
        x = left[:, 1] - left[:, 1].mean()
        return np.sqrt((y**2).mean()), np.sqrt((x**2).mean())

    return measure
