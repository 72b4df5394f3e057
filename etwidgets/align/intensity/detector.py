"""Corrects what the detector does to single pixels: dark and gain images, hot pixels; aligns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections
from etwidgets.checks import checked_reals, is_number
from etwidgets.errors import DataError, ParameterError, ShapeError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
_MEDIAN, _SECOND = 4, 6  # of the eight neighbors, in rising order: the upper median and the second highest
_STICKS_OUT = 2.0  # times the spread of the neighbors
_LEVELS = 12  # of intensity, in each of which the noise is measured


@dataclass(frozen=True, slots=True, eq=False)
class HotPixels:
    """Result of :func:`find_hot_pixels`.

    Attributes
    ----------
    fixed
        ``(N, 2)`` pixels ``(y, x)`` that are wrong in most projections: hot or dead.
    hits
        ``(M, 3)``: projection, y and x of single bright pixels, as X-rays leave them.
    shape
        ``(T, Y, X)`` of the projections.
    """

    fixed: NDArray[np.intp]
    hits: NDArray[np.intp]
    shape: tuple[int, int, int]

    @property
    def count(self) -> int:
        """How many values are to be replaced."""
        return len(self.fixed) * self.shape[0] + len(self.hits)

    def of(self, index: int) -> NDArray[np.bool_]:
        """Those of one projection, ``(Y, X)`` truth values."""
        marked = np.zeros(self.shape[1:], bool)
        marked[tuple(self.fixed.T)] = True
        marked[tuple(self.hits[self.hits[:, 0] == index, 1:].T)] = True
        return marked


def find_hot_pixels(
    projections: ArrayLike, *, deviations: float = 8.0, progress: Progress | None = None
) -> HotPixels:
    """Find pixels that no specimen can have made.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, not yet shifted: pixels fixed on the detector are found at their place.
    deviations
        By how many standard deviations of the noise, at the intensity of the neighbors, a pixel must differ
        from their median.
    progress
        Reports progress and can cancel the work.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the projections are not a stack of finite numbers, or ``deviations`` is not positive.

    Notes
    -----
    A pixel is compared with the median of its eight neighbors. It must also stick out of the second highest
    of them by twice the spread of the neighbors, which the tip of a small particle does not: the image of a
    particle is at least as wide as the probe. A hit on more than two pixels is not found. Fixed pixels are
    those of the median of all projections.
    """
    images = checked_projections(projections)
    if images.shape[1] < 3 or images.shape[2] < 3:
        raise ShapeError(f"hot pixels need images of at least 3 x 3 px, not {images.shape[1:]}")
    if not is_number(deviations) or deviations <= 0:
        raise ParameterError(f"deviations must be a positive number, not {deviations!r}")
    progress = progress or NullProgress()
    fixed = np.zeros(images.shape[1:], bool)
    if len(images) >= 3:
        usual = np.median(images, axis=0).astype(np.float32)
        fixed = _spikes(usual, deviations) | _spikes(-usual, deviations)
    found: list[NDArray[np.intp]] = [np.empty((0, 3), np.intp)] * len(images)

    def one(index: int) -> None:
        image = np.asarray(images[index], np.float32)
        places = np.argwhere(_spikes(image, deviations) & ~fixed)
        found[index] = np.column_stack([np.full(len(places), index, np.intp), places])

    run_all(one, len(images), progress, "looking for hot pixels")
    count, height, width = images.shape
    return HotPixels(np.argwhere(fixed), np.concatenate(found), (count, height, width))


def remove_hot_pixels(projections: ArrayLike, found: HotPixels) -> NDArray[Any]:
    """Projections ``(T, Y, X)``, of the same type, in which hot pixels have the median of their neighbors.

    Neighbors that are hot themselves do not count.

    Raises
    ------
    ShapeError
        If the hot pixels are those of another series.
    """
    images = checked_projections(projections)
    if images.shape != found.shape:
        raise ShapeError(f"the hot pixels are those of a series {found.shape}, not {images.shape}")
    result = images.copy()
    _, height, width = images.shape
    for index, image in enumerate(images):
        marked = found.of(index)
        for y, x in np.argwhere(marked):
            for reach in (1, 2, 3):
                part = (
                    slice(max(0, y - reach), min(height, y + reach + 1)),
                    slice(max(0, x - reach), min(width, x + reach + 1)),
                )
                good = image[part][~marked[part]]
                if good.size:
                    result[index, y, x] = np.median(good)
                    break
    return result


def correct_detector(
    projections: ArrayLike, dark: ArrayLike | None = None, gain: ArrayLike | None = None
) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)``, float32: ``(image - dark) / (gain / mean(gain))``.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, not yet shifted.
    dark
        ``(Y, X)``: recorded without beam.
    gain
        ``(Y, X)``: uniform illumination, without its own dark image.

    Raises
    ------
    ParameterError
        If neither is given.
    ShapeError, DataError
        If an image has another size, or a gain is not above zero.
    """
    images = checked_projections(projections)
    if dark is None and gain is None:
        raise ParameterError("give a dark image, a gain image, or both")
    given = {"dark": dark, "gain": gain}
    checked = {
        name: _detector_image(name, image, images.shape[1:])
        for name, image in given.items()
        if image is not None
    }
    low = checked.get("dark", 0.0)
    scale: Any = 1.0
    if "gain" in checked:
        bad = int((checked["gain"] <= 0).sum())
        if bad:
            raise DataError(
                f"the gain image is zero or less in {bad} pixels; replace them by their neighbors"
            )
        scale = checked["gain"].mean() / checked["gain"]
    result = np.empty(images.shape, np.float32)
    for index, image in enumerate(images):
        result[index] = (image - low) * scale
    return result


