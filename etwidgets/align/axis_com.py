"""Finds the tilt axis from the tracks of the center of mass of each column; knows one method only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.axis_estimate import AxisEstimate
from etwidgets.align.checks import indices_text, refuse_negative
from etwidgets.align.mass_profiles import mass_profiles, steady_columns
from etwidgets.align.transforms import transform
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_LEAST_TILTS = 5  # three unknowns per track, and something left to judge the fit by
_LEAST_RANGE_DEG = 20  # below it the axis and the object's own offset cannot be distinguished
_LEAST_COLUMNS = 3
_TRIAL_DEG = 1.0  # smallest trial rotation: far above the error, and the object is the same after it
_ROUNDS = 4
_CLOSE_DEG = 0.005
_LEAST_RESPONSE = 0.5  # of the estimate to a known rotation, 1 if ideal
_UNKNOWN_DEG = 90.0  # the standard error that says: any rotation


@dataclass(frozen=True)
class AxisComOptions:
    """Options of :func:`axis_by_com`."""

    slices: tuple[int, ...] | None = option(
        None,
        label="columns",
        help="Indices of the columns to use.",
        lowest=0,
        none_means="all with enough mass",
    )
    nslices: int | None = option(
        None,
        label="column count",
        help="Use so many of the columns, those whose mass varies least with tilt.",
        lowest=_LEAST_COLUMNS,
        none_means="all",
    )


def axis_by_com(
    images: NDArray[Any], tilts_deg: NDArray[np.float64], options: AxisComOptions, progress: Progress
) -> AxisEstimate:
    """Tilt axis from tracks of the center of mass.

    Parameters
    ----------
    images
        ``(T, Y, X)``, registered, zero or more.
    tilts_deg
        ``(T,)`` degrees.
    options
        See :class:`AxisComOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    AxisEstimate
        With standard errors, which take the scatter of the columns about the line and its correlation
        between neighbors into account.

    Raises
    ------
    AlignmentError
        If values are negative, or tilts or columns are too few.
    ParameterError
        If a column lies outside the image.

    Notes
    -----
    Wolf (2012): in column ``x`` the center of mass follows ``r(x) - x0 cos(tilt) - z0 sin(tilt)``, linear
    in its unknowns; ``r`` lies on the axis. A robust line through ``r(x)`` gives slope and place. That
    holds once the axis is horizontal; the images are therefore rotated by the estimate and measured
    again until the slope vanishes. How the slope answers to these known rotations also tells whether the
    data determine it: for a ball it does not answer at all.
    """
    _check_tilts(tilts_deg)
    refuse_negative(images, "CoM")
    chosen = None if options.slices is None else _checked_columns(options.slices, images.shape[2])

    def measure(angle_deg: float, part: Progress) -> _Line:
        rotated = images if angle_deg == 0 else transform(images, angle_deg=angle_deg, progress=part)
        return _axis_line(rotated, tilts_deg, chosen, options.nslices, angle_deg)

    seen = measure(0.0, progress.part(0, 0.1))
    angle, line, response = _straighten(measure, seen, progress)
    determined = response >= _LEAST_RESPONSE
    error, warning = line.slope_error_deg / max(response, _LEAST_RESPONSE), ""
    if not determined:  # keep the direct answer: without response there is nothing to iterate on
        angle, line = -seen.slope_deg, seen
        error = _UNKNOWN_DEG * (1 - max(response, 0))
        warning = (
            "the rotation is undetermined: turning the images by a known angle moved the estimate by "
            f"{100 * max(response, 0):.0f} % of it, as for an object about as long as wide; set it by hand"
        )
    progress.advance(1, "tilt axis")
    return AxisEstimate(
        shift_px=-line.offset,
        rotation_deg=angle,
        shift_error_px=line.offset_error,
        rotation_error_deg=error,
        method="CoM",
        rotation_determined=determined,
        warning=warning,
        columns=seen.columns,
        axis_rows=seen.rows,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The axis as a line: ``offset`` px from the middle row at the middle column, and its slope."""

    offset: float
    slope_deg: float
    offset_error: float
    slope_error_deg: float
    columns: NDArray[np.float64]
    rows: NDArray[np.float64]


def _straighten(measure: Any, seen: _Line, progress: Progress) -> tuple[float, _Line, float]:
    """Rotation that makes the slope vanish, the line then, and the response of the slope to rotation."""
    before, line_before = 0.0, seen
    angle = -seen.slope_deg if abs(seen.slope_deg) >= _TRIAL_DEG else -np.copysign(_TRIAL_DEG, seen.slope_deg)
    line, response = line_before, 0.0
    for number in range(_ROUNDS):
        part = progress.part(0.1 + 0.9 * number / _ROUNDS, 0.1 + 0.9 * (number + 1) / _ROUNDS)
        line = measure(angle, part)
        if number == 0:
            response = (line.slope_deg - line_before.slope_deg) / (angle - before)
        if response < _LEAST_RESPONSE or abs(line.slope_deg) < _CLOSE_DEG:
            break
        angle -= line.slope_deg / response
    return float(angle), line, float(response)


def _axis_line(
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    chosen: NDArray[np.intp] | None,
    count: int | None,
    angle_deg: float,
) -> _Line:
    mass, moment = mass_profiles(images)
    height, width = images.shape[1:]
    if chosen is None:
        # beside the edges, a rotation brings in rows from outside the image
        margin = min(int(np.ceil(abs(np.sin(np.deg2rad(angle_deg))) * height / 2)), width // 4)
        columns = margin + steady_columns(mass[:, margin : width - margin], count or width)
    else:
        columns = chosen
        empty = columns[(mass[:, columns] <= 0).any(0)]
        if empty.size:
            raise AlignmentError(
                f"CoM: columns {indices_text(empty)} hold no mass at some tilts; choose others"
            )
    if len(columns) < _LEAST_COLUMNS:
        raise AlignmentError(
            f"CoM: only {len(columns)} column(s) hold mass in every projection and {_LEAST_COLUMNS} are "
            "needed; crop empty space, or use MaxImage"
        )
    rows, errors = _track_centers(moment[:, columns] / mass[:, columns], tilts_deg)
    return _robust_line(columns - (width - 1) / 2, rows, errors, columns, (height - 1) / 2)


def _track_centers(
    tracks: NDArray[np.float64], tilts_deg: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row ``r`` of ``tracks[i, k] = r[k] - x0[k] cos - z0[k] sin`` by least squares, and its error."""
    tilts = np.deg2rad(tilts_deg)
    design = np.stack([np.ones_like(tilts), -np.cos(tilts), -np.sin(tilts)], axis=1)
    solution = np.linalg.pinv(design)
    fitted = solution @ tracks
    variance = ((tracks - design @ fitted) ** 2).sum(0) / (len(tilts) - 3)
    return fitted[0], np.sqrt(variance * (solution[0] ** 2).sum())


def _robust_line(
    x: NDArray[np.float64],
    rows: NDArray[np.float64],
    errors: NDArray[np.float64],
    columns: NDArray[np.intp],
    middle_row: float,
) -> _Line:
    """Line through ``rows`` at ``x`` (from the middle column), by reweighted least squares (bisquare)."""
    design = np.stack([np.ones_like(x), x], axis=1)
    base = 1 / (errors**2 + np.median(errors) ** 2 + 1e-12)
    weights = base / base.max()
    for _ in range(20):
        normal = design.T @ (weights[:, None] * design)
        fitted = np.linalg.solve(normal, design.T @ (weights * rows))
        residuals = rows - design @ fitted
        scale = 1.4826 * np.median(np.abs(residuals)) + 1e-9
        weights = base / base.max() * np.clip(1 - (residuals / (6 * scale)) ** 2, 0, None) ** 2
    n_left = max(weights.sum() ** 2 / (weights**2).sum() - 2, 1)
    variance = (weights * residuals**2).sum() / weights.sum() * len(x) / n_left
    correlation = np.clip(
        (residuals[1:] * residuals[:-1]).mean() / max((residuals**2).mean(), 1e-30), 0, 0.99
    )
    covariance = np.linalg.inv(normal) @ (design.T @ (weights[:, None] ** 2 * design)) @ np.linalg.inv(normal)
    spread = np.sqrt(np.diag(covariance) * variance * (1 + correlation) / (1 - correlation))
    slope_deg = np.rad2deg(np.arctan(fitted[1]))
    slope_error = np.rad2deg(spread[1] / (1 + fitted[1] ** 2))
    return _Line(
        float(fitted[0]), float(slope_deg), float(spread[0]), float(slope_error),
        columns.astype(float), rows + middle_row,
    )  # fmt: skip


def _check_tilts(tilts_deg: NDArray[np.float64]) -> None:
    distinct = np.unique(tilts_deg)
    if distinct.size < _LEAST_TILTS or np.ptp(distinct) < _LEAST_RANGE_DEG:
        raise AlignmentError(
            f"CoM: {distinct.size} different tilts over {np.ptp(distinct):.1f} deg do not determine an axis; "
            f"at least {_LEAST_TILTS} over {_LEAST_RANGE_DEG} deg are needed"
        )


def _checked_columns(slices: tuple[int, ...], width: int) -> NDArray[np.intp]:
    columns = np.unique(np.asarray(slices, dtype=int))
    if columns.size and columns[-1] >= width:
        raise ParameterError(f"slices must be columns 0 to {width - 1}, not {list(slices)}")
    if columns.size < _LEAST_COLUMNS:
        raise AlignmentError(
            f"CoM: {columns.size} different columns given and {_LEAST_COLUMNS} needed for a line"
        )
    return columns
