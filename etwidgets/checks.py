"""Whether something is a number, a whole one, or an array of them; knows no image and no algorithm."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MOST_ITERATIONS = 100_000
"""More are beyond any use, and a slip of the keyboard would run for days."""
MOST_PIXELS = 10_000_000
"""Along an axis: nobody means more."""


def is_number(value: Any) -> bool:
    """Whether it is one finite real number; truth values and text are none."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def listing(values: Iterable[Any], most: int = 5) -> str:
    """Values as a short text, those beyond the first ones as a number: ``"3, 7, 12 and 4 more"``."""
    texts = [str(value) for value in values]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")


def is_whole(value: Any) -> bool:
    """Whether it is an integer, or a float without a fraction."""
    return is_number(value) and value == int(value)


def checked_count(what: str, value: Any, lowest: int = 1, highest: int = MOST_PIXELS) -> int:
    """An integer.

    Parameters
    ----------
    what
        Its name in the message.
    value
        An integer, or a float without a fraction.
    lowest, highest
        The smallest and the largest that are allowed; nobody means more than ten million of anything.

    Raises
    ------
    ParameterError
        If it is something else, or outside.
    """
    whole = is_whole(value)
    if whole and lowest <= value <= highest:
        return int(value)
    known = highest != MOST_PIXELS or (whole and value > highest)
    limits = f"from {lowest} to {highest}" if known else f"at least {lowest}"
    raise ParameterError(f"{what} must be an integer, {limits}, not {value!r}")


def checked_reals(what: str, values: Any) -> NDArray[np.float64]:
    """An array of real numbers as float64; not that they are finite.

    Parameters
    ----------
    what
        Their name in the message, in the plural.
    values
        An array, or a nested list.

    Raises
    ------
    DataError
        If some are no real numbers.
    """
    try:
        given = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{what} must be numbers in rows of one length: {error}") from error
    if given.dtype.kind in "biuf":
        return given.astype(np.float64, copy=False)
    if given.dtype.kind == "O" and all(isinstance(each, Real) for each in given.flat):
        return given.astype(np.float64)
    first = given.flat[0] if given.size else values
    raise DataError(f"{what} must be real numbers, not {given.dtype} such as {_plain(first)!r}")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