def _detector_image(name: str, image: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = checked_reals(f"the {name} image", image)
    if values.shape != shape:
        raise ShapeError(f"the {name} image must have the shape {shape} (y, x), not {values.shape}")
    if not np.isfinite(values).all():
        raise DataError(f"the {name} image holds NaN or infinite values; repair it first")
    return values


def _spikes(image: NDArray[np.float32], deviations: float) -> NDArray[np.bool_]:
    """Pixels far above their eight neighbors."""
    middle = scipy.ndimage.rank_filter(image, _MEDIAN, footprint=_AROUND, mode="mirror")
    second = scipy.ndimage.rank_filter(image, _SECOND, footprint=_AROUND, mode="mirror")
    excess = image - middle
    limit = deviations * _noise(middle, excess) + (deviations**2 - 1) / 6 * _unit(image)
    spikes: NDArray[np.bool_] = excess > limit
    spikes &= image - second > _STICKS_OUT * (second - middle)
    return spikes


def _unit(image: NDArray[np.float32]) -> float:
    """Step between the values of an image of counts, 0 for values of any size.

    Few counts are skewed: by Cornish and Fisher's expansion, doi:10.2307/1400905, so many of their unit lie
    between a limit of Gaussian noise and theirs.
    """
    values = np.unique(image)
    if len(values) > image.size / 4:
        return 0.0
    steps = np.diff(values)
    steps = steps[steps > 1e-3 * float(image.std())]
    return float(steps.min()) if steps.size else 0.0


def _noise(middle: NDArray[np.float32], excess: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard deviation of the excess at the intensity of each pixel, by its 16th and 84th percentiles."""
    edges = np.unique(np.percentile(middle, np.linspace(0, 100, _LEVELS + 1)))
    group = np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, max(len(edges) - 2, 0))
    everywhere = float(excess.std())
    widths = np.full(max(len(edges) - 1, 1), everywhere)
    for k in range(len(widths)):
        values = excess[group == k]
        if len(values) > 20:
            low, high = np.percentile(values, (2.3, 97.7))
            widths[k] = (high - low) / 4
    floor = max(1e-3 * float(np.median(widths)), 1e-6 * float(np.ptp(middle)), 1e-30)
    return np.maximum(widths, floor)[group].astype(np.float32)
