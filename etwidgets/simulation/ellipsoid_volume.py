"""Ellipsoids as the volume that a perfect reconstruction would be; knows no projection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.checks import checked_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.simulation.ellipsoids import Ellipsoid

_SUBVOXELS = 3  # along each side of a voxel, averaged


def ellipsoid_volume(
    bodies: tuple[Ellipsoid, ...], shape_yx: tuple[int, int], thickness: int | None = None
) -> NDArray[np.float32]:
    """The volume ``(X, Z, Y)`` of ellipsoids; each voxel is the mean over 3 x 3 x 3 points in it.

    Parameters
    ----------
    bodies
        Densities add up where they overlap.
    shape_yx
        Height and width of the projections, pixels.
    thickness
        Rows in z; default: the height.
    """
    height, width = (checked_count("shape_yx", n) for n in shape_yx)
    rows = height if thickness is None else checked_count("thickness", thickness)
    volume = np.zeros((width, rows, height), np.float32)
    for body in bodies:
        _add(volume, body)
    return volume


def _add(volume: NDArray[np.float32], body: Ellipsoid) -> None:
    """Add one ellipsoid; axes in the order x, z, y of the volume."""
    order = [0, 2, 1]
    lengths = np.linalg.norm(body.axes, axis=1)
    directions = (body.axes / lengths[:, None])[:, order]
    form = directions.T @ np.diag(lengths**-2.0) @ directions
    reach = np.sqrt(np.diag(np.linalg.inv(form))) + 1
    center = np.array(body.center)[order] + (np.array(volume.shape) - 1) / 2
    first = np.clip(np.floor(center - reach), 0, volume.shape).astype(int)
    last = np.clip(np.ceil(center + reach) + 1, 0, volume.shape).astype(int)
    if (last <= first).any():
        return
    fine = (np.arange(_SUBVOXELS) - (_SUBVOXELS - 1) / 2) / _SUBVOXELS
    points = [
        (np.arange(a, b)[:, None] + fine).ravel() - c for a, b, c in zip(first, last, center, strict=True)
    ]
    x, z, y = np.ix_(*points)
    square = form[0, 0] * x**2 + form[1, 1] * z**2 + form[2, 2] * y**2
    mixed = form[0, 1] * x * z + form[0, 2] * x * y + form[1, 2] * z * y
    inside = (square + 2 * mixed <= 1).astype(np.float32)
    shape = np.stack([last - first, np.full(3, _SUBVOXELS)], axis=1).ravel()
    part = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    volume[part] += np.float32(body.density) * inside.reshape(shape).mean((1, 3, 5))
