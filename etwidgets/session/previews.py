"""Quick looks at what an operation would do, on a few columns; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets import engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def moved_columns(
    projections: NDArray[Any], columns: Sequence[int], shift_px: float, rotation_deg: float
) -> NDArray[np.float32]:
    """A few columns of the projections after a rotation and a shift across the tilt axis.

    The same numbers as ``align.transform(projections, yshift=shift_px, angle_deg=rotation_deg)`` gives at
    these columns, without moving all the others: a preview must follow a slider.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    columns
        Indices along x.
    shift_px
        Pixels; positive moves content to a larger y.
    rotation_deg
        Degrees about the image centre, done before the shift; positive turns content clockwise on screen.

    Returns
    -------
    array
        ``(T, Y, len(columns))`` float32; 0 where the content comes from outside the image.
    """
    n_tilts, height, width = projections.shape
    angle = np.deg2rad(rotation_deg)
    centre_y, centre_x = (height - 1) / 2, (width - 1) / 2
    y = np.arange(height)[:, np.newaxis] - centre_y - shift_px
    x = np.asarray(columns)[np.newaxis, :] - centre_x
    source_y = np.cos(angle) * y - np.sin(angle) * x + centre_y
    source_x = np.sin(angle) * y + np.cos(angle) * x + centre_x
    moved = np.empty((n_tilts, height, len(columns)), np.float32)
    for image, target in zip(projections, moved, strict=True):
        scipy.ndimage.map_coordinates(
            np.asarray(image, np.float32), (source_y, source_x), output=target, order=1, mode="grid-constant"
        )
    return moved


def axis_slices(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    columns: Sequence[int],
    shift_px: float,
    rotation_deg: float,
) -> NDArray[np.float32]:
    """Slices reconstructed by filtered back-projection for a trial tilt-axis shift and rotation.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees.
    columns, shift_px, rotation_deg
        As in :func:`moved_columns`.

    Returns
    -------
    array
        ``(len(columns), Y, Y)`` float32: one slice ``(Z, Y)`` per column.
    """
    moved = moved_columns(projections, columns, shift_px, rotation_deg)
    geometry = engine.Geometry(np.deg2rad(tilts_deg), moved.shape[1])
    return engine.reconstruct(moved, geometry, algorithm="FBP")
