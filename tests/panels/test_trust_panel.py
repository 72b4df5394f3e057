"""Trust tells how far to believe alignment, iterations and resolution, from errors that were put in."""

import dataclasses
import re

import numpy as np
import pytest
import seen

from etwidgets.analysis import HeldOutCurve, Linearity
from etwidgets.panels import TrustPanel
from etwidgets.progress import NullProgress
from etwidgets.session import InlineRunner, Session, TomoStackModel, trust
from etwidgets.signals import TomoStack
from etwidgets.simulation import ellipsoid_series, project_ellipsoids, specimen
from etwidgets.views import BarView, TableView

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
    assert "Look at projection 13 (off by " in alignment.sentence
    convergence = verdict_of(assessed, "convergence")
    assert convergence.level == "bad"
    assert "too few" in convergence.sentence
    report = assessed.model.reconstruction.metadata.Tomography.resolution
    assert report.method == "SIRT"
    assert verdict_of(assessed, "resolution").number.endswith(("px)", "px or better"))


def converging(misfit, used, method="OS-SIRT"):
    """A curve with these misfits, the same in each of 5 folds and 4 columns, and its verdict."""
    squares = np.ones((5, 4)) * np.square(misfit)[:, None, None]
    count = np.arange(1, len(misfit) + 1)
    curve = HeldOutCurve(method, count, squares, np.ones((5, 4)), np.zeros(5, bool), np.arange(4))
    found = trust.Convergence(curve, used, {"method": method})
    return found, trust.verdict(trust.Assessment("convergence", None, TILTS, found))


def test_a_curve_that_falls_to_its_end_does_not_know_the_best_number():
    falling = 1 / np.arange(1, 51)
    for used, tried in ((50, 100), (10, 50)):
        found, verdict = converging(falling, used)
        assert verdict.level != "good"
        assert "best number is not known" in verdict.sentence
        assert "best number is 1" not in verdict.sentence
        assert "still falls at 50" in verdict.sentence
        assert found.improved["iterations"] == tried
        assert found.as_good_as_best is None
    rising = 1 + np.square(np.arange(50) - 20) / 100
    found, verdict = converging(rising, 21)
    assert verdict.level == "good"
    assert "as well as possible" in verdict.sentence
    assert converging(rising, 45)[0].recommended == 21


def test_the_curve_may_reach_beyond_the_iterations_of_the_volume(aligned, monkeypatch):
    reach = []
    measured = converging(1 / np.arange(1, 51), 50)[0].curve

    def curve_of(_stack, _parameters, most, _progress, **_given):
        reach.append(most)
        return measured

    monkeypatch.setattr(trust.trust, "curve_of", curve_of)
    for used in (1, 300):
        trust.check_convergence(
            TomoStack(aligned, TILTS), {"method": "OS-SIRT", "iterations": used}, NullProgress()
        )
    assert 50 <= reach[0] < 600
    assert reach[1] == 600


def test_a_projection_that_does_not_fit_is_told_from_one_that_is_off(aligned):
    spoiled = aligned.copy()
    spoiled[12] = spoiled[12] * np.random.default_rng(0).uniform(0, 2, spoiled[12].shape)
    check = trust.check_alignment(TomoStack(spoiled, TILTS), NullProgress())
    assert check.outliers[12]
    assert check.distances_px[12] < 0.5
    found = trust.verdict(trust.Assessment("alignment", spoiled, TILTS, check))
    times = check.misfits[12] / check.floor_misfits[12]
    assert f"projection 13 (does not fit the others: misfit {times:.2g} times its floor)" in found.sentence


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
    assert panel.controls["measure"].layout.display == "none"  # the same button once is enough
    panel.controls["show-resolution"].click()
    assert "reconstruct, then press Measure resolution" in seen.text(panel)
    assert panel._shells.layout.display == "none"
    panel.controls["show-alignment"].click()
    panel.session.apply("reconstruct", method="OS-SIRT", iterations=1, constrain=True)
    assert panel.controls["run"].description == "Measure all three"
    panel.controls["run"].click()
    assert ": not measured" not in seen.text(panel)
    heights = [bar.height for bar in seen.bars(panel)]
    assert len(heights) == 31
    seen.view(panel, BarView).receive({"type": "click", "place": 4})
    assert panel.display.projection == 4
    panel.controls["show-convergence"].click()
    iterations, misfit = seen.curves(panel)["left-out projections"]
    best = int(iterations[np.argmin(misfit)])
    assert best > 1
    panel.controls["take"].click()
    taken = panel.session.history[-1].parameters["iterations"]
    assert 1 < taken <= best
    assert seen.text(panel).count(": not measured") == 2  # the alignment is still that of the series
    panel.controls["show-resolution"].click()
    assert "Not measured yet: press Measure resolution" in seen.text(panel)
    assert panel.controls["measure"].layout.display == ""
    panel.controls["measure"].click()
    assert "half-bit" in seen.curves(panel)
    assert panel._shells.layout.display == ""
    assert "Not measured yet: press Measure resolution" not in seen.text(panel)


