"""Finds the shift of the tilt axis by trial reconstructions of a few columns; knows no rotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.mass_profiles import mass_profiles, steady_columns
from etwidgets.align.parabola import vertex
from etwidgets.checks import checked_count
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_ROWS = 96  # to which sinograms are binned: the minimum is still found to a tenth of a pixel or so
_ITERATIONS = 30  # with 10 the minimum is flat, with 100 it is no sharper in position
_COARSE_STEPS = 5  # on each side
_FINE_STEPS = 4  # to each coarse one


@dataclass(frozen=True, slots=True, eq=False)
class ShiftSearch:
    """Result of :func:`search_axis_shift`.

    Attributes
    ----------
    shift_px
        Pixels to apply; positive moves content to a larger y.
    shift_error_px
        Standard error from the scatter between the columns; None for a single column.
    candidates_px, objective
        ``(C,)`` trial shifts, rising, and the relative residual at each.
    warning
        Empty, or that the best shift lies at the limit.
    """

    shift_px: float
    shift_error_px: float | None
    candidates_px: NDArray[np.float64]
    objective: NDArray[np.float64]
    warning: str


def search_axis_shift(
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    shift_limit: float,
    nslices: int,
    progress: Progress,
) -> ShiftSearch:
    """Shift that lets a non-negative reconstruction explain the projections best.

    Parameters
    ----------
    images
        ``(T, Y, X)``, registered, zero or more, the tilt axis horizontal.
    tilts_deg
        ``(T,)`` degrees.
    shift_limit
        Largest shift that is tried, pixels.
    nslices
        Number of columns to reconstruct.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    ShiftSearch
        With the curve.

    Notes
    -----
    The objective is the squared residual after 30 iterations of SIRT with values kept at or above zero,
    relative to the squared data. Unlike the sum or the sharpness of a filtered back projection, which
    were tried, it has its one minimum at the right place with a missing wedge as well. A coarse search
    over the whole range is followed by a fine one around its minimum, and a parabola.
    """
    nslices = checked_count("nslices", nslices)
    if shift_limit > images.shape[1] / 2:
        raise ParameterError(
            f"shift_limit={shift_limit} px is more than half the height of {images.shape[1]} px"
        )
    sinograms = images[:, :, _columns(images, nslices)].astype(float)
    coarse = np.linspace(-shift_limit, shift_limit, 2 * _COARSE_STEPS + 1)
    step = coarse[1] - coarse[0]
    residual = _relative_residual(sinograms, tilts_deg, coarse, progress.part(0, 0.55))
    center = coarse[int(residual.sum(1).argmin())]
    inner = np.arange(1, _FINE_STEPS) * step / _FINE_STEPS
    fine = np.concatenate([center - inner[::-1], center + inner])
    fine = fine[np.abs(fine) < shift_limit]
    residual = np.concatenate(
        [residual, _relative_residual(sinograms, tilts_deg, fine, progress.part(0.55, 1))]
    )
    tried = np.concatenate([coarse, fine])
    order = np.argsort(tried)
    return _lowest(tried[order], residual[order], step / _FINE_STEPS)


def _columns(images: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Columns with much and steady mass, evenly spread over those that qualify."""
    mass, _ = mass_profiles(images)
    good = steady_columns(mass, max(count, mass.shape[1] // 2))
    places = (np.arange(min(count, len(good))) + 0.5) / min(count, len(good)) * len(good)
    return good[places.astype(int)]


def _relative_residual(
    sinograms: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
    shifts: NDArray[np.float64],
    progress: Progress,
) -> NDArray[np.float64]:
    """Relative squared residual ``(C, K)`` of columns ``(T, Y, K)`` at shifts ``(C,)``."""
    from etwidgets import engine

    trials = np.stack([shift_and_bin(sinograms, shift, _ROWS) for shift in shifts], axis=2)
    measured = trials.reshape(*trials.shape[:2], -1).astype(np.float32)
    geometry = engine.Geometry(np.deg2rad(tilts_deg), measured.shape[1])
    volume = engine.reconstruct(
        measured,
        geometry,
        algorithm="SIRT",
        iterations=_ITERATIONS,
        minimum=0.0,
        progress=progress.part(0, 0.95),
    )
    explained = engine.forward_project(volume, geometry, progress=progress.part(0.95, 1))
    residual = ((explained - measured) ** 2).sum((0, 1)) / (measured**2).sum((0, 1))
    return residual.reshape(len(shifts), -1)


def shift_and_bin(sinograms: NDArray[np.float64], shift: float, most_rows: int) -> NDArray[np.float64]:
    """Sinograms ``(T, Y, K)`` moved by ``shift`` px along y and binned about the center to few rows.

    Both in one step, by integrals of the data over the new rows; mass is conserved but for what leaves.
    """
    height = sinograms.shape[1]
    factor = -(-height // most_rows)
    n_rows = -(-height // factor)
    edges = height / 2 + (np.arange(n_rows + 1) - n_rows / 2) * factor - shift
    edges = np.clip(edges, 0, height)
    whole = np.minimum(edges.astype(int), height - 1)
    sums = np.concatenate([np.zeros_like(sinograms[:, :1]), np.cumsum(sinograms, axis=1)], axis=1)
    at_edges = sums[:, whole] + (edges - whole)[:, None] * sinograms[:, whole]
    binned: NDArray[np.float64] = np.diff(at_edges, axis=1)
    return binned


def _lowest(tried: NDArray[np.float64], residual: NDArray[np.float64], step: float) -> ShiftSearch:
    objective = residual.mean(1)
    best = int(objective.argmin())
    near = np.abs(tried - tried[best]) < 1.5 * step
    first = int(np.flatnonzero(near)[0])
    centers = [
        tried[best] if near.sum() < 3 else tried[first] + step * vertex(curve[near], 1)
        for curve in (objective, *residual.T)
    ]
    limit = tried[-1]
    at_limit = best in (0, len(tried) - 1)
    return ShiftSearch(
        shift_px=float(np.clip(centers[0], -limit, limit)),
        shift_error_px=float(np.std(centers[1:], ddof=1) / np.sqrt(len(centers) - 1))
        if len(centers) > 2
        else None,
        candidates_px=tried,
        objective=objective,
        warning=f"the best shift lies at the limit of {limit:g} px; search further with shift_limit="
        * at_limit,
    )
