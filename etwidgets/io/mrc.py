"""The MRC family: header checks, pixel size and the tilts of the extended headers; data through mrcfile.

Knows the file alone, not what lies beside it. FEI records: 1024 of 128 bytes; SerialEM's layout:
https://bio3d.colorado.edu/imod/doc/mrc_format.txt
"""

from __future__ import annotations

import logging
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import mrcfile
import numpy as np

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)
_HEADER_BYTES = 1024
_FEI_RECORDS, _FEI_RECORD_BYTES = 1024, 128
_FEI_TILT_AXIS, _FEI_PIXEL_SIZE, _FEI_MAGNIFICATION = 10, 11, 12
_FEI2_ALPHA_TILT = 100  # byte of a FEI1 or FEI2 record (MRC2014 of Thermo Fisher, version 2)
_BYTES_PER_VALUE = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}
_SERIALEM_TILT = 1
_FACTS = (
    "nx", "ny", "nz", "mode", "nxstart", "nystart", "nzstart", "mx", "my", "mz", "cella", "cellb", "mapc",
    "mapr", "maps", "dmin", "dmax", "dmean", "rms", "ispg", "nsymbt", "origin",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MrcSeries:
    """What an MRC file says.

    Attributes
    ----------
    data
        ``(T, Y, X)``: an array, or a dask array one projection a chunk.
    pixel_size_nm
        Of the y and x axis, or None where the header has none.
    tilts_deg
        ``(T,)`` of the extended header, or None.
    tilt_source
        Which extended header they are from.
    tilt_axis_deg
        Direction of the tilt axis in the images as the header has it, or None.
    magnification
        Or None.
    header
        The fields of the header that say something, by their names in the format; its labels as ``labels``.
    """

    data: Any
    pixel_size_nm: float | None
    tilts_deg: NDArray[np.float64] | None
    tilt_source: str
    tilt_axis_deg: float | None
    magnification: float | None
    header: dict[str, Any]


def read_mrc(path: Path, *, lazy: bool = False) -> MrcSeries:
    """Read an MRC file; ``.mrc .ali .rec .st .mrcs .map`` are one format.

    Raises
    ------
    FileFormatError
        If the header makes no sense, or promises more than the file holds.
    """
    shape, header = _checked_header(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with mrcfile.mmap(path, mode="r", permissive=True) as file:
                extended = bytes(np.asarray(file.extended_header).tobytes())
                data = _data(path, file, lazy=lazy)
        except (ValueError, OSError) as error:
            raise FileFormatError(f"{path.name} cannot be read as MRC: {error}") from error
    for warning in caught:
        _log.info("%s: %s", path.name, warning.message)
    n_sections = shape[0]
    found = _extended(header, extended, n_sections)
    pixel = found.pop("pixel_size_nm", None) or _pixel_size_nm(header)
    return MrcSeries(
        data=data.reshape(shape),
        pixel_size_nm=pixel,
        tilts_deg=found.get("tilts_deg"),
        tilt_source=found.get("tilt_source", ""),
        tilt_axis_deg=found.get("tilt_axis_deg"),
        magnification=found.get("magnification"),
        header=_header_facts(header),
    )


def _header_facts(header: Any) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name in _FACTS:
        value = header[name]
        known[name] = (
            [float(value[part]) for part in value.dtype.names] if value.dtype.names else value.item()
        )
    texts = [bytes(label).decode("ascii", "replace").strip("\0 ") for label in np.atleast_1d(header.label)]
    known["labels"] = "; ".join(text for text in texts if text)
    return known


def _checked_header(path: Path) -> tuple[tuple[int, int, int], Any]:
    size = path.stat().st_size
    if size < _HEADER_BYTES:
        raise FileFormatError(f"{path.name} has {size} bytes; an MRC header alone has {_HEADER_BYTES}")
    header = _raw_header(path)
    shape = (int(header.nz), int(header.ny), int(header.nx))
    mode, extended = int(header.mode), int(header.nsymbt)
    if mode not in _BYTES_PER_VALUE or min(shape) < 1 or extended < 0:
        raise FileFormatError(
            f"{path.name} is no MRC file: mode {mode}, {shape} sections, rows, columns, "
            f"{extended} bytes of extended header"
        )
    if mode == 4:
        raise FileFormatError(f"{path.name} holds complex numbers (mode 4), not projections")
    expected = _HEADER_BYTES + extended + shape[0] * shape[1] * shape[2] * _BYTES_PER_VALUE[mode]
    if size < expected:
        raise FileFormatError(
            f"{path.name} is truncated: its header promises {shape[0]} sections of {shape[1]} x {shape[2]} "
            f"({expected} bytes), the file has {size}; copy it again"
        )
    return shape, header


def _raw_header(path: Path) -> Any:
    """The 1024 bytes as a record, in the byte order in which the sizes are the smaller.

    (A machine stamp would say it, if every program wrote one.) mrcfile would read the extended header
    along, whatever size a damaged file claims for it.
    """
    with path.open("rb") as file:
        raw = file.read(_HEADER_BYTES)
    headers = [
        np.frombuffer(raw, mrcfile.dtypes.HEADER_DTYPE.newbyteorder(order)).view(np.recarray)[0]
        for order in "<>"
    ]
    return min(headers, key=lambda header: max(abs(int(header[n])) for n in ("nx", "ny", "nz", "mode")))


def _data(path: Path, file: Any, *, lazy: bool) -> Any:
    if not lazy:
        return np.array(file.data)
    # a memory map of our own, for mrcfile's ends with its file object
    start = _HEADER_BYTES + int(file.header.nsymbt)
    mapped = np.memmap(path, dtype=file.data.dtype, mode="r", offset=start, shape=file.data.shape)
    chunks = (1, *mapped.shape[1:]) if mapped.ndim == 3 else mapped.shape
    return da.from_array(mapped, chunks=chunks, name=f"mrc-{path}-{path.stat().st_mtime_ns}")


def _order(header: Any) -> str:
    """``"<"`` or ``">"``: the byte order of the file."""
    order = header.dtype.fields["nx"][0].byteorder
    return ("<" if sys.byteorder == "little" else ">") if order == "=" else str(order)


def _pixel_size_nm(header: Any) -> float | None:
    sampling, length = float(header.mx), float(header.cella.x)
    if sampling <= 0 or length <= 0 or length == sampling:
        return None  # 1 Angstrom per pixel is what programs write that do not know it
    return length / sampling / 10


def _extended(header: Any, extended: bytes, n_sections: int) -> dict[str, Any]:
    kind = bytes(header.exttyp).strip(b"\0 ")
    if kind in (b"FEI1", b"FEI2"):
        return _fei_2014(extended, n_sections, kind.decode(), header)
    label = bytes(header.label[0]) if int(header.nlabl) > 0 or header.label[0] else b""
    if b"Fei" in label and len(extended) >= _FEI_RECORDS * _FEI_RECORD_BYTES:
        return _fei_2003(extended, n_sections, header)
    if kind == b"SERI" or b"SerialEM" in label:
        return _serialem(header, extended, n_sections)
    return {}


def _fei_2003(extended: bytes, n_sections: int, header: Any) -> dict[str, Any]:
    order = _order(header)
    table = np.frombuffer(extended[: _FEI_RECORDS * _FEI_RECORD_BYTES], dtype=f"{order}f4")
    records = table.reshape(_FEI_RECORDS, -1)[: min(n_sections, _FEI_RECORDS)].astype(float)
    found: dict[str, Any] = {}
    if n_sections <= _FEI_RECORDS and np.ptp(records[:, 0]) > 0:
        found = {"tilts_deg": records[:, 0].copy(), "tilt_source": "FEI extended header"}
    if records[0, _FEI_PIXEL_SIZE] > 0:
        found["pixel_size_nm"] = float(records[0, _FEI_PIXEL_SIZE]) * 1e9
    found["tilt_axis_deg"] = float(records[0, _FEI_TILT_AXIS])
    found["magnification"] = float(records[0, _FEI_MAGNIFICATION])
    return found


def _fei_2014(extended: bytes, n_sections: int, kind: str, header: Any) -> dict[str, Any]:
    order = _order(header)
    tilts: list[float] = []
    position = 0
    while len(tilts) < n_sections and position + _FEI2_ALPHA_TILT + 8 <= len(extended):
        length = int(np.frombuffer(extended, f"{order}i4", 1, position)[0])
        if length <= _FEI2_ALPHA_TILT + 8:
            break
        tilts.append(float(np.frombuffer(extended, f"{order}f8", 1, position + _FEI2_ALPHA_TILT)[0]))
        position += length
    if len(tilts) != n_sections or not np.isfinite(tilts).all():
        return {}
    return {"tilts_deg": np.array(tilts), "tilt_source": f"{kind} extended header"}


def _serialem(header: Any, extended: bytes, n_sections: int) -> dict[str, Any]:
    order = _order(header)
    layout = np.frombuffer(bytes(header.extra2)[_SERIALEM_NINT:][:4], f"{order}i2")
    n_bytes, flags = int(layout[0]), int(layout[1])
    if not flags & _SERIALEM_TILT or n_bytes < 2 or n_bytes * n_sections > len(extended):
        return {}
    rows = np.frombuffer(extended[: n_bytes * n_sections], np.uint8).reshape(n_sections, n_bytes)
    tilts = np.ascontiguousarray(rows[:, :2]).view(f"{order}i2")[:, 0] / 100
    return {"tilts_deg": tilts.astype(float), "tilt_source": "SerialEM extended header"}


_SERIALEM_NINT = 16  # byte 128 of the header, counted from the beginning of mrcfile's extra2
