"""Trust tells how far to believe alignment, iterations and resolution, from errors that were put in."""

import numpy as np
import pytest
import seen

from etwidgets.panels import TrustPanel
from etwidgets.session import InlineRunner, Session, TomoStackModel, trust
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 31)
STILL = dict.fromkeys(("drift_px", "jitter_px", "jump_px", "axis_shift_px", "axis_rotation_deg", "dark"), 0)


@pytest.fixture(scope="module")
def aligned():
    return ellipsoid_series(
        "particles", shape_yx=(40, 48), tilts_deg=TILTS, dose=500, seed=3, **STILL
    ).aligned


@pytest.fixture(scope="module")
def assessed(aligned):
    """One projection is off, and the volume has far too few iterations."""
    moved = aligned.copy()
    moved[12] = np.roll(moved[12], 2, axis=0)
    session = Session(TomoStackModel(TomoStack(moved, TILTS)), InlineRunner())
    session.apply("reconstruct", method="SIRT", iterations=3, constrain=True)
    for subject in trust.SUBJECTS:
        session.assess(subject)
    return session


def verdict_of(session, subject):
    return trust.verdict(next(each for each in session.model.assessments if each.subject == subject))


def test_the_lamps_name_what_is_wrong(assessed):
    alignment = verdict_of(assessed, "alignment")
    assert alignment.level in ("doubtful", "bad")
    assert "Look at projection 13 first" in alignment.sentence
    convergence = verdict_of(assessed, "convergence")
    assert convergence.level == "bad"
    assert "not yet sharp" in convergence.sentence
    report = assessed.model.reconstruction.metadata.Tomography.resolution
    assert report.method == "SIRT"
    assert verdict_of(assessed, "resolution").number.endswith(("px)", "px or better"))


def test_a_good_series_gets_a_good_alignment(aligned):
    session = Session(TomoStackModel(TomoStack(aligned, TILTS)), InlineRunner())
    session.assess("alignment")
    found = verdict_of(session, "alignment")
    assert found.level == "good"
    assert float(found.number.split()[-2]) < 0.15
    assert "No projection stands out" in found.sentence


def test_the_panel_measures_shows_and_reconstructs_better(open_panel, aligned):
    panel = open_panel(TrustPanel, TomoStack(aligned, TILTS))
    assert seen.text(panel).count(": not measured") == 3
    assert panel.controls["run"].description == "Measure alignment"
    panel.session.apply("reconstruct", method="OS-SIRT", iterations=1, constrain=True)
    assert panel.controls["run"].description == "Measure all three"
    panel.controls["run"].click()
    assert ": not measured" not in seen.text(panel)
    panel.controls["order"].value = "worst first"
    heights = [bar.height for bar in seen.bars(panel)]
    assert len(heights) == 31
    seen.view(panel, type(panel._bars)).receive({"type": "click", "place": 0})
    check = panel.model.assessments[0].found
    assert panel.display.projection == check.ranking[0]
    panel.controls["shown"].value = "convergence"
    iterations, misfit = seen.curves(panel)["left-out projections"]
    best = int(iterations[np.argmin(misfit)])
    assert best > 1
    panel.controls["take"].click()
    taken = panel.session.history[-1].parameters["iterations"]
    assert 1 < taken <= best
    assert seen.text(panel).count(": not measured") == 2  # the alignment is still that of the series
    panel.controls["shown"].value = "resolution"
    panel.controls["measure"].click()
    assert "half-bit" in seen.curves(panel)


def test_what_was_measured_is_gone_with_what_it_was_about(aligned):
    session = Session(TomoStackModel(TomoStack(aligned, TILTS)), InlineRunner())
    session.assess("alignment")
    session.apply("crop", x_start=2, x_stop=46, y_start=2, y_stop=38)
    assert session.model.assessments == ()
    session.undo()
    assert len(session.model.assessments) == 1
