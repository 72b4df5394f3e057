"""EMD files of NCEM and of Tomviz: axes by their names and units, tilts from the dimension that has them.

Knows nothing of Velox files, which have the same ending and another layout; RosettaSciIO reads those.
Layout: https://emdatasets.com/format: a group with ``data`` and ``dim1``, ``dim2``... for its axes 0, 1...
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask.array as da
import h5py
import numpy as np

from etwidgets.errors import FileFormatError, ShapeError
from etwidgets.signals.given_axes import DEGREES, RADIANS, TILT_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TOMVIZ_GROUP = "/data/tomography"
_HYPERSPY_GROUP = "/signals/"
_METADATA = ("microscope", "sample", "user", "comments")
_TILT = re.compile("|".join(TILT_NAMES))
_NOT_TILTED = re.compile(r"projection|slice|frame|image|^z$|time|index")
_NAMES = {
    "x": "x", "y": "y", "width": "x", "height": "y", "columns": "x", "rows": "y", "column": "x", "row": "y",
}  # fmt: skip
_TO_DEG = {**dict.fromkeys(DEGREES, 1.0), **dict.fromkeys(RADIANS, 180 / np.pi), "mrad": 0.18 / np.pi}
_ENERGY = ("ev", "kev")

_LARGEST_STEP = 1e100  # in any unit; a file that says more is damaged, and converted to nm it would overflow


@dataclass(frozen=True, eq=False)
class EmdImages:
    """What an EMD file holds.

    Attributes
    ----------
    data
        ``(T, Y, X)`` or ``(Y, X)``, an array or a dask array; ``(X, Z, Y)`` if ``is_volume``.
    axes
        HyperSpy's descriptions of y and x (of a volume: of x, z, y).
    tilts_deg
        ``(T,)`` or None.
    tilt_source
        Which dimension they are from.
    is_volume
        Whether it is Tomviz's and has the axes x, y, z, none of them a tilt.
    original
        What the file says of microscope, sample, user and in comments.
    """

    data: Any
    axes: list[dict[str, Any]]
    tilts_deg: NDArray[np.float64] | None
    tilt_source: str
    is_volume: bool
    original: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Dim:
    """One axis of the data set."""

    label: str
    name: str
    unit: str
    values: NDArray[np.float64] | None
    size: int

    @property
    def is_tilt(self) -> bool:
        known_length = bool(self.unit) and self.unit not in _TO_DEG
        return self.unit in _TO_DEG or (bool(_TILT.search(self.name)) and not known_length)

    @property
    def step(self) -> float:
        if self.values is None or len(self.values) < 2:
            return 1.0
        step = float(f"{(self.values[-1] - self.values[0]) / (len(self.values) - 1):.6g}")
        return step if 0 < abs(step) < _LARGEST_STEP else 1.0

    def positions(self) -> NDArray[np.float64] | None:
        """One value per index; HyperSpy writes the first two alone."""
        if self.values is None:
            return None
        if len(self.values) == self.size:
            return self.values
        return self.values[0] + self.step * np.arange(self.size) if len(self.values) == 2 else None

    def as_axis(self, name: str) -> dict[str, Any]:
        values = self.positions()
        first = 0.0 if values is None or not np.isfinite(values[0]) else float(values[0])
        scale = self.step if values is not None else 1.0
        return {"name": name, "size": self.size, "scale": scale, "offset": first, "units": self.unit or None}


def read_emd(path: Path, *, lazy: bool = False) -> EmdImages | None:
    """Read the images of an EMD file; None if it has not the layout of NCEM.

    The file must have passed :func:`etwidgets.io.hdf5.check_hdf5`. Of several data sets it is Tomviz's, or
    the largest.

    Raises
    ------
    FileFormatError
        If the data are no images of real numbers.
    ShapeError
        If they have more than three dimensions.
    """
    with h5py.File(path, "r") as file:
        groups = _groups(file)
        if not groups:
            return None
        if len(groups) > 1:
            warnings.warn(
                f"{path.name} holds {len(groups)} data sets; {groups[0].name} is loaded", stacklevel=6
            )
        group = groups[0]
        dataset = group["data"]
        dims = [_dim(group, axis, dataset) for axis in range(dataset.ndim)]
        _check(path, dataset, dims)
        is_volume = group.name == _TOMVIZ_GROUP and [dim.name for dim in dims] == ["x", "y", "z"]
        is_volume &= not any(dim.is_tilt for dim in dims)
        order = (0, 2, 1) if is_volume else _order(path, group.name, dims)
        data = _lazy(path, dataset, order) if lazy else np.ascontiguousarray(dataset[()].transpose(order))
        original = {name: _attributes(file[name]) for name in _METADATA if name in file}
    first = dims[order[0]] if len(dims) == 3 and not is_volume else None
    names = ("x", "z", "y") if is_volume else ("y", "x")
    shown = order if is_volume else order[-2:]
    return EmdImages(
        data=data,
        axes=[dims[k].as_axis(name) for k, name in zip(shown, names, strict=True)],
        tilts_deg=None if first is None else _tilts(first),
        tilt_source="" if first is None else f"EMD {first.label} ({first.name or first.unit})",
        is_volume=is_volume,
        original=original,
    )


def _groups(file: h5py.File) -> list[h5py.Group]:
    """Those with a data set ``data`` and its first dimension; the one to load first."""
    found: list[h5py.Group] = []

    def look(_name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and ("dim1" in item or "dim0" in item):
            data = item.get("data")
            if isinstance(data, h5py.Dataset) and data.ndim >= 2:
                found.append(item)

    file.visititems(look)
    return sorted(found, key=lambda group: (group.name != _TOMVIZ_GROUP, -group["data"].size))


def _dim(group: h5py.Group, axis: int, dataset: h5py.Dataset) -> _Dim:
    label = f"dim{axis}" if "dim0" in group else f"dim{axis + 1}"
    item = group.get(label)
    size = int(dataset.shape[axis])
    if not isinstance(item, h5py.Dataset):
        return _Dim(label, "", "", None, size)
    numbers = item.ndim == 1 and item.dtype.kind in "iuf" and item.size > 0
    values = _numbers(item[()]) if numbers else None
    name, unit = _text(item.attrs.get("name")), _text(item.attrs.get("units"))
    return _Dim(label, name.strip().lower(), _plain_unit(unit), values, size)


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """In double precision, with the decimals that a single has: 1.1, not 1.10000002."""
    if values.dtype == np.float32:
        return np.array([float(str(value)) for value in values])
    return values.astype(float)


def _plain_unit(unit: str) -> str:
    """``[n_m]`` is nm."""
    plain = re.sub(r"[\[\]_\s]", "", unit)
    if plain.lower() in ("px", "pixel", "pixels"):
        return "pixels"
    return plain.lower() if plain.lower() in (*_TO_DEG, *_ENERGY) else plain


def _text(value: Any) -> str:
    """An attribute as text: programs write strings, bytes, or an array of one of these."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size == 1 else ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _attributes(group: Any) -> dict[str, Any]:
    known = {}
    for name, value in getattr(group, "attrs", {}).items():
        plain = value.item() if isinstance(value, np.generic) else value
        known[name] = plain if isinstance(plain, int | float | bool) else _text(plain) or str(plain)
    return known


