"""Corrections by hand: what strokes cover, in which slice and direction, and what is measured afterwards."""

import numpy as np
import pytest

from etwidgets import analysis
from etwidgets.analysis.painting import Stroke, painted, painted_area
from etwidgets.errors import ParameterError

SHAPE = (20, 16, 24)  # X, Z, Y


@pytest.fixture
def cube():
    data = np.zeros(SHAPE, np.float32)
    data[4:10, 4:10, 4:10] = 10
    return data


def test_a_brush_covers_what_is_within_its_radius_of_the_line():
    area = painted_area(Stroke("z", 3, ((5, 4), (10, 4)), radius=2), (24, 20))
    rows, columns = np.nonzero(area)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 6, 3, 12)
    assert area[4, 3]
    assert area[2, 5]
    assert not area[2, 3]


def test_a_lasso_covers_its_inside():
    area = painted_area(Stroke("x", 3, ((2, 3), (12, 3), (12, 8), (2, 8))), (16, 24))
    assert area[5, 7]
    assert not area[2, 7]
    assert not area[5, 13]
    assert 40 <= area.sum() <= 70


@pytest.mark.parametrize(
    ("axis", "index", "point", "voxel"),
    [("x", 15, (20, 3), (15, 3, 20)), ("z", 12, (17, 21), (17, 12, 21)), ("y", 2, (18, 14), (18, 14, 2))],
)
def test_columns_and_rows_are_those_of_the_slice_as_it_is_shown(cube, axis, index, point, voxel):
    found = painted(cube, [Stroke(axis, index, (point,), radius=0.5)], 5.0)
    changed = np.argwhere(found != cube)
    assert changed.tolist() == [list(voxel)]
    assert found[voxel] == 10


def test_depth_reaches_to_either_side_and_stops_at_the_edge(cube):
    found = painted(cube, [Stroke("x", 1, ((20, 3),), radius=0.5, depth=3)], 5.0)
    assert np.flatnonzero(found[:, 3, 20]).tolist() == [0, 1, 2, 3, 4]


def test_erasing_a_whole_cut_parts_a_body_in_two(cube):
    lasso = ((3, 3), (11, 3), (11, 11), (3, 11))
    found = painted(cube, [Stroke("x", 6, lasso, adds=False)], 5.0)
    table = analysis.bodies(found, 1.0, threshold=5.0)
    assert len(table) == 2
    assert analysis.segment(found, 5.0).sum() == 5 * 36
    again = painted(cube, [Stroke("x", 6, lasso, adds=False), Stroke("x", 6, lasso)], 5.0)
    assert len(analysis.bodies(again, 1.0, threshold=5.0)) == 1  # the later stroke covers the earlier one


def test_edges_by_hand_stay_when_the_threshold_is_varied(cube):
    found = painted(cube, [Stroke("y", 20, ((5, 5),), radius=3, depth=1)], 5.0)
    counts = {threshold: int(analysis.segment(found, threshold).sum()) for threshold in (2.0, 5.0, 8.0)}
    assert len(set(counts.values())) == 1
    assert counts[5.0] == 216 + 3 * 29


def test_the_volume_given_is_not_changed(cube):
    before = cube.copy()
    painted(cube, [Stroke("y", 20, ((5, 5),), radius=3)], 5.0)
    assert (cube == before).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"axis": "t"},
        {"index": -1},
        {"points": ()},
        {"points": ((1, 1), (2, 2))},  # a lasso of two points
        {"radius": -1.0},
        {"depth": -1},
    ],
)
def test_strokes_that_make_no_sense_are_refused(wrong):
    given = {"axis": "x", "index": 0, "points": ((1, 1), (1, 2), (2, 2))}
    with pytest.raises(ParameterError):
        Stroke(**(given | wrong))


def test_a_slice_outside_the_volume_is_refused(cube):
    with pytest.raises(ParameterError, match="it has 20 slices"):
        painted(cube, [Stroke("x", 20, ((1, 1),), radius=1)], 5.0)
