"""Shifts images by fractions of a pixel; does not know where the shifts come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections, indices_text, match_name
from etwidgets.checks import checked_reals
from etwidgets.errors import AlignmentError, DataError, ParameterError, ShapeError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_METHODS = ("fourier", "spline")
_TAPER_PX = 16  # over which the repeated edge fades; long enough that the fade adds no ringing
_WHOLE_PIXEL = 1e-6  # px; so that rounding does not cost a row


def apply_shifts(
    projections: ArrayLike,
    shifts: ArrayLike,
    *,
    method: str = "fourier",
    order: int = 3,
    reach_px: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Shift every projection by its own shift.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; any real type.
    shifts
        ``(T, 2)`` pixels ``(y, x)``; positive moves content to a larger index.
    method
        ``"fourier"`` (exact for band-limited images) or ``"spline"``.
    order
        Spline order, 0 to 5; only used by ``"spline"``.
    reach_px
        ``(y, x)`` pixels: the largest shift of the series of which these are a part, for whose sake
        ``"fourier"`` pads all images alike; default: that of ``shifts``.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T, Y, X)``, float32. No image gets values below its own minimum: the undershoot that sharp
        edges cause is cut off; the overshoot (up to 9 % of a step) is not.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DataError
        If a value or a shift is NaN or infinite.
    ParameterError
        If the method or order is unknown, or a shift is as large as the image.

    Notes
    -----
    What moves in from outside is unknown. Both methods repeat the pixels of the border; ``"fourier"``
    lets them fade over 16 px into the median of the border, so that neither a background nor an
    object that crosses the border rings, as they would beside zeros. A constant image stays constant.
    :func:`common_area` tells which part is free of such pixels.
    """
    images = checked_projections(projections)
    rows = _checked_shifts(shifts, images.shape)
    name = match_name(method, _METHODS, "shifting method")
    if isinstance(order, bool) or order not in range(6):
        raise ParameterError(f"order must be an integer from 0 to 5, not {order!r}")
    moved = np.empty(images.shape, np.float32)
    one = (
        _fourier_shifter(images, rows, moved, reach_px or tuple(np.abs(rows).max(0)))
        if name == "fourier"
        else partial(_spline, images, rows, moved, order)
    )
    run_all(one, len(images), progress or NullProgress(), "shifting")
    return moved


def common_area(shifts: ArrayLike, shape_yx: tuple[int, int]) -> tuple[slice, slice]:
    """The part of the image that every projection covers after its shift.

    Parameters
    ----------
    shifts
        ``(T, 2)`` pixels ``(y, x)``, as applied.
    shape_yx
        Height and width of the projections, pixels.

    Returns
    -------
    tuple of slice
        Rows and columns.

    Raises
    ------
    ShapeError
        If ``shifts`` has not two columns.
    AlignmentError
        If nothing is left.
    """
    rows = np.asarray(shifts, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise ShapeError(f"shifts must have the shape (T, 2), not {rows.shape}")
    part = []
    for moved, size, axis in zip(rows.T, shape_yx, "yx", strict=True):
        start = int(np.ceil(max(moved.max(initial=0), 0) - _WHOLE_PIXEL))
        stop = size - int(np.ceil(max(-moved.min(initial=0), 0) - _WHOLE_PIXEL))
        if stop <= start:
            raise AlignmentError(
                f"shifts from {moved.min():.1f} to {moved.max():.1f} px in {axis} leave nothing that all "
                f"projections of {size} px share; remove the projections that moved most"
            )
        part.append(slice(start, stop))
    return part[0], part[1]


def _checked_shifts(shifts: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    rows = checked_reals("shifts", shifts)
    if rows.shape != (shape[0], 2):
        raise ShapeError(
            f"shifts must have the shape ({shape[0]}, 2), one (y, x) per projection, not {rows.shape}"
        )
    if not np.isfinite(rows).all():
        raise DataError(
            f"shifts of projections {indices_text(np.flatnonzero(~np.isfinite(rows).all(1)))} are not finite"
        )
    far = np.flatnonzero((np.abs(rows) >= shape[1:]).any(1))
    if far.size:
        raise ParameterError(
            f"projections {indices_text(far)} would be shifted out of the {shape[1]} x {shape[2]} px frame "
            f"by {np.abs(rows[far]).max():.1f} px; correct their shifts or remove them"
        )
    return rows


def _spline(
    images: NDArray[Any], shifts: NDArray[np.float64], moved: NDArray[np.float32], order: int, index: int
) -> None:
    image = images[index].astype(np.float32)
    scipy.ndimage.shift(image, shifts[index], output=moved[index], order=order, mode="nearest")
    np.maximum(moved[index], image.min(), out=moved[index])


def _fourier_shifter(
    images: NDArray[Any],
    shifts: NDArray[np.float64],
    moved: NDArray[np.float32],
    reach_px: tuple[float, ...],
) -> Any:
    """Return the function that shifts image ``i`` of ``images`` into ``moved[i]``."""
    size = images.shape[1:]
    margin = [int(np.ceil(reach)) + _TAPER_PX for reach in reach_px]
    padded = [scipy.fft.next_fast_len(n + 2 * m, real=True) for n, m in zip(size, margin, strict=True)]
    fade = [_fade(n, m, total) for n, m, total in zip(size, margin, padded, strict=True)]
    source = [
        np.clip(np.arange(total) - m, 0, n - 1) for n, m, total in zip(size, margin, padded, strict=True)
    ]
    inner = tuple(slice(m, m + n) for n, m in zip(size, margin, strict=True))

    def one(index: int) -> None:
        image = images[index].astype(np.float32)
        lowest, level = image.min(), _border_level(image)
        if not shifts[index].any():
            moved[index] = image
            return
        image -= level
        wide = image[source[0]][:, source[1]]
        wide *= fade[0][:, None]
        wide *= fade[1]
        spectrum = scipy.fft.rfft2(wide, overwrite_x=True)
        spectrum *= phase_ramp(padded[0], shifts[index, 0])[:, None]
        spectrum *= phase_ramp(padded[1], shifts[index, 1])[: padded[1] // 2 + 1]
        result = scipy.fft.irfft2(spectrum, s=padded, overwrite_x=True)[inner]
        np.maximum(result + level, lowest, out=moved[index])

    return one


def phase_ramp(size: int, shift: float) -> NDArray[np.complex64]:
    """Factors ``(size,)`` that shift a signal of that length by ``shift`` pixels in Fourier space.

    The highest frequency of an even length stands for both signs and gets the mean of their factors,
    so that a real signal stays real.
    """
    ramp = np.exp(-2j * np.pi * shift * scipy.fft.fftfreq(size))
    if size % 2 == 0:
        ramp[size // 2] = np.cos(np.pi * shift)
    return ramp.astype(np.complex64)


def _fade(size: int, margin: int, total: int) -> NDArray[np.float32]:
    """One over the image and the shift beyond it, then a cosine down to zero at both ends."""
    beyond = np.maximum(-(np.arange(total) - margin), np.arange(total) - margin - (size - 1))
    fraction = np.clip((beyond - (margin - _TAPER_PX)) / _TAPER_PX, 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * fraction)).astype(np.float32)


def _border_level(image: NDArray[np.float32]) -> float:
    return float(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))