def _check(path: Path, dataset: h5py.Dataset, dims: list[_Dim]) -> None:
    if dataset.dtype.kind not in "biuf":
        raise FileFormatError(
            f"{path.name}: {dataset.name} holds {dataset.dtype}, not images of real numbers"
        )
    if 0 in dataset.shape:
        raise FileFormatError(f"{path.name}: {dataset.name} is empty: shape {dataset.shape}")
    if any(dim.unit in _ENERGY for dim in dims):
        raise FileFormatError(
            f"{path.name} holds spectra; open it as spectra, with etwidgets.spectral.load or in the "
            "Spectral tab"
        )
    if dataset.ndim > 3:
        raise ShapeError(
            f"{path.name}: {dataset.name} has the shape {dataset.shape}; a tilt series has three dimensions"
        )


def _order(path: Path, group: str, dims: list[_Dim]) -> tuple[int, ...]:
    """Which axis of the file is projections, y, x (or y, x)."""
    axes = range(len(dims))
    reverse = group.startswith(_HYPERSPY_GROUP)  # it writes the fastest axis first
    x, y = (
        next((k for k in axes if _NAMES.get(dims[k].name) == name and not dims[k].is_tilt), None)
        for name in "xy"
    )
    if len(dims) == 2:
        return (y, x) if x is not None and y is not None else ((1, 0) if reverse else (0, 1))
    tilt = _projections(dims, x, y)
    if tilt is None:
        unnamed = [k for k in axes if k not in (x, y)]
        tilt = unnamed[-1] if reverse or x == 0 else unnamed[0]
        if not reverse:
            warnings.warn(
                f"{path.name}: the axes have no names that tell projections from y and x; axis {tilt}, of "
                f"{dims[tilt].size}, is taken as projections",
                stacklevel=7,
            )
    rest = [k for k in axes if k != tilt]
    if tilt == 2:
        rest.reverse()  # fastest first, as in Fortran
    if x in rest:
        rest.remove(x)
        rest.append(x)
    elif y in rest:
        rest.remove(y)
        rest.insert(0, y)
    return (tilt, *rest)


def _projections(dims: list[_Dim], x: int | None, y: int | None) -> int | None:
    axes = range(len(dims))
    tilted = [k for k in axes if dims[k].is_tilt]
    if len(tilted) == 1:
        return tilted[0]
    named = [k for k in axes if dims[k].unit in _TO_DEG and _TILT.search(dims[k].name)]
    if len(named) == 1:
        return named[0]
    if x is not None and y is not None:
        return next(k for k in axes if k not in (x, y))
    counted = [k for k in axes if _NOT_TILTED.search(dims[k].name)]
    return counted[0] if len(counted) == 1 else None


def _tilts(dim: _Dim) -> NDArray[np.float64] | None:
    if not dim.is_tilt or dim.values is None:
        return None
    values = dim.positions()
    return (dim.values if values is None else values) * _TO_DEG.get(dim.unit, 1.0)  # checked later


class _OnDisk:
    """A data set that is opened for each piece that is read: no file stays open."""

    def __init__(self, path: Path, dataset: h5py.Dataset) -> None:
        self._path, self._name = path, dataset.name
        self.shape, self.dtype, self.ndim = dataset.shape, dataset.dtype, dataset.ndim

    def __getitem__(self, index: Any) -> NDArray[Any]:
        with h5py.File(self._path, "r") as file:
            return np.asarray(file[self._name][index])


def _lazy(path: Path, dataset: h5py.Dataset, order: tuple[int, ...]) -> Any:
    chunks = [int(n) for n in dataset.shape]
    if dataset.ndim == 3:
        chunks[order[0]] = 1
    name = f"emd-{path}-{path.stat().st_mtime_ns}"
    return da.from_array(_OnDisk(path.resolve(), dataset), chunks=tuple(chunks), name=name).transpose(order)
