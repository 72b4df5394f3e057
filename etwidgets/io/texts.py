"""Small text files beside data: their letters whatever program wrote them, and tables of tilts.

Knows no projections; that a tilt can be one is judged where tilts are chosen.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST_BYTES = 20_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR = re.compile(r"[;\s]+|,(?=\s|$)")
_ONE_COMMA = re.compile(r"[+-]?\d+,\d+")


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in what the mark at its beginning says.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is too long for a text file of this kind.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise FileFormatError(
                f"{path.name} has {path.stat().st_size} bytes: too long for a text file of tilts"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path.name} cannot be read: {error.strerror or error}") from error
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    return raw.decode(encoding, errors="replace")


def file_beside(path: Path, ending: str) -> Path | None:
    """The file with another ending than ``path``, in small letters or capitals; None if there is none."""
    found = (path.with_suffix(each) for each in (ending, ending.upper()))
    return next((file for file in found if file.is_file()), None)


def read_tilt_file(path: Path) -> NDArray[np.float64]:
    """Read a ``.rawtlt``, ``.tlt`` or other text file of tilts in degrees.

    One per line, the first column of a table (columns between spaces, tabs, semicolons or commas), or all in
    one line. Empty lines, what follows a ``#``, and a first line of words are passed over.

    Raises
    ------
    FileFormatError
        If a line does not begin with a number; the message names it. If it is unclear whether the commas
        are decimal, or the first column counts the lines.
    """
    lines = [line.split("#")[0].strip() for line in read_text(path).splitlines()]
    rows = [(number, line) for number, line in enumerate(lines, 1) if line]
    if len(rows) > 1 and not any(letter.isdecimal() for letter in rows[0][1]):
        rows = rows[1:]
    if not rows:
        raise FileFormatError(f"{path.name} holds no tilts")
    doubtful = next((row for row in rows if _ONE_COMMA.fullmatch(row[1])), None)
    if doubtful is not None:
        raise FileFormatError(
            f"{path.name}, line {doubtful[0]}: {doubtful[1]!r} may be one number or two; write "
            f"{doubtful[1].replace(',', '.')} or {doubtful[1].replace(',', ', ')}"
        )
    table = [_words(line) for _, line in rows]
    if len(table) == 1 and len(table[0]) > 2:
        return np.array([_number(word, path, *rows[0]) for word in table[0]])
    tilts = np.array(
        [_number(words[0] if words else "", path, *row) for words, row in zip(table, rows, strict=True)]
    )
    columns = min(len(words) for words in table)
    counts = np.arange(len(tilts))
    if columns > 1 and len(tilts) > 2 and any(np.array_equal(tilts, counts + first) for first in (0, 1)):
        raise FileFormatError(
            f"{path.name}: the first column counts the lines; the tilts must be in the first column"
        )
    return tilts


def _words(line: str) -> list[str]:
    words = [word for word in _SEPARATOR.split(line) if word]
    if len(words) > 1:  # then a comma inside a word is decimal
        return [word.replace(",", ".") if _ONE_COMMA.fullmatch(word) else word for word in words]
    return [word for word in line.split(",") if word]


def _number(word: str, path: Path, number: int, line: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise FileFormatError(
            f"{path.name}, line {number}: {line[:60]!r} does not begin with a tilt in degrees"
        ) from error
