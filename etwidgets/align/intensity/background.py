"""The level that a detector adds to every pixel, found where projections are empty; aligns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections, match_name
from etwidgets.align.intensity.empty_area import (
    EmptyArea,
    Peak,
    empty_area,
    flat_pixels,
    level_of,
    lowest_peak,
    smoothed,
)
from etwidgets.align.trend import spread
from etwidgets.checks import checked_count, is_number
from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

METHODS = ("auto", "mode", "percentile", "edge", "frame")
SHAPES = ("constant", "plane")
_LEAST_SHARE = 0.03  # of the field that must be empty
_STEADY = 0.006  # of the range: a detector level does not change with the tilt by more
_LEVEL_ALONE = 0.25  # of the maximum: a higher level is not believed of one or two projections
_SAMPLE = 400_000  # smoothed pixels in the histogram of all projections


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Result of :func:`estimate_background`.

    Attributes
    ----------
    method, shape
        As asked for; ``"auto"`` becomes ``"mode"``.
    levels, errors
        ``(T,)``: the level at the center of each projection and its standard error, in units of the data.
        One for all: all are equal.
    slopes
        ``(T, 2)`` per pixel along ``(y, x)``; zero if the background is constant.
    shares
        ``(T,)``: part of the field that was judged.
    maximum
        Of the projections smoothed over 2 px, which single hot pixels do not raise.
    reason
        Why the background cannot be determined; empty if it can.
    """

    method: str
    shape: str
    levels: NDArray[np.float64]
    errors: NDArray[np.float64]
    slopes: NDArray[np.float64]
    shares: NDArray[np.float64]
    maximum: float
    reason: str = ""

    @property
    def determined(self) -> bool:
        """Whether there are empty pixels whose level does not change with the tilt."""
        return not self.reason

    @property
    def level(self) -> float:
        """The median of the levels."""
        return float(np.median(self.levels))

    @property
    def error(self) -> float:
        """The median of the errors."""
        return float(np.median(self.errors))

    @property
    def fraction(self) -> float:
        """The level over the maximum."""
        return self.level / self.maximum if self.maximum else 0.0

    def of(self, index: int, shape_yx: tuple[int, int]) -> NDArray[np.float32]:
        """Background of one projection, ``(Y, X)``."""
        rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape_yx)
        by_y, by_x = self.slopes[index]
        return (self.levels[index] + by_y * rows[:, None] + by_x * columns).astype(np.float32)


