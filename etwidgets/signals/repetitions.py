"""Simulated repetitions of an experiment whose truth is known; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets import align, analysis, engine
from etwidgets.signals.alignment_report import read_report
from etwidgets.signals.spread import quick_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

SHIFT_INTERVAL_PX = (-0.5, 0.5)
"""95 % interval of the tilt axis's shift where no alignment has found one."""
ROTATION_INTERVAL_DEG = (-0.5, 0.5)
"""95 % interval of the tilt axis's rotation where no alignment has found one."""

_Z_95 = 1.96
_FOLDS = 5
_FINE = 2  # voxels of the simulated specimen along a voxel
_COLUMNS = 32


@dataclass(frozen=True)
class QuickRun:
    """Projections, and their quick reconstruction.

    Attributes
    ----------
    data
        ``(T, Y, X)``.
    shape
        Their geometry.
    iterations
        Sweeps over all tilts.
    """

    data: NDArray[np.float32]
    shape: engine.Geometry
    iterations: int

    def reconstruct(
        self,
        data: NDArray[np.float32],
        progress: Progress,
        iterations: int | None = None,
        weights: Any = None,
    ) -> NDArray[np.float32]:
        """``(X, Z, Y)`` of projections ``(T, Y, X)``, with weights ``(T,)``."""
        options = quick_options(self.shape.n_angles, iterations or self.iterations, 0.0)
        return engine.reconstruct(data, self.shape, weights=weights, progress=progress, **options)


def axis_of(stack: TiltSeries, binning: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of what may still be wrong with the tilt axis: shift (binned pixels) and rotation."""
    report = read_report(stack)
    shift = None if report is None else report.shift_interval_px
    rotation = None if report is None else report.rotation_interval_deg
    low, high = shift or SHIFT_INTERVAL_PX
    return (low / binning, high / binning), rotation or ROTATION_INTERVAL_DEG


def binned(data: NDArray[np.float32], binning: int) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)`` with squares of pixels as one, about the middle of the image.

    Intensities are paths in pixels: those of binned pixels are less, so that the volume keeps its values.
    Where the squares reach beyond the image, its edge goes on.
    """
    if binning == 1:
        return data
    rows, columns = (_overlaps(n, binning) for n in data.shape[1:])
    return np.ascontiguousarray(rows @ data @ columns.T / np.float32(binning))


def _overlaps(count: int, binning: int) -> NDArray[np.float32]:
    """``(bins, count)``: the part of each bin that a pixel is."""
    bins = -(-count // binning)
    edges = binning * np.arange(bins + 1.0) - (binning * bins - count) / 2
    edges[0], edges[-1] = 0, count
    pixels = np.arange(count)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shared = np.clip(shared, 0, None)
    return np.asarray(shared / shared.sum(axis=1, keepdims=True), dtype=np.float32)


def drawn(
    clean: NDArray[np.float32],
    errors: NDArray[np.float32],
    axis: tuple[tuple[float, float], tuple[float, float]],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)`` with an error of the tilt axis and the errors of projections."""
    shift, rotation = (random.normal((low + high) / 2, (high - low) / 2 / _Z_95) for low, high in axis)
    # the intervals are of what is left to apply
    drawn = align.transform(clean, yshift=-shift, angle_deg=-rotation, interpolation="cubic")
    drawn += errors * random.choice([-1.0, 1.0], (len(errors), 1, 1)).astype(np.float32)
    return drawn


def errors_of(run: QuickRun, volume: NDArray[np.float32], progress: Progress) -> NDArray[np.float32]:
    """``(T, Y, X)``: what noise and misalignment add to the projections.

    Residuals are too small, for the volume follows the noise; errors of prediction of left-out projections
    are too large, for the volume has errors, too. Their geometric mean has the right size (HC2 of MacKinnon
    and White 1985, doi:10.1016/0304-4076(85)90158-7).
    """
    residual = run.data - engine.forward_project(volume, run.shape)
    predicted = np.empty_like(run.data)
    order = np.argsort(run.shape.angles_rad, kind="stable")
    for fold in range(_FOLDS):
        left_out = order[fold::_FOLDS]
        weights = np.ones(run.shape.n_angles)
        weights[left_out] = 0
        part = progress.part(fold / _FOLDS, (fold + 1) / _FOLDS, title="left-out projections")
        other = run.reconstruct(run.data, part, weights=weights)
        predicted[left_out] = engine.forward_project(other, run.shape.subset(left_out))
    product = residual * (run.data - predicted)
    return np.asarray(np.sign(residual) * np.sqrt(np.clip(product, 0, None)), dtype=np.float32)


def sharp_projections(
    volume: NDArray[np.float32], threshold: float, shape: engine.Geometry, progress: Progress
) -> NDArray[np.float32]:
    """``(T, Y, X)`` projections of the bodies in a volume with sharp surfaces, from voxels half as large.

    With the voxels of the volume, the reconstruction would find it all too easily.
    """
    inside, outside = analysis.plateaus(volume, threshold)
    fine = engine.Geometry(shape.angles_rad, _FINE * shape.n_y, _FINE * shape.n_z)
    width, margin = len(volume), 2
    result = np.empty((shape.n_angles, shape.n_y, width), np.float32)
    for start in range(0, width, _COLUMNS):
        stop = min(start + _COLUMNS, width)
        first, last = max(start - margin, 0), min(stop + margin, width)
        values = ndimage.zoom(volume[first:last], _FINE, order=1, mode="nearest", grid_mode=True)
        part = analysis.filled_fraction(values, threshold)
        high, low = (_repeated(each[first:last]) for each in (inside, outside))
        body = (low + part * (high - low))[_FINE * (start - first) : _FINE * (stop - first)]
        images = engine.forward_project(np.ascontiguousarray(body), fine) / _FINE
        binned = images.reshape(shape.n_angles, shape.n_y, _FINE, stop - start, _FINE).mean((2, 4))
        result[:, :, start:stop] = binned
        progress.advance(stop / width)
    return result


def _repeated(values: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in range(3):
        values = np.repeat(values, _FINE, axis)
    return values
