"""Volumes, surfaces and interfaces of bodies whose numbers are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from etwidgets import analysis
from etwidgets.errors import DataError, ParameterError, ShapeError

SHAPE = (44, 46, 48)
CENTER = (21.3, 22.6, 24.1)


@pytest.mark.parametrize(("radius", "blur"), [(8, 0), (12, 0), (12, 0.5), (18, 0.5)])
def test_a_sphere_is_measured_within_two_percent(shapes, radius, blur):
    volume = 5 + 100 * ndimage.gaussian_filter(shapes.ball(SHAPE, CENTER, radius), blur)
    mask = analysis.segment(volume, 55)
    (row,) = analysis.measure(analysis.label(mask), 2.0, volume, 55).to_dict("records")
    assert row["volume_nm3"] == pytest.approx(8 * 4 / 3 * np.pi * radius**3, rel=0.02)
    assert row["surface_nm2"] == pytest.approx(4 * 4 * np.pi * radius**2, rel=0.02)
    assert row["equivalent_diameter_nm"] == pytest.approx(4 * radius, rel=0.007)
    assert row["sphericity"] == pytest.approx(1, abs=0.02)
    center = [row[f"center_{axis}_nm"] for axis in "xzy"]
    np.testing.assert_allclose(center, 2 * np.array(CENTER), atol=0.2)
    assert not row["touches_edge"]
    assert analysis.volume_of(volume, 55, 2.0) == pytest.approx(row["volume_nm3"], rel=1e-3)
    (bare,) = analysis.measure(mask, 2.0).to_dict("records")
    assert bare["volume_nm3"] == pytest.approx(8 * 4 / 3 * np.pi * radius**3, rel=0.02)
    assert bare["surface_nm2"] == pytest.approx(4 * 4 * np.pi * radius**2, rel=0.03)


def test_every_body_has_its_own_row(shapes):
    volume = shapes.ball(SHAPE, (12, 12, 12), 6) + 2 * shapes.ball(SHAPE, (30, 32, 34), 9)
    volume[:, :, -3:] = 1
    table = analysis.measure(analysis.label(volume > 0.5), 1.0, volume, 0.5)
    assert list(table["label"]) == [1, 2, 3]
    assert list(table["touches_edge"]) == [False, False, True] or table["touches_edge"].sum() == 1
    spheres = table[~table["touches_edge"]]
    assert spheres["mean"].round().tolist() == [1, 2]
    plate = table[table["touches_edge"]].iloc[0]
    assert plate["volume_nm3"] == pytest.approx(44 * 46 * 3, rel=0.03)


def test_touching_bodies_do_not_count_each_other(shapes):
    volume = np.maximum(shapes.ball(SHAPE, (21, 22, 14), 9), shapes.ball(SHAPE, (21, 22, 31), 9))
    table = analysis.measure(analysis.label(volume > 0.5, split_px=8), 1.0, volume, 0.5)
    assert len(table) == 2
    for each in table["volume_nm3"]:
        assert each == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.03)


def test_a_cube_has_the_volume_of_a_cube():
    mask = np.zeros((30, 30, 30))
    mask[5:25, 5:25, 5:25] = 1
    assert analysis.measure(mask, 1.5)["volume_nm3"][0] == pytest.approx(20**3 * 1.5**3, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    normal=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda n: np.linalg.norm(n) > 0.3),
)
def test_a_plane_in_any_direction_has_its_area(normal):
    """Within a cylinder about the normal, so that the area is that of a disc."""
    shape, radius = (40, 40, 40), 14.0
    n = np.asarray(normal) / np.linalg.norm(normal)
    grid = np.stack(np.meshgrid(*(np.arange(s) - 19.5 for s in shape), indexing="ij"), -1)
    along = grid @ n
    across = np.linalg.norm(grid - along[..., None] * n, axis=-1)
    inside = (across < radius) & (np.abs(along) < 12)
    area = analysis.interface_area(inside & (along < 0), inside & (along >= 0), 1.0)
    # the rim is known to half a voxel
    assert np.pi * (radius - 0.5) ** 2 * 0.98 < area < np.pi * (radius + 0.8) ** 2 * 1.02


@pytest.mark.parametrize("radius", [8, 12])
def test_a_core_in_a_shell_has_the_area_of_a_sphere(shapes, radius):
    core = shapes.ball(SHAPE, CENTER, radius) > 0.5
    shell = (shapes.ball(SHAPE, CENTER, radius + 5) > 0.5) & ~core
    assert analysis.interface_area(core, shell, 3.0) == pytest.approx(9 * 4 * np.pi * radius**2, rel=0.02)


def test_phases_apart_have_no_interface(shapes):
    first, second = shapes.ball(SHAPE, (12, 12, 12), 5) > 0.5, shapes.ball(SHAPE, (32, 32, 32), 5) > 0.5
    assert analysis.interface_area(first, second, 1.0) == 0


@pytest.mark.parametrize("axis", ["x", "z", "y"])
@pytest.mark.parametrize("blur", [0, 1])
def test_layers_have_their_thickness(axis, blur):
    edges = [(6.3, 16.8), (22.2, 34.9)]
    at = np.arange(44)
    profile = sum(np.clip(np.minimum(at + 1, stop) - np.maximum(at, start), 0, 1) for start, stop in edges)
    body = np.broadcast_to(profile[:, None, None], (44, 12, 14)).copy()
    body[:, 0] = 0  # a rim without layers
    volume = np.moveaxis(ndimage.gaussian_filter(body, (blur, 0, 0)), 0, "xzy".index(axis))
    table = analysis.layers(volume, 0.5, axis, 2.0)
    np.testing.assert_allclose(table["thickness_nm"], [2 * 10.5, 2 * 12.7], rtol=0.02)
    np.testing.assert_allclose(table["start_nm"], [12.6, 44.4], atol=0.35)
    profile_table = analysis.thickness_profile(volume > 0.5, axis, 2.0)
    assert profile_table["position_nm"].iloc[0] == 1
    assert profile_table["area_nm2"].max() == pytest.approx(11 * 14 * 4)


def test_pores_are_counted(shapes):
    solid = shapes.ball(SHAPE, CENTER, 18) > 0.5
    pores = (shapes.ball(SHAPE, (16, 22, 24), 4) > 0.5) | (shapes.ball(SHAPE, (27, 22, 24), 3) > 0.5)
    part, count = analysis.porosity(solid & ~pores)
    assert count == 2
    assert part == pytest.approx((4**3 + 3**3) / 18**3, rel=0.1)  # counts whole voxels
    open_pore = solid & ~pores
    open_pore[16, 22, 24:] = False
    assert analysis.porosity(open_pore)[1] == 1
    assert analysis.porosity(open_pore, solid)[1] == 2


def test_fractions_and_ratios():
    first, second = np.zeros((4, 4, 4), bool), np.zeros((4, 4, 4), bool)
    first[:2], second[:1] = True, True
    assert analysis.fraction(first) == 0.5
    assert analysis.fraction(second, first) == 0.5
    assert analysis.volume_ratio(first, second) == 2


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: analysis.measure(m, 0), ParameterError, "voxel size must be a positive"),
        (lambda m: analysis.measure(m * 0, 1), DataError, "is empty"),
        (lambda m: analysis.measure(m, 1, np.ones((3, 3, 3)), 1), ShapeError, "shapes differ"),
        (lambda m: analysis.measure(m, 1, m), ParameterError, "gray values and their threshold together"),
        (lambda m: analysis.volume_of(m, 7, 1), ParameterError, "nothing is above the threshold 7"),
        (lambda m: analysis.interface_area(m, m, 1), DataError, "within the first"),
        (lambda m: analysis.layers(m, 0.5, "t", 1), ParameterError, "x, z, y"),
        (lambda m: analysis.layers(m, 5, "x", 1), DataError, "nothing along x"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, error, words):
    mask = np.zeros((6, 6, 6))
    mask[2:4, 2:4, 2:4] = 1
    with pytest.raises(error, match=words):
        call(mask)
