"""Estimates the shift of every projection by the method of choice; knows arrays and tilts, and no signal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align import phase_correlation, stackreg
from etwidgets.align.center_of_mass import com_shifts
from etwidgets.align.checks import (
    checked_projections,
    checked_tilts,
    match_name,
    refuse_blank,
    refuse_unknown,
)
from etwidgets.align.common_line import common_line_shifts
from etwidgets.align.methods import METHODS
from etwidgets.checks import is_whole
from etwidgets.errors import AlignmentError, ParameterError, ParameterTypeError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_LEAST_SIDE_PX = 8  # a smaller image has no peak to speak of
_LARGEST_UPSAMPLING = 1000


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
        ``"PC"``, ``"StackReg"``, ``"COM"`` or ``"COM-CL"`` in any letter case; see :data:`METHODS`.
    start
        Index of the projection that keeps its place (PC, StackReg), or its place in x (COM-CL). COM
        treats all alike, and moves nothing on average. Default: the tilt nearest the middle of the range.
    progress
        Told how far the work is, and may stop it.
    **params
        Of the method. PC: ``upsample_factor`` (20), steps per pixel. COM: ``xrange`` (None), ``p`` (20),
        ``nslices`` (20). COM-CL: ``com_ref_index`` ((Y-1)/2), ``cl_ref_index`` (start), ``cl_resolution``
        (0.05), ``cl_div_factor`` (8).

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
    name = match_name(method, METHODS, "registration method", ParameterTypeError)
    refuse_unknown(params, METHODS[name].parameters, name)
    images = checked_projections(projections, least=2)
    tilts = checked_tilts(tilts_deg, len(images))
    if min(images.shape[1:]) < _LEAST_SIDE_PX:
        raise AlignmentError(
            f"{name}: projections of {images.shape[1]} x {images.shape[2]} px are too small; "
            f"at least {_LEAST_SIDE_PX} px are needed on each side"
        )
    refuse_blank(images, name)
    order = np.argsort(tilts, kind="stable")
    sorted_images = images if (order == np.arange(len(order))).all() else images[order]
    first = _checked_index(_middle(tilts) if start is None else start, len(images), "start")
    shifts = np.empty((len(images), 2))
    shifts[order] = _ESTIMATORS[name](
        sorted_images,
        tilts[order],
        _place(order, first),
        _in_order(params, order),
        progress or NullProgress(),
    )
    return shifts


def _middle(tilts: NDArray[np.float64]) -> int:
    """The projection nearest the middle of the tilt range; of two, the one of lower tilt."""
    distance = np.abs(tilts - (tilts.min() + tilts.max()) / 2)
    nearest = np.flatnonzero(distance <= distance.min() + 1e-9)
    return int(nearest[np.argmin(tilts[nearest])])


def _checked_index(index: int, count: int, name: str) -> int:
    if not is_whole(index) or not -count <= index < count:
        raise ParameterError(f"{name} must be a projection, 0 to {count - 1}, not {index!r}")
    return int(index) % count


def _place(order: NDArray[np.intp], index: int) -> int:
    """Where projection ``index`` comes in order of tilt."""
    return int(np.flatnonzero(order == index)[0])


def _in_order(params: dict[str, Any], order: NDArray[np.intp]) -> dict[str, Any]:
    """The parameters with projection indices translated into places in order of tilt."""
    if params.get("cl_ref_index") is None:
        return params
    index = _checked_index(params["cl_ref_index"], len(order), "cl_ref_index")
    return {**params, "cl_ref_index": _place(order, index)}


def _chained(
    steps_of: Callable[..., NDArray[np.float64]],
    images: NDArray[Any],
    _tilts: NDArray[np.float64],
    start: int,
    params: dict[str, Any],
    progress: Progress,
) -> NDArray[np.float64]:
    steps = steps_of(images, progress=progress, **params)
    shifts = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return shifts - shifts[start]


def _phase_correlation(
    images: NDArray[Any], *, progress: Progress, upsample_factor: int = 20
) -> NDArray[np.float64]:
    if not is_whole(upsample_factor) or not 1 <= upsample_factor <= _LARGEST_UPSAMPLING:
        raise ParameterError(
            f"upsample_factor must be a whole number from 1 to {_LARGEST_UPSAMPLING}, not {upsample_factor!r}"
        )
    return phase_correlation.chain_steps(images, upsample_factor=int(upsample_factor), progress=progress)


def _com(
    images: NDArray[Any], tilts: NDArray[np.float64], _start: int, params: dict[str, Any], progress: Progress
) -> NDArray[np.float64]:
    return com_shifts(images, tilts, progress=progress, **params)


def _com_cl(
    images: NDArray[Any], _tilts: NDArray[np.float64], start: int, params: dict[str, Any], progress: Progress
) -> NDArray[np.float64]:
    return common_line_shifts(images, start, progress=progress, **params)


_ESTIMATORS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "PC": partial(_chained, _phase_correlation),
    "StackReg": partial(_chained, stackreg.chain_steps),
    "COM": _com,
    "COM-CL": _com_cl,
}
