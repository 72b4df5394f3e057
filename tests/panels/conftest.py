"""Small series, sessions that work at once, and a check that nothing stays behind."""

import gc

import ipywidgets.widgets.widget as registry
import numpy as np
import pytest
import seen

from etwidgets import simulation
from etwidgets.session import InlineRunner, Session, TomoStackModel
from etwidgets.signals import TomoStack


@pytest.fixture(scope="session")
def series():
    """A needle, 15 projections of 40 x 48, jittered and with its axis off."""
    tilts = np.arange(-70.0, 71, 10)
    projections = simulation.project(simulation.needle((48, 40, 40)), tilts)
    moved, _ = simulation.misalign(projections, jitter_px=2, axis_shift_px=1.5, seed=3)
    return TomoStack(moved.clip(0), tilts)


@pytest.fixture
def session(series):
    return Session(TomoStackModel(series, "a needle"), InlineRunner())


@pytest.fixture
def empty_session():
    return Session()


@pytest.fixture(scope="session")
def warm():
    """ipyvolume makes a few widgets of its own when it is imported.

    What is alive by then stays so: ``gc.collect`` after each test need not walk through all of it.
    """
    from etwidgets.views import VolumeView

    view = VolumeView()
    view.show(np.random.default_rng(0).random((10, 10, 10)))
    view.close()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def no_leak(warm):
    """Afterwards no widget may be left of those that the test made."""
    before = set(registry._instances)
    yield
    gc.collect()
    left = [type(registry._instances[key]).__name__ for key in set(registry._instances) - before]
    assert left == []


@pytest.fixture
def made(no_leak):
    """Close what the test made, twice; afterwards no widget and no observer may be left."""
    panels, models = [], []

    def keep(panel):
        panels.append(panel)
        models.append((panel.model, panel.session.display))
        return panel

    yield keep
    for panel in panels:
        panel.close()
        panel.close()
    for pair in models:
        for observed in pair:
            kinds = observed._trait_notifiers.values()
            assert not any(handlers for by_type in kinds for handlers in by_type.values())


@pytest.fixture
def open_panel(made):
    """A panel of a kind, on a stack or on nothing."""

    def make(kind, stack=None):
        return made(kind(Session(TomoStackModel(stack), InlineRunner())))

    return make


@pytest.fixture
def upload():
    """Bring a file to a Data panel as the browser does it; gives what is answered."""

    def upload(panel, name, content, announced=None):
        """As the browser does it; what is answered."""
        answers = []
        view = seen.uploader(panel)
        view.send = lambda content, buffers=None: answers.append(content)
        view.receive({"type": "begin", "name": name, "size": announced or len(content)})
        for start in range(0, len(content), 1000):
            view.receive({"type": "piece", "offset": start}, [memoryview(content[start : start + 1000])])
        view.receive({"type": "end"})
        return answers

    return upload
