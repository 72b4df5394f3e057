"""The uncertainty of a measurement: the effects of the threshold, of noise, and of one more iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import ndimage

from etwidgets.analysis.checks import checked_threshold, checked_volume
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

    Quantity = Callable[[NDArray[np.float32], float], float]

_Z_90 = 1.645
_DRAWS = 8
_SHIFT_OF_EDGE = 0.1  # of the step between ground and plateau: how well "halfway" is known


@dataclass(frozen=True)
class Uncertainty:
    """A measured value with its 90 % confidence interval.

    Attributes
    ----------
    value
        As measured.
    low, high
        Ends of the interval.
    threshold_part, noise_part
        Half widths due to the threshold and due to noise.
    """

    value: float
    low: float
    high: float
    threshold_part: float
    noise_part: float

    def __str__(self) -> str:
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"


def versus_threshold(volume: NDArray[Any], quantity: Quantity, thresholds: Sequence[float]) -> pd.DataFrame:
    """A measured value for several thresholds.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    quantity
        ``quantity(volume, threshold)``; if there is nothing to measure (DataError, ParameterError), the value
        is NaN.
    thresholds
        In the units of the volume.

    Returns
    -------
    DataFrame
        ``threshold``, ``value``.
    """
    data = checked_volume(volume)
    values = []
    for threshold in thresholds:
        try:
            values.append(float(quantity(data, float(threshold))))
        except (DataError, ParameterError):
            values.append(float("nan"))
    return pd.DataFrame({"threshold": np.asarray(thresholds, dtype=float), "value": values})


def step_at(volume: NDArray[Any], threshold: float) -> float:
    """The step between the typical intensities above and below a threshold.

    Raises
    ------
    DataError
        If no voxel, or every voxel, is above the threshold.
    """
    data = checked_volume(volume)
    inside = data >= checked_threshold(threshold)
    if not inside.any() or inside.all():
        raise DataError(
            f"the threshold {threshold:g} separates nothing: values go from {data.min():g} to {data.max():g}"
        )
    return float(np.median(data[inside]) - np.median(data[~inside]))


def interval(
    volume: NDArray[Any],
    quantity: Quantity,
    threshold: float,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Uncertainty:
    """A measured value with its 90 % confidence interval.

    Two effects are included: the position of the edge (the threshold is moved up and down by a tenth of the
    step between inside and outside), and noise (its strength and correlation length are measured in the
    volume, and such noise is added eight times). Both are added in quadrature.

    Parameters
    ----------
    volume
        ``(X, Z, Y)``.
    quantity
        ``quantity(volume, threshold)``.
    threshold
        In the units of the volume.
    seed
        Seed of the added noise.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    DataError
        If no voxel, or every voxel, is above the threshold.
    """
    data = checked_volume(volume)
    step = step_at(data, threshold)
    inside = data >= threshold
    value = float(quantity(data, threshold))
    ends = versus_threshold(
        data, quantity, [threshold - _SHIFT_OF_EDGE * step, threshold + _SHIFT_OF_EDGE * step]
    )
    moved = ends["value"].to_numpy()
    by_threshold = float(np.nanmax(np.abs(moved - value))) if np.isfinite(moved).any() else 0.0
    listening = progress or NullProgress()
    listening.advance(0.2)
    by_noise = _Z_90 * _spread_by_noise(data, quantity, threshold, inside, seed, listening.part(0.2, 1))
    half = float(np.hypot(by_threshold, by_noise))
    return Uncertainty(value, value - half, value + half, by_threshold, by_noise)


def between_iterations(values: Sequence[float]) -> Uncertainty:
    """A measured value with its change by one iteration less or more.

    Parameters
    ----------
    values
        After one iteration less, after the chosen number, and, if known, after one more.
    """
    if not 2 <= len(values) <= 3 or not np.isfinite(values).all():
        raise ParameterError(f"give the number for two or three neighboring iterations, not {values}")
    value = float(values[1])
    half = max(abs(float(each) - value) for each in values)
    return Uncertainty(value, value - half, value + half, 0.0, half)


def _spread_by_noise(
    data: NDArray[np.float32],
    quantity: Quantity,
    threshold: float,
    inside: NDArray[np.bool_],
    seed: int,
    progress: Progress,
) -> float:
    """Standard deviation of the measured value when noise like that of the volume is added."""
    level, width = _noise_of(data, inside)
    if level == 0:
        return 0.0
    random = np.random.default_rng(seed)
    found = []
    for i in range(_DRAWS):
        progress.advance(i / _DRAWS)
        noise = random.standard_normal(data.shape, dtype=np.float32)
        if width > 0.3:
            noise = ndimage.gaussian_filter(noise, width)
        noise *= np.float32(level / noise.std())
        try:
            found.append(float(quantity(data + noise, threshold)))
        except (DataError, ParameterError):
            continue
    return float(np.std(found, ddof=1)) if len(found) > 2 else 0.0


def _noise_of(data: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Standard deviation of the noise inside, and the width of a Gaussian with the same correlation."""
    core = ndimage.binary_erosion(inside, iterations=2)
    if core.sum() < 500:
        core = ndimage.binary_erosion(~inside, iterations=2)
    if core.sum() < 500:
        return 0.0, 0.0
    fine = data - ndimage.gaussian_filter(data, 4)
    level = float(fine[core].std())
    pair = core[1:] & core[:-1]
    if level == 0 or not pair.any():
        return 0.0, 0.0
    alike = float((fine[1:][pair] * fine[:-1][pair]).mean()) / level**2
    # neighbors of white noise smoothed by s are alike by exp(-1 / 4 s²)
    return level, float(np.sqrt(-0.25 / np.log(np.clip(alike, 0.01, 0.95)))) if alike > 0.05 else 0.0
