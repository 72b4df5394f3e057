"""The same field in pixels of another size: what shifts and crops become there, images on another grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from etwidgets.errors import HistoryError
from etwidgets.resources import check_memory
from etwidgets.signals.tomography_node import Transform, recorded

if TYPE_CHECKING:
    from typing import TypeVar

    from etwidgets.signals.tilt_series import TiltSeries

    Series = TypeVar("Series", bound=TiltSeries)

_SAME_SHAPE = 0.03  # of two fields: half a pixel of a small map
_WHOLE = 0.02  # pixels


def factors_between(
    stack: TiltSeries, shape: tuple[int, ...], other: TiltSeries
) -> tuple[float, float] | None:
    """How many pixels of ``other`` there are to one of ``stack`` along y and x; None if the fields differ.

    Parameters
    ----------
    stack
        A tilt series.
    shape
        That it had when ``other`` was taken along.
    other
        A stack that may have another pixel size.
    """
    if len(shape) != 3 or other.data.ndim != 3 or other.data.shape[0] != shape[0]:
        return None
    factors = other.data.shape[1] / shape[1], other.data.shape[2] / shape[2]
    if abs(factors[0] / factors[1] - 1) > _SAME_SHAPE or abs(np.log(factors[1])) < _SAME_SHAPE:
        return None  # of the same pixels and another size, it is a part of the field
    binned = [step.parameters for step in recorded(stack) if step.kind == "bin"]
    for name, factor in zip(("y", "x"), factors, strict=True):
        ours, theirs = stack.axes_manager[name], other.axes_manager[name]
        scale = ours.scale / np.prod([float(step[f"{name}_scale"]) for step in binned])
        if ours.units == theirs.units == "nm" and abs(scale / theirs.scale / factor - 1) > _SAME_SHAPE:
            return None
    return factors


def scaled(transform: Transform, factors: tuple[float, float]) -> Transform:
    """A transform for images of so many pixels (y, x) to one.

    Raises
    ------
    HistoryError
        If a crop does not end on whole pixels there.
    """
    if factors == (1.0, 1.0):
        return transform
    y, x = factors
    changed = dict(transform.parameters)
    if transform.kind in ("shift", "align"):
        changed["shifts"] = np.asarray(changed["shifts"]) * [y, x]
    elif transform.kind == "transform":
        changed["yshift"], changed["xshift"] = float(changed["yshift"]) * y, float(changed["xshift"]) * x
    elif transform.kind == "crop":
        for name, factor in (("x_start", x), ("x_stop", x), ("y_start", y), ("y_stop", y)):
            place = float(changed[name]) * factor
            if abs(place - round(place)) > _WHOLE:
                raise HistoryError(
                    f"the crop at {changed[name]} px is at {place:.2f} px of the other stack, whose pixels "
                    "have another size; crop where both have whole pixels, or after the alignment"
                )
            changed[name] = round(place)
    return Transform(transform.kind, transform.shape, changed)


def resampled(stack: Series, shape: tuple[int, ...]) -> Series:
    """The same field with another number of pixels ``(T, Y, X)``; intensities stay what they are.

    Linear between the centers of pixels; where they become fewer, means over what a new one covers.
    """
    factors = [new / old for new, old in zip(shape[1:], stack.data.shape[1:], strict=True)]
    # as wide as the box of a new pixel, and with no half pixel to one side, which a box of even size has
    widths = [1 / factor / np.sqrt(12) if factor < 1 else 0.0 for factor in factors]
    check_memory(4.0 * math.prod(shape), "the series on the other grid")
    images = np.empty(shape, np.float32)
    for image, result in zip(np.asarray(stack.data, dtype=np.float32), images, strict=True):
        smooth = ndimage.gaussian_filter(image, widths, mode="nearest") if any(widths) else image
        result[:] = ndimage.zoom(smooth, factors, order=1, grid_mode=True, mode="nearest")
    moved = stack._deepcopy_with_new_data(images)
    for name, factor in zip(("y", "x"), factors, strict=True):
        moved.axes_manager[name].scale /= factor
    moved.get_dimensions_from_data()
    return moved
