"""The report of an alignment is kept with the series, follows a choice of projections, and can be read."""

import numpy as np
import pytest

import etwidgets as etw
from etwidgets import TomoStack
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals.alignment_report import AlignmentReport, read_report, write_report
from etwidgets.signals.tomography_node import recorded
from etwidgets.simulation import ellipsoid_series

TILTS = np.linspace(-60, 60, 31)
pytestmark = pytest.mark.xdist_group("alignment_report")  # an alignment for all


def report(**given):
    count = 9
    known = {
        "accepted": True, "misfit_before": 0.5, "misfit_after": 0.2,
        "residuals_px": np.full((count, 2), 0.3), "weights": np.linspace(0.2, 1, count),
        "misfits": np.linspace(0.1, 0.9, count), "trace": np.array([0.5, 0.2]),
        "rotation_interval_deg": (-0.1, 0.2), "shift_interval_px": None, "doubted": (3, 5),
    }  # fmt: skip
    return AlignmentReport(**{**known, **given})


def test_it_survives_a_file_and_a_choice_of_projections(tmp_path):
    stack = TomoStack(np.random.default_rng(0).normal(size=(9, 16, 16)), np.arange(9.0) * 10)
    write_report(stack, report())
    stack.save(tmp_path / "x.hspy")
    for back in (etw.load(tmp_path / "x.hspy"), stack):
        assert read_report(back).doubted == (3, 5)
        assert read_report(back).shift_interval_px is None
    fewer = stack.remove_projections([3, 0])
    assert read_report(fewer).doubted == (3,)
    assert read_report(fewer).weights == pytest.approx(np.delete(np.linspace(0.2, 1, 9), [0, 3]))
    assert read_report(stack.inav[4:7]).doubted == (1,)


def test_the_sentence_says_what_a_microscopist_asks():
    said = report(excluded=("12", "40")).sentence
    assert said.startswith("Good to about 0.4 px; left-out projections are predicted 60% better than before")
    assert "Projections 12, 40 were excluded" in said
    assert "rotation ± 0.2°" in said
    assert "its shift is not determined by the data" in said
    assert "Check projections 4, 6" in report().sentence
    assert "was not used" in report(accepted=False).sentence


@pytest.fixture(scope="module")
def series():
    return ellipsoid_series(
        "rods", shape_yx=(48, 64), tilts_deg=TILTS, dose=2000.0, dark=0.05, drift_px=5, jump_px=3, n_bad=1,
        seed=6,
    )  # fmt: skip


@pytest.fixture(scope="module")
def session(series):
    session = Session(TomoStackModel(TomoStack(series.projections, TILTS)))
    session.auto_align()
    return session


def test_automatic_alignment_is_ordinary_steps_of_which_the_bad_projection_is_one(session, series):
    names = [step.operation for step in session.history]
    assert names[0] == "subtract_background"
    assert "register" in names
    assert "refine_alignment" in names
    [removed] = [step for step in session.history if step.operation == "remove_projections"]
    assert removed.parameters["projections"] == list(series.bad)
    found = session.model.stack.alignment_report
    assert found.excluded == (str(series.bad[0] + 1),)
    assert found.candidates[0][1] is not None
    assert "Tried" in str(found)


def test_the_shifts_that_it_found_are_those_that_were_put_in(session, series):
    keep = np.delete(np.arange(31), series.bad)
    stack = session.model.stack
    tilts = np.deg2rad(TILTS[keep])
    wrong = stack.shifts_px + series.moved_px[keep]  # but for the rotation about the center, a gauge in y
    design = np.stack([np.ones_like(tilts), np.cos(tilts), np.sin(tilts)], axis=1)
    left = wrong[:, 0] - design @ np.linalg.lstsq(design, wrong[:, 0], rcond=None)[0]
    assert left == pytest.approx(0, abs=0.8)
    assert wrong[:, 1] - np.median(wrong[:, 1]) == pytest.approx(0, abs=0.8)
    assert stack.metadata.Tomography.tiltaxis == pytest.approx(-1.7, abs=0.6)


def test_its_steps_can_be_undone_and_give_the_same_again(session):
    before = session.model.stack.data.copy()
    position = len(session.history)
    session.go_to(1)
    assert [step.operation for step in session.history] == ["subtract_background"]
    session.go_to(position)
    assert np.array_equal(session.model.stack.data, before)


def test_what_was_tried_is_there_when_the_session_is_reopened(session, tmp_path):
    session.save(tmp_path / "aligned.json")
    again = Session(TomoStackModel())
    again.open_session(tmp_path / "aligned.json")
    found, expected = (each.model.stack.alignment_report for each in (again, session))
    assert found.candidates == expected.candidates
    assert found.excluded == expected.excluded
    assert len(found.candidates) > 2


def test_the_images_were_interpolated_once(session):
    kinds = [step.kind for step in recorded(session.model.stack)]
    assert kinds[-2:] == ["align", "select"]
