"""The wedge that tilts leave open: its edges, cells, faces and elongation."""

import numpy as np
import pytest

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError, ShapeError

SIXTY = np.arange(-60.0, 61, 2)


def direction(angle_deg):
    """The unit vector ``(x, z, y)`` that a projection at this tilt measures, beside x."""
    angle = np.deg2rad(angle_deg)
    return [0, -np.sin(angle), np.cos(angle)]


@pytest.mark.parametrize(
    ("tilts", "start", "width"),
    [
        (SIXTY, 60, 60),
        (np.arange(-50.0, 71, 2), 70, 60),
        (np.arange(120.0, 241, 2), 60, 60),  # 180 degrees later: the same planes
        (np.delete(SIXTY, [30, 31]), 60, 60),
        (np.arange(0.0, 180, 2), None, 0),
        (np.arange(-88.0, 89, 2), None, 0),
        ([0.0], 0, 180),
    ],
)
def test_the_wedge_is_the_widest_gap_between_tilts(tilts, start, width):
    wedge = analysis.MissingWedge.of(tilts)
    assert wedge.width_deg == pytest.approx(width)
    if width:
        assert wedge.start_deg == pytest.approx(start)


def test_cells_are_measured_where_projections_have_their_planes():
    measured = analysis.measured_cells((128, 128), SIXTY)
    z, y = np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(128)
    angle = np.rad2deg(np.arctan2(-z, y))
    assert measured[(np.abs(angle) < 59.9) & (y > 0)].all()
    beyond = np.hypot(z, y) * np.sin(np.deg2rad(np.abs(angle) - 60)) > 0.5 / 128
    assert not measured[(np.abs(angle) > 60) & beyond & (y > 0)].any()
    assert measured[0, 0]
    assert not measured[64, 0]
    assert analysis.measured_cells((128, 128), np.arange(0.0, 180, 2)).all()


def test_the_sides_of_a_lopsided_wedge_are_those_of_projections():
    """A sheet that is edge-on at 35 degrees has its transform where that projection is said to measure."""
    z, y = np.mgrid[:64, :64] - 31.5
    angle = np.deg2rad(35)
    across = y * np.cos(angle) - z * np.sin(angle)  # the detector's coordinate, as the engine has it
    sheet = np.exp(-(across**2)) * np.outer(np.hanning(64), np.hanning(64))
    power = np.abs(np.fft.rfftn(sheet)) ** 2
    assert power[analysis.measured_cells((64, 64), [35.0], diameter_px=12)].sum() > 0.9 * power.sum()
    assert power[analysis.measured_cells((64, 64), [-35.0], diameter_px=12)].sum() < 0.5 * power.sum()


def test_a_known_diameter_leaves_gaps_between_coarse_tilts():
    tilts, diameter = np.arange(0.0, 180, 10), 40.0
    measured = analysis.measured_cells((128, 128), tilts, diameter)
    radius = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(128))
    crowther = 1 / (2 * diameter * np.sin(np.deg2rad(5)))  # planes 10 degrees apart are a cell apart here
    assert measured[radius < crowther].all()
    assert measured[(radius > 0.45) & (radius < 0.5)].mean() == pytest.approx(crowther / 0.475, abs=0.05)


def test_faces_are_unseen_where_their_normals_are_in_the_wedge():
    unseen = analysis.unseen_directions(SIXTY)
    normals = [direction(a) for a in (0, 59, 61, 90, 119, 121, -59, -61)]
    assert unseen(normals).tolist() == [False, False, True, True, True, False, False, True]
    assert unseen(-7 * np.array(normals)).tolist() == unseen(normals).tolist()
    assert not unseen([[1, 0, 0]])[0]
    assert unseen([[0.999, 0.04, 0]])[0]
    wide = analysis.unseen_directions(SIXTY, margin_deg=5)
    assert wide([direction(64), direction(66), [0.999, 0.04, 0]]).tolist() == [False, True, False]
    assert not analysis.unseen_directions(np.arange(0.0, 180, 2))(normals).any()


def test_the_elongation_is_radermachers():
    assert analysis.elongation_factor(SIXTY) == pytest.approx(1.552, abs=0.001)
    assert analysis.elongation_factor(np.arange(-70.0, 71, 2)) == pytest.approx(1.309, abs=0.001)
    assert analysis.elongation_factor(np.arange(0.0, 180, 2)) == pytest.approx(1.0)
    assert analysis.elongation_factor([0.0]) > 1e3


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="no tilt"):
        analysis.MissingWedge.of([])
    with pytest.raises(DataError, match=r"tilt\(s\) \[1\] are not finite"):
        analysis.MissingWedge.of([0, np.nan])
    with pytest.raises(ParameterError, match="the diameter must be a positive number of pixels, not 0"):
        analysis.measured_cells((8, 8), SIXTY, 0)
    with pytest.raises(ParameterError, match="the margin must be from 0 to 90 degrees, not -1"):
        analysis.unseen_directions(SIXTY, -1)
    with pytest.raises(ShapeError, match=r"\(N, 3\)"):
        analysis.unseen_directions(SIXTY)([1, 2, 3])
    with pytest.raises(DataError, match="not zero"):
        analysis.unseen_directions(SIXTY)([[0, 0, 0]])
