"""The volume: its slices, its projections and its rotation, with every axis told apart."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.signals import RecStack


@pytest.fixture
def volume():
    """(9, 11, 13) with one bright voxel at x=2, z=3, y=8."""
    data = np.zeros((9, 11, 13), np.float32)
    data[2, 3, 8] = 1
    return RecStack(data)


def test_slices_show_the_planes_they_name(volume):
    mpl.use("agg")
    figure = volume.plot_slices(xslice=2, yslice=8, zslice=3, return_fig=True)
    xy, xz, yz = (axis.images[0].get_array() for axis in figure.axes)
    assert (xy.shape, xz.shape, yz.shape) == ((13, 9), (11, 9), (11, 13))
    assert (xy[8, 2], xz[3, 2], yz[3, 8]) == (1, 1, 1)
    assert [axis.get_title() for axis in figure.axes] == ["x-y at z = 3", "x-z at y = 8", "y-z at x = 2"]
    plt.close(figure)
    with pytest.raises(ParameterError, match="zslice"):
        volume.plot_slices(zslice=11)


def test_projection_at_zero_is_the_sum_over_z(volume):
    projected = volume.forward_project([0.0, 90.0])
    assert projected.data.shape == (2, 13, 9)
    assert np.allclose(projected.data[0], volume.data.sum(1).T, atol=1e-5)
    # at 90 degrees t = -r: z row 3 of 11 (r = -2) lands at y = 6 + 2
    assert np.argmax(projected.data[1, :, 2]) == 8
    assert projected.tilts_deg.tolist() == [0, 90]


def test_projection_keeps_the_scale(volume):
    for axis in volume.axes_manager._axes:
        axis.scale, axis.units = 3.36, "nm"
    axis = volume.forward_project([0.0]).axes_manager["y"]
    assert (axis.scale, axis.units) == (3.36, "nm")


@pytest.mark.parametrize(
    ("angles", "expected"),
    [
        # from the center (4, 5, 6) the voxel is at (-2, -2, +2) in x, z, y
        ((90, 0, 0), lambda x, z, y: (x, -y, z)),
        ((0, 90, 0), lambda x, z, y: (-y, z, x)),
        ((0, 0, 90), lambda x, z, y: (-z, x, y)),
    ],
    ids=["about x: z to y", "about z: x to y", "about y: x to z"],
)
def test_rotation_by_90_degrees(volume, angles, expected):
    center = np.array([4, 5, 6])
    turned = volume.rotate_volume(angles, order=1).data
    found = np.unravel_index(np.argmax(turned), turned.shape)
    assert tuple(np.array(found) - center) == expected(-2, -2, 2)


def test_wrong_input_is_refused(volume):
    with pytest.raises(ParameterError, match="three angles"):
        volume.rotate_volume([10])
    with pytest.raises(ShapeError, match="shape"):
        RecStack(np.zeros((2, 2, 2, 2)))
    with pytest.raises(DataError, match="complex"):
        RecStack(np.zeros((2, 2, 2), complex))
    with pytest.raises(ShapeError, match="volume"):
        volume.swap_axes("x", "z").plot_slices()
