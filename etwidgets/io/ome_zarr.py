"""Reads volumes and label images from OME-Zarr 0.5; contents of other kinds are refused, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.errors import FileFormatError
from etwidgets.io.hdf5 import check_size
from etwidgets.signals import RecStack
from etwidgets.signals.ome_zarr_writing import UNITS, VERSION
from etwidgets.zarr_arrays import open_array, read_header

if TYPE_CHECKING:
    from pathlib import Path

_ORDER = ("x", "z", "y")


def read_ome_zarr(path: Path, *, lazy: bool) -> RecStack:
    """The finest level of the first image in a folder.

    Raises
    ------
    FileFormatError
        If there is none of three dimensions x, y and z.
    UnsafeFileError
        If it would fill the memory.
    """
    attributes = read_header(path, "group").get("attributes", {})
    ome = attributes.get("ome", {})
    if not str(ome.get("version", "")).startswith(VERSION) or not ome.get("multiscales"):
        raise FileFormatError(
            f"{path.name} is not an image in OME-Zarr {VERSION} but has version {ome.get('version')!r}"
        )
    image = ome["multiscales"][0]
    names = [str(axis["name"]).lower() for axis in image["axes"]]
    finest = str(image["datasets"][0]["path"])
    if any(part in ("", ".", "..") for part in finest.split("/")) or "\\" in finest:
        raise FileFormatError(f"{path.name} keeps its data outside its folder: {finest!r}")
    array = open_array(path / finest)
    if array.ndim != len(names) or not set(_ORDER) <= set(names):
        raise FileFormatError(
            f"{path.name} has the axes {names} in the shape {array.shape}; x, y, z are needed"
        )
    others = [i for i, name in enumerate(names) if name not in _ORDER]
    if any(array.shape[i] > 1 for i in others):
        raise FileFormatError(f"{path.name} has several channels or times {array.shape}; save one of them")
    if not lazy:
        check_size(path, int(np.prod(array.shape, dtype=object)) * array.dtype.itemsize)
    data: Any = da.from_array(array, chunks=array.chunks, name=False) if lazy else array[:]
    data = data[tuple(0 if i in others else slice(None) for i in range(array.ndim))]
    spatial = [name for name in names if name in _ORDER]
    data = data.transpose([spatial.index(name) for name in _ORDER])
    volume = RecStack(data, axes=_axes(image, names, data.shape))
    known = attributes.get("etwidgets", {})
    volume.metadata.General.title = str(known.get("title", ""))
    if known.get("reconstruction"):
        volume.metadata.set_item("Tomography.reconstruction", dict(known["reconstruction"]))
    return volume


def _axes(image: dict[str, Any], names: list[str], shape: tuple[int, ...]) -> list[dict[str, Any]]:
    moves = [*image["datasets"][0]["coordinateTransformations"], *image.get("coordinateTransformations", ())]
    scale, offset = np.ones(len(names)), np.zeros(len(names))
    for move in moves:
        if move["type"] == "scale":
            factors = np.array(move["scale"], float)
            scale, offset = scale * factors, offset * factors
        elif move["type"] == "translation":
            offset = offset + np.array(move["translation"], float)
        else:
            raise FileFormatError(
                f"a coordinate transformation is {move['type']!r}; only scale and translation are read"
            )
    ours = {long: short for short, long in reversed(UNITS.items())}
    axes = []
    for name, size in zip(_ORDER, shape, strict=True):
        i = names.index(name)
        unit = ours.get(str(image["axes"][i].get("unit", "")), "pixels")
        axes.append(
            {
                "name": name, "size": size, "scale": float(scale[i]), "offset": float(offset[i]),
                "units": unit, "navigate": name == "x",
            }
        )  # fmt: skip
    return axes
