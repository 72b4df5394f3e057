"""AreTomo's alignment files (.aln), of AreTomo 1 to 3: the global part; knows no convention of ours.

An aligned point is ``R(-ROT) (p - T)`` for a point ``p`` from the center of the image, ``R`` counterclockwise
in IMOD's x and y: so AreTomo itself writes its alignment for IMOD (AreTomo2, ImodUtil/CSaveXF.cpp), and so it
moves the images (Correct/GCorrPatchShift.cu). The columns GMAG to BASE are always 1 or 0 there, and not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.checks import listing
from etwidgets.errors import FileFormatError
from etwidgets.io.alignments.imod_transforms import MOST_SECTIONS, numbers
from etwidgets.io.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_COLUMNS = 10
_SEC, _ROT, _GMAG, _TX, _TY, _TILT = 0, 1, 2, 3, 4, 9
_SIZE = re.compile(r"#\s*RawSize\s*=\s*(\d+)\s+(\d+)\s+(\d+)")
_DARK = re.compile(r"#\s*DarkFrame\s*=\s*(\d+)\s+(\d+)")
_OFFSET = re.compile(r"#\s*BetaOffset\s*=\s*(\S+)")
_LOCAL = "# Local Alignment"
_HEAD = "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n"


@dataclass(frozen=True, eq=False)
class AreTomoAlignment:
    """What an .aln file says of the projections that it keeps, by section.

    Attributes
    ----------
    sections
        ``(T,)`` from 0, increasing; the others were dark, and removed.
    count
        Of all sections of the series.
    raw_xy
        Width and height of the images, pixels.
    axis_deg, tilts_deg
        ``(T,)`` ROT and TILT.
    shifts_xy
        ``(T, 2)`` TX, TY, pixels.
    warnings
        Sentences on what was not read.
    """

    sections: NDArray[np.intp]
    count: int
    raw_xy: tuple[int, int]
    axis_deg: NDArray[np.float64]
    tilts_deg: NDArray[np.float64]
    shifts_xy: NDArray[np.float64]
    warnings: tuple[str, ...]


def read_aln(path: Path) -> AreTomoAlignment:
    """Read the global part of an .aln file.

    Raises
    ------
    FileFormatError
        If it has no size of the series, a line of the table is damaged, or sections occur twice, lie outside
        the series, or are not known for certain.
    """
    text = read_text(path)
    head, _, local = text.partition(_LOCAL)
    size = _SIZE.search(head)
    if size is None:
        raise FileFormatError(f"{path.name} has no line '# RawSize = nx ny nz': it is not from AreTomo")
    nx, ny, count = (int(word) for word in size.groups())
    if not 0 < count <= MOST_SECTIONS or not 0 < nx <= MOST_SECTIONS or not 0 < ny <= MOST_SECTIONS:
        raise FileFormatError(f"{path.name}: RawSize {nx} x {ny} x {count} is not that of a tilt series")
    table = _table(head, path, count)
    darks = np.array([int(section) for _, section in _DARK.findall(head)], dtype=np.intp)
    sections = _from_zero(table[:, _SEC], darks, count, path)
    order = np.argsort(sections)
    table = table[order]
    return AreTomoAlignment(
        sections=sections[order],
        count=count,
        raw_xy=(nx, ny),
        axis_deg=table[:, _ROT],
        tilts_deg=table[:, _TILT],
        shifts_xy=table[:, [_TX, _TY]],
        warnings=tuple(_left_out(path, head, local, table)),
    )


def aln_text(alignment: AreTomoAlignment) -> str:
    """The text of an .aln file without a local part; sections count from 0, as in AreTomo 2."""
    dark = np.setdiff1d(np.arange(alignment.count), alignment.sections)
    lines = [
        "# AreTomo Alignment / Priims bprmMn \n",
        f"# RawSize = {alignment.raw_xy[0]} {alignment.raw_xy[1]} {alignment.count}\n",
        "# NumPatches = 0\n",
        *(f"# DarkFrame =  {section:4d} {section:4d} {0.0:8.2f}\n" for section in dark),
        "# AlphaOffset =     0.00\n# BetaOffset =     0.00\n",
        _HEAD,
    ]
    for section, axis, (x, y), tilt in zip(
        alignment.sections, alignment.axis_deg, alignment.shifts_xy + 0.0, alignment.tilts_deg, strict=True
    ):
        lines.append(
            f"{section:5d}  {axis:9.4f}  {1.0:9.5f}  {x:9.3f}  {y:9.3f}  {1.0:7.2f}  {1.0:7.2f}  {1.0:7.2f}"
            f"  {0.0:7.2f}  {tilt:8.2f}\n"
        )
    return "".join(lines)


def _table(head: str, path: Path, count: int) -> NDArray[np.float64]:
    begun, rows = False, []
    for number, line in enumerate(head.splitlines(), 1):
        begun = begun or "SEC" in line
        words = line.split()
        if not begun or not words or line.lstrip().startswith("#"):
            continue
        if len(words) != _COLUMNS:
            raise FileFormatError(
                f"{path.name}, line {number}: {line.strip()[:60]!r} has {len(words)} columns, not {_COLUMNS}"
            )
        rows.append(numbers(words, path, number))
    if not rows or len(rows) > count:
        raise FileFormatError(f"{path.name} has {len(rows)} lines of the table for {count} sections")
    return np.array(rows)


def _from_zero(
    given: NDArray[np.float64], darks: NDArray[np.intp], count: int, path: Path
) -> NDArray[np.intp]:
    """Sections counted from 0; AreTomo 3 counts them from 1, earlier ones from 0."""
    sections = given.astype(np.intp)
    known = np.concatenate([sections, darks])
    twice = np.flatnonzero(np.bincount(np.clip(known, 0, None)) > 1)
    if (sections != given).any() or twice.size:
        raise FileFormatError(f"{path.name}: sections that are twice there or no integers: {listing(twice)}")
    if known.min() < 0 or known.max() > count or (known.min() == 0 and known.max() == count):
        raise FileFormatError(
            f"{path.name}: sections {known.min()} to {known.max()} of a series of {count}; is it complete?"
        )
    if known.min() > 0 and known.max() < count:
        raise FileFormatError(
            f"{path.name}: sections {known.min()} to {known.max()} of {count}: it does not say whether they "
            "count from 0 or 1; add the lines '# DarkFrame' of those that are missing"
        )
    return sections - int(known.max() == count)


def _left_out(path: Path, head: str, local: str, table: NDArray[np.float64]) -> list[str]:
    said = []
    if local.strip():
        said.append(f"{path.name}: its local alignment is not used, only the global one")
    if (table[:, _GMAG] != 1).any():
        said.append(f"{path.name}: its magnifications (GMAG) are not used; AreTomo uses none, either")
    offset = _OFFSET.search(head)
    if offset is not None and offset.group(1).strip("+-0.") != "":
        said.append(
            f"{path.name}: the specimen was tilted by {offset.group(1)} degrees about the other axis "
            "(BetaOffset); the volume is not turned back"
        )
    return said
