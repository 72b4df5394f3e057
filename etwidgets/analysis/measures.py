"""Volumes, surface areas and shapes of bodies, from a mask or from gray values with a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage import measure as sk_measure

from etwidgets.analysis.checks import checked_mask, checked_threshold, checked_volume, checked_voxel
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MASK_BLUR = 1.0  # voxels; a mask's steps would make its surface half as large again
_MOST_LABELS = 20_000

COLUMNS = (
    "label", "volume_nm3", "surface_nm2", "equivalent_diameter_nm", "sphericity", "center_x_nm",
    "center_z_nm", "center_y_nm", "mean", "touches_edge",
)  # fmt: skip
"""Columns of the table of :func:`measure`."""


def measure(
    labels: NDArray[Any],
    voxel_nm: float,
    volume: NDArray[Any] | None = None,
    threshold: float | None = None,
) -> pd.DataFrame:
    """Measure each body.

    Parameters
    ----------
    labels
        ``(X, Z, Y)`` integers, 0 outside; or a mask.
    voxel_nm
        Length of a voxel.
    volume, threshold
        The gray values that were segmented at this threshold. If given, surfaces are where the gray values
        cross it, between the voxels, and volumes are those enclosed.

    Returns
    -------
    DataFrame
        One row per body, with the columns :data:`COLUMNS`: equivalent diameter: that of a sphere with the
        same volume; sphericity: surface area of that sphere divided by the surface area (1: a sphere; Wadell
        1935, doi:10.1086/624298); center, measured from the center of the first voxel; mean of the gray
        values; whether the body touches the edge of the volume and is therefore incomplete. Accurate to 2 %
        for spheres with a radius of 8 voxels or more; the surface area of a mask without gray values to 3 %.
        A blur of s voxels reduces the radius r of a sphere by s²/r, with the threshold halfway.

    Raises
    ------
    ShapeError, ParameterError, DataError
        If shapes differ, the voxel size is not positive, or there is nothing to measure.
    """
    voxel = checked_voxel(voxel_nm)
    checked_mask(labels, "what is to be measured")
    given = np.asarray(labels)
    if given.dtype.kind not in "biu" and (given != np.round(given)).any():
        odd = given[given != np.round(given)][0]
        raise DataError(f"labels must be integers, 0 outside, not {odd:g}; number the bodies of a mask first")
    if given.min() < 0:
        raise DataError(f"labels must be 0 outside and positive inside, not {given.min():g}")
    numbered = given.astype(np.int32, copy=False)
    if numbered.max() > _MOST_LABELS:
        raise DataError(
            f"{numbered.max()} bodies; omit the small ones (smallest_voxels) or smooth the volume first"
        )
    gray = None if volume is None else _as_large(volume, numbered)
    if (gray is None) != (threshold is None):
        raise ParameterError("give the gray values and their threshold together, or none of them")
    rows = [
        _row(number, where, numbered, voxel, gray, threshold)
        for number, where in enumerate(ndimage.find_objects(numbered), 1)
        if where is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def volume_of(volume: NDArray[Any], threshold: float, voxel_nm: float) -> float:
    """The volume, nm³, within the surface where the gray values cross a threshold.

    Raises
    ------
    ParameterError
        If no voxel is above the threshold.
    """
    voxel, data = checked_voxel(voxel_nm), checked_volume(volume)
    checked_threshold(threshold)
    if data.max() <= threshold:
        raise ParameterError(
            f"nothing is above the threshold {threshold:g}; the largest value is {data.max():g}"
        )
    points, triangles = _surface(data, threshold)
    return float(_enclosed(points, triangles)) * voxel**3


def fraction(mask: NDArray[Any], within: NDArray[Any] | None = None) -> float:
    """The fraction, 0 to 1, of another mask or of the whole volume that a mask fills.

    Raises
    ------
    DataError, ShapeError
        If one has no voxels, or the shapes differ.
    """
    body = np.asarray(mask, dtype=bool)
    if not body.size:
        raise DataError(f"the mask is empty: its shape is {body.shape}")
    if within is None:
        return float(body.mean())
    room = _as_large(checked_mask(within, "what it is within"), body) > 0
    return float((body & room).sum() / room.sum())


def volume_ratio(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The volume of one mask divided by that of another, as in the last listing of the paper."""
    return float(checked_mask(first, "the first").sum() / checked_mask(second, "the second").sum())


