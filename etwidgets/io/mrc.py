"""The MRC family: header checks, pixel size, and data as gray values in their order, eager or lazy.

Knows the file alone, not what lies beside it. Modes and flags are those of MRC2014 and of IMOD:
https://bio3d.colorado.edu/imod/doc/mrc_format.txt
"""

from __future__ import annotations

import mmap
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from mrcfile.dtypes import HEADER_DTYPE

from etwidgets.errors import FileFormatError
from etwidgets.io.hdf5 import check_size
from etwidgets.io.mrc_extended import SectionFacts, section_facts
from etwidgets.io.mrc_header import MODES, MrcHeader
from etwidgets.signals.mrc_writing import KNOWN_PIXEL, OURS, VOLUME

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_HEADER_BYTES = 1024
_NOT_READ = {
    3: "complex integers",
    4: "complex numbers",
    16: "colors",
}
_VOLUME_STACK = 401  # and above, in the field ispg
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
        ``(T, Y, X)`` in the machine's byte order: an array, or a dask array one projection a chunk.
    pixel_size_nm
        Of the y and x axis, or None where the header has none.
    sections
        What the extended header says of the projections.
    ours, volume
        Whether we wrote it, and whether it is a volume ``(X, Z, Y)`` of ours.
    header
        The fields of the header that say something, by their names in the format; its labels as ``labels``.
    order
        ``"<"`` or ``">"``: the byte order of the file.
    """

    data: Any
    pixel_size_nm: float | None
    sections: SectionFacts
    ours: bool
    volume: bool
    header: dict[str, Any]
    order: str


def read_mrc(path: Path, *, lazy: bool = False) -> MrcSeries:
    """Read an MRC file; ``.mrc .ali .rec .st .mrcs .map`` are one format.

    Raises
    ------
    FileFormatError
        If the header makes no sense, promises more than the file holds, or names a mode that is not read.
    UnsafeFileError
        If it would fill the memory.

    Warns
    -----
    UserWarning
        If the file holds more than its header says.
    """
    header = _checked_header(path)
    start = _HEADER_BYTES + int(header.record.nsymbt)
    if not lazy:
        check_size(path, int(np.prod(header.stored_shape, dtype=object)) * header.dtype.itemsize)
    with path.open("rb") as file:
        file.seek(_HEADER_BYTES)
        extended = file.read(start - _HEADER_BYTES)
    sections = section_facts(header, extended)
    return MrcSeries(
        data=_data(path, header, start, lazy=lazy),
        pixel_size_nm=sections.pixel_size_nm or _pixel_size_nm(header),
        sections=sections,
        ours=OURS in header.labels,
        volume=VOLUME in header.labels,
        header=_header_facts(header),
        order=header.order,
    )


def read_section(path: Path, section: int) -> NDArray[Any]:
    """One section ``(Y, X)`` of a stack that may still grow, whatever its header says of their number.

    Raises
    ------
    FileFormatError
        If the file is not an MRC file that is read, or the section is not wholly there.
    """
    size = path.stat().st_size
    if size < _HEADER_BYTES:
        raise FileFormatError(f"{path.name} has {size} bytes; an MRC header alone has {_HEADER_BYTES}")
    header = _header(path)
    _check_kind(path, header)
    rows, columns = header.stored_shape[1:]
    start = _HEADER_BYTES + int(header.record.nsymbt) + section * rows * columns * header.dtype.itemsize
    if size < start + rows * columns * header.dtype.itemsize:
        raise FileFormatError(f"{path.name}: section {section} is not wholly there yet")
    flat = np.fromfile(path, header.dtype, count=rows * columns, offset=start)
    image = flat.reshape(rows, columns).astype(header.dtype.newbyteorder("="), copy=False)
    return _unpacked(image, header.columns) if header.packed else image


def _header_facts(header: MrcHeader) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name in _FACTS:
        value = header.record[name]
        known[name] = (
            [float(value[part]) for part in value.dtype.names] if value.dtype.names else value.item()
        )
    known["labels"] = header.labels
    return known


def _checked_header(path: Path) -> MrcHeader:
    size = path.stat().st_size
    if size < _HEADER_BYTES:
        raise FileFormatError(f"{path.name} has {size} bytes; an MRC header alone has {_HEADER_BYTES}")
    header = _header(path)
    _check_kind(path, header)
    shape, extended = header.shape, int(header.record.nsymbt)
    expected = (
        _HEADER_BYTES + extended + header.dtype.itemsize * int(np.prod(header.stored_shape, dtype=object))
    )
    if size < expected:
        raise FileFormatError(
            f"{path.name} is truncated: its header promises {shape[0]} sections of {shape[1]} x {shape[2]} "
            f"({expected} bytes), the file has {size}; copy it again"
        )
    per_volume = int(header.record.mz)
    if int(header.record.ispg) >= _VOLUME_STACK and 1 < per_volume < shape[0]:
        raise FileFormatError(
            f"{path.name} holds {shape[0] // per_volume} volumes of {per_volume} sections each (space group "
            f"{int(header.record.ispg)}), not a tilt series; save one of them on its own"
        )
    if size > expected:
        warnings.warn(
            f"{path.name} has {size} bytes, its header accounts for {expected}: there may be more sections "
            f"than the {shape[0]} that it names, or the size of its extended header is wrong",
            stacklevel=5,
        )
    return header


def _check_kind(path: Path, header: MrcHeader) -> None:
    shape, mode, extended = header.shape, header.mode, int(header.record.nsymbt)
    if min(shape) < 1 or extended < 0:
        raise FileFormatError(
            f"{path.name} is not an MRC file: mode {mode}, {shape} sections, rows, columns, "
            f"{extended} bytes of extended header"
        )
    if mode not in MODES:
        what = _NOT_READ.get(mode, "an unknown kind of values")
        raise FileFormatError(
            f"{path.name} holds {what} (MRC mode {mode}); read are the modes 0, 1, 2, 6, 12 and 101. "
            "Convert it, for instance with IMOD: newstack -mode 2"
        )


def _header(path: Path) -> MrcHeader:
    """The header in the byte order in which the sizes are the smaller.

    A machine stamp would say it, if every program wrote one.
    """
    with path.open("rb") as file:
        raw = file.read(_HEADER_BYTES)
    records = {
        order: np.frombuffer(raw, HEADER_DTYPE.newbyteorder(order)).view(np.recarray)[0] for order in "<>"
    }
    order = min(
        records, key=lambda order: max(abs(int(records[order][n])) for n in ("nx", "ny", "nz", "mode"))
    )
    texts = [bytes(label).decode("ascii", "replace").strip("\0 ") for label in records[order].label]
    return MrcHeader(raw, records[order], order, "; ".join(text for text in texts if text))


def _data(path: Path, header: MrcHeader, start: int, *, lazy: bool) -> Any:
    shape, dtype = header.stored_shape, header.dtype
    native = dtype.newbyteorder("=")
    if not lazy:
        flat = np.fromfile(path, dtype, count=int(np.prod(shape)), offset=start)
        whole = flat.reshape(shape).astype(native, copy=False)
        return _unpacked(whole, header.columns) if header.packed else whole
    name = f"mrc-{path}-{path.stat().st_mtime_ns}"
    data = da.from_array(_mapped(str(path), dtype, start, shape), chunks=(1, *shape[1:]), name=name)
    if header.packed:
        columns = header.columns
        return data.map_blocks(_unpacked, columns, dtype=np.uint8, chunks=(*data.chunks[:2], (columns,)))
    return data if dtype == native else data.astype(native)


class _Mapped:
    """A file mapped into memory, read piece by piece; a copy of it is the same file, not what is in it."""

    def __init__(self, values: np.memmap[Any, Any]) -> None:
        self._values, self._map = values, values._mmap  # type: ignore[attr-defined]  # noqa: SLF001
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __getitem__(self, index: Any) -> NDArray[Any]:
        part = np.array(self._values[index])
        if hasattr(mmap, "MADV_DONTNEED"):  # or the pages that were read stay part of this process's memory
            self._map.madvise(mmap.MADV_DONTNEED)
        return part

    def __deepcopy__(self, memo: dict[int, Any]) -> _Mapped:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        values = self._values
        return _mapped, (values.filename, values.dtype, values.offset, values.shape)


def _mapped(filename: str, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...]) -> _Mapped:
    return _Mapped(np.memmap(filename, dtype=dtype, mode="r", offset=offset, shape=shape))


def _unpacked(rows: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Two values of 4 bits from each byte, the low bits first."""
    values = np.empty((*rows.shape[:-1], 2 * rows.shape[-1]), np.uint8)
    values[..., 0::2], values[..., 1::2] = rows & 15, rows >> 4
    return values[..., :columns]


def _pixel_size_nm(header: MrcHeader) -> float | None:
    sampling, length = float(header.record.mx), float(header.record.cella.x)
    if not (sampling > 0 and 0 < length < np.inf):
        return None
    if length == sampling and KNOWN_PIXEL not in header.labels:
        return None  # 1 Angstrom per pixel is what programs write that do not know it
    return length / sampling / 10
