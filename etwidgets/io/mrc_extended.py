"""What the extended headers of MRC files say of each section: FEI's old and new records, SerialEM's.

Knows bytes, not files. FEI's old header: up to 1024 records of 32 numbers; its new one: MRC2014 of Thermo
Fisher; SerialEM's: https://bio3d.colorado.edu/imod/doc/mrc_format.txt
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.io.mrc_header import MrcHeader

_FEI_RECORDS, _FEI_RECORD_BYTES, _FEI_NUMBERS = 1024, 128, 32
_FEI_TILT_AXIS, _FEI_PIXEL_SIZE, _FEI_MAGNIFICATION = 10, 11, 12
# bytes of a record of FEI1 or FEI2, and the bits that say that a field was filled
_FEI2_BITS, _FEI2_TILT, _FEI2_AXIS, _FEI2_PIXEL = 8, 100, 140, 156
_FEI2_HAS_AXIS, _FEI2_HAS_PIXEL = 1 << 12, 1 << 14
_SERIALEM_TILT = 1
_SERIALEM_BYTES = (2, 6, 4, 2, 2, 4, 2, 4, 2, 4, 2)  # of the value that each bit of the flags stands for
_AXIS = re.compile(r"Tilt\s*axis\s*angle\s*=\s*([+-]?\d+(?:\.\d*)?)", re.IGNORECASE)
_PIXEL_M = (1e-13, 1e-3)  # a pixel is longer and shorter than these


@dataclass(frozen=True, eq=False)
class SectionFacts:
    """What is known of the sections.

    Attributes
    ----------
    tilts_deg
        ``(T,)`` or None.
    source
        Which extended header has them.
    pixel_size_nm, tilt_axis_deg, magnification
        Of the first section, or None.
    axis_sign
        1, or -1 in FEI's records, whose angle of the axis counts the other way than IMOD's and SerialEM's:
        IMOD's program ``header`` calls the negative its "corrected sign".
    """

    tilts_deg: NDArray[np.float64] | None = None
    source: str = ""
    pixel_size_nm: float | None = None
    tilt_axis_deg: float | None = None
    magnification: float | None = None
    axis_sign: int = 1


def section_facts(header: MrcHeader, extended: bytes) -> SectionFacts:
    """Read an extended header, of whatever kind it is; nothing where the kind is not known."""
    n_sections = header.shape[0]
    kind = bytes(header.record.exttyp).strip(b"\0 ")
    if kind in (b"FEI1", b"FEI2"):
        return _fei_2014(extended, n_sections, kind.decode(), header.order)
    words = header.number("i2", 128), header.number("i2", 130)
    records = min(n_sections, _FEI_RECORDS) * _FEI_RECORD_BYTES
    if (words == (0, _FEI_NUMBERS) or "Fei" in header.labels) and len(extended) >= records:
        return _fei_2003(extended[:records], n_sections, header.order)
    if kind == b"SERI" or "SerialEM" in header.labels or _fits_serialem(*words):
        return _serialem(*words, extended, header)
    return SectionFacts(tilt_axis_deg=axis_in(header.labels))


def axis_in(text: str) -> float | None:
    """The direction of the tilt axis that a title of SerialEM, IMOD or Tomography names, degrees."""
    found = _AXIS.search(text)
    return float(found.group(1)) if found else None


def _fei_2003(extended: bytes, n_sections: int, order: str) -> SectionFacts:
    records = np.frombuffer(extended, f"{order}f4").reshape(-1, _FEI_NUMBERS).astype(float)
    first = records[0]
    pixel, axis = _pixel_nm(first[_FEI_PIXEL_SIZE]), _angle(first[_FEI_TILT_AXIS])
    magnification = float(first[_FEI_MAGNIFICATION])
    return SectionFacts(
        tilts_deg=records[:, 0].copy() if len(records) == n_sections else None,
        source="FEI extended header",
        pixel_size_nm=pixel,
        tilt_axis_deg=axis or None,  # 0 where nobody filled it in: the NIST needle's axis is along x
        magnification=magnification if 1 <= magnification < 1e9 else None,
        axis_sign=-1,
    )


def _fei_2014(extended: bytes, n_sections: int, kind: str, order: str) -> SectionFacts:
    starts: list[int] = []
    position = 0
    while len(starts) < n_sections and position + _FEI2_PIXEL + 8 <= len(extended):
        length = int(np.frombuffer(extended, f"{order}i4", 1, position)[0])
        if length < _FEI2_PIXEL + 8:
            break
        starts.append(position)
        position += length
    if not starts:
        return SectionFacts()

    def number(start: int, offset: int) -> float:
        return float(np.frombuffer(extended, f"{order}f8", 1, start + offset)[0])

    bits = int(np.frombuffer(extended, f"{order}u4", 1, starts[0] + _FEI2_BITS)[0])
    return SectionFacts(
        tilts_deg=np.array([number(start, _FEI2_TILT) for start in starts])
        if len(starts) == n_sections
        else None,
        source=f"{kind} extended header",
        pixel_size_nm=_pixel_nm(number(starts[0], _FEI2_PIXEL)) if bits & _FEI2_HAS_PIXEL else None,
        tilt_axis_deg=_angle(number(starts[0], _FEI2_AXIS)) if bits & _FEI2_HAS_AXIS else None,
        axis_sign=-1,
    )


def _fits_serialem(n_bytes: int, flags: int) -> bool:
    """Whether the flags ask for just so many bytes per section: IMOD's own test."""
    known = 0 < flags < 1 << len(_SERIALEM_BYTES)
    return known and n_bytes == sum(size for bit, size in enumerate(_SERIALEM_BYTES) if flags >> bit & 1)


def _serialem(n_bytes: int, flags: int, extended: bytes, header: MrcHeader) -> SectionFacts:
    axis, n_sections = axis_in(header.labels), header.shape[0]
    if not flags & _SERIALEM_TILT or n_bytes < 2 or n_bytes * n_sections > len(extended):
        return SectionFacts(tilt_axis_deg=axis)
    rows = np.frombuffer(extended[: n_bytes * n_sections], np.uint8).reshape(n_sections, n_bytes)
    tilts = np.ascontiguousarray(rows[:, :2]).view(f"{header.order}i2")[:, 0] / 100
    return SectionFacts(tilts.astype(float), "SerialEM extended header", tilt_axis_deg=axis)


def _pixel_nm(meters: float) -> float | None:
    return float(meters) * 1e9 if _PIXEL_M[0] < meters < _PIXEL_M[1] else None


def _angle(degrees: float) -> float | None:
    return float(degrees) if abs(degrees) <= 360 else None
