"""IMOD's transform files (.xf, .prexg, .xg) and its lists of angles (.tlt, .xtilt); knows no convention.

Format: https://bio3d.colorado.edu/imod/doc/man/xf2rotmagstr.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import FileFormatError
from etwidgets.io.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_COLUMNS = 6
MOST_SECTIONS = 100_000
_LARGEST = 1e6
"""No shift in pixels is larger, and no number of another kind."""


def read_transforms(path: Path) -> NDArray[np.float64]:
    """``(T, 6)``: a11, a12, a21, a22, dx, dy of each section.

    Raises
    ------
    FileFormatError
        If a line has not six numbers, one is not finite or beyond a million, or there are none.
    """
    rows = [
        _row(words, _COLUMNS, path, number)
        for number, line in enumerate(read_text(path).splitlines(), 1)
        if (words := line.split())
    ]
    return _table(rows, path, "transforms")


def read_angles(path: Path) -> NDArray[np.float64]:
    """``(T,)`` degrees, one per line.

    Raises
    ------
    FileFormatError
        If a line has not one finite number, or there are none.
    """
    rows = [
        _row(words, 1, path, number)
        for number, line in enumerate(read_text(path).splitlines(), 1)
        if (words := line.split())
    ]
    return _table(rows, path, "angles")[:, 0]


def transforms_text(rows: NDArray[np.float64]) -> str:
    """The text of a transform file, in the columns that IMOD writes."""
    return "".join("".join([f"{n:12.7f}" for n in row[:4]] + [f"{n:12.3f}" for n in row[4:]]) + "\n"
                   for row in rows + 0.0)  # fmt: skip


def angles_text(angles_deg: NDArray[np.float64]) -> str:
    """The text of a list of angles."""
    return "".join(f"{angle:8.3f}\n" for angle in angles_deg)


def numbers(words: list[str], path: Path, line: int) -> list[float]:
    """The numbers that words are.

    Raises
    ------
    FileFormatError
        If one is none, is not finite, or is beyond a million.
    """
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise FileFormatError(
            f"{path.name}, line {line}: {' '.join(words)[:60]!r} are not numbers"
        ) from error
    if not all(abs(value) <= _LARGEST for value in values):  # NaN is not either
        raise FileFormatError(f"{path.name}, line {line}: {' '.join(words)[:60]!r}: no sensible numbers")
    return values


def _row(words: list[str], count: int, path: Path, line: int) -> list[float]:
    if len(words) != count:
        raise FileFormatError(
            f"{path.name}, line {line}: {' '.join(words)[:60]!r} has {len(words)} columns, not {count}"
        )
    return numbers(words, path, line)


def _table(rows: list[list[float]], path: Path, what: str) -> NDArray[np.float64]:
    if not rows:
        raise FileFormatError(f"{path.name} holds no {what}")
    if len(rows) > MOST_SECTIONS:
        raise FileFormatError(f"{path.name} has {len(rows)} lines: no tilt series has so many projections")
    return np.array(rows)
