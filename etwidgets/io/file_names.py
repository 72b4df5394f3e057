"""The tilts in file names such as ``wire_-12.0deg.tif``; knows the names of a series, not its files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_DEGREES = re.compile(
    r"(?P<sign>[+-]|(?<![a-z])[mp])?(?<!\d)(?<!\d\.)(?P<number>\d{1,3}(?:\.\d+)?)\s*(?:deg(?:rees?)?|°)(?![a-z])",
    re.IGNORECASE,
)
# before a number, these show that it is not all of the tilt: 12p5 12,5 1e1 .5 -60_5 minus60 neg_60 -_60
_CUT = re.compile(r"(?:\d[pe,]|\.|[_ ][+-]\d+_|minus[_ ]?|neg[_ ]?|-_)$", re.IGNORECASE)
_NAMED = re.compile(r"tilt[^\d]{0,2}(\d)", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{FULLWIDTH HYPHEN-MINUS}", "-"))
_DECIMAL = re.compile(r"(?:(?<=[_\[( ])|^)([+-]?\d{1,3}\.\d{1,3})(?=[_\]) ]|$)")


def tilts_of(names: Sequence[str]) -> NDArray[np.float64] | None:
    """The tilts in the names of the files of a series, degrees, or None where they do not say them.

    Parameters
    ----------
    names
        Each with one number before ``deg`` or ``°`` (``wire_-12.0deg.tif``, ``000-60deg.tif``,
        ``m60deg.tif`` for minus, ``p60deg.tif`` for plus), or one with decimals that stands alone
        (``Position_1_001_-60.00_data.mrc``) if some of these are negative and some are not.

    Notes
    -----
    A minus right after a letter or a digit may be a hyphen. It is one where another name has a sign after
    it (``wire-2deg``, ``wire--2deg``); it is a sign where another name has a plus or no sign; where all
    names have it, nobody can tell, and the answer is None.
    """
    if len(names) < 2:
        return None
    stems = [Path(name).stem.translate(_DASHES) for name in names]
    found = [list(_DEGREES.finditer(stem)) for stem in stems]
    matches_of_all = [match for matches in found for match in matches]
    if any(_is_part_of_another(match) for match in matches_of_all):
        return None
    if all(len(matches) == 1 for matches in found):
        return _signed([matches[0] for matches in found])
    plain = [_DECIMAL.findall(stem) for stem in stems]
    if all(len(values) == 1 for values in plain):
        tilts = np.array([float(values[0]) for values in plain])
        if (tilts < 0).any() and (tilts >= 0).any():
            return tilts
    return None


def tilt_of(name: str) -> float | None:
    """The tilt in the name of one file, degrees, where it is clear without the names of others; or None.

    As :func:`tilts_of`: a number before ``deg`` or ``°`` whose sign cannot be a hyphen.
    """
    matches = list(_DEGREES.finditer(Path(name).stem.translate(_DASHES)))
    if len(matches) != 1 or _is_part_of_another(matches[0]):
        return None
    tilts = _signed(matches)
    return None if tilts is None else float(tilts[0])


def _is_part_of_another(match: re.Match[str]) -> bool:
    """Whether a number is only a part of the tilt, or the name calls another number the tilt."""
    place = match.start("number")
    named = _NAMED.search(match.string)
    return _CUT.search(match.string[:place]) is not None or (named is not None and named.start(1) != place)


def _signed(matches: list[re.Match[str]]) -> NDArray[np.float64] | None:
    numbers = np.array([float(match["number"]) for match in matches])
    signs = [(match["sign"] or "").lower() for match in matches]
    before = [match.string[: match.start()][-1:] for match in matches]
    negative = np.array([sign in ("-", "m") for sign in signs])
    # a minus that may be a hyphen, or an m that may be a word
    doubtful = np.array(
        [
            sign == "m" or (sign == "-" and letter.isalnum())
            for sign, letter in zip(signs, before, strict=True)
        ]
    )
    if any(sign and letter == "-" for sign, letter in zip(signs, before, strict=True)):
        negative &= ~doubtful
    elif doubtful.all() and numbers.any():
        return None
    return np.where(negative, -numbers, numbers)
