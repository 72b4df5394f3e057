"""Looks into a TIFF file before it is opened for real; reads its directory, no pixels."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import tifffile

from etwidgets.errors import FileFormatError
from etwidgets.io.hdf5 import check_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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

    RosettaSciIO, which reads the tags, would read the pixels as well, or leave the file open.
    """
    with tifffile.TiffFile(path) as file:
        make = file.pages.first.tags.get("Make")
        if file.is_tvips or (make is not None and str(make.value).startswith("JEOL")):
            return None
        shapes = [tuple(series.shape) for series in file.series]
    if len(shapes) > 1 and len(set(shapes)) == 1 and len(shapes[0]) == 2:
        return len(shapes), *shapes[0]
    return max(shapes, key=np.prod)
