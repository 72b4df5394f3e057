"""The interval of a measured number from simulated repetitions of an experiment; reconstructs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage, stats

from etwidgets.analysis.checks import checked_volume
from etwidgets.analysis.sensitivity import step_at
from etwidgets.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHIFT_OF_EDGE = 0.03
"""Of the step between ground and plateau: how far the threshold may be from the edge."""

_DOUBT_OF_BIAS = 0.5  # of the bias: how well the simulation knows it
_NEAR = 3  # voxels from a surface that its blur reaches
_CORE = 0.5  # of the largest depth in a body: from there on it is free of blur
_BLUR_OF_GROUND = 2.0  # voxels
_EVERYWHERE = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class MeasuredInterval:
    """A measured value with its 90 % confidence interval, and what the interval is made of.

    Attributes
    ----------
    value
        As measured.
    corrected
        Without the bias of the geometry and the method; the interval is around it.
    low, high
        Ends of the interval.
    draws_part
        Half width due to noise, the errors of single projections, and the tilt axis.
    iterations_part, threshold_part
        Half widths due to half and twice as many iterations, and due to the threshold.
    bias_part
        Half width due to what is not known of the bias.
    repetitions
        In how many of them the number could be measured.
    """

    value: float
    corrected: float
    low: float
    high: float
    draws_part: float
    iterations_part: float
    threshold_part: float
    bias_part: float
    repetitions: int

    def __str__(self) -> str:
        return f"{self.value:.4g} (corrected {self.corrected:.4g}; {self.low:.4g} to {self.high:.4g})"


def interval_of_draws(
    measured: Sequence[float], simulated: Sequence[Sequence[float]], of_thresholds: Sequence[float]
) -> MeasuredInterval:
    """A confidence interval from simulated repetitions of an experiment whose truth is known.

    The truth of the simulation is ``measured[0]``; what the simulated values are off from it on average is
    the bias, and is subtracted (parametric bootstrap, Efron and Tibshirani 1993, chapter 10).

    Parameters
    ----------
    measured
        The value for each number of iterations; the chosen number first.
    simulated
        For each number of iterations, the values of the repetitions.
    of_thresholds
        The value with the threshold lowered, and raised.

    Raises
    ------
    ParameterError
        If there are not two repetitions or more for each number of iterations.
    DataError
        If a value is not finite.
    """
    groups = [np.asarray(each, dtype=float) for each in simulated]
    if len(groups) != len(measured) or not groups or min(map(len, groups)) < 2:
        raise ParameterError(
            f"two simulated values or more are needed for each of {len(measured)} measured values, not "
            f"{[len(each) for each in groups]}"
        )
    if not all(
        np.isfinite(each).all() for each in (*groups, np.asarray(measured), np.asarray(of_thresholds))
    ):
        raise DataError("a measured or simulated value is not finite; nothing may be above the threshold")
    value = float(measured[0])
    biases = np.array([each.mean() - value for each in groups])
    corrected = np.asarray(measured) - biases
    count = sum(map(len, groups))
    freedom = count - len(groups)
    spread = np.sqrt(sum(((each - each.mean()) ** 2).sum() for each in groups) / freedom)
    draws = float(stats.t.ppf(0.95, freedom) * spread * np.sqrt(1 + 1 / len(groups[0])))
    iterations = float(np.abs(corrected - corrected[0]).max())
    threshold = float(np.abs(np.asarray(of_thresholds) - value).max())
    bias = _DOUBT_OF_BIAS * float(abs(biases[0]))
    half = float(np.sqrt(draws**2 + iterations**2 + threshold**2 + bias**2))
    center = float(corrected[0])
    return MeasuredInterval(
        value, center, center - half, center + half, draws, iterations, threshold, bias, count
    )


def core_values(volume: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.float32]:
    """The median intensity of each body, over the voxels at half its largest depth or more.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    labels
        ``(X, Z, Y)`` numbers of the bodies from 1 on; 0 outside.

    Returns
    -------
    array
        ``(bodies,)``
    """
    numbers = np.arange(1, labels.max() + 1)
    (tight,) = ndimage.find_objects((labels > 0).astype(np.int8))
    part = tuple(slice(max(each.start - 1, 0), each.stop + 1) for each in tight)  # faster than all of it
    inside = labels[part]
    depth = ndimage.distance_transform_edt(inside > 0)
    deepest = np.concatenate([[0], ndimage.maximum(depth, inside, numbers)])
    core = np.where(depth >= _CORE * deepest[inside], inside, 0)
    return np.asarray(ndimage.median(volume[part], core, numbers), dtype=np.float32)


def plateaus(volume: NDArray[Any], threshold: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The intensities on both sides of a surface, without its blur.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    threshold
        Where the surface is.

    Returns
    -------
    inside
        ``(X, Z, Y)``: the median of the nearest body, over the voxels at half its largest depth or more.
    outside
        ``(X, Z, Y)``: the smoothed intensities more than three voxels from the surface, extended to it.

    Raises
    ------
    DataError
        If no voxel, or every voxel, is above the threshold.
    """
    data = checked_volume(volume)
    step_at(data, threshold)
    body = data >= threshold
    labels, _ = ndimage.label(body, _EVERYWHERE)
    values = core_values(data, labels)
    distance, nearest = ndimage.distance_transform_edt(~body, return_indices=True)
    inside = values[labels[tuple(nearest)] - 1]
    far = distance > _NEAR
    if not far.any():
        return inside, np.full(data.shape, np.median(data[~body]), np.float32)
    weight = ndimage.gaussian_filter(far.astype(np.float32), _BLUR_OF_GROUND)
    smooth = ndimage.gaussian_filter(np.where(far, data, 0), _BLUR_OF_GROUND) / np.maximum(weight, 1e-6)
    nearest = ndimage.distance_transform_edt(~far, return_distances=False, return_indices=True)
    return inside, smooth[tuple(nearest)].astype(np.float32)


def filled_fraction(volume: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """The fraction of each voxel above a threshold, 0 to 1, from the slope of a volume ``(X, Z, Y)``."""
    slope = np.zeros_like(volume)
    for axis in np.gradient(volume):
        slope += axis**2
    slope = np.sqrt(slope)
    ahead = np.where(
        slope > 0, (volume - threshold) / np.where(slope > 0, slope, 1), np.sign(volume - threshold)
    )
    return np.clip(0.5 + ahead, 0, 1).astype(np.float32)
