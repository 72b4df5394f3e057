"""Columns of shifted projections at full size, cut out and interpolated alone; knows no volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARGIN_PX = 12  # of the strip, which the spline of the interpolation does not reach beyond
_INSIDE_PX, _FADE_PX = 1.0, 3.0


def shifted_columns(
    image: NDArray[Any], shift_px: tuple[float, float], start: int, stop: int, n_y: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns ``start:stop`` of an image after a shift, in a frame of another height about the same center.

    Parameters
    ----------
    image
        ``(Y, X)``.
    shift_px
        ``(y, x)``; positive moves content to a larger index.
    start, stop
        Columns of the result, in the image's own pixels.
    n_y
        Height of the frame.

    Returns
    -------
    columns
        ``(n_y, stop - start)`` float32.
    known
        Of the same shape, 0 to 1: how far each pixel comes from inside the image.
    """
    height, width = image.shape
    whole = round(shift_px[1])
    first, last = start - whole - _MARGIN_PX, stop - whole + _MARGIN_PX
    strip = image[:, np.clip(np.arange(first, last), 0, width - 1)].astype(np.float32)
    columns = np.empty((n_y, stop - start), np.float32)
    above = (n_y - height) / 2
    offset = np.array([-above - shift_px[0], _MARGIN_PX - (shift_px[1] - whole)])
    engine.affine_cubic(engine.spline_coefficients(strip), np.eye(2), offset, columns)
    np.maximum(columns, strip.min(), out=columns)
    rows = np.arange(n_y) - above - shift_px[0]
    across = np.arange(start, stop) - shift_px[1]
    known = np.minimum.outer(_inside(rows, height), _inside(across, width)).astype(np.float32)
    columns[known == 0] = 0
    return columns, known


def _inside(places: NDArray[np.floating[Any]], size: int) -> NDArray[np.float64]:
    """How far places are known of an image of that size, along one axis."""
    distance = np.minimum(places, size - 1 - places) - _INSIDE_PX
    known = np.clip((distance + 1) / _FADE_PX, 0, 1)
    return np.asarray(np.where(distance < 0, 0, known))
