"""Arrays in version 3 of the zarr format, chunk by chunk; knows nothing of what they mean.

For OME-Zarr 0.5, whatever version of zarr HyperSpy needs. Files are read by an allowlist of codecs, each of
which is given no more room than its chunk has. https://zarr-specs.readthedocs.io/en/latest/v3/core/
"""

from __future__ import annotations

import itertools
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import FileFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES = (
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "float32",
    "float64",
)
_LARGEST_CHUNK = 1 << 31  # bytes, of what a codec takes
_HEADER = "zarr.json"


@dataclass(frozen=True, eq=False)
class ZarrArray:
    """An array on the disk; a part of it is read by its index, as from a numpy array.

    Attributes
    ----------
    path
        Its folder.
    shape, chunks, dtype
        Of the array, and the shape of one chunk.
    names
        Of its dimensions; empty where there are none.
    """

    path: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    names: tuple[str, ...] = ()
    codecs: tuple[dict[str, Any], ...] = ()
    fill_value: Any = 0
    separator: str = "/"

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def write(self, start: int, values: NDArray[Any]) -> None:
        """Write all chunks of a part along the first dimension, which begins and ends at the edge of one."""
        rows = range(start // self.chunks[0], -(-(start + len(values)) // self.chunks[0]))
        others = [range(-(-n // c)) for n, c in zip(self.shape[1:], self.chunks[1:], strict=True)]
        for place in itertools.product(rows, *others):
            chunk = np.full(self.chunks, self.fill_value, self.dtype)
            index = [slice(p * c, (p + 1) * c) for p, c in zip(place, self.chunks, strict=True)]
            index[0] = slice(index[0].start - start, index[0].stop - start)
            part = values[tuple(index)]
            chunk[tuple(slice(n) for n in part.shape)] = part
            target = self._file(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_blosc().encode(chunk))

    def __getitem__(self, index: Any) -> NDArray[Any]:
        ranges = [
            range(*part.indices(n)) for part, n in zip(_slices(index, self.ndim), self.shape, strict=True)
        ]
        result = np.empty([len(each) for each in ranges], self.dtype)
        places = [sorted({i // c for i in each}) for each, c in zip(ranges, self.chunks, strict=True)]
        for place in itertools.product(*places):
            ours, theirs = [], []
            for p, c, each in zip(place, self.chunks, ranges, strict=True):
                inside = np.array([k for k, i in enumerate(each) if i // c == p])
                ours.append(inside)
                theirs.append(np.array(each)[inside] - p * c)
            result[np.ix_(*ours)] = self._chunk(place)[np.ix_(*theirs)]
        return result

    def _chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        file = self._file(place)
        if not file.exists():
            return np.full(self.chunks, self.fill_value, self.dtype)
        n_bytes = int(np.prod(self.chunks)) * self.dtype.itemsize
        content: Any = file.read_bytes()
        order = "<"
        for codec in reversed(self.codecs):
            name, known = codec["name"], codec.get("configuration", {})
            if name == "bytes":
                order = ">" if known.get("endian") == "big" else "<"
            else:
                content = _decoded(name, content, n_bytes)
        values = np.frombuffer(
            content, np.dtype(f"{order}{self.dtype.str[1:]}"), count=int(np.prod(self.chunks))
        )
        return values.reshape(self.chunks).astype(self.dtype, copy=False)

    def _file(self, place: tuple[int, ...]) -> Path:
        return self.path / self.separator.join(["c", *map(str, place)])


def create_array(
    path: Path, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: np.dtype[Any], names: tuple[str, ...]
) -> ZarrArray:
    """A new array of zeros, compressed, to be written part by part."""
    blosc = {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": dtype.itemsize, "blocksize": 0}
    codecs: tuple[dict[str, Any], ...] = (
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "blosc", "configuration": blosc},
    )
    header = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": False if dtype.kind == "b" else 0,
        "codecs": codecs,
        "dimension_names": list(names),
        "attributes": {},
    }
    path.mkdir(parents=True)
    (path / _HEADER).write_text(json.dumps(header, indent=1), encoding="utf-8")
    return ZarrArray(path, shape, chunks, dtype.newbyteorder("<"), names, codecs)


def open_array(path: Path) -> ZarrArray:
    """An array of a file.

    Raises
    ------
    FileFormatError
        If it is none, or stored in a way that is not read.
    """
    header = read_header(path, "array")
    try:
        shape, chunks = (
            tuple(int(n) for n in numbers)
            for numbers in (header["shape"], header["chunk_grid"]["configuration"]["chunk_shape"])
        )
        kind, codecs = header["data_type"], tuple(header["codecs"])
        encoding = header["chunk_key_encoding"]
        separator = encoding.get("configuration", {}).get("separator", "/")
        unknown = [each["name"] for each in codecs if each["name"] not in ("bytes", *_COMPRESSORS)]
        fill_value, names = header["fill_value"], tuple(header.get("dimension_names") or ())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"{path / _HEADER} is not the header of an array: {error!r}") from error
    if kind not in _TYPES or encoding["name"] != "default" or separator not in (".", "/"):
        raise FileFormatError(f"{path} holds {kind!r} in {encoding['name']!r} order, which is not read")
    if unknown or header["chunk_grid"]["name"] != "regular":
        raise FileFormatError(
            f"{path} is stored with {', '.join(map(str, unknown)) or 'an irregular grid'}, not read; "
            "save it again without shards, compressed with blosc, zstd or gzip"
        )
    dtype = np.dtype(kind)
    size = int(np.prod(chunks, dtype=object)) * dtype.itemsize
    if len(shape) != len(chunks) or min(*shape, *chunks, 1) < 1 or size > _LARGEST_CHUNK:
        raise FileFormatError(f"{path} has the shape {shape} in chunks of {chunks}, which cannot be")
    return ZarrArray(path, shape, chunks, dtype, names, codecs, _fill(fill_value), separator)


def write_group(path: Path, attributes: dict[str, Any]) -> None:
    """A group, with its attributes."""
    path.mkdir(parents=True, exist_ok=True)
    header = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    (path / _HEADER).write_text(json.dumps(header, indent=1), encoding="utf-8")


def read_header(path: Path, node: str) -> dict[str, Any]:
    """The header of a ``"group"`` or an ``"array"``.

    Raises
    ------
    FileFormatError
        If it is none.
    """
    try:
        header = json.loads((path / _HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path} has no {_HEADER} that can be read: {error}") from error
    if not isinstance(header, dict) or header.get("zarr_format") != 3 or header.get("node_type") != node:
        raise FileFormatError(f"{path} is not a zarr {node} of version 3")
    return header


def _slices(index: Any, ndim: int) -> list[slice]:
    parts = list(index) if isinstance(index, tuple) else [index]
    return parts + [slice(None)] * (ndim - len(parts))


def _fill(value: Any) -> Any:
    named = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    return 0 if value is None else named.get(value, value)


def _blosc() -> Any:
    from numcodecs import Blosc

    return Blosc(cname="zstd", clevel=1, shuffle=Blosc.SHUFFLE)


_COMPRESSORS = ("blosc", "zstd", "gzip", "crc32c")
_CHECKSUM = 4  # bytes of crc32c, at the end


def _decoded(name: str, content: Any, n_bytes: int) -> Any:
    """What was compressed, into no more room than it may take."""
    import numcodecs

    if name == "crc32c":
        return content[:-_CHECKSUM]
    if name == "gzip":
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, n_bytes)
    room = np.empty(n_bytes, np.uint8)
    codec = numcodecs.Blosc() if name == "blosc" else numcodecs.Zstd()
    return codec.decode(content, out=room)
