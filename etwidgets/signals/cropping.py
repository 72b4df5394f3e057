"""The images of a series cut to a part, or binned; checks the numbers; the series keeps the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from etwidgets.checks import is_whole
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from etwidgets.signals.image_stack import ImageStack

    Series = TypeVar("Series", bound=ImageStack)


def cropped(stack: Series, x_start: int, x_stop: int, y_start: int, y_stop: int) -> Series:
    """The part of the images between these pixels, with data of its own.

    Parameters
    ----------
    stack
        ``(T, Y, X)`` or ``(T, F, Y, X)``.
    x_start, x_stop, y_start, y_stop
        Pixels; the stops are not in it.

    Raises
    ------
    ParameterError
        If one is not an integer, the part is empty, or it reaches beyond the image.
    """
    height, width = stack.data.shape[-2:]
    for name, start, stop, size in (("x", x_start, x_stop, width), ("y", y_start, y_stop, height)):
        for edge, value in ((f"{name}_start", start), (f"{name}_stop", stop)):
            if not is_whole(value):
                raise ParameterError(f"{edge} must be an integer (pixels), not {value!r}")
        if not 0 <= start < stop <= size:
            raise ParameterError(
                f"crop keeps {name} from {start} to {stop}, but the image has {name} 0 to {size}"
            )
    part = stack.isig[int(x_start) : int(x_stop), int(y_start) : int(y_stop)]
    result = cast("Series", part._deepcopy_with_new_data(part.data.copy()))  # a view would keep the whole
    result._original = part._original
    return result


def binned(stack: Series, factor: int) -> Series:
    """The images with squares of so many pixels summed into one.

    Parameters
    ----------
    stack
        ``(T, Y, X)`` or ``(T, F, Y, X)``.
    factor
        Side of the squares.

    Raises
    ------
    ParameterError
        If it is not an integer, or larger than the image.
    """
    height, width = stack.data.shape[-2:]
    if not is_whole(factor) or not 1 <= factor <= min(height, width):
        raise ParameterError(f"factor must be an integer between 1 and {min(height, width)}, not {factor!r}")
    return cast("Series", stack.rebin(scale=[1] * (stack.data.ndim - 2) + [factor, factor]))
