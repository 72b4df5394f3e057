"""A few sinograms of a stack that is moved in thought only; knows no reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def sinograms_at(
    stack: NDArray[Any], columns: Sequence[int], shift_px: float = 0.0, rotation_deg: float = 0.0
) -> NDArray[np.float32]:
    """A few columns of the projections after a rotation and a shift across the tilt axis.

    The numbers that ``align.transform(stack, yshift=shift_px, angle_deg=rotation_deg)`` has in these
    columns, interpolated straight from the stack: a slider moves as fast as a few columns are read.

    Parameters
    ----------
    stack
        ``(T, Y, X)``, real; not written.
    columns
        Indices along x.
    shift_px
        Pixels; positive moves content to a larger y.
    rotation_deg
        Degrees about the image center, done before the shift; positive turns content clockwise on screen.

    Returns
    -------
    array
        ``(T, Y, len(columns))`` float32; 0 where the content comes from outside the image.

    Raises
    ------
    ShapeError, ParameterError
        If there is no stack, no such column, or a number is not finite.
    """
    if stack.ndim != 3:
        raise ShapeError(f"expected projections (T, Y, X), got the shape {stack.shape}")
    _, height, width = stack.shape
    if not all(0 <= column < width for column in columns):
        raise ParameterError(f"columns must be between 0 and {width - 1}, not {list(columns)}")
    for name, value in (("the shift", shift_px), ("the rotation", rotation_deg)):
        if not np.isfinite(value):
            raise ParameterError(f"{name} must be finite, not {value}")
    angle = np.deg2rad(rotation_deg)
    center_y, center_x = (height - 1) / 2, (width - 1) / 2
    y = np.arange(height)[:, np.newaxis] - center_y - shift_px
    x = np.asarray(columns)[np.newaxis, :] - center_x
    source_y = np.cos(angle) * y - np.sin(angle) * x + center_y
    source_x = np.sin(angle) * y + np.cos(angle) * x + center_x
    first_y, first_x = np.floor(source_y).astype(int), np.floor(source_x).astype(int)
    part_y, part_x = source_y - first_y, source_x - first_x
    moved = np.zeros((stack.shape[0], height, len(columns)))
    for step_y, weight_y in ((0, 1 - part_y), (1, part_y)):
        for step_x, weight_x in ((0, 1 - part_x), (1, part_x)):
            at_y, at_x = first_y + step_y, first_x + step_x
            inside = (at_y >= 0) & (at_y < height) & (at_x >= 0) & (at_x < width)
            weight = np.where(inside, weight_y * weight_x, 0)
            if weight.any():
                moved += weight * stack[:, at_y.clip(0, height - 1), at_x.clip(0, width - 1)]
    return moved.astype(np.float32)
