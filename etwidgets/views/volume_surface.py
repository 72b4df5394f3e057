"""Cutting a volume, and the surface of what is left; pure, knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def cut_away(small: NDArray[np.float32], cut: Sequence[NDArray[Any]], empty: float) -> NDArray[np.float32]:
    """The volume ``(X, Z, Y)`` with everything outside of the parts along x, y and z set to ``empty``.

    Parameters
    ----------
    small
        ``(X, Z, Y)``.
    cut
        Start and stop along x, y and z, 0 to 1. At least one voxel is kept.
    empty
        Intensity of what is cut away.
    """
    kept = np.full_like(small, empty)
    x, y, z = cut
    index = tuple(
        slice(round(part[0] * size), max(round(part[1] * size), round(part[0] * size) + 1))
        for part, size in zip((x, z, y), small.shape, strict=True)
    )
    kept[index] = small[index]
    return kept


def surface_at(
    level: float,
    volume: NDArray[np.float32],
    lowest: float,
    lengths: Sequence[float],
    marked: Callable[[NDArray[np.float32]], NDArray[np.bool_]] | None = None,
) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_] | None] | None:
    """The surface at an intensity, closed where the volume ends; None where there is none.

    Parameters
    ----------
    level
        Intensity.
    volume
        ``(X, Z, Y)``.
    lowest
        Intensity around the volume, where the volume itself is not lower.
    lengths
        Of the volume along x, y and z.
    marked
        Takes the normals ``(N, 3)`` of the corners as ``(x, z, y)`` and gives which are marked; None: none.

    Returns
    -------
    dict
        ``x``, ``y``, ``z`` of the corners, from the middle of the volume, and ``triangles`` ``(n, 3)``.
    marks
        ``(N,)``: which corners are marked; None without ``marked``.
    """
    from skimage.measure import marching_cubes

    padded = np.pad(volume, 1, constant_values=min(lowest, float(volume.min())))
    if not padded.min() < level < padded.max():
        return None
    points, triangles, _, _ = marching_cubes(padded, level)
    marks = None if marked is None else marked(_normals(points, triangles))
    # x, z, y of voxel centers to lengths from the middle
    parts = (points - 0.5) / np.array(volume.shape) - 0.5
    x, z, y = (parts[:, axis] * lengths[place] for axis, place in enumerate((0, 2, 1)))
    corners = {name: values.astype(np.float32) for name, values in (("x", x), ("y", y), ("z", z))}
    return {**corners, "triangles": triangles.astype(np.uint32)}, marks


def share_of(surface: dict[str, NDArray[Any]], marks: NDArray[np.bool_]) -> float:
    """The part of the area of a surface, 0 to 1, that has marks at its corners."""
    points = np.stack([surface[name] for name in ("x", "y", "z")], axis=1)
    a, b, c = (points[surface["triangles"][:, i]] for i in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return float((areas * marks[surface["triangles"]].mean(axis=1)).sum() / areas.sum())


def _normals(points: NDArray[np.float32], triangles: NDArray[Any]) -> NDArray[np.float32]:
    """Of the corners ``(N, 3)``: sums over the triangles around each, which weigh as they are large.

    Marching cubes gives some itself, of the nearest voxels only: they are zero in even regions.
    """
    a, b, c = (points[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, triangles[:, i], across)
    normals[~normals.any(axis=1)] = (1, 0, 0)  # of triangles without an area
    return normals
