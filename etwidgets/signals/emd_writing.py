"""Stacks and volumes as EMD files in the form of Tomviz; knows no other format.

As Tomviz 2.1 writes and reads them: ``/data/tomography/data`` with ``dim1``, ``dim2``, ``dim3`` in float32, a
tilt series as (angles, y, x) and a volume as (x, y, z) in the order of storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.signals.hdf5_writing import patient_file

if TYPE_CHECKING:
    from pathlib import Path

    from hyperspy.signals import Signal2D
    from numpy.typing import NDArray

_VERSION = {"version_major": 0, "version_minor": 2}


def write_emd(signal: Signal2D, target: Path) -> None:
    """Write a tilt series with its tilts, or a volume.

    Raises
    ------
    ParameterError
        If it is a tilt series without tilts, or a single image.
    """
    axes = {axis.name: axis for axis in signal.axes_manager._axes}
    if "z" in axes and len(axes) == 3:
        data = np.asarray(signal.data).transpose(0, 2, 1)
        dims = [(name, *_along(axes[name], size)) for name, size in zip("xyz", data.shape, strict=True)]
    elif getattr(signal, "has_tilts", False) and signal.data.ndim == 3:
        data = np.asarray(signal.data)
        dims = [("angles", np.asarray(signal.tilts_deg), "[deg]")]
        dims += [(name, *_along(axes[name], size)) for name, size in zip("yx", data.shape[1:], strict=True)]
    else:
        raise ParameterError(
            "an .emd file of Tomviz holds a tilt series with its tilts, or a volume; set the tilts first "
            "(s.tilts = [...]), or save as .hspy"
        )
    with patient_file(target) as file, h5py.File(file, "w") as root:
        for name, value in _VERSION.items():
            root.attrs[name] = np.uint32(value)
        node = root.create_group("data/tomography")
        node.attrs["emd_group_type"] = np.uint32(1)
        node.create_dataset("data", data=data).attrs["name"] = "ImageScalars"
        for number, (name, values, unit) in enumerate(dims, 1):
            dim = node.create_dataset(f"dim{number}", data=values.astype(np.float32))
            dim.attrs["name"], dim.attrs["units"] = name, unit


def _along(axis: Any, size: int) -> tuple[NDArray[np.float64], str]:
    """Positions along an axis, and their unit; in pixels where no length is known."""
    known = axis.units == "nm"
    return np.arange(size) * (axis.scale if known else 1.0), "[n_m]" if known else "[px]"
