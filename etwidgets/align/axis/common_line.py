"""Finds the tilt axis by the line sums that all projections have in common; knows one method only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from etwidgets.align.axis.consistency import check_series, measure_axis
from etwidgets.align.axis.trial import with_trial_shift
from etwidgets.errors import AlignmentError
from etwidgets.options import option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align.axis.estimate import AxisEstimate
    from etwidgets.progress import Progress

_LEAST_COLUMNS = 16
_TRIAL_COLUMNS = 12


@dataclass(frozen=True)
class AxisCommonLineOptions:
    """Options of :func:`axis_by_common_line`."""

    shift_limit: float = option(
        20.0,
        label="max shift",
        help="Largest shift that trial reconstructions look for, where matter crosses the edge of the field.",
        unit="px",
        lowest=0.1,
    )


def axis_by_common_line(
    images: NDArray[Any], tilts_deg: NDArray[np.float64], options: AxisCommonLineOptions, progress: Progress
) -> AxisEstimate:
    """Tilt axis from line sums that agree at all tilts, and from tracks of the center of mass.

    Parameters
    ----------
    images
        ``(T, Y, X)``, registered, zero or more. A dark level is taken off for the measurement.
    tilts_deg
        ``(T,)`` degrees.
    options
        See :class:`AxisCommonLineOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    AxisEstimate
        With standard errors and 95 % intervals.

    Raises
    ------
    AlignmentError
        If values are negative, or tilts or columns are too few.

    Notes
    -----
    The sum of a projection across the tilt axis, its common line, is the same at every tilt if the sum
    runs at right angles to the axis (Scott et al. 2012, doi:10.1038/nature10934, use it along x). The
    rotation is the one at which the lines of all projections agree best, each with an intensity, a level
    and a small shift along x of its own. The moments of the columns, as in CoM, are used as well; the two
    are averaged, weighted by their errors. An object that the left or right edge cuts, such as a needle,
    has few features along x, and only its moments are used. Columns beyond a tilt at which matter crosses
    the upper or lower edge are left out. If those are many, only the lines are used, and the shift is found
    by trial reconstructions (:func:`etwidgets.align.search_axis_shift`).
    """
    if images.shape[2] < _LEAST_COLUMNS:
        raise AlignmentError(
            f"CommonLine needs at least {_LEAST_COLUMNS} columns to compare lines, not {images.shape[2]}"
        )
    check_series(images, tilts_deg, "CommonLine")
    found = measure_axis(images, tilts_deg, lines=True, columns=None, progress=progress.part(0, 0.6))
    known = found.estimate("CommonLine")
    if found.shift_doubt:
        known = with_trial_shift(
            replace(known, warning=found.rotation_doubt),
            images,
            tilts_deg,
            shift_limit=min(options.shift_limit, images.shape[1] / 4),
            nslices=_TRIAL_COLUMNS,
            progress=progress.part(0.6, 1),
        )
    progress.advance(1, "tilt axis")
    return known
