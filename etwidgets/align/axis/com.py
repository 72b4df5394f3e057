"""Finds the tilt axis from the tracks of the center of mass of each column; knows one method only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.axis.consistency import check_series, measure_axis
from etwidgets.align.checks import indices_text
from etwidgets.align.registering.mass_profiles import mass_profiles, steady_columns
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.align.axis.estimate import AxisEstimate
    from etwidgets.progress import Progress

_LEAST_COLUMNS = 3


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
        ``(T, Y, X)``, registered, zero or more. A dark level is taken off for the measurement.
    tilts_deg
        ``(T,)`` degrees.
    options
        See :class:`AxisComOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    AxisEstimate
        With standard errors and 95 % intervals from blocks of tilts and of columns left out, and from the
        error of the dark level.

    Raises
    ------
    AlignmentError
        If values are negative, or tilts or columns are too few.
    ParameterError
        If a column lies outside the image.

    Notes
    -----
    Wolf (2012): in column ``x`` the center of mass follows ``r(x) - x0 cos(tilt) - z0 sin(tilt)``, linear
    in its unknowns; ``r`` lies on the axis. Once the columns are at right angles to the axis, all have the
    same ``r``, beside what registration has left in each projection: the rotation is the one at which the
    moments of all columns are explained best so, and the shift puts ``r`` into the middle row.
    """
    check_series(images, tilts_deg, "CoM")
    chosen = _chosen_columns(images, options)
    found = measure_axis(images, tilts_deg, lines=False, columns=chosen, progress=progress)
    progress.advance(1, "tilt axis")
    return found.estimate("CoM")


def _chosen_columns(images: NDArray[Any], options: AxisComOptions) -> NDArray[np.intp] | None:
    """The columns that were asked for; None: all."""
    mass, _ = mass_profiles(images)
    if options.slices is not None:
        columns = _checked_columns(options.slices, images.shape[2])
        empty = columns[(mass[:, columns] <= 0).any(0)]
        if empty.size:
            raise AlignmentError(
                f"CoM: columns {indices_text(empty)} hold no mass at some tilts; choose others"
            )
        return columns
    columns = steady_columns(mass, options.nslices or images.shape[2])
    if len(columns) < _LEAST_COLUMNS:
        raise AlignmentError(
            f"CoM: only {len(columns)} column(s) hold mass in every projection and {_LEAST_COLUMNS} are "
            "needed; crop empty space, or use CommonLine"
        )
    return columns if options.nslices else None


def _checked_columns(slices: tuple[int, ...], width: int) -> NDArray[np.intp]:
    columns = np.unique(np.asarray(slices, dtype=int))
    if columns.size and columns[-1] >= width:
        raise ParameterError(f"slices must be columns 0 to {width - 1}, not {list(slices)}")
    if columns.size < _LEAST_COLUMNS:
        raise AlignmentError(
            f"CoM: {columns.size} different columns given and {_LEAST_COLUMNS} needed for a line"
        )
    return columns
