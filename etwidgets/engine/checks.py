"""Checks of numbers at the engine's border; knows no array and no algorithm."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from etwidgets.errors import ParameterError

Limits = tuple[float | None, float | None]


def checked_count(what: str, value: Any, lowest: int = 1, highest: int = 10_000_000) -> int:
    """A whole number.

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
        If it is something else, or smaller, or larger.
    """
    whole = _is_finite(value) and not isinstance(value, bool | np.bool_) and value == int(value)
    if whole and lowest <= value <= highest:
        return int(value)
    if whole and value > highest:
        raise ParameterError(f"{what} must be a whole number from {lowest} to {highest}, not {value}")
    raise ParameterError(f"{what} must be a whole number, at least {lowest}, not {value!r}")


def checked_limits(minimum: Any, maximum: Any) -> Limits:
    """The lowest and the highest value that are allowed in a result; None: no limit.

    Raises
    ------
    ParameterError
        If one is not a finite number, or the lowest is not below the highest.
    """
    for what, value in (("minimum", minimum), ("maximum", maximum)):
        if value is not None and not _is_finite(value):
            raise ParameterError(f"{what} must be a number or None, not {value}")
    if minimum is not None and maximum is not None and minimum >= maximum:
        raise ParameterError(f"minimum ({minimum}) must lie below maximum ({maximum})")
    return minimum, maximum


def _is_finite(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
