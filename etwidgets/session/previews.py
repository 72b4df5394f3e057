"""Quick looks at what an operation would do or take; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.session.estimate import reconstruction_geometry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def reconstruction_time(
    shape: tuple[int, ...], tilts_deg: NDArray[np.float64], parameters: Mapping[str, Any]
) -> tuple[Mapping[str, Any], float]:
    """Seconds that a reconstruction would take, by a short probe on this machine.

    Parameters
    ----------
    shape
        ``(T, Y, X)`` of the projections.
    tilts_deg
        ``(T,)`` degrees.
    parameters
        Of the operation ``reconstruct``; returned as well, for whoever asked may have moved on.
    """
    counts = {
        name: parameters[name]
        for name in ("iterations", "n_subsets", "dart_iterations", "model", "backend")
        if name in parameters
    }
    geometry = reconstruction_geometry(shape, tilts_deg, parameters)
    found = engine.estimate(geometry, str(parameters.get("method", "FBP")), n_slices=shape[-1], **counts)
    return parameters, found.seconds