def estimate_background(
    projections: ArrayLike,
    method: str = "auto",
    *,
    shape: str = "constant",
    each: bool = False,
    percentile: float = 5.0,
    edge_px: int = 8,
    frame: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Background:
    """Find the level that the detector adds to every pixel.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    method
        ``"auto"`` and ``"mode"``: the lowest peak in the histogram of the projections smoothed over 2 px,
        then the mean of the pixels in it that are away from matter. ``"auto"`` also judges whether they are
        empty. ``"percentile"``: of the pixels of each projection; too low if there is noise. ``"edge"``:
        the mean of the pixels near the edge of the field without outliers. ``"frame"``: the mean of a
        rectangle that is empty in all projections.
    shape
        ``"constant"``, or ``"plane"``: changes linearly along y and x.
    each
        One background for each projection in place of one for all.
    percentile
        Of the method ``"percentile"``, 0 to 50.
    edge_px
        Breadth of the edge of the method ``"edge"``, pixels.
    frame
        ``(x_start, y_start, x_stop, y_stop)`` in pixels; the stops are not in it.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    Background
        ``determined`` is False where ``"auto"`` found no level that is the same at all tilts: the field may
        be filled by matter.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    ParameterError
        If a parameter is unknown or out of range.

    Notes
    -----
    Low percentiles are biased by noise: of 9 counts, the fifth percentile is 4. The mean of pixels that
    are chosen symmetrically by their smoothed intensity is not. Values below zero that were cut off are
    detected; the median is used there. The error is the scatter of means of blocks of 8 px.
    """
    images = checked_projections(projections)
    method, shape = match_name(method, METHODS, "method"), match_name(shape, SHAPES, "shape")
    _check(images, method, percentile, edge_px, frame)
    progress = progress or NullProgress()
    if method in ("edge", "frame"):
        region = _region(images.shape[1:], method, edge_px, frame)
        found, maximum = _chosen(images, region, progress, plane=shape == "plane")
    else:
        found, maximum = _areas(images, progress, plane=shape == "plane")
    levels, errors, shares = (
        np.array([getattr(one, name) for one in found]) for name in ("level", "error", "share")
    )
    if method == "percentile":
        levels = np.array([float(np.percentile(image, percentile)) for image in images])
    reason = _doubt(levels, errors, shares, maximum) if method == "auto" else ""
    slopes = np.zeros((len(images), 2))
    if shape == "plane":
        planes = np.array([one.plane for one in found])
        slopes = planes[:, 1:]
        levels = levels if method == "percentile" else planes[:, 0]
    if not each:
        levels, errors, slopes = _common(levels, errors, slopes, shares)
    named = "mode" if method == "auto" else method
    return Background(named, shape, levels, errors, slopes, shares, maximum, reason)


def subtract_background(projections: ArrayLike, background: Background) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)`` without their background, float32.

    Noise leaves values below zero in empty pixels; they are kept, for their mean is zero only with them.

    Raises
    ------
    DataError
        If the background could not be determined, or is that of another number of projections.
    """
    images = checked_projections(projections)
    if not background.determined:
        raise DataError(
            f"the background is not determined: {background.reason}; choose a method other than 'auto', "
            "for example 'frame' with an empty rectangle"
        )
    if len(background.levels) != len(images):
        raise DataError(
            f"the background has {len(background.levels)} levels for {len(images)} projections; estimate it "
            "from these projections"
        )
    result = np.empty(images.shape, np.float32)
    for index, image in enumerate(images):
        result[index] = image - background.of(index, image.shape)
    return result


def _check(
    images: NDArray[Any], method: str, percentile: float, edge_px: int, frame: Sequence[int] | None
) -> None:
    height, width = images.shape[1:]
    if not is_number(percentile) or not 0 <= percentile <= 50:
        raise ParameterError(f"percentile must be a number from 0 to 50, not {percentile!r}")
    checked_count("edge_px", edge_px)
    if method == "edge" and 2 * edge_px >= min(height, width):
        raise ParameterError(f"edge_px {edge_px} leaves nothing of images of {height} x {width} px")
    if method == "frame":
        if frame is None or len(frame) != 4:
            raise ParameterError(f"frame must be (x_start, y_start, x_stop, y_stop) in pixels, not {frame!r}")
        left, top, right, bottom = (checked_count("frame", value, 0) for value in frame)
        if not (left < right <= width and top < bottom <= height):
            raise ParameterError(f"frame {tuple(frame)} does not fit images of {width} x {height} px (x, y)")


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What is kept of the empty area of one projection; all pixels would be as much as the series."""

    level: float
    error: float
    share: float
    plane: NDArray[np.float64] | None

    @classmethod
    def of(cls, image: NDArray[Any], area: EmptyArea, *, plane: bool) -> _Found:
        return cls(area.level, area.error, area.share, _plane(image, area.pixels) if plane else None)


