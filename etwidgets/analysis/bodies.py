"""Segments and measures a volume in one call; each step is a separate function elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets.analysis.measures import measure, volume_of
from etwidgets.analysis.segmentation import label, segment, smoothed
from etwidgets.analysis.sensitivity import Uncertainty, interval
from etwidgets.analysis.uncertainty import core_values

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_FRAME = 16  # voxels around all bodies, from which ground and noise are known
_RIM = 3  # voxels around a mask within which its surface is looked for


def bodies(
    volume: NDArray[Any],
    voxel_nm: float,
    threshold: float,
    *,
    low: float | None = None,
    smooth_px: float = 0.0,
    smallest_voxels: int = 0,
    split_px: float | None = None,
) -> pd.DataFrame:
    """Segment a volume, and label and measure its separate bodies.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    voxel_nm
        Length of a voxel.
    threshold, low, smooth_px, smallest_voxels
        As in :func:`segment`.
    split_px
        As in :func:`label`.

    Returns
    -------
    DataFrame
        As returned by :func:`measure`.
    """
    mask = segment(volume, threshold, low=low, smooth_px=smooth_px, smallest_voxels=smallest_voxels)
    edge = threshold if low is None else low
    return measure(label(mask, split_px), voxel_nm, smoothed(volume, smooth_px), edge)


def totals(
    volume: NDArray[Any],
    voxel_nm: float,
    threshold: float,
    *,
    low: float | None = None,
    smooth_px: float = 0.0,
    smallest_voxels: int = 0,
    split_px: float | None = None,
) -> dict[str, float]:
    """One number each of all bodies together; parameters as for :func:`bodies`.

    Returns
    -------
    dict
        ``volume_nm3``: the sum; ``largest_diameter_nm``, ``mean_diameter_nm``: equivalent diameters of the
        largest body, and the mean over bodies; ``inside``: the gray value in the cores of the bodies, which
        blur does not reach, weighted by their volumes.

    Raises
    ------
    DataError
        If nothing is above the threshold.
    """
    mask = segment(volume, threshold, low=low, smooth_px=smooth_px, smallest_voxels=smallest_voxels)
    data = smoothed(volume, smooth_px)
    labels = label(mask, split_px)
    table = measure(labels, voxel_nm, data, threshold if low is None else low)
    return {
        "volume_nm3": float(table["volume_nm3"].sum()),
        "largest_diameter_nm": float(table["equivalent_diameter_nm"].max()),
        "mean_diameter_nm": float(table["equivalent_diameter_nm"].mean()),
        "inside": float(np.average(core_values(data, labels), weights=table["volume_nm3"])),
    }


def total_volume(
    volume: NDArray[Any],
    voxel_nm: float,
    threshold: float,
    *,
    low: float | None = None,
    smooth_px: float = 0.0,
    smallest_voxels: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Uncertainty:
    """The volume, nm³, of all bodies, with its confidence interval.

    Parameters as for :func:`bodies` and :func:`interval`.

    Raises
    ------
    DataError
        If nothing is above the threshold.
    """
    data = smoothed(volume, smooth_px)
    mask = segment(volume, threshold, low=low, smooth_px=smooth_px, smallest_voxels=smallest_voxels)
    part = _around(mask)
    data, mask = data[part], mask[part]
    near = ndimage.binary_dilation(mask, iterations=_RIM)
    edge = threshold if low is None else low
    outside = min(float(data.min()), edge - abs(edge))

    def quantity(values: NDArray[np.float32], level: float) -> float:
        return volume_of(np.where(near, values, outside), level, voxel_nm)

    return interval(data, quantity, edge, seed=seed, progress=progress)


def _around(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The box that holds a mask and a frame about it; all of it where the mask is empty."""
    boxes = ndimage.find_objects(mask.astype(np.int8))
    if not boxes:
        return (slice(None),) * mask.ndim
    return tuple(slice(max(each.start - _FRAME, 0), each.stop + _FRAME) for each in boxes[0])
