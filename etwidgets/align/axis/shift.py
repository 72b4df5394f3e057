"""Finds the shift of the tilt axis by trial reconstructions of a few columns; knows no rotation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.align.intensity.dark_level import dark_level
from etwidgets.align.registering.mass_profiles import mass_profiles, steady_columns
from etwidgets.checks import checked_count
from etwidgets.errors import AlignmentError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_ROWS = 64  # to which sinograms are binned: the minimum is still found to a tenth of a pixel or so
_BEYOND = 0.5  # of the height, on each side, for matter beyond the field
_SWEEPS = 8  # with 3 the minimum is flat, with 30 it is no sharper
_COARSE_STEPS = 5  # on each side
_FINE_STEPS = 4  # to each coarse one
_FOLDS = 4  # every fourth projection is left out and predicted
_LEAST_TILTS = 5
_FEW_TILTS = 24  # of fewer, none is left out: the rest would predict nothing
_SMOOTH = 6.0  # px; what is smoother comes from matter beyond the field, and is not compared
_NEAR_LIMIT = 0.85  # of the limit; beyond, the true minimum may lie outside
_BLUR = 0.8  # px; else a shift by half a pixel, which averages noise, would fit better than one by a whole
_MARGIN = 2  # px at the edges, where pixels are filled in
_BLOCKS = 8
_STUDENT = 2.36  # 95 % of Student's t with 7 degrees of freedom
_FLOOR_PX = 0.1
_WIDEST_PX = 2.5  # half width of an interval; wider ones determine nothing
_FLAT = 0.08  # by which the misfit must fall below its median


@dataclass(frozen=True, slots=True, eq=False)
class ShiftSearch:
    """Result of :func:`search_axis_shift`.

    Attributes
    ----------
    shift_px
        Pixels to apply; positive moves content to a larger y.
    shift_error_px
        Standard error from blocks of tilts and of columns left out; None for a single column.
    candidates_px, objective
        ``(C,)`` trial shifts, rising, and the relative misfit at each.
    warning
        Empty, or why the shift is undetermined.
    interval_px
        The 95 % interval; None for a single column.
    determined
        False if the misfit is lowest at the limit, or hardly depends on the shift.
    """

    shift_px: float
    shift_error_px: float | None
    candidates_px: NDArray[np.float64]
    objective: NDArray[np.float64]
    warning: str
    interval_px: tuple[float, float] | None = None
    determined: bool = True


def search_axis_shift(
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    shift_limit: float,
    nslices: int,
    progress: Progress,
) -> ShiftSearch:
    """Shift that lets a non-negative reconstruction predict projections best that it has not seen.

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

    Raises
    ------
    AlignmentError
        If there are fewer than 5 projections.
    ParameterError
        If the limit is more than half the height.

    Notes
    -----
    Every fourth projection is left out of a reconstruction and predicted by it, with two choices of those;
    the misfit of the prediction is compared. The reconstruction (8 sweeps of OS-SIRT, at or above zero)
    reaches half a height beyond the field on each side, so that matter which enters has a place; only
    what was measured counts. A dark level is taken off. Residuals are compared without their smooth part,
    which comes from matter beyond the field. A coarse search over the whole range is followed by a fine
    one around its minimum, and a parabola. Of fewer than 24 projections none is left out: how well they
    are explained is compared.
    """
    nslices = checked_count("nslices", nslices)
    if shift_limit > images.shape[1] / 2:
        raise ParameterError(
            f"shift_limit={shift_limit} px is more than half the height of {images.shape[1]} px"
        )
    if len(tilts_deg) < _LEAST_TILTS:
        raise AlignmentError(
            f"trial reconstructions need at least {_LEAST_TILTS} projections to find the shift, not "
            f"{len(tilts_deg)}; use more, or shift by hand"
        )
    dark = dark_level(images, tilts_deg)
    sinograms = images[:, :, _columns(images, nslices)].astype(float)
    if not dark.film:
        sinograms -= dark.level
    if len(tilts_deg) >= _FEW_TILTS:
        sinograms = scipy.ndimage.gaussian_filter1d(sinograms, _BLUR, axis=1, mode="nearest")
    coarse = np.linspace(-shift_limit, shift_limit, 2 * _COARSE_STEPS + 1)
    step = coarse[1] - coarse[0]
    misfit = _predictions(sinograms, tilts_deg, coarse, progress.part(0, 0.5))
    center = coarse[int(misfit.sum((1, 2)).argmin())]
    inner = np.arange(1, _FINE_STEPS) * step / _FINE_STEPS
    fine = np.concatenate([center - inner[::-1], center + inner])
    fine = fine[np.abs(fine) < shift_limit]
    misfit = np.concatenate([misfit, _predictions(sinograms, tilts_deg, fine, progress.part(0.5, 1))])
    tried = np.concatenate([coarse, fine])
    order = np.argsort(tried)
    found = _lowest(tried[order], misfit[order], step / _FINE_STEPS)
    if dark.film:  # with real registration the intervals did not cover
        said = "the shift is undetermined: a film fills the field"
        found = replace(found, determined=False, warning=found.warning or said)
    return found


def _columns(images: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Columns with much and steady mass, evenly spread over those that qualify."""
    mass, _ = mass_profiles(images)
    good = steady_columns(mass, max(count, mass.shape[1] // 2))
    places = (np.arange(min(count, len(good))) + 0.5) / min(count, len(good)) * len(good)
    return good[places.astype(int)]


def _predictions(
    sinograms: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
    shifts: NDArray[np.float64],
    progress: Progress,
) -> NDArray[np.float64]:
    """Relative squared misfit ``(C, T, K)`` of predicted projections of columns, at shifts ``(C,)``."""
    order = np.argsort(tilts_deg, kind="stable")
    found = np.zeros((len(shifts), len(order), sinograms.shape[2]))
    for number, shift in enumerate(shifts):
        measured, valid = _shifted(sinograms, float(shift))
        for fold in (1, 3):
            left_out = order[fold::_FOLDS]
            part = number + (fold - 1) / 4
            progress.advance(part / len(shifts), "trial reconstructions")
            found[number, left_out] = _one(measured, valid, tilts_deg, left_out)
    power = (sinograms - scipy.ndimage.gaussian_filter1d(sinograms, _SMOOTH, axis=1)) ** 2
    return np.asarray(found / power.sum((0, 1)).mean())


def _shifted(sinograms: NDArray[np.float64], shift: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Sinograms with room beyond the field, moved and binned; and which of their rows were measured."""
    height = sinograms.shape[1]
    room = int(np.ceil(_BEYOND * height))
    rows = round(_ROWS * (1 + 2 * _BEYOND))
    padded = np.pad(sinograms, ((0, 0), (room, room), (0, 0)))
    inside = np.zeros((1, height + 2 * room, 1))
    inside[:, room + _MARGIN : room + height - _MARGIN] = 1
    moved, share = (shift_and_bin(each, shift, rows) for each in (padded, inside))
    return moved.astype(np.float32), share[0, :, 0] > share.max() * (1 - 1e-6)


def _one(
    measured: NDArray[np.float32],
    valid: NDArray[np.bool_],
    tilts_deg: NDArray[np.float64],
    left_out: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Squared misfit ``(len(left_out), K)`` of the projections that a reconstruction has not seen."""
    from etwidgets import engine

    used = np.arange(len(tilts_deg))
    if len(used) >= _FEW_TILTS:
        used = np.setdiff1d(used, left_out)
    n_rows = measured.shape[1]
    geometry = engine.Geometry(np.deg2rad(tilts_deg), n_rows, n_z=max(1, round(n_rows / (1 + 2 * _BEYOND))))
    known = geometry.subset(used)
    weights = np.broadcast_to(valid.astype(np.float32), (len(used), len(valid)))
    volume = engine.reconstruct(
        measured[used], known, algorithm="OS-SIRT", iterations=_SWEEPS, minimum=0.0, weights=weights
    )
    predicted = engine.forward_project(volume, geometry.subset(left_out))
    residual = (predicted - measured[left_out])[:, valid]
    residual = residual - scipy.ndimage.gaussian_filter1d(residual, _SMOOTH, axis=1, mode="nearest")
    return np.asarray((residual.astype(float) ** 2).sum(1))


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


def _lowest(tried: NDArray[np.float64], misfit: NDArray[np.float64], step: float) -> ShiftSearch:
    objective = misfit.sum(1).mean(1)
    shift = _minimum(tried, objective, step)
    predicted = misfit.sum((0, 2)) > 0
    left_out = [
        np.array([_minimum(tried, np.delete(each, part, 1).sum(1), step) for part in parts])
        for each, parts in (
            (misfit[:, predicted].sum(2), _parts(int(predicted.sum()))),
            (misfit.sum(1), _parts(misfit.shape[2])),
        )
        if len(parts) > 1
    ]
    limit = float(tried[-1])
    error = None
    if misfit.shape[2] > 1:
        scatter = [(len(each) - 1) / len(each) * ((each - each.mean()) ** 2).sum() for each in left_out]
        error = float(np.sqrt(sum(scatter) + _FLOOR_PX**2))
    warning = ""
    if abs(shift) > _NEAR_LIMIT * limit:
        warning = (
            f"the shift is undetermined: the best lies near the limit of {limit:g} px; search further with "
            "shift_limit="
        )
    elif objective.min() > (1 - _FLAT) * np.median(objective):
        warning = "the shift is undetermined: the misfit hardly depends on it"
    elif error is not None and _STUDENT * error > _WIDEST_PX:
        warning = f"the shift is undetermined: 95 % within ± {_STUDENT * error:.1f} px"
    return ShiftSearch(
        shift_px=shift,
        shift_error_px=error,
        candidates_px=tried,
        objective=objective,
        warning=warning,
        interval_px=None if error is None else (shift - _STUDENT * error, shift + _STUDENT * error),
        determined=not warning,
    )


def _minimum(tried: NDArray[np.float64], curve: NDArray[np.float64], step: float) -> float:
    """Where a parabola through the lowest point and its two neighbors on each side is lowest."""
    best = int(curve.argmin())
    near = np.abs(tried - tried[best]) < 2.5 * step
    if best in (0, len(tried) - 1) or near.sum() < 3:
        return float(tried[best])
    square, slope, _ = np.polyfit(tried[near] - tried[best], curve[near], 2)
    if square <= 0:
        return float(tried[best])
    return float(tried[best] + np.clip(-slope / (2 * square), -2 * step, 2 * step))


def _parts(count: int) -> list[NDArray[np.intp]]:
    return np.array_split(np.arange(count), min(count, _BLOCKS))