def _areas(images: NDArray[Any], progress: Progress, *, plane: bool) -> tuple[list[_Found], float]:
    """The empty area of each projection by the lowest peak of all, and the maximum of the smoothed ones.

    Each projection is smoothed twice: all the smoothed ones would be twice as much as a series of counts.
    """
    count, size = len(images), images[0].size
    every = max(1, images.size // _SAMPLE)
    highest, has_flat = np.zeros(count), np.zeros(count, bool)
    samples: list[NDArray[Any]] = [np.empty(0)] * count
    flat_samples: list[NDArray[np.bool_]] = [np.empty(0, bool)] * count

    def prepare(index: int) -> None:
        smooth, flat = smoothed(images[index]), flat_pixels(images[index])
        first = -(index * size) % every  # every so many-th pixel of all projections, one after the other
        samples[index], flat_samples[index] = smooth.ravel()[first::every].copy(), flat.ravel()[first::every]
        flat_samples[index] = flat_samples[index].copy()
        highest[index], has_flat[index] = smooth.max(), flat.any()

    run_all(prepare, count, progress.part(0, 0.5), "looking for the empty area")
    start, leave_flat = _start(np.concatenate(samples), np.concatenate(flat_samples))
    found: list[_Found] = [_Found(0.0, 0.0, 0.0, None)] * count

    def measure(index: int) -> None:
        image = images[index]
        smooth = smoothed(image)
        flat = flat_pixels(image) if leave_flat and has_flat[index] else np.zeros(image.shape, bool)
        kept = smooth[~flat]
        own = lowest_peak(kept).level if kept.size > 100 else start.level
        found[index] = _Found.of(image, empty_area(image, smooth, Peak(own, start.width), flat), plane=plane)

    run_all(measure, count, progress.part(0.5, 1), "measuring the level")
    return found, float(highest.max())


def _start(sample: NDArray[np.float32], is_flat: NDArray[np.bool_]) -> tuple[Peak, bool]:
    """The lowest peak to begin with, and whether flat pixels are filled margins, to be left out."""
    start = lowest_peak(sample)
    if not is_flat.any():
        return start, True
    rest = sample[~is_flat]
    noisy = lowest_peak(rest) if rest.size > 100 else start
    share = float((np.abs(rest - noisy.level) < 2 * noisy.width).sum()) / len(sample)
    return (noisy, True) if share > is_flat.mean() else (start, False)


def _region(
    shape_yx: tuple[int, ...], method: str, edge_px: int, frame: Sequence[int] | None
) -> NDArray[np.bool_]:
    inside = np.zeros(shape_yx, bool)
    if method == "edge":
        inside[edge_px:-edge_px, edge_px:-edge_px] = True
        return ~inside
    left, top, right, bottom = (int(value) for value in frame or ())
    inside[top:bottom, left:right] = True
    return inside


def _chosen(
    images: NDArray[Any], region: NDArray[np.bool_], progress: Progress, *, plane: bool
) -> tuple[list[_Found], float]:
    """The pixels of a region without outliers, such as matter that reaches the edge; and the maximum."""
    found: list[_Found] = [_Found(0.0, 0.0, 0.0, None)] * len(images)
    highest = np.zeros(len(images))

    def one(index: int) -> None:
        smooth = smoothed(images[index])
        peak = lowest_peak(smooth[region])
        pixels = region & (np.abs(smooth - peak.level) <= 3 * max(peak.width, 1e-9))
        pixels = pixels if pixels.any() else region
        area = EmptyArea(pixels, *level_of(images[index], pixels))
        found[index] = _Found.of(images[index], area, plane=plane)
        highest[index] = smooth.max()

    run_all(one, len(images), progress, "measuring the level")
    return found, float(highest.max())


def _doubt(
    levels: NDArray[np.float64], errors: NDArray[np.float64], shares: NDArray[np.float64], maximum: float
) -> str:
    """Why these levels may be matter rather than background; empty if they are background."""
    level = float(np.median(levels))
    if np.median(shares) < _LEAST_SHARE:
        return f"only {100 * np.median(shares):.1f} % of the field may be empty"
    if len(levels) < 3:
        high = level > _LEVEL_ALONE * maximum
        return (
            f"the lowest level is {level / maximum:.0%} of the maximum, which may be matter" if high else ""
        )
    scatter = spread(levels)
    scatter = float(np.sqrt(max(0.0, scatter**2 - float(np.median(errors)) ** 2)))
    if scatter > _STEADY * (maximum - level):
        return (
            f"the lowest level changes from projection to projection by {scatter / (maximum - level):.1%} of "
            "the range, as matter does that fills the field"
        )
    return ""


def _plane(image: NDArray[Any], pixels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Level at the center and slopes along y and x by least squares."""
    y, x = np.nonzero(pixels)
    rows = np.stack(
        [np.ones(len(y)), *(p - (n - 1) / 2 for p, n in zip((y, x), image.shape, strict=True))], 1
    )
    found: NDArray[np.float64] = np.linalg.lstsq(rows, image[pixels].astype(float), rcond=None)[0]
    return found


def _common(
    levels: NDArray[np.float64], errors: NDArray[np.float64], slopes: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """One background for all: the median of the projections, and its error."""
    count = len(levels)
    known = shares > 0
    chosen = known if known.any() else np.ones(count, bool)
    level = float(np.median(levels[chosen]))
    scatter = spread(levels[chosen])
    error = 1.25 * max(scatter, float(np.median(errors[chosen]))) / np.sqrt(chosen.sum())
    slope = np.median(slopes[chosen], axis=0)
    return np.full(count, level), np.full(count, error), np.tile(slope, (count, 1))