def porosity(solid: NDArray[Any], envelope: NDArray[Any] | None = None) -> tuple[float, int]:
    """The pore fraction of a body, and its number of pores.

    Parameters
    ----------
    solid
        ``(X, Z, Y)``: the mask of the solid.
    envelope
        The mask of the body including its pores; default: the solid and everything that it encloses. Pores
        that are open to the outside need an envelope.

    Returns
    -------
    porosity
        0 to 1.
    count
        Number of separate pores.
    """
    body = checked_mask(solid, "the solid")
    around = ndimage.binary_fill_holes(body) if envelope is None else checked_mask(envelope, "the envelope")
    _as_large(around, body)
    pores = around & ~body
    _, count = ndimage.label(pores, np.ones((3, 3, 3)))
    return float(pores.sum() / around.sum()), int(count)


def _row(
    number: int,
    where: tuple[slice, ...],
    labels: NDArray[np.int32],
    voxel: float,
    gray: NDArray[np.float32] | None,
    threshold: float | None,
) -> tuple[Any, ...]:
    wider = tuple(slice(max(s.start - 3, 0), s.stop + 3) for s in where)
    body = labels[wider] == number
    mean = float("nan")
    if gray is None or threshold is None:
        # the blur shrinks what is round; the count of voxels does not
        points, triangles = _surface(
            ndimage.gaussian_filter(np.pad(body, 3).astype(np.float32), _MASK_BLUR), 0.5
        )
        volume = float(body.sum())
        enclosed = _enclosed(points, triangles)
        area = float(sk_measure.mesh_surface_area(points, triangles)) * (volume / enclosed) ** (2 / 3)
    else:
        values = gray[wider]
        mean = float(values[body].mean())
        # another body's voxels must not be enclosed; beyond the own edge the gray values go on
        others = ndimage.binary_dilation(body, np.ones((3, 3, 3)), iterations=1)
        own = np.where(
            others & ((labels[wider] == number) | (labels[wider] == 0)), values, _below(values, threshold)
        )
        points, triangles = _surface(own, threshold)
        area = float(sk_measure.mesh_surface_area(points, triangles))
        volume = _enclosed(points, triangles)
    center = [(at + s.start) * voxel for at, s in zip(ndimage.center_of_mass(body), wider, strict=True)]
    volume, area = volume * voxel**3, area * voxel**2
    diameter = (6 * volume / np.pi) ** (1 / 3)
    edge = any(s.start == 0 or s.stop == n for s, n in zip(where, labels.shape, strict=True))
    return (number, volume, area, diameter, np.pi * diameter**2 / area, *center, mean, edge)


def _below(values: NDArray[np.float32], threshold: float) -> float:
    return min(float(values.min()), threshold - abs(threshold) * 1e-3 - 1e-6)


def _surface(data: NDArray[np.float32], level: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points (voxels) and triangles of the surface at a level, closed where the volume ends."""
    padded = np.pad(data, 1, constant_values=_below(data, level))
    points, triangles, _, _ = sk_measure.marching_cubes(padded, level)
    return points, triangles


def _enclosed(points: NDArray[Any], triangles: NDArray[Any]) -> float:
    """The volume within a closed surface, by the divergence theorem."""
    a, b, c = (points[triangles[:, i]].astype(float) - points.mean(0) for i in range(3))
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())) / 6


def _as_large(other: NDArray[Any], like: NDArray[Any]) -> NDArray[np.float32]:
    data = np.asarray(other)
    if data.shape != like.shape:
        raise ShapeError(f"the shapes differ: {data.shape} and {like.shape}")
    return data.astype(np.float32, copy=False)
