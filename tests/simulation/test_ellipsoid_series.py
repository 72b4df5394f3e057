"""Series of ellipsoids agree with formulas, and with the engine in every sign."""

import numpy as np
import pytest

from etwidgets import align, engine
from etwidgets.simulation import Ellipsoid, ellipsoid_series, ellipsoid_volume, project_ellipsoids, specimen


def ball(center, radius=6.0):
    return Ellipsoid(center, np.diag([radius] * 3), 1.0)


def test_the_mass_of_a_ball_is_its_volume_at_every_tilt():
    images = project_ellipsoids((ball((3, 10, 5)),), [-70, 0, 33], (64, 64))
    assert images.sum((1, 2)) == pytest.approx(4 / 3 * np.pi * 6**3, rel=2e-3)


def test_the_signs_are_those_of_the_engine():
    tilts = np.array([-50.0, 0, 35])
    exact = project_ellipsoids((ball((-7, 10, 5)),), tilts, (64, 48))
    x, z, y = np.meshgrid(np.arange(48) - 23.5, *[np.arange(64) - 31.5] * 2, indexing="ij")
    volume = ((x + 7) ** 2 + (y - 10) ** 2 + (z - 5) ** 2 < 36).astype(np.float32)
    ours = engine.forward_project(volume, engine.Geometry(np.deg2rad(tilts), 64))
    for a, b in zip(exact, ours, strict=True):
        rows, columns = np.indices(a.shape)
        for grid in (rows, columns):
            assert (grid * a).sum() / a.sum() == pytest.approx((grid * b).sum() / b.sum(), abs=0.02)


def test_an_ellipsoid_is_as_long_as_its_axes_say():
    body = Ellipsoid((0, 0, 0), np.diag([20.0, 8.0, 4.0]), 2.0)
    across, along = project_ellipsoids((body,), [0, 90], (65, 65))
    assert across[32, 32] == pytest.approx(2 * 2 * 4, rel=0.01)
    assert along[32, 32] == pytest.approx(2 * 2 * 8, rel=0.01)
    assert np.ptp(np.flatnonzero(along.any(1))) == pytest.approx(8, abs=1)


def test_what_was_put_in_is_what_the_truth_says():
    series = ellipsoid_series("particles", dose=None, flicker=0, dark=0, seed=3)
    back = align.apply_shifts(series.projections, -series.moved_px)
    angle = np.deg2rad(series.axis_rotation_deg)
    y, x = -series.axis_shift_px * np.cos(angle), -series.axis_shift_px * np.sin(angle)
    angle_deg = -series.axis_rotation_deg
    back = align.transform(back, yshift=y, xshift=x, angle_deg=angle_deg, interpolation="cubic")
    inner = np.s_[:, 16:-16, 16:-16]
    left, before = (np.abs(each - series.aligned)[inner].mean() for each in (back, series.projections))
    assert left < 0.05 * series.aligned[inner].mean() < 0.1 * before


def test_a_seed_gives_the_same_series_again():
    a, b = (ellipsoid_series("rods", shape_yx=(32, 40), seed=4).projections for _ in range(2))
    assert np.array_equal(a, b)


def test_the_volume_is_what_was_projected():
    bodies = specimen("rods", (48, 64), seed=2)
    tilts = [-40.0, 0, 25]
    exact = project_ellipsoids(bodies, tilts, (48, 64))
    ours = engine.forward_project(ellipsoid_volume(bodies, (48, 64)), engine.Geometry(np.deg2rad(tilts), 48))
    assert np.linalg.norm(ours - exact) < 0.05 * np.linalg.norm(exact)
    thin = ellipsoid_volume((ball((0, 3, 0)),), (48, 64), 20)
    assert thin.shape == (64, 20, 48)
    assert thin.sum() == pytest.approx(4 / 3 * np.pi * 6**3, rel=0.01)
