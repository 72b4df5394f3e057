"""Estimates the shift of every projection by the method of choice; knows arrays and tilts, and no signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etwidgets.align.checks import match_name, refuse_blank
from etwidgets.align.methods import METHODS
from etwidgets.align.registering.found_shifts import FoundShifts
from etwidgets.align.registering.ordered_series import in_order_of_tilt
from etwidgets.align.registering.quality import RegistrationQuality, judged
from etwidgets.errors import AlignmentError, ParameterTypeError
from etwidgets.options import checked
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_LEAST_SIDE_PX = 8  # a smaller image has no peak to speak of


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Result of :func:`register`.

    Attributes
    ----------
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` to apply with :func:`apply_shifts`, in the order of acquisition.
    quality
        How far to trust them.
    """

    shifts_px: NDArray[np.float64]
    quality: RegistrationQuality


def register(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    method: str = "PC",
    *,
    start: int | None = None,
    progress: Progress | None = None,
    **params: Any,
) -> Registration:
    """Shifts that bring the projections of a series into register, and how far to trust them.

    The parameters are those of :func:`estimate_shifts`, and so is what is raised. The quality is that of
    the correlation of neighbors in tilt, whatever the method.
    """
    progress = progress or NullProgress()
    series, name, found = _found(projections, tilts_deg, method, start, params, progress.part(0, 0.7))
    quality = judged(series, name, found, progress.part(0.7, 1))
    return Registration(series.as_acquired(found.shifts_px), quality)


def estimate_shifts(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    method: str = "PC",
    *,
    start: int | None = None,
    progress: Progress | None = None,
    **params: Any,
) -> NDArray[np.float64]:
    """Shifts that bring the projections of a series into register.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, in any order of acquisition; the tilt axis along x.
    tilts_deg
        ``(T,)`` degrees. Neighbors are neighbors in tilt, whatever the order of acquisition.
    method
        A name in :data:`METHODS`, in any letter case.
    start
        Index of the projection that keeps its place (PC, StackReg), or its place in x (COM-CL). COM
        treats all alike, and moves nothing on average. Default: the tilt nearest the middle of the range.
    progress
        Reports progress and can cancel the work.
    **params
        Options of the method; ``METHODS[method].options`` lists them with their defaults and limits.

    Returns
    -------
    array
        ``(T, 2)`` pixels ``(y, x)`` to apply with :func:`apply_shifts`.

    Raises
    ------
    ShapeError, TiltCountError, DataError
        If the input is not a series of finite images with one tilt each.
    AlignmentError
        If what the method assumes does not hold: the message says what, and where.
    ParameterError
        If the method or a keyword is unknown, or a value is out of range.
    """
    series, _, found = _found(projections, tilts_deg, method, start, params, progress or NullProgress())
    return series.as_acquired(found.shifts_px)


def _found(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    method: str,
    start: int | None,
    params: dict[str, Any],
    progress: Progress,
) -> tuple[OrderedSeries, str, FoundShifts]:
    """The series in order of tilt, the name of the method, and what it found."""
    name = match_name(method, METHODS, "registration method", ParameterTypeError)
    options = checked(METHODS[name].options_type, params, name)
    series = in_order_of_tilt(projections, tilts_deg, start)
    height, width = series.images.shape[1:]
    if min(height, width) < _LEAST_SIDE_PX:
        raise AlignmentError(
            f"{name}: projections of {height} x {width} px are too small; "
            f"at least {_LEAST_SIDE_PX} px are needed on each side"
        )
    refuse_blank(series.images, name)
    found = METHODS[name].function(series, options, progress)
    return series, name, found if isinstance(found, FoundShifts) else FoundShifts(found)
