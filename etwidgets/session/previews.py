"""Quick looks at what an operation would do, on a few columns; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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
        As in :func:`etwidgets.engine.sinograms_at`.

    Returns
    -------
    array
        ``(len(columns), Y, Y)`` float32: one slice ``(Z, Y)`` per column.
    """
    moved = engine.sinograms_at(projections, columns, shift_px, rotation_deg)
    geometry = engine.Geometry(np.deg2rad(tilts_deg), moved.shape[1])
    return engine.reconstruct(moved, geometry, algorithm="FBP")
