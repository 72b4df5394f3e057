"""Numbers with their units as a person reads them, without powers of ten where that is possible; pure."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWERS = {1: "", 2: "²", 3: "³"}
_FROM_NM = {1: 1e4, 2: 1e4, 3: 1e6}  # nm, nm², nm³ from which on µm is easier to read: 10, 0.01, 0.001
_PLAIN = (1e-4, 1e6)  # between them a number is written out
_THIN = "\N{NARROW NO-BREAK SPACE}"


def number(value: float, digits: int = 3) -> str:
    """With so many significant digits: ``0.0123``, ``12.3``, ``12 300``, and powers of ten beyond."""
    if not isfinite(value) or value == 0:
        return f"{value:g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if not _PLAIN[0] <= abs(value) < _PLAIN[1]:
        return f"{mantissa} \N{MULTIPLICATION SIGN} 10{str(int(exponent)).translate(_RAISED)}"
    rounded = round(value, digits - 1 - floor(log10(abs(value))))
    written = f"{rounded:,.{max(digits - 1 - int(exponent), 0)}f}"
    return written.replace(",", _THIN if abs(rounded) >= 1e4 else "")


def unit_for(value: float, unit: str, power: int = 1) -> tuple[float, str]:
    """The unit in which a length, area or volume is easy to read, and how many of ``unit`` it has.

    Parameters
    ----------
    value
        The smallest that is to be written, in ``unit`` to its power.
    unit
        ``"nm"``, or ``"px"``, which stays.
    power
        1, 2 or 3.
    """
    if unit == "nm" and isfinite(value) and abs(value) >= _FROM_NM[power]:
        return 1000.0**power, f"µm{_POWERS[power]}"
    return 1.0, f"{unit}{_POWERS[power]}"


def with_interval(value: float, ends: Sequence[float], unit: str, power: int = 1) -> str:
    """``0.0123 µm³ (0.0121 to 0.0125)``."""
    factor, name = unit_for(value, unit, power)
    low, high = (number(each / factor) for each in ends)
    return f"{number(value / factor)} {name} ({low} to {high})"


def quantity(value: float, unit: str, power: int = 1) -> str:
    """``0.0123 µm³``."""
    factor, name = unit_for(value, unit, power)
    return f"{number(value / factor)} {name}"
