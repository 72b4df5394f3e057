"""Thresholds, masks and labels of volumes; measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage import feature, filters, segmentation

from etwidgets.analysis.checks import checked_mask, checked_threshold, checked_volume
from etwidgets.checks import is_number, is_whole
from etwidgets.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THRESHOLDS = ("half", "otsu", "multi-otsu", "li")
"""Methods to find a threshold: see :func:`threshold_of`."""

_EVERYWHERE = np.ones((3, 3, 3), bool)  # voxels that share a corner belong together
_MOST_SAMPLES = 2_000_000
_BINS = 256


def threshold_of(volume: NDArray[Any], method: str = "half", classes: int = 3) -> tuple[float, ...]:
    """Intensities that divide a volume into classes.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    method
        ``"half"``: halfway between the typical intensities on either side of Otsu's threshold, which is where
        the edge of a homogeneous, blurred body is, of any size; ``"otsu"``: the smallest variance within two
        classes (Otsu 1979, doi:10.1109/TSMC.1979.4310076), too low if one class has few voxels;
        ``"multi-otsu"``: the same for 3 to 5 classes; ``"li"``: minimum cross entropy (Li and Lee 1993,
        doi:10.1016/0031-3203(93)90115-D), for faint bodies on a dark background.
    classes
        Number of classes of ``"multi-otsu"``.

    Returns
    -------
    tuple
        One threshold, or one less than the number of classes, ascending.

    Raises
    ------
    ParameterError
        If the method or the number of classes is invalid.
    DataError
        If all voxels are equal.
    """
    data = _sampled(volume)
    if method == "multi-otsu":
        if not is_whole(classes) or not 3 <= classes <= 5:
            raise ParameterError(f"multi-otsu needs 3 to 5 classes, not {classes!r}")
        n_values = np.count_nonzero(np.histogram(data, _BINS)[0])
        if n_values < classes:
            raise DataError(
                f"{n_values} different values cannot be divided into {classes} classes; use fewer"
            )
        return tuple(float(value) for value in filters.threshold_multiotsu(data, classes))
    if method == "otsu":
        return (float(filters.threshold_otsu(data)),)
    if method == "li":
        return (float(filters.threshold_li(data)),)
    if method == "half":
        ground, plateau = _ground_and_plateau(data)
        return ((ground + plateau) / 2,)
    raise ParameterError(f"a threshold is found by {', '.join(THRESHOLDS)}, not {method!r}")


def matched_thresholds(
    thresholds: Sequence[float], volume: NDArray[Any], other: NDArray[Any]
) -> tuple[float, ...]:
    """Thresholds of a volume as they are in another one of the same specimen, with a gray scale of its own.

    The gray scales are matched by a straight line through two points: ground and plateau, the most frequent
    values on either side of Otsu's threshold, of both volumes. The threshold ``"half"`` of one is so the
    threshold ``"half"`` of the other. Equal parts of voxels are not a better match: a blurred volume has
    more of them above its threshold, which in a sharp one then lies in the noise.

    Parameters
    ----------
    thresholds
        In the units of ``volume``.
    volume, other
        ``(X, Z, Y)``; the shapes may differ.

    Raises
    ------
    DataError
        If all voxels of a volume are equal, or a threshold is not above the ground of its volume.
    """
    (ground, plateau), (low, high) = (_ground_and_plateau(_sampled(each)) for each in (volume, other))
    places = [(checked_threshold(each) - ground) / (plateau - ground) for each in thresholds]
    if min(places, default=1.0) <= 0:
        raise DataError(
            f"the threshold {min(thresholds):g} is not above the ground of the volume, {ground:.4g}; choose "
            f"one between that and the plateau, {plateau:.4g}"
        )
    return tuple(low + place * (high - low) for place in places)


def segment(
    volume: NDArray[Any],
    threshold: float,
    *,
    low: float | None = None,
    smooth_px: float = 0.0,
    smallest_voxels: int = 0,
) -> NDArray[np.bool_]:
    """The voxels at and above a threshold.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    threshold
        In the units of the volume.
    low
        Voxels above this value are included if they are connected to a voxel above the threshold
        (hysteresis).
    smooth_px
        Standard deviation, in voxels, of a Gaussian that smooths the volume first.
    smallest_voxels
        Smaller objects are ignored.

    Raises
    ------
    ParameterError
        If ``low`` is above the threshold, or a number is negative.
    """
    data = smoothed(volume, smooth_px)
    checked_threshold(threshold)
    if low is not None and checked_threshold(low, "low") > threshold:
        raise ParameterError(f"low ({low:g}) must not be above the threshold ({threshold:g})")
    if not is_number(smallest_voxels) or smallest_voxels < 0:
        raise ParameterError(f"smallest_voxels must be zero or more, not {smallest_voxels!r}")
    mask = data >= threshold
    if low is not None:
        pieces, _ = ndimage.label(data >= low, _EVERYWHERE)
        wanted = np.unique(pieces[mask])
        mask = np.isin(pieces, wanted[wanted > 0])
    if smallest_voxels > 1:
        pieces, _ = ndimage.label(mask, _EVERYWHERE)
        sizes = np.bincount(pieces.ravel())
        mask &= sizes[pieces] >= smallest_voxels
    return mask


def smoothed(volume: NDArray[Any], smooth_px: float) -> NDArray[np.float32]:
    """The volume, smoothed by a Gaussian with this standard deviation in voxels."""
    data = checked_volume(volume)
    if not is_number(smooth_px) or smooth_px < 0:
        raise ParameterError(f"smooth_px must not be negative, not {smooth_px!r}")
    return ndimage.gaussian_filter(data, smooth_px) if smooth_px else data


def label(mask: NDArray[Any], split_px: float | None = None) -> NDArray[np.int32]:
    """Number the separate bodies of a mask from 1 on.

    Parameters
    ----------
    mask
        ``(X, Z, Y)``; voxels that share a face, an edge or a corner are connected.
    split_px
        Touching bodies are split (watershed of the distance to the outside) if their centers are at least
        this many voxels apart.

    Raises
    ------
    DataError
        If the mask is empty.
    """
    body = checked_mask(mask)
    pieces, _ = ndimage.label(body, _EVERYWHERE)
    if split_px is None:
        return pieces.astype(np.int32)
    if not is_number(split_px) or split_px < 1:
        raise ParameterError(f"split_px must be at least 1 voxel, not {split_px!r}")
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(body).astype(np.float32), 1)
    middles = feature.peak_local_max(
        depth, min_distance=round(split_px), labels=pieces, footprint=_EVERYWHERE, exclude_border=False
    )
    markers = np.zeros(body.shape, np.int32)
    markers[tuple(middles.T)] = np.arange(1, len(middles) + 1)
    return segmentation.watershed(-depth, markers, mask=body, connectivity=_EVERYWHERE).astype(np.int32)


def _sampled(volume: NDArray[Any]) -> NDArray[np.float32]:
    """Enough of the voxels, in a row."""
    data = checked_volume(volume).ravel()
    if data.size > _MOST_SAMPLES:
        data = data[:: data.size // _MOST_SAMPLES + 1]
    if data.min() == data.max():
        raise DataError(f"all voxels are {data[0]:g}; there is nothing to separate")
    return data


def _ground_and_plateau(data: NDArray[np.float32]) -> tuple[float, float]:
    """The modes of the smoothed histogram on either side of Otsu's threshold."""
    otsu = float(filters.threshold_otsu(data))
    return _mode(data[data < otsu]), _mode(data[data >= otsu])


def _mode(values: NDArray[np.float32]) -> float:
    """The most frequent value, from a histogram smoothed over 4 bins; the median if there are few values."""
    if values.size < 100 or values.min() == values.max():
        return float(np.median(values))
    low, high = np.percentile(values, [0.1, 99.9])
    if high <= low:
        return float(np.median(values))
    counts, edges = np.histogram(values, _BINS, (low, high))
    at = int(ndimage.gaussian_filter1d(counts.astype(float), 4, mode="constant").argmax())
    return float((edges[at] + edges[at + 1]) / 2)
