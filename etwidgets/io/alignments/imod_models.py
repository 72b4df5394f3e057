"""IMOD's binary models (.fid, .mod): the points of their contours; knows no marker and no convention of ours.

Format: https://bio3d.colorado.edu/imod/doc/binspec.html (version 1.2; all numbers with the high byte first).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST_BYTES = 200_000_000
_MOST_CONTOURS = 100_000
_ID, _END = b"IMODV1.2", b"IEOF"
_HEADER, _OBJECT, _CONTOUR, _MESH = 232, 176, 16, 16  # bytes
_FLIPPED = 1 << 16  # in the flags of the model: last seen with y and z exchanged
_FLAGS = 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13  # z from -0.5; not yet written by 3dmod; as it writes them now
_OPEN = 1 << 3  # in the flags of an object: its contours are not closed
_RADIUS_PX = 5
_NOT_A_MODEL = "is not a binary model of IMOD, version 1.2"


@dataclass(frozen=True, eq=False)
class Model:
    """The contours of all objects, and the size of the image that they were drawn on.

    Attributes
    ----------
    contours
        Each ``(n, 3)``: x, y, z in pixels; x and y from the lower left corner, z the section from 0.
    size_xyz
        Of the image; 0 where it is not known.
    """

    contours: list[NDArray[np.float64]]
    size_xyz: tuple[int, int, int]


def read_model(path: Path) -> Model:
    """Read the contours of a model.

    Raises
    ------
    FileFormatError
        If it is another kind of file, is cut off, has points that are no numbers or too much of anything, or
        was last seen with y and z exchanged.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise FileFormatError(f"{path.name} has {size} bytes: too long for a model of markers")
        raw = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if not raw.startswith(_ID) or len(raw) < len(_ID) + _HEADER:
        raise FileFormatError(f"{path.name} {_NOT_A_MODEL}; convert it: imodtrans, or save it in 3dmod")
    x, y, z, _, flags = struct.unpack_from(">iiiiI", raw, len(_ID) + 128)
    if flags & _FLIPPED:
        raise FileFormatError(
            f"{path.name} was last seen with y and z exchanged; open it on the series in 3dmod, save it"
        )
    sizes = tuple(n if 0 < n < 1 << 24 else 0 for n in (x, y, z))
    return Model(_contours(raw, path), sizes)  # type: ignore[arg-type]


def _contours(raw: bytes, path: Path) -> list[NDArray[np.float64]]:
    contours: list[NDArray[np.float64]] = []
    place = len(_ID) + _HEADER
    while raw[place : place + 4] != _END:
        if place + 8 > len(raw) or len(contours) > _MOST_CONTOURS:
            raise FileFormatError(f"{path.name} is cut off, or damaged at byte {place}")
        kind = raw[place : place + 4]
        length = struct.unpack_from(">i", raw, place + 4)[0]
        if kind == b"CONT":
            contours.append(_points(raw, place, length, path))
        place += _after(kind, length, raw, place, path)
    return contours


def _after(kind: bytes, length: int, raw: bytes, place: int, path: Path) -> int:
    """How many bytes further the next piece begins; most say how long they are."""
    if kind == b"OBJT":
        return 4 + _OBJECT
    if length < 0 or not kind.isalnum():
        raise FileFormatError(f"{path.name} is damaged at byte {place}: {kind!r}, {length}")
    if kind == b"CONT":
        return 4 + _CONTOUR + 12 * length
    if kind == b"MESH":
        if place + 12 > len(raw):
            raise FileFormatError(f"{path.name} is cut off at byte {place}")
        indices = struct.unpack_from(">i", raw, place + 8)[0]
        return 4 + _MESH + 12 * length + 4 * max(indices, 0)
    return 8 + length


def _points(raw: bytes, place: int, count: int, path: Path) -> NDArray[np.float64]:
    start = place + 4 + _CONTOUR
    if count < 0 or start + 12 * count > len(raw):
        raise FileFormatError(
            f"{path.name}: a contour at byte {place} promises {count} points: it is cut off"
        )
    points = np.frombuffer(raw, ">f4", 3 * count, start).reshape(-1, 3).astype(float)
    if not (np.abs(points) < 1e7).all():
        raise FileFormatError(f"{path.name}: a contour at byte {place} has points that are no numbers")
    return points


def model_bytes(model: Model) -> bytes:
    """The file of a model of one object, whose contours are open."""
    header = struct.pack(
        ">128s3iiI4i3f3f5ffii3f",
        b"markers", *model.size_xyz, 1, _FLAGS, 1, 1, 0, 255,
        0, 0, 0, 1, 1, 1, 0, -1, -1, 3, 128, 1, 0, 0, 0, 0, 0,
    )  # fmt: skip
    thing = struct.pack(
        ">64s64siIii3fi8Bii", b"", b"", len(model.contours), _OPEN, 0, 1, 0, 1, 0, _RADIUS_PX,
        1, 3, 1, 1, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    pieces = [_ID, header, b"OBJT", thing]
    for contour in model.contours:
        pieces += [b"CONT", struct.pack(">iIii", len(contour), 0, 0, 0), contour.astype(">f4").tobytes()]
    return b"".join([*pieces, _END])
