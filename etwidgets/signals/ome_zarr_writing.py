"""Volumes and label images as OME-Zarr 0.5, with a pyramid, slab by slab; knows no other format.

https://ngff.openmicroscopy.org/0.5/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.progress import NullProgress
from etwidgets.zarr_arrays import create_array, write_group

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hyperspy.signals import Signal2D
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.zarr_arrays import ZarrArray

VERSION = "0.5"
UNITS = {"nm": "nanometer", "µm": "micrometer", "um": "micrometer", "Å": "angstrom"}
"""Of lengths, as the specification spells them."""
_AXES = ("x", "z", "y")
_CHUNK = (64, 128, 128)
_SMALLEST = 256  # pixels of the longest side, at which the pyramid ends


def write_ome_zarr(
    volume: Signal2D,
    target: Path,
    *,
    label_image: bool = False,
    labels: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a volume, which may be lazy: each of its blocks is computed once.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``; lengths in nm are written as nanometers.
    target
        The folder, which does not exist yet.
    label_image
        The numbers are labels, not intensities: a voxel of the pyramid has the most frequent of its eight.
    labels
        Label images of the same shape by their names, written with the volume.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If it is not a volume, labels are not integers or differ in shape, or a name does not suit a folder.
    """
    axes = volume.axes_manager._axes
    if tuple(axis.name for axis in axes) != _AXES:
        raise ShapeError(f"OME-Zarr is written of volumes (x, z, y), not of {tuple(a.name for a in axes)}")
    progress = progress or NullProgress()
    given = dict(labels or {})
    for name, data in given.items():
        if name in ("", ".", "..") or "/" in name or "\\" in name:
            raise ParameterError(f"{name!r} is not a name of labels; give one such as 'particles'")
        if data.shape != volume.data.shape:
            raise ShapeError(
                f"the labels {name!r} have the shape {data.shape}, the volume {volume.data.shape}"
            )
    share = 1 / (1 + len(given))
    known = _round_trip(volume)
    _write_image(
        axes,
        volume.data,
        target,
        progress.part(0, share),
        labels=label_image,
        attributes={"etwidgets": known},
    )
    if given:
        write_group(target / "labels", {"ome": {"version": VERSION, "labels": list(given)}})
    for i, (name, data) in enumerate(given.items(), start=1):
        part = progress.part(i * share, (i + 1) * share)
        _write_image(
            axes, data, target / "labels" / name, part, labels=True, source={"source": {"image": "../../"}}
        )


def halved(values: NDArray[Any], *, labels: bool) -> NDArray[Any]:
    """Every 2 x 2 x 2 voxels as one, their mean, or the most frequent label (of several the lowest).

    What is left over at an end counts twice; a side of one voxel stays.
    """
    parts = values
    for axis, size in enumerate(values.shape):
        if size % 2 and size > 1:
            parts = np.concatenate([parts, np.take(parts, [-1], axis)], axis)
    steps = [(0, 1) if size > 1 else (0,) for size in values.shape]
    eight = [
        parts[i :: len(steps[0]), j :: len(steps[1]), k :: len(steps[2])]
        for i in steps[0] for j in steps[1] for k in steps[2]
    ]  # fmt: skip
    if labels:
        return _most_frequent(np.sort(np.stack(eight), axis=0))
    mean = np.mean(eight, axis=0, dtype=float)
    result: NDArray[Any] = (np.rint(mean) if values.dtype.kind in "iu" else mean).astype(values.dtype)
    return result


def _most_frequent(ranked: NDArray[Any]) -> NDArray[Any]:
    counts = np.stack([(ranked == each).sum(0) for each in ranked])
    return np.take_along_axis(ranked, counts.argmax(0)[None], 0)[0]


