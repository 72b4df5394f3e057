"""Looks into a TIFF file before it is opened for real, and reads its images one by one."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import tifffile

from etwidgets.errors import FileFormatError
from etwidgets.io.hdf5 import check_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


def check_tiff(path: Path, *, lazy: bool) -> None:
    """Raise unless the directory of a TIFF file is whole and its images would fit into memory.

    Raises
    ------
    FileFormatError
        If the file is no TIFF file, or ends before its last image.
    UnsafeFileError
        If it claims more data than the memory holds (unless ``lazy``).
    """
    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path) as file:
            n_pages, following = len(file.pages), _offset_after_the_last(file)
            end = max(_ends(file), default=0)
            claimed = 0 if end > size else sum(int(series.nbytes) for series in file.series)
    except (tifffile.TiffFileError, struct.error) as error:
        raise FileFormatError(f"{path.name} cannot be read as a TIFF file: {error}") from error
    if following >= size:
        raise FileFormatError(
            f"{path.name} is truncated: {n_pages} image(s) are there, and one more should be at byte "
            f"{following} of its {size}; copy it again"
        )
    if end > size:
        raise FileFormatError(
            f"{path.name} is truncated: its images end at byte {end}, the file has {size}; copy it again"
        )
    if not lazy:
        check_size(path, claimed)


def _ends(file: tifffile.TiffFile) -> Iterator[int]:
    """Where the strips of the images end."""
    for page in file.pages:
        yield from (
            int(start) + int(count)
            for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
        )


def _offset_after_the_last(file: tifffile.TiffFile) -> int:
    """Where the last page says that another follows; 0 if none does. tifffile gives what it has read."""
    start, layout, handle = file.pages[-1].offset, file.tiff, file.filehandle
    handle.seek(start)
    (n_tags,) = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))
    handle.seek(start + layout.tagnosize + n_tags * layout.tagsize)
    return int(struct.unpack(layout.offsetformat, handle.read(layout.offsetsize))[0])


def plain_shape(path: Path) -> tuple[int, ...] | None:
    """The shape of a TIFF file that has no tilt in its tags; None of others.

    For hundreds of files that are each one image: a signal of each would take twenty times as long.
    """
    with tifffile.TiffFile(path) as file:
        make = file.pages.first.tags.get("Make")
        if file.is_tvips or (make is not None and str(make.value).startswith("JEOL")):
            return None
        shapes = [tuple(series.shape) for series in file.series]
    if len(shapes) > 1 and len(set(shapes)) == 1 and len(shapes[0]) == 2:
        return len(shapes), *shapes[0]
    return max(shapes, key=np.prod)


def lazy_dictionaries(path: Path) -> list[dict[str, Any]]:
    """What RosettaSciIO says of each series of a TIFF file, with data that are read image by image.

    RosettaSciIO leaves the file open for lazy data, and reads all images for one of them. That is why a
    private part of it is used here, which is imported late: without it only lazy TIFF files are not read.
    """
    from rsciio.tiff._api import _read_tiff

    with tifffile.TiffFile(path) as file:
        found = [_read_tiff(file, series, str(path), lazy=True) for series in file.series]
        for place, (known, series) in enumerate(zip(found, file.series, strict=True)):
            if known["data"].dtype.kind in "biuf":  # not colors
                known["data"] = _lazy(path, place, series)
    return found


def _lazy(path: Path, place: int, series: tifffile.TiffPageSeries) -> da.Array:
    shape = tuple(int(n) for n in series.shape)
    on_disk = _OnDisk(path.resolve(), place, shape, np.dtype(series.dtype))
    chunks = (*(1,) * (len(shape) - 2), *shape[-2:])
    return da.from_array(on_disk, chunks, name=f"tiff-{path}-{place}-{path.stat().st_mtime_ns}")


class _OnDisk:
    """A series that is opened for each piece that is read: no file stays open."""

    def __init__(self, path: Path, place: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._path, self._place = path, place
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        with tifffile.TiffFile(self._path) as file:
            series = file.series[self._place]
            if series.dataoffset is not None:  # the values lie in the file as they are
                stored = self.dtype.newbyteorder(file.byteorder)
                mapped = np.memmap(self._path, stored, "r", int(series.dataoffset), self.shape)
                return np.array(mapped[index], self.dtype)
            if len(series.pages) != int(np.prod(self.shape[:-2])):
                return np.asarray(series.asarray()[index])
            numbers = np.arange(len(series.pages)).reshape(self.shape[:-2])[index[:-2]]
            pages = [series.pages[int(number)] for number in numbers.ravel()]
            images = [page.asarray()[index[-2:]] for page in pages if page is not None]
        return np.reshape(images, (*numbers.shape, *images[0].shape))
