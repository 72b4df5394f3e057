"""Looks into an HDF5 file before it is opened for real; reads structure, never data.

A crafted file can make any reader return bytes of other files (external storage, external links,
virtual datasets) or fill the memory (a small compressed chunk that claims gigabytes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from etwidgets.errors import FileFormatError, UnsafeFileError
from etwidgets.resources import free_memory

if TYPE_CHECKING:
    from pathlib import Path

_MAX_OBJECTS = 100_000


def check_hdf5(path: Path, *, lazy: bool) -> None:
    """Raise unless the file keeps to itself and would fit into memory.

    Raises
    ------
    FileFormatError
        If it is no HDF5 file, or damaged.
    UnsafeFileError
        If it refers to other files, or claims more data than the memory holds (unless ``lazy``).
    """
    try:
        with h5py.File(path, "r") as file:
            total = _check_group(file, path, seen=set())
    except OSError as error:
        raise FileFormatError(f"{path.name} cannot be read as an HDF5 file: {error}") from error
    if not lazy:
        check_size(path, total)


def check_size(path: Path, n_bytes: int) -> None:
    """Raise unless so many bytes of data would fit into memory.

    Raises
    ------
    UnsafeFileError
        If they would not.
    """
    free = free_memory()
    if n_bytes > free:
        raise UnsafeFileError(
            f"{path.name} claims {n_bytes / 1e9:.1f} GB of data, but only {free / 1e9:.1f} GB of memory "
            "are free; use lazy=True if this is what you expect"
        )


def _check_group(group: h5py.Group, path: Path, seen: set[bytes]) -> int:
    total = 0
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeFileError(
                f"{path.name}: {group.name}/{name} is a link into another file ({link.filename}); not opened"
            )
        if isinstance(link, h5py.SoftLink):
            continue  # its target is visited under its own name
        item = group[name]
        key = bytes(str(h5py.h5o.get_info(item.id).addr), "ascii")
        if key in seen:
            continue
        seen.add(key)
        if len(seen) > _MAX_OBJECTS:
            raise UnsafeFileError(f"{path.name} holds more than {_MAX_OBJECTS} objects; not opened")
        total += (
            _check_dataset(item, path) if isinstance(item, h5py.Dataset) else _check_group(item, path, seen)
        )
    return total


def _check_dataset(item: h5py.Dataset, path: Path) -> int:
    if item.external:
        raise UnsafeFileError(
            f"{path.name}: {item.name} stores its data in another file ({item.external[0][0]}); not opened"
        )
    if item.is_virtual:
        raise UnsafeFileError(f"{path.name}: {item.name} is assembled from other files; not opened")
    return int(item.size or 0) * item.dtype.itemsize
