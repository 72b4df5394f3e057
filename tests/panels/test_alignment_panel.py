"""Register aligns by itself, says how good the result is, shows it, and refines on request."""

import numpy as np
import pytest
import seen

from etwidgets import simulation
from etwidgets.panels import ReconstructPanel, RegisterPanel
from etwidgets.progress import NullProgress
from etwidgets.session import OPERATIONS
from etwidgets.session.history import State
from etwidgets.session.reprojection_preview import reprojections
from etwidgets.signals import TomoStack

TILTS = np.linspace(-56, 56, 15)


@pytest.fixture(scope="module")
def truth():
    return simulation.ellipsoid_series(
        "particles", shape_yx=(40, 48), tilts_deg=TILTS, dose=2000, drift_px=4, jump_px=2, dark=0, seed=4
    )


def test_one_button_aligns_and_tells_how_well(open_panel, made, truth):
    panel = open_panel(RegisterPanel, TomoStack(truth.projections, TILTS))
    assert "Good to" not in seen.text(panel)
    panel.controls["chart"].value = "methods"
    assert "Nothing was tried yet" in seen.text(panel)
    panel.controls["auto"].click()
    offered = panel.model.message.action  # as the tab does it when nothing was changed there
    assert (offered.operation, offered.panel) == ("reconstruct", "reconstruct")
    assert offered.parameters == made(ReconstructPanel(panel.session))._form.parameters()
    report = panel.model.stack.alignment_report
    assert report.sentence in seen.text(panel)
    assert panel.controls["chart"].value == "residuals"  # of the report
    off = np.hypot(*np.round(report.residuals_px, 2).T)
    assert [bar.height for bar in seen.bars(panel)] == pytest.approx(list(off))
    panel.controls["chart"].value = "methods"
    rows = seen.html(panel).split("<tr")
    best = next(row for row in rows if "etw-best" in row)
    assert report.candidates[0][0] in best
    assert f"{report.candidates[0][1]:.4f}" in best
    panel.controls["chart"].value = "misfit"
    drawn = np.concatenate([y for _, y in seen.curves(panel).values()])
    assert sorted(drawn) == sorted(report.trace)
    panel.session.go_to(0)
    assert report.sentence not in seen.text(panel)
    panel.session.redo()
    assert report.sentence not in seen.text(panel)
    panel.session.go_to(len(panel.model.history))
    assert report.sentence in seen.text(panel)


def test_a_report_is_not_told_of_a_series_that_was_changed_after_it(open_panel, truth):
    panel = open_panel(RegisterPanel, TomoStack(truth.aligned, TILTS))
    panel.controls["step"].value = "refine"
    panel.controls["refine-rounds"].value = 1
    panel.controls["refine-axis"].value = False
    panel.controls["refine"].click()
    assert panel.session.history[-1].parameters["rounds"] == 1
    assert panel.model.stack.alignment_report.sentence in seen.text(panel)
    panel.session.apply("shift_one", projection=3, yshift=4.0)
    assert "changed after its alignment was judged" in seen.text(panel)
    bars = seen.bars(panel)
    assert bars[3].height == max(bar.height for bar in bars) > 2
    panel.session.undo()
    assert panel.model.stack.alignment_report.sentence in seen.text(panel)
    assert max(bar.height for bar in seen.bars(panel)) < 1


def test_without_tilts_it_says_why_it_cannot_align(open_panel, truth):
    panel = open_panel(RegisterPanel)
    assert panel.controls["auto"].disabled
    assert "Open a tilt series" in panel.hint.value
    panel = open_panel(RegisterPanel, TomoStack(truth.projections))
    assert panel.controls["auto"].disabled
    assert "no tilts" in panel.hint.value


def test_a_quick_volume_predicts_an_aligned_series_and_shows_what_is_off(open_panel, truth):
    aligned = reprojections(truth.aligned, TILTS)
    off = np.linalg.norm(aligned.predicted - aligned.measured, axis=(1, 2))
    moved = truth.aligned.copy()
    moved[5] = np.roll(moved[5], 3, axis=1)
    found = reprojections(moved, TILTS, side_px=24)
    assert (found.factor, found.measured.shape[2]) == (2, 24)
    differences = np.linalg.norm(found.predicted - found.measured, axis=(1, 2))
    assert differences.argmax() == 5
    assert off.mean() < 0.16 * np.linalg.norm(aligned.measured, axis=(1, 2)).mean()
    panel = open_panel(RegisterPanel, TomoStack(moved, TILTS))
    panel.display.projection = 5
    panel.controls["look"].value = "projection, reprojection, difference"
    panes = seen.images(panel)
    assert [pane.title for pane in panes] == ["Projection", "Reprojection", "Difference"]
    assert panes[2].limits[0] == -panes[2].limits[1]


def test_a_projection_is_dragged_and_what_it_is_off_by_follows(open_panel, truth):
    moved = truth.aligned.copy()
    moved[8] = np.roll(moved[8], (2, -3), axis=(0, 1))
    panel = open_panel(RegisterPanel, TomoStack(moved, TILTS))
    panel.display.projection = 8
    panel.controls["look"].value = "neighbor (to nudge)"
    assert seen.bars(panel)[8].height == pytest.approx(np.hypot(2, 3), abs=0.3)
    seen.drag(panel, "image", (2, -1), done=False)
    seen.drag(panel, "image", (3, -2))
    assert panel._nudge.shift == (-2, 3)
    assert seen.bars(panel)[8].height < 0.3
    assert "still off by y" in seen.text(panel)
    seen.drag(panel, "image", (1, 0))  # goes on from where it is
    assert panel.controls["nudge_x"].value == 4
    seen.press(panel, "ArrowLeft", shift=True)
    panel.controls["nudge"].click()
    assert panel.session.history[-1].parameters == {"projection": 8, "yshift": -2.0, "xshift": 3.0}


def test_a_refinement_that_was_finished_early_is_a_step_that_gives_the_same_again(truth):
    class Finishing(NullProgress):
        messages = ()

        def advance(self, _fraction, message=""):
            self.messages = (*self.messages, message)

        @property
        def finish_requested(self):
            return len(self.messages) > 5

    stack = TomoStack(truth.projections, TILTS)
    refine = OPERATIONS["refine_alignment"]
    whole = refine.apply(State(stack), {"axis": False, "rounds": 4}, NullProgress())
    assert "finish_after" not in whole.parameters
    early = refine.apply(State(stack), {"axis": False, "rounds": 4}, Finishing())
    again = refine.apply(State(stack), early.parameters, NullProgress())
    assert early.parameters["finish_after"] == 0  # it went on not once after the first round
    assert np.array_equal(early.state.stack.data, again.state.stack.data)
    assert not np.array_equal(early.state.stack.data, whole.state.stack.data)
