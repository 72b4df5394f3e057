"""How the tests are shared out to two processors, and the series that panels and sessions are tested with."""

import numpy as np
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A file stays together, for the sake of its fixtures; notebooks, which are long, go singly and first.

    The browser goes last: the event loop of Playwright stays for the rest of the session.
    """
    for item in items:
        alone = item.path.name == "test_notebooks.py"
        item.add_marker(pytest.mark.xdist_group(item.nodeid if alone else str(item.path)))
    items.sort(key=lambda item: (item.path.parent.name == "browser", item.path.name != "test_notebooks.py"))


@pytest.fixture
def stack():
    """13 projections of 24 x 20 of three blobs, registered, with the tilt axis in the middle."""
    from etwidgets.signals import TomoStack

    y, x = np.mgrid[:24, :20]
    tilts = np.linspace(-60, 60, 13)
    images = np.zeros((13, 24, 20), np.float32)
    for index, tilt in enumerate(np.deg2rad(tilts)):
        for column, across, depth in ((5, 3, 2), (10, -4, 1), (15, 1, -5)):
            center = 11.5 + across * np.cos(tilt) - depth * np.sin(tilt)
            images[index] += np.exp(-((y - center) ** 2 + (x - column) ** 2) / 8)
    return TomoStack(images, tilts)
