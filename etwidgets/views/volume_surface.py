"""Cutting a volume, and the surface of what is left; pure, knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    level: float, volume: NDArray[np.float32], lowest: float, lengths: Sequence[float]
) -> dict[str, NDArray[Any]] | None:
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

    Returns
    -------
    dict
        ``x``, ``y``, ``z`` of the corners, from the middle of the volume, and ``triangles`` ``(n, 3)``.
    """
    from skimage.measure import marching_cubes

    padded = np.pad(volume, 1, constant_values=min(lowest, float(volume.min())))
    if not padded.min() < level < padded.max():
        return None
    points, triangles, _, _ = marching_cubes(padded, level)
    # x, z, y of voxel centers to lengths from the middle
    parts = (points - 0.5) / np.array(volume.shape) - 0.5
    x, z, y = (parts[:, axis] * lengths[place] for axis, place in enumerate((0, 2, 1)))
    corners = {name: values.astype(np.float32) for name, values in (("x", x), ("y", y), ("z", z))}
    return {**corners, "triangles": triangles.astype(np.uint32)}
