"""Limits of what a result may be; knows no array and no algorithm."""

from __future__ import annotations

from typing import Any

from etwidgets.checks import is_number
from etwidgets.errors import ParameterError

Limits = tuple[float | None, float | None]


def checked_limits(minimum: Any, maximum: Any) -> Limits:
    """The lowest and the highest value that are allowed in a result; None: no limit.

    Raises
    ------
    ParameterError
        If one is not a finite number, or the lowest is not below the highest.
    """
    for what, value in (("minimum", minimum), ("maximum", maximum)):
        if value is not None and not is_number(value):
            raise ParameterError(f"{what} must be a number or None, not {value!r}")
    if minimum is not None and maximum is not None and minimum >= maximum:
        raise ParameterError(f"minimum ({minimum}) must be below maximum ({maximum})")
    return minimum, maximum