def test_the_worst_projection_is_on_top_and_is_seen_beside_its_reprojection(open_panel, aligned):
    moved = aligned.copy()
    moved[12] = np.roll(moved[12], 2, axis=0)
    order = np.random.default_rng(0).permutation(31)  # not recorded in order of tilt
    panel = open_panel(TrustPanel, TomoStack(moved[order], TILTS[order]))
    panel.controls["run"].click()
    table = seen.view(panel, TableView)
    worst = int(np.flatnonzero(order == 12)[0])
    assert table.snapshot()[0][0] == f"{worst + 1}"
    assert abs(float(table.snapshot()[0][3])) == pytest.approx(2, abs=0.3)
    table.receive({"type": "choose", "place": 0})
    assert panel.display.projection == worst
    assert seen.view(panel, BarView).chosen == 12
    assert table.chosen == 0
    shown, predicted, difference = seen.images(panel)
    assert "Reprojection" in predicted.title
    assert f"{worst + 1} of 31" in shown.caption
    off = float(difference.caption.split("%")[0])
    table.receive({"type": "sort", "column": 1})
    tilts = [float(row[1]) for row in table.snapshot()]
    assert tilts == sorted(tilts, reverse=True)
    assert table.snapshot()[table.chosen][0] == f"{worst + 1}"
    table.receive({"type": "sort", "column": 1})
    tilts = [float(row[1]) for row in table.snapshot()]
    assert tilts == sorted(tilts)
    for column in (3, 4):
        table.receive({"type": "sort", "column": column})
        sizes = [abs(float(row[column])) for row in table.snapshot()]
        assert sizes == sorted(sizes, reverse=True)
        assert any(float(row[column]) < 0 for row in table.snapshot())
    table.receive({"type": "sort", "column": 1})
    table.receive({"type": "sort", "column": 1})
    table.receive({"type": "choose", "place": 20})
    assert panel.display.projection == int(np.flatnonzero(order == 20)[0])
    assert float(seen.images(panel)[2].caption.split("%")[0]) < 0.7 * off


def damped(term):
    linear = project_ellipsoids(specimen("particles", (48, 48), seed=1), TILTS, (48, 48))
    linear *= 1000 / linear.max()
    return linear, TomoStack((linear + term * linear**2 / 1000).astype(np.float32), TILTS)


def test_damping_is_offered_to_be_corrected_and_is_taken_out(open_panel, tmp_path):
    linear, stack = damped(-0.05)
    panel = open_panel(TrustPanel, stack)
    assert panel.controls["linearize"].layout.display == "none"
    panel.controls["linearity"].click()
    found = panel._linearity.found
    assert found.term_percent * 1000 / found.brightest == pytest.approx(-5, abs=0.5)
    assert panel.controls["linearize"].description == "Correct damping"
    panel.controls["linearize"].click()
    corrected = panel.model.stack.data
    error = abs(found.error_percent) / 100 * 1000  # at the brightest pixel
    assert np.abs(corrected - linear).max() < max(2 * error, 0.1 * 50)
    assert panel._linearity.found is None  # it is another series now
    panel.controls["linearity"].click()
    assert panel.controls["linearize"].layout.display == "none"
    assert abs(panel._linearity.found.term_percent) < 0.5
    panel.session.undo()
    np.testing.assert_array_equal(panel.model.stack.data, stack.data)
    panel.session.redo()
    np.testing.assert_array_equal(panel.model.stack.data, corrected)
    path = panel.session.export_script(tmp_path / "steps.py")
    assert "stack.correct_linearity(term_percent=-" in path.read_text()


def test_a_lamp_that_went_out_says_why_and_what_to_press(open_panel, aligned):
    panel = open_panel(TrustPanel, TomoStack(aligned, TILTS))
    panel.session.apply("reconstruct", method="OS-SIRT", iterations=1, constrain=True)
    panel.controls["run"].click()
    panel.session.apply("shift_one", projection=2, yshift=1.0)
    label = panel.model.history[-1].label
    assert f"The series has changed ({label}): press Measure alignment." in seen.text(panel)
    again = f"The series has changed ({label}): reconstruct again, then press Measure resolution."
    assert again in seen.text(panel)
    panel.session.undo()
    assert panel.model.message.text == f"Undone: {label}."
    assert "has changed" not in seen.text(panel)
    panel.session.redo()
    assert panel.model.message.text == f"Redone: {label}."
    panel.session.apply("reconstruct", method="OS-SIRT", iterations=2, constrain=True)
    assert re.search(r"The volume has changed \(Reconstruct.*\): press Measure convergence", seen.text(panel))


def test_a_dark_level_is_named_first(aligned):
    found, _ = converging(1 / np.arange(1, 51), 10)
    with_level = dataclasses.replace(found, has_level=True)
    verdict = trust.verdict(trust.Assessment("convergence", None, TILTS, with_level))
    assert verdict.sentence.startswith("The series has a dark level")


def test_a_linear_series_or_one_with_a_level_is_not_corrected(open_panel):
    linear, stack = damped(0.0)
    panel = open_panel(TrustPanel, stack)
    panel.controls["linearity"].click()
    assert panel.controls["linearize"].layout.display == "none"
    assert panel._linearity.found.determined
    with_level = open_panel(TrustPanel, TomoStack((linear + 200).astype(np.float32), TILTS))
    with_level.controls["linearity"].click()
    assert "subtract the background first" in with_level.model.message.text
    assert with_level.model.message.action.operation == "subtract_background"


@pytest.mark.parametrize(("contrast", "shown"), [(3.0, "-5.04 ± 0.02 %"), (0.1, None)])
def test_a_term_is_shown_only_where_it_is_determined(open_panel, contrast, shown):
    panel = open_panel(TrustPanel, damped(-0.05)[1])
    found = Linearity(-5.04, 0.02, 1000.0, 48, contrast)
    panel.model.assessments = (trust.Assessment("linearity", panel.model.stack.data, TILTS, found),)
    panel._linearity.refresh()
    note = panel._linearity._note.value
    assert (shown in note) if shown else ("±" not in note and "Not determined" in note)


def test_what_was_measured_is_gone_with_what_it_was_about(aligned):
    session = Session(TomoStackModel(TomoStack(aligned, TILTS)), InlineRunner())
    session.assess("alignment")
    session.apply("crop", x_start=2, x_stop=46, y_start=2, y_stop=38)
    assert session.model.assessments == ()
    session.undo()
    assert len(session.model.assessments) == 1
