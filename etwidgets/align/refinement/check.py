"""How well each projection fits the others, beside what a perfect alignment would show; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage
import scipy.optimize

from etwidgets import engine
from etwidgets.align.alignment import Alignment, apply_alignment
from etwidgets.align.refinement.gauge import without_gauge
from etwidgets.align.refinement.prediction import predict
from etwidgets.align.refinement.reference import partial_volume
from etwidgets.align.refinement.refine import checked_series
from etwidgets.align.refinement.run import scales_for
from etwidgets.align.refinement.series import PaddedSeries
from etwidgets.align.refinement.weights import outlying, robust_weights
from etwidgets.errors import TiltCountError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_ITERATIONS = 11  # of the volume that the simulated series is projected from
_LEVELS = 12  # of intensity, at each of which the noise is measured
_LEAST_PIXELS = 200  # of alike intensity
_SQUARED_SUM = 36.0  # of the weights of the filter that sees the noise: 1 -2 1, -2 4 -2, 1 -2 1
_OFF = 3.0  # times the floor, and at least so many pixels more than it: off
_LEAST_PX = 0.25
_OUTLYING, _LEAST_OUTLYING_PX = 4.0, 0.5  # robust standard deviations of the others; pixels
_LEAST_DEPARTURE = 0.02  # of the logarithm of misfits, for one robust standard deviation
_DOUBTED = 0.3  # weight
_LEAST_PUT_IN, _MOST_PUT_IN = 0.3, 2.0  # pixels of the smaller copy
_LEAST_RESPONSE = 0.3
_LEAST_INTENSITY = 0.05


@dataclass(frozen=True, eq=False)
class ProjectionCheck:
    """What :func:`check_projections` found.

    Attributes
    ----------
    misfits
        ``(T,)``: how far each projection is from what the others predict, relative to its contrast.
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` that would bring each onto its prediction, without what only moves the
        volume; positive moves content to a larger index.
    intensities
        ``(T,)``: the intensity of each over that of its prediction, which is somewhat too weak at the ends of
        the series; that is taken off.
    floor_misfits, floor_px, floor_intensity
        The same of a simulated series: the same specimen, tilts and noise, perfectly aligned. ``(T,)``;
        ``(2,)`` pixels, root mean square in y and x; standard deviation.
    response
        ``(2,)``: root mean square of ``shifts_px`` in y and x over that of errors all projections have, from
        errors put into the simulated series. Above 1, for the prediction of each is made from others that
        are off, too.
    weights
        ``(T,)``, 0 to 1: low where a projection does not fit the others.
    departures
        ``(T,)`` robust standard deviations, by which the misfit of each is above that of its neighbors in
        tilt, when each may be shifted.
    """

    misfits: NDArray[np.float64]
    shifts_px: NDArray[np.float64]
    intensities: NDArray[np.float64]
    floor_misfits: NDArray[np.float64]
    floor_px: NDArray[np.float64]
    floor_intensity: float
    response: NDArray[np.float64]
    weights: NDArray[np.float64]
    departures: NDArray[np.float64]

    @property
    def distances_px(self) -> NDArray[np.float64]:
        """``(T,)`` lengths of the shifts."""
        return np.hypot(*self.shifts_px.T)

    @property
    def off(self) -> NDArray[np.bool_]:
        """Which projections are clearly farther off than the floor, or do not fit the others."""
        floor = float(np.hypot(*self.floor_px))
        far = self.distances_px > max(_OFF * floor, floor + _LEAST_PX)
        return np.asarray(far | (self.weights < _DOUBTED))

    @property
    def outliers(self) -> NDArray[np.bool_]:
        """Which projections are far worse than the rest: to look at, and perhaps to exclude."""
        usual = np.median(self.distances_px)
        far = usual + _OUTLYING * 1.4826 * np.median(np.abs(self.distances_px - usual))
        return np.asarray((self.distances_px > max(far, _LEAST_OUTLYING_PX)) | (self.weights < _DOUBTED))

    @property
    def ranking(self) -> NDArray[np.intp]:
        """All projections, the worst first: by how far they depart from the others, in shift or in misfit.

        In robust standard deviations, of the shift, and of the misfit that no shift removes, over that of
        the neighbors in tilt.
        """
        usual = np.median(self.distances_px)
        usually = max(1.4826 * float(np.median(np.abs(self.distances_px - usual))), _LEAST_PX / _OUTLYING)
        return np.argsort(-np.maximum((self.distances_px - usual) / usually, self.departures), kind="stable")

    @property
    def errors_px(self) -> NDArray[np.float64]:
        """``(2,)`` root mean square error of the shifts in y and x, pixels; nothing of the floor is in it."""
        squares = np.average(self.shifts_px**2, axis=0, weights=self.weights)
        return np.asarray(np.sqrt(np.maximum(squares - self.floor_px**2, 0)) / self.response)


def check_projections(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    alignment: Alignment | None = None,
    *,
    progress: Progress | None = None,
) -> ProjectionCheck:
    """Compare each projection with what a volume from the others predicts, and with the best that could be.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, background subtracted.
    tilts_deg
        ``(T,)`` degrees.
    alignment
        Of these projections; default: they are aligned.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError, TiltCountError
        If the input is not a series of finite images with one tilt each.
    AlignmentError
        If there are too few projections, or one is blank.

    Notes
    -----
    The prediction is that of :func:`refine_alignment`. What shot noise, the gaps between tilts and the
    missing wedge leave even of a perfect alignment is measured on a simulated series: reprojections of the
    volume with noise as strong as that of the images (from a filter that sees no slow change, at each
    intensity), brought back to where the images were and aligned in the same way. In-plane residuals from
    reprojection: Yan et al. 2015, doi:10.1016/j.jsb.2015.10.004.
    """
    images, tilts = checked_series(projections, tilts_deg)
    start = Alignment.identity(len(images)) if alignment is None else alignment
    if len(start.shifts_px) != len(images):
        raise TiltCountError(len(start.shifts_px), len(images), "alignments")
    listener = progress or NullProgress()
    series = PaddedSeries.of(images, tilts, scales_for(images.shape)[-1])
    first = predict(series, start, progress=listener.part(0, 0.15))
    # a bad projection must not spoil what its neighbors are compared with
    found = predict(
        series,
        start,
        robust_weights(first.fitted_misfits, tilts),
        far=True,
        progress=listener.part(0.15, 0.35),
    )
    weights = robust_weights(found.fitted_misfits, tilts)
    simulated = _simulated(series, start, weights, listener.part(0.35, 0.5))
    floor = predict(simulated, start, far=True, progress=listener.part(0.5, 0.75))
    left = without_gauge(found.shifts_px, tilts, weights)
    floor_px = _spread(without_gauge(floor.shifts_px, tilts, np.ones(len(tilts))))
    put_in = _errors(np.sqrt(np.average(left**2, axis=0, weights=weights)), series.factor, tilts)
    moved = predict(simulated, start.then(Alignment.of(put_in)), far=True, progress=listener.part(0.75, 1))
    seen = _spread(without_gauge(moved.shifts_px, tilts, np.ones(len(tilts))))
    listener.advance(1, "projections checked")
    return ProjectionCheck(
        misfits=found.misfits,
        shifts_px=left,
        intensities=found.intensities / np.maximum(floor.intensities, _LEAST_INTENSITY),
        floor_misfits=floor.misfits,
        floor_px=floor_px,
        floor_intensity=float(floor.intensities.std()),
        response=np.maximum(np.sqrt(np.maximum(seen**2 - floor_px**2, 0)) / _spread(put_in), _LEAST_RESPONSE),
        weights=weights,
        departures=outlying(found.fitted_misfits, tilts, least_spread=_LEAST_DEPARTURE),
    )


def _spread(shifts_px: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt((shifts_px**2).mean(0)))


def _errors(about_px: NDArray[np.float64], factor: int, tilts: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(T, 2)`` random errors, about as large as those that were found, that do not only move the volume."""
    size = np.clip(about_px, _LEAST_PUT_IN * factor, _MOST_PUT_IN * factor)
    drawn = np.random.default_rng(1).normal(0, 1, (len(tilts), 2)) * size
    return without_gauge(drawn, tilts, np.ones(len(tilts)))


def _simulated(
    series: PaddedSeries, alignment: Alignment, weights: NDArray[np.float64], progress: Progress
) -> PaddedSeries:
    """The same series as it would be if the alignment were perfect."""
    aligned, known = series.aligned(alignment)
    tilts = series.tilts_deg if alignment.tilts_deg is None else alignment.tilts_deg
    geometry = series.geometry(tilts)
    counted = known * weights[:, None, None].astype(np.float32)
    volume = partial_volume(aligned, counted, geometry, _ITERATIONS, progress)
    exact = engine.forward_project(volume, geometry)
    height, width = series.images.shape[1:]
    off = Alignment.of(np.tile(series.offset_px, (len(exact), 1)))
    back = off.then(alignment).binned(series.factor).inverse()
    there = apply_alignment(exact, back, shape_yx=(height, width))
    level, slope = noise_of(series.images)
    random = np.random.default_rng(0)
    spread = np.sqrt(np.maximum(level + slope * there, 0))
    noisy = there + random.standard_normal(there.shape, dtype=np.float32) * spread
    return replace(series, images=noisy.astype(np.float32))


def noise_of(images: NDArray[Any]) -> tuple[float, float]:
    """Variance of the noise at intensity 0, and by how much it grows with the intensity; both 0 or more.

    From the second difference in y and x, which sees neither levels nor slopes (Immerkaer 1996,
    doi:10.1006/cviu.1996.0060), by medians over pixels of alike intensity.
    """
    filtered, level = [], []
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    for image in images:
        filtered.append(scipy.ndimage.convolve(image, kernel, mode="nearest")[1:-1, 1:-1].ravel())
        level.append(scipy.ndimage.uniform_filter(image, 5, mode="nearest")[1:-1, 1:-1].ravel())
    seen, near = np.concatenate(filtered), np.concatenate(level)
    edges = np.linspace(min(near.min(), 0), np.percentile(near, 99.9), _LEVELS + 1)
    places = np.digitize(near, edges)
    inside = [places == k for k in range(1, _LEVELS + 1)]
    inside = [each for each in inside if each.sum() >= _LEAST_PIXELS]
    means = np.array([near[each].mean() for each in inside])
    variances = np.array([(1.4826 * np.median(np.abs(seen[each]))) ** 2 / _SQUARED_SUM for each in inside])
    design = np.stack([np.ones_like(means), np.maximum(means, 0)], axis=1)
    trust = 1 / np.maximum(variances, 0.05 * variances.max(initial=0) + 1e-30)
    found = scipy.optimize.nnls(design * trust[:, None], variances * trust)[0]
    return float(found[0]), float(found[1])
