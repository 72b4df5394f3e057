"""A small real tilt series and sessions on it."""

import numpy as np
import pytest

from etwidgets.session import InlineRunner, Session, TomoStackModel
from etwidgets.signals import TomoStack


@pytest.fixture
def stack():
    """13 projections of 24 x 20 of three blobs, shifted by known amounts."""
    y, x = np.mgrid[:24, :20]
    tilts = np.linspace(-60, 60, 13)
    images = np.zeros((13, 24, 20), np.float32)
    for index, tilt in enumerate(np.deg2rad(tilts)):
        for column, across, depth in ((5, 3, 2), (10, -4, 1), (15, 1, -5)):
            center = 11.5 + across * np.cos(tilt) - depth * np.sin(tilt)
            images[index] += np.exp(-((y - center) ** 2 + (x - column) ** 2) / 8)
    return TomoStack(images, tilts)


@pytest.fixture
def session(stack):
    session = Session(TomoStackModel(stack, source="three blobs"), InlineRunner())
    yield session
    session.close()
