"""The page and its steps with a cluster: what is shown, and that the history tells the same."""

import numpy as np

from etwidgets import cluster
from etwidgets.panels import ReconstructPanel
from etwidgets.session import Session, TomoStackModel


def steps_of(stack):
    session = Session(TomoStackModel(stack))
    heard = []
    session.model.observe(lambda change: heard.append(change["new"]), "job")
    session.apply("reconstruct", method="SIRT", iterations=3)
    return session, heard


def test_a_step_is_the_same_and_says_where_it_ran(client, workers, stack):
    wide = stack.deepcopy()
    wide.data = np.tile(stack.data, (1, 1, 5))
    wide.axes_manager[2].size, wide.axes_manager[1].size = 24, 100
    session, heard = steps_of(wide)
    place = f"2 workers at {workers.scheduler_address}"
    assert {each.message for each in heard} >= {f"on {place}"}
    assert not any(each.can_finish for each in heard)
    with cluster.using("local"):
        local, _ = steps_of(wide)
    assert session.model.history[-1].label == local.model.history[-1].label
    assert np.array_equal(session.model.reconstruction.data, local.model.reconstruction.data)
    panel = ReconstructPanel(session)
    panel.shown = True
    assert f"iterative methods run on {place}" in panel._cost.value
    panel.close()
