"""Small stacks whose every pixel is known."""

import numpy as np
import pytest

from etwidgets.signals import TomoStack


@pytest.fixture
def data():
    """(9, 12, 14) float32 with distinct values."""
    return np.random.default_rng(1).random((9, 12, 14), dtype=np.float32)


@pytest.fixture
def tilts():
    return np.arange(-8.0, 10, 2)


@pytest.fixture
def stack(data, tilts):
    return TomoStack(data.copy(), tilts)


@pytest.fixture
def blobs():
    """A series of Gaussian blobs, 11 projections of 40 x 48, that a sub-pixel shift does not harm."""
    y, x = np.mgrid[:40, :48]
    rng = np.random.default_rng(2)
    tilts = np.linspace(-50, 50, 11)
    images = np.zeros((11, 40, 48))
    for _ in range(5):
        cy, cz, cx = rng.uniform(-7, 7), rng.uniform(-7, 7), rng.uniform(14, 34)
        for i, angle in enumerate(np.deg2rad(tilts)):
            row = 19.5 + cy * np.cos(angle) - cz * np.sin(angle)
            images[i] += np.exp(-((y - row) ** 2 + (x - cx) ** 2) / (2 * 2.0**2))
    return TomoStack(images.astype(np.float32), tilts)
