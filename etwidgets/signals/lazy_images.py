"""Images of a lazy stack as arrays on the disk, computed once, by projection or by column; knows no physics.

What is computed for one step lies in the folder for temporary files (``TMPDIR``) until nothing refers to it.
Data that are small are kept in memory.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.progress import NullProgress
from etwidgets.resources import check_disk, n_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_SMALL = 1 << 27  # bytes, that are kept in memory
_TOGETHER = 1 << 26  # bytes of projections that are transposed at a time
_PREFIX = "etwidgets-"


@contextlib.contextmanager
def images_of(data: Any, progress: Progress | None = None) -> Iterator[NDArray[Any]]:
    """The images ``(T, Y, X)`` as an array that may only be read; each block of a lazy one is computed once.

    Parameters
    ----------
    data
        Numpy or dask.
    progress
        Reports how much of a lazy stack was computed, and can cancel the work.

    Yields
    ------
    array
        A file mapped into memory if ``data`` are lazy and large; it is gone afterwards.

    Raises
    ------
    DiskFullError
        If there is no room for them.
    """
    if not isinstance(data, da.Array) or data.nbytes <= _SMALL:
        yield np.asarray(data)
        return
    file, path = _new_file(data.nbytes)
    try:
        with file:
            for start, stop in _runs(data.chunks[0], n_cores()):
                np.ascontiguousarray(data[start:stop]).tofile(file)
                _report(progress, stop / len(data))
        yield np.memmap(path, dtype=data.dtype, mode="r", shape=data.shape)
    finally:
        path.unlink()


def columns_of(data: da.Array, n_columns: int, progress: Progress | None = None) -> da.Array:
    """Projections ``(T, Y, X)`` as columns ``(X, T, Y)`` in chunks of so many columns.

    A large stack is computed now, once, and stored by columns: every column needs all projections, and all of
    them would be in memory before the first volume slice was done.

    Raises
    ------
    DiskFullError
        If there is no room for them.
    """
    count, height, width = data.shape
    if data.nbytes <= _SMALL:
        return data.rechunk((-1, -1, n_columns)).transpose(2, 0, 1)
    stored = _StoredColumns(data.dtype, (width, count, height))
    at_once = max(1, _TOGETHER // (data.nbytes // count))
    for start, stop in _runs(data.chunks[0], at_once):
        stored.write(start, np.asarray(data[start:stop]))
        _report(progress, stop / count)
    return da.from_array(stored, chunks=(n_columns, count, height), name=f"columns-{stored.path.name}")


class _StoredColumns:
    """Columns ``(X, T, Y)`` in a file that goes when nothing refers to them any more."""

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.dtype, self.shape, self.ndim = dtype, shape, 3
        file, self.path = _new_file(int(np.prod(shape)) * dtype.itemsize)
        file.close()
        weakref.finalize(self, self.path.unlink, missing_ok=True)

    def write(self, start: int, images: NDArray[Any]) -> None:
        """Write some projections ``(n, Y, X)``, the first of which is number ``start``."""
        columns = np.ascontiguousarray(images.transpose(2, 0, 1))
        _, count, height = self.shape
        with self.path.open("r+b") as file:
            for x, column in enumerate(columns):
                file.seek((x * count + start) * height * self.dtype.itemsize)
                file.write(column.tobytes())

    def __getitem__(self, index: tuple[slice, ...]) -> NDArray[Any]:
        first, *rest = index
        start, stop, _ = first.indices(self.shape[0])
        size = int(np.prod(self.shape[1:]))
        flat = np.fromfile(
            self.path, self.dtype, count=(stop - start) * size, offset=start * size * self.dtype.itemsize
        )
        part: NDArray[Any] = flat.reshape(stop - start, *self.shape[1:])[(slice(None), *rest)]
        return part

    def __deepcopy__(self, memo: dict[int, Any]) -> _StoredColumns:
        return self


def _new_file(n_bytes: int) -> tuple[Any, Path]:
    handle, name = tempfile.mkstemp(prefix=_PREFIX)
    path = Path(name)
    try:
        check_disk(path, n_bytes)
    except BaseException:
        os.close(handle)
        path.unlink()
        raise
    return os.fdopen(handle, "wb"), path


def _runs(chunks: tuple[int, ...], least: int) -> Iterator[tuple[int, int]]:
    """First and last index (exclusive) of runs of whole chunks of at least so many images."""
    start = stop = 0
    for size in chunks:
        stop += size
        if stop - start >= least:
            yield start, stop
            start = stop
    if stop > start:
        yield start, stop


def _report(progress: Progress | None, fraction: float) -> None:
    (progress or NullProgress()).advance(fraction, "reading the projections")
