"""The fields of an MRC header and how values are stored; reads no file.

Modes and flags are those of MRC2014 and of IMOD: https://bio3d.colorado.edu/imod/doc/mrc_format.txt
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_PACKED = 101  # two values of 4 bits in a byte, the first in the low bits; a row ends with a whole byte
MODES = (*_TYPES, _PACKED)
"""Those that are read."""
_IMOD_STAMP, _IMOD_SIGNED, _IMOD_HALF = 1146047817, 1, 16


@dataclass(frozen=True, eq=False)
class MrcHeader:
    """The first 1024 bytes.

    Attributes
    ----------
    raw
        The bytes.
    record
        The fields, by their names in the format.
    order
        ``"<"`` or ``">"``: the byte order of the file.
    labels
        Its ten labels as one text.
    """

    raw: bytes
    record: Any
    order: str
    labels: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sections, rows, columns as they are stored."""
        return int(self.record.nz), int(self.record.ny), int(self.record.nx)

    @property
    def mode(self) -> int:
        """How a value is stored."""
        return int(self.record.mode)

    @property
    def imod_flags(self) -> int | None:
        """IMOD's flags, if its stamp is there."""
        return self.number("i4", 156) if self.number("i4", 152) == _IMOD_STAMP else None

    def number(self, kind: str, byte: int) -> int:
        """An integer at a byte."""
        return int(np.frombuffer(self.raw, f"{self.order}{kind}", 1, byte)[0])

    @property
    def packed(self) -> bool:
        """Whether a byte holds two values."""
        return self.mode == _PACKED or (self.mode == 0 and bool((self.imod_flags or 0) & _IMOD_HALF))

    @property
    def columns(self) -> int:
        """Values in a row; SerialEM writes packed rows as half as many bytes."""
        return self.shape[2] * 2 if self.packed and self.mode == 0 else self.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """How values are stored; integers have a sign unless stamp or minimum and maximum deny it."""
        if self.packed:
            return np.dtype(np.uint8)
        stored = np.dtype(f"{self.order}{_TYPES[self.mode]}")
        if stored.kind != "i":
            return stored
        if self.mode == 0 and self.imod_flags is not None:
            signed = bool(self.imod_flags & _IMOD_SIGNED)
        else:
            signed = not (self.record.dmin >= 0 and self.record.dmax > np.iinfo(stored).max)
        return stored if signed else np.dtype(f"{self.order}u{stored.itemsize}")

    @property
    def stored_shape(self) -> tuple[int, int, int]:
        """Sections, rows, and elements of :attr:`dtype` in a row of the file."""
        sections, rows, columns = self.shape
        return sections, rows, (columns + 1) // 2 if self.mode == _PACKED else columns
