"""Checks of numbers at the engine's border; knows no array and no algorithm."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from etwidgets.errors import ParameterError

Limits = tuple[float | None, float | None]


def checked_count(what: str, value: Any, lowest: int = 1) -> int:
    """A whole number.

    Parameters
    ----------
    what
        Its name in the message.
    value
        An integer, or a float without a fraction.
    lowest
        The smallest that is allowed.

    Raises
    ------
    ParameterError
        If it is something else, or smaller.
    """
    if _is_finite(value) and not isinstance(value, bool) and value == int(value) and value >= lowest:
        return int(value)
    raise ParameterError(f"{what} must be a whole number, at least {lowest}, not {value}")


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
