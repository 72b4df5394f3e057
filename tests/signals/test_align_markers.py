"""A stack aligned by given markers is the aligned scene; what was found is in its metadata."""

import numpy as np
import pytest

from etwidgets import simulation
from etwidgets.errors import AlignmentError, ShapeError
from etwidgets.signals import TomoStack
from etwidgets.simulation.ellipsoid_series import Ellipsoid

TILTS = np.linspace(-60, 60, 21)
POINTS = np.array([[-20.0, 6, 9], [3, -14, -8], [22, 10, 4], [-5, 12, -15], [10, -5, 14]])  # x, z, y


@pytest.fixture(scope="module")
def scene():
    """Balls that drift while the axis is turned by 3 degrees, and where each is in the projections."""
    balls = tuple(Ellipsoid((x, y, z), 4 * np.eye(3), 1.0) for x, z, y in POINTS)
    series = simulation.ellipsoid_series(
        balls, shape_yx=(64, 80), tilts_deg=TILTS, dose=None, drift_px=6, jump_px=3, flicker=0, dark=0,
        axis_rotation_deg=3, seed=2,
    )  # fmt: skip
    x, z, y = POINTS.T[:, :, None]
    t, f = np.deg2rad(TILTS), np.deg2rad(3)
    across = y * np.cos(t) - z * np.sin(t)
    places = np.stack([np.cos(f) * across + np.sin(f) * x, np.cos(f) * x - np.sin(f) * across], axis=-1)
    return series, places + series.moved_px + [series.axis_shift_px + 31.5, 39.5]


def test_the_aligned_stack_has_each_ball_where_the_fit_has_it(scene):
    series, places = scene
    aligned = TomoStack(series.projections, TILTS).align_markers(places)
    found = aligned.metadata.Tomography.markers
    assert found.rotation_deg == pytest.approx(-3, abs=1e-3)
    points = np.asarray(found.points_px)
    np.testing.assert_allclose(points - points.mean(0), POINTS - POINTS.mean(0), atol=1e-3)
    mass = aligned.data.sum(2)
    middle = (mass * (np.arange(64) - 31.5)).sum(1) / mass.sum(1)
    _, z, y = points.mean(0)
    t = np.deg2rad(TILTS)
    np.testing.assert_allclose(middle, y * np.cos(t) - z * np.sin(t), atol=0.05)
    assert aligned.metadata.Tomography.tiltaxis == pytest.approx(-3, abs=1e-3)


def test_markers_that_tell_too_little_are_refused(scene):
    series, places = scene
    stack = TomoStack(series.projections, TILTS)
    rough = places[:4] + np.random.default_rng(0).normal(0, 6, places[:4].shape)
    with pytest.raises(AlignmentError, match=r"degrees only|can be used"):
        stack.align_markers(rough)
    with pytest.raises(ShapeError, match="markers must have the shape"):
        stack.align_markers([1, 2, 3])
