"""Marks for single projections: intensity, sharpness and place, against their neighbors in tilt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections
from etwidgets.align.residuals import registration_residuals
from etwidgets.align.trend import departures, spread
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_DEVIATIONS = 5.0
_COARSE, _FINE, _NOISE = (0.02, 0.05), (0.07, 0.15), (0.42, 1.0)  # cycles per pixel
_REGISTERED_PX, _REGISTERED_PERCENT = 0.5, 80
_LEAST_INTENSITY, _LEAST_SHARPNESS = 0.08, 0.25  # parts of the neighbors' value that are always forgiven


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Result of :func:`projection_quality`.

    Attributes
    ----------
    intensity, sharpness
        ``(T,)``: the sum, and the amplitude of details of 7 to 14 px over that of 20 to 50 px, without noise,
        over what the trend of the neighbors predicts.
    drift_px
        ``(T,)`` pixels that it is off from both neighbors alike.
    scores
        ``(T,)``: how suspect it is, in robust standard deviations of the series.
    reasons
        For each projection why it is suspect; empty if it is not.
    """

    intensity: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    drift_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    reasons: tuple[str, ...]

    @property
    def suspects(self) -> tuple[int, ...]:
        """Indices of the projections that are suspect."""
        return tuple(i for i, reason in enumerate(self.reasons) if reason)

    @property
    def ranking(self) -> tuple[int, ...]:
        """Indices of all projections, the most suspect first."""
        return tuple(int(i) for i in np.argsort(-self.scores, kind="stable"))


def projection_quality(
    projections: NDArray[Any], tilts_deg: NDArray[np.float64], *, progress: Progress | None = None
) -> Quality:
    """Compare each projection with what its neighbors in tilt predict.

    Suspect is what differs by five robust standard deviations of the series: darker or brighter by at
    least 8 %, blurred by a loss of at least a quarter of the fine detail, or off by half a pixel; and what
    is blank. What changes smoothly with the tilt, as the brightness and sharpness of a slab, is the
    specimen's.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; a series that was not registered drifts everywhere, and no drift is marked then.
    tilts_deg
        ``(T,)`` degrees, in any order.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    """
    images = checked_projections(projections)
    progress = progress or NullProgress()
    sums, details = np.empty(len(images)), np.empty(len(images))
    blank = np.zeros(len(images), bool)

    def one(index: int) -> None:
        image = images[index].astype(np.float32)
        sums[index] = image.sum(dtype=float)
        blank[index] = image.min() == image.max()
        details[index] = sharpness(image)

    run_all(one, len(images), progress.part(0, 0.5), "judging the projections")
    order = np.argsort(tilts_deg, kind="stable")
    bright, sharp = _departed(sums, order), _departed(details, order)
    residuals = registration_residuals(images, tilts_deg, progress=progress.part(0.5, 1))
    drift = np.hypot(*residuals.shifts_px.T)
    registered = np.percentile(drift, _REGISTERED_PERCENT) < _REGISTERED_PX
    moved = residuals.outliers & registered
    dim = np.abs(np.expm1(bright)) > np.maximum(_LEAST_INTENSITY, _DEVIATIONS * spread(bright))
    blurred = np.expm1(sharp) < -np.maximum(_LEAST_SHARPNESS, _DEVIATIONS * spread(sharp))
    scores = np.maximum(_in_deviations(-sharp), _in_deviations(np.abs(bright)))
    if registered:
        scores = np.maximum(scores, _in_deviations(drift))
    scores = np.where(blank, scores.max() + _DEVIATIONS, scores)
    reasons = []
    for i in range(len(images)):
        said = ["blank"] if blank[i] else []
        if dim[i]:
            said.append("darker" if bright[i] < 0 else "brighter")
        if blurred[i]:
            said.append("blurred")
        if moved[i]:
            said.append(f"off by {drift[i]:.1f} px")
        reasons.append(", ".join(said))
    return Quality(np.exp(bright), np.exp(sharp), drift, scores, tuple(reasons))


def sharpness(image: NDArray[np.float32]) -> float:
    """Amplitude of fine over coarse detail of ``(Y, X)``, without noise, which is white."""
    height, width = image.shape
    window = np.sqrt(np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])).astype(np.float32)
    power = np.abs(scipy.fft.rfft2((image - image.mean()) * window)) ** 2
    radius = np.hypot(scipy.fft.fftfreq(height)[:, None], scipy.fft.rfftfreq(width))
    coarse, fine, noise = (
        float(power[(radius >= low) & (radius < high)].mean())
        if ((radius >= low) & (radius < high)).any()
        else 0.0
        for low, high in (_COARSE, _FINE, _NOISE)
    )
    least = 0.02 * noise
    return float(np.sqrt(max(fine - noise, least) / max(coarse - noise, least, 1e-30)))


def _departed(values: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Logarithm of each value over what its neighbors predict; 0 where there is none."""
    known = values > 0
    logs = np.log(np.where(known, values, np.median(values[known]) if known.any() else 1.0))
    departed = np.zeros(len(values))
    departed[order] = departures(logs[order], leave_out=True)
    return np.where(known, departed, 0.0)


def _in_deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    width = spread(values)
    return values / width if width > 0 else values
