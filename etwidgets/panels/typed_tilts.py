"""Tilts as they are typed: the first and the increment, or the name of a file; knows no control."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etwidgets.errors import EtwidgetsError
from etwidgets.io import safe_path
from etwidgets.io.tilt_sources import given
from etwidgets.session import error_text

if TYPE_CHECKING:
    from pathlib import Path

TYPED = "The first tilt and the increment, such as -60, 2; or a file with one tilt per line"
"""What can be typed."""
_FIRST_AND_STEP = re.compile(r"([-+]?\d*\.?\d+)[\s,;]+([-+]?\d*\.?\d+)")


def names_a_file(written: str) -> bool:
    """Whether it is not the first tilt and the increment."""
    return _FIRST_AND_STEP.fullmatch(written) is None


def typed_tilts(root: Path, written: str, count: int, of: str = "files") -> tuple[list[float], str]:
    """Tilts in degrees, one for each of ``count``; none, and the reason, where they cannot be read.

    Parameters
    ----------
    root
        The folder that a file of tilts must lie in.
    written
        Not empty.
    count
        How many are needed.
    of
        What they belong to, in words.
    """
    pair = _FIRST_AND_STEP.fullmatch(written)
    try:
        if pair:
            first, step = (float(number) for number in pair.groups())
            return [round(first + step * number, 6) for number in range(count)], ""
        values = given(safe_path(root, written)).tilts_deg
    except (OSError, EtwidgetsError) as error:
        return [], (
            f"The tilts cannot be read ({error_text(error)}). Enter the first tilt and the increment, "
            "such as -72, 2, or the name of a file."
        )
    if len(values) != count:
        return [], f"{written} has {len(values)} tilts for {count} {of}."
    return [float(value) for value in values], ""