def _write_image(
    axes: Any,
    data: Any,
    target: Path,
    progress: Progress,
    *,
    labels: bool,
    attributes: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
) -> None:
    if labels and data.dtype.kind not in "biu":
        raise DataError(f"labels are whole numbers, not {data.dtype}")
    dtype = np.dtype(data.dtype)
    if (
        dtype.kind == "b" or dtype == np.float16
    ):  # truth values are no image, and few programs read half floats
        dtype = np.dtype(np.uint8 if dtype.kind == "b" else np.float32)
    shapes = _pyramid(data.shape)
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [_multiscale(axes, shapes, labels)]}
    if labels:
        ome["image-label"] = source or {}
    write_group(target, {"ome": ome, **(attributes or {})})
    levels = [
        create_array(target / str(i), shape, _chunks(shape), dtype, _AXES) for i, shape in enumerate(shapes)
    ]
    stream = _Level(levels, labels)
    for start in range(0, data.shape[0], _CHUNK[0]):
        stream.push(np.asarray(data[start : start + _CHUNK[0]]).astype(dtype, copy=False))
        progress.advance(min(1.0, (start + _CHUNK[0]) / data.shape[0]), "writing")
    stream.end()


class _Level:
    """One level of the pyramid, written as soon as whole chunks are there; hands the next one its half."""

    def __init__(self, arrays: list[ZarrArray], labels: bool) -> None:
        self._array, self._labels = arrays[0], labels
        self._next = _Level(arrays[1:], labels) if arrays[1:] else None
        self._waiting: list[NDArray[Any]] = []
        self._done = 0

    def push(self, planes: NDArray[Any]) -> None:
        """Take some more planes."""
        self._waiting.append(planes)
        if sum(map(len, self._waiting)) >= self._array.chunks[0]:
            ready = np.concatenate(self._waiting)
            whole = len(ready) // self._array.chunks[0] * self._array.chunks[0]
            self._write(ready[:whole])
            self._waiting = [ready[whole:]]

    def end(self) -> None:
        """Write what is left."""
        if any(map(len, self._waiting)):
            self._write(np.concatenate(self._waiting))
        if self._next is not None:
            self._next.end()

    def _write(self, planes: NDArray[Any]) -> None:
        self._array.write(self._done, planes)
        self._done += len(planes)
        if self._next is not None:
            self._next.push(halved(planes, labels=self._labels))


def _pyramid(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    shapes = [tuple(int(n) for n in shape)]
    while max(shapes[-1]) > _SMALLEST:
        shapes.append(tuple(-(-n // 2) for n in shapes[-1]))
    return shapes


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (_CHUNK[0], *(min(n, c) for n, c in zip(shape[1:], _CHUNK[1:], strict=True)))


def _multiscale(axes: Any, shapes: list[tuple[int, ...]], labels: bool) -> dict[str, Any]:
    described = [
        {"name": axis.name, "type": "space"} | ({"unit": UNITS[axis.units]} if axis.units in UNITS else {})
        for axis in axes
    ]
    datasets = []
    for level in range(len(shapes)):
        factors = [2.0 ** min(level, int(n - 1).bit_length()) for n in shapes[0]]
        scale = [float(axis.scale) * factor for axis, factor in zip(axes, factors, strict=True)]
        first = [
            float(axis.offset + axis.scale * (factor - 1) / 2)
            for axis, factor in zip(axes, factors, strict=True)
        ]
        moves = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": first}]
        datasets.append({"path": str(level), "coordinateTransformations": moves})
    how = "mode" if labels else "mean"
    return {
        "name": "labels" if labels else "volume",
        "axes": described,
        "datasets": datasets,
        "type": how,
        "metadata": {"description": f"{how} of 2 x 2 x 2 voxels"},
    }


def _round_trip(volume: Signal2D) -> dict[str, Any]:
    """What a volume of ours gets back: its title and how it was made."""
    made = volume.metadata.get_item("Tomography.reconstruction", default=None)
    settings = {} if made is None else made.as_dictionary()
    plain = {name: value for name, value in settings.items() if isinstance(value, str | int | float | bool)}
    return {"title": str(volume.metadata.General.title), "reconstruction": plain}
