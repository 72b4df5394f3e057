"""Rotates and shifts a whole tilt series in one interpolation; does not know why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections, match_name
from etwidgets.checks import is_number
from etwidgets.errors import ParameterError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

INTERPOLATIONS = {"nearest": 0, "linear": 1, "cubic": 3}


def transform(
    projections: ArrayLike,
    *,
    yshift: float = 0.0,
    xshift: float = 0.0,
    angle_deg: float = 0.0,
    interpolation: str = "linear",
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Rotate all projections about their center, then shift them, in one interpolation.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; any real type.
    yshift, xshift
        Pixels; positive moves content to a larger index.
    angle_deg
        Degrees about ``((Y-1)/2, (X-1)/2)``; positive turns content clockwise on screen (y down), so
        that a horizontal line gets the slope ``dy/dx = +tan(angle)``.
    interpolation
        ``"linear"`` (makes no new extremes), ``"cubic"`` (sharper; over- and undershoots at edges) or
        ``"nearest"`` (for labels).
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T, Y, X)``, float32; 0 where the content comes from outside the image.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    ParameterError
        If a number is not finite, a shift is as large as the image, or the interpolation is unknown.
    """
    images = checked_projections(projections)
    order = INTERPOLATIONS[match_name(interpolation, INTERPOLATIONS, "interpolation")]
    for name, value in (("yshift", yshift), ("xshift", xshift), ("angle_deg", angle_deg)):
        if not is_number(value):
            raise ParameterError(f"{name} must be a finite number, not {value!r}")
    for name, value, size in (("yshift", yshift, images.shape[1]), ("xshift", xshift, images.shape[2])):
        if abs(value) >= size:
            raise ParameterError(
                f"{name} of {value:g} px would move everything out of the image of {size} px"
            )
    matrix, offset = _output_to_input(images.shape[1:], yshift, xshift, angle_deg)
    moved = np.empty(images.shape, np.float32)

    def one(index: int) -> None:
        scipy.ndimage.affine_transform(
            images[index].astype(np.float32, copy=False),
            matrix,
            offset,
            output=moved[index],
            order=order,
            mode="grid-constant",  # "constant" blanks border pixels that rounding puts at -1e-17
        )

    run_all(one, len(images), progress or NullProgress(), "rotating and shifting")
    return moved


def _output_to_input(
    shape_yx: tuple[int, ...], yshift: float, xshift: float, angle_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix and offset that lead from an output pixel ``(y, x)`` to where its content comes from."""
    angle = np.deg2rad(angle_deg)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    center = (np.array(shape_yx) - 1) / 2
    return matrix, center - matrix @ (center + np.array([yshift, xshift]))
