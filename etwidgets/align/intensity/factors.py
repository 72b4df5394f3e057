"""Differences in intensity between projections that are the beam's, not the specimen's; knows no signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.checks import checked_projections, checked_tilts, indices_text, match_name
from etwidgets.align.trend import departures, spread
from etwidgets.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LAWS = ("auto", "constant", "slab", "trend")
_ERRORS = 2.5  # standard errors, below which von Neumann's ratio is no longer that of independent values
_NO_TREND = 0.005  # a trend as small as this is none
_STEEPEST_DEG = 85.0


@dataclass(frozen=True, slots=True, eq=False)
class IntensityFactors:
    """Result of :func:`intensity_factors`.

    Attributes
    ----------
    law
        That the intensity of the specimen follows: the chosen one where ``"auto"`` was asked for.
    factors
        ``(T,)``: what each projection is multiplied by; their median is 1.
    """

    law: str
    factors: NDArray[np.float64]

    @property
    def flicker(self) -> float:
        """Robust standard deviation of the factors."""
        return spread(self.factors)


def intensity_factors(projections: ArrayLike, tilts_deg: ArrayLike, *, law: str = "auto") -> IntensityFactors:
    """What each projection must be multiplied by, so that only the specimen changes the intensity.

    Parameters
    ----------
    projections
        ``(T, Y, X)`` without background: a level that is the same everywhere dilutes the differences.
    tilts_deg
        ``(T,)`` degrees, in any order.
    law
        ``"constant"``: the specimen lies inside the field at all tilts, so the sum of each projection is
        the same. ``"slab"``: it fills the field, so the sum is proportional to ``1 / cos(tilt)``.
        ``"trend"``: the sum changes smoothly with the tilt, as when matter enters the field; only what
        departs from the trend is corrected, and slow changes of the beam stay. ``"auto"``: constant or slab
        where what is left has no trend, else trend.

    Raises
    ------
    ShapeError, DataError, TiltCountError
        If the projections or tilts are not usable, or a projection has no intensity.
    ParameterError
        If the law is unknown.

    Notes
    -----
    Flicker is independent from projection to projection; matter that enters is not. Whether values are
    independent is judged by the ratio of the mean square of their differences to twice their variance
    (von Neumann 1941, doi:10.1214/aoms/1177731677). The trend is a local parabola over 11 projections with
    weights of Tukey's biweight, which single dark projections do not draw (Cleveland 1979,
    doi:10.1080/01621459.1979.10481038).
    """
    images = checked_projections(projections)
    tilts = checked_tilts(tilts_deg, len(images))
    law = match_name(law, LAWS, "law")
    sums = np.array([image.sum(dtype=float) for image in images])
    empty = np.flatnonzero(sums <= 0)
    if empty.size:
        raise DataError(
            f"projections {indices_text(empty)} have no intensity (sum zero or less); remove them first"
        )
    steep = np.flatnonzero(np.abs(tilts) > _STEEPEST_DEG)
    if law == "slab" and steep.size:
        raise DataError(
            f"tilts of projections {indices_text(steep)} are above {_STEEPEST_DEG:g} deg, where a slab is "
            "infinitely thick; remove them, or use the law 'constant'"
        )
    order = np.argsort(tilts, kind="stable")
    left = {"constant": np.log(sums), "slab": np.log(sums)}
    if not steep.size:
        left["slab"] = np.log(sums * np.cos(np.deg2rad(tilts)))
    if law == "auto":
        fits = [
            name for name in left if (name != "slab" or not steep.size) and _independent(left[name][order])
        ]
        law = min(fits, key=lambda name: float(left[name].std())) if fits else "trend"
    excess = np.empty(len(images))
    excess[order] = left[law][order] if law != "trend" else departures(np.log(sums)[order])
    return IntensityFactors(law, np.exp(np.median(excess) - excess))


def equalize_intensity(
    projections: ArrayLike, tilts_deg: ArrayLike, *, law: str = "auto"
) -> NDArray[np.float32]:
    """Projections ``(T, Y, X)``, float32, without the flicker of the beam; see :func:`intensity_factors`."""
    images = checked_projections(projections)
    factors = intensity_factors(images, tilts_deg, law=law).factors
    result = np.empty(images.shape, np.float32)
    for index, image in enumerate(images):
        result[index] = image * factors[index]
    return result


def _independent(values: NDArray[np.float64]) -> bool:
    """Whether there is no trend in values in order of tilt."""
    if len(values) < 5:
        return True
    clipped = np.clip(values, *np.median(values) + 4 * np.array([-1, 1]) * max(spread(values), 1e-9))
    variance = float(clipped.var())
    ratio = float(np.mean(np.diff(clipped) ** 2)) / (2 * variance) if variance else 1.0
    usual = 1 - _ERRORS / np.sqrt(len(values))  # 1 on average, with an error of one over the root
    return ratio > max(usual, 0.3) or float(clipped.std()) < _NO_TREND
