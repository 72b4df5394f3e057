"""Follows markers from the projection where they were picked to both ends of a tilt series; fits no geometry.

For the refinement, its caller says where the markers should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage

from etwidgets.align.markers.templates import correlation_map, deviation_map, disc, patch, peak

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from etwidgets.progress import Progress

SEEN = 0.45
"""Correlation with the template, below which a marker is not seen."""

_OWN_REACH = 3  # px: how far a marker may be from where all others have moved to
_MEMORY = 0.6  # of the template, from one projection to the next
_HISTORY = 5  # projections, from which the motion beside the common one is extrapolated
_REFINED_SEEN = 0.35


@dataclass(frozen=True, eq=False)
class Band:
    """Projections in which details of the size of the markers are left.

    Attributes
    ----------
    images
        ``(T, Y, X)``.
    deviations
        ``(T, Y, X)``: of the surroundings of each pixel.
    radius
        Of a template, pixels.
    """

    images: NDArray[np.float32]
    deviations: NDArray[np.float32]
    radius: int

    @property
    def weights(self) -> NDArray[np.float64]:
        """Of the pixels of a template."""
        return disc(self.radius)

    def cut(self, index: int, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """The surroundings of a place in a projection, on a scale of their own: mean 0, variance 1."""
        values = patch(self.images[index], place, self.radius)
        weights = self.weights
        values -= (weights * values).sum()
        return values / np.sqrt(max((weights * values**2).sum(), 1e-12))

    def correlate(
        self, index: int, template: NDArray[np.float64], place: NDArray[Any], reach: int
    ) -> NDArray[np.float64]:
        """Correlation of a template with a projection around a place of whole pixels."""
        return correlation_map(
            self.images[index], self.deviations[index], template, self.weights, place, reach
        )

    def contains(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """``(...)``: which places ``(..., 2)`` are so far inside that half of the template is."""
        limits = np.array(self.images.shape[1:]) - 1 - self.radius / 2
        inside = (places >= self.radius / 2) & (places <= limits)
        return np.asarray(inside.all(-1))


def band_of(images: NDArray[Any], diameter_px: float) -> Band:
    """Details much smaller and much larger than the markers are removed."""
    fine, coarse = max(0.6, diameter_px / 8), max(2.0, 0.75 * diameter_px)
    radius = int(np.ceil(0.75 * diameter_px)) + 1
    left, deviations = np.empty(images.shape, np.float32), np.empty(images.shape, np.float32)
    for index, image in enumerate(images):
        values = image.astype(np.float32, copy=False)
        low, high = (scipy.ndimage.gaussian_filter(values, sigma, mode="nearest") for sigma in (coarse, fine))
        left[index] = high - low
        deviations[index] = deviation_map(left[index], disc(radius))
    return Band(left, deviations, radius)


def follow(
    band: Band,
    order: NDArray[np.intp],
    start: int,
    picked: NDArray[np.float64],
    largest_jump: int,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions ``(M, T, 2)`` and qualities ``(M, T)``, from place ``start`` in ``order`` to both ends.

    In each projection the correlation maps of all markers are added: their peak is the common motion. Then
    each marker is looked for around where that and its own motion so far put it.
    """
    positions = np.full((len(picked), len(order), 2), np.nan)
    qualities = np.full(positions.shape[:2], np.nan)
    positions[:, order[start]], qualities[:, order[start]] = picked, 1.0
    done = 0
    for way in (order[start:], order[start::-1]):
        walk = _Walk(band, picked, int(way[0]))
        for index in way[1:]:
            progress.advance(done / max(len(order) - 1, 1), "following the markers")
            positions[:, index], qualities[:, index] = walk.step(int(index), largest_jump)
            done += 1
    return positions, qualities


class _Walk:
    """Where the markers are expected next, on the way from one projection to the next."""

    def __init__(self, band: Band, picked: NDArray[np.float64], index: int) -> None:
        self._band = band
        self._templates = np.stack([band.cut(index, place) for place in picked])
        self._common = np.zeros(2)
        self._last = picked
        self._own = [picked]  # without the common motion, in the last projections; NaN where not seen

    def step(self, index: int, largest_jump: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Positions ``(M, 2)`` and qualities in a projection; NaN where a marker is not seen."""
        expected = self._expected() + self._common
        near = np.round(expected).astype(int)
        inside = self._band.contains(expected)
        reach = largest_jump + _OWN_REACH
        maps = np.stack(
            [
                self._band.correlate(index, template, place, reach)
                if here
                else np.zeros((2 * reach + 1, 2 * reach + 1))
                for template, place, here in zip(self._templates, near, inside, strict=True)
            ]
        )
        moved = self._common_motion(maps)
        found, quality = np.full(expected.shape, np.nan), np.full(len(expected), np.nan)
        for k in np.flatnonzero(inside):
            offset, value = peak(_part(maps[k], moved, _OWN_REACH))
            if value > SEEN and np.abs(offset).max() < _OWN_REACH:
                found[k], quality[k] = near[k] + moved + offset, value
        self._remember(index, expected, found)
        return found, quality

    def _common_motion(self, maps: NDArray[np.float64]) -> NDArray[np.intp]:
        total = scipy.ndimage.gaussian_filter(np.maximum(maps, 0).mean(0), 1.0, mode="constant")
        inner = total[_OWN_REACH:-_OWN_REACH, _OWN_REACH:-_OWN_REACH]
        row, column = np.unravel_index(np.argmax(inner), inner.shape)
        return np.array([row, column]) - inner.shape[0] // 2

    def _expected(self) -> NDArray[np.float64]:
        """Positions without the common motion, extrapolated from the last projections."""
        known = np.stack(self._own)
        steps = np.arange(len(known)) - len(known)
        seen = np.asarray(np.isfinite(known).all(2))
        expected = np.empty(known.shape[1:])
        for k in range(known.shape[1]):
            t, places = steps[seen[:, k]], known[seen[:, k], k]
            if len(t) > 2:
                expected[k] = np.polynomial.polynomial.polyfit(t, places, 1)[0]
            else:
                expected[k] = places[-1] if len(t) else self._last[k]
        self._last = expected
        return expected

    def _remember(self, index: int, expected: NDArray[np.float64], found: NDArray[np.float64]) -> None:
        seen = np.isfinite(found).all(1)
        if not seen.any():
            return
        self._common = self._common + np.median((found - expected)[seen], axis=0)
        self._own = [*self._own[-_HISTORY + 1 :], found - self._common]
        for k in np.flatnonzero(seen):
            fresh = self._band.cut(index, found[k])
            self._templates[k] = _MEMORY * self._templates[k] + (1 - _MEMORY) * fresh


def refine(
    band: Band, tilts_deg: NDArray[np.float64], expected: NDArray[np.float64], reach: int, spread_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Look for each marker again where it should be, with a template from all other projections near in tilt.

    Parameters
    ----------
    band
        The projections.
    tilts_deg
        ``(T,)`` degrees.
    expected
        ``(M, T, 2)`` pixels ``(y, x)``; NaN where a marker should not be looked for.
    reach
        Pixels around it.
    spread_deg
        Standard deviation of the tilts over which a template is averaged.
    """
    near = np.exp(-0.5 * ((tilts_deg[:, None] - tilts_deg) / spread_deg) ** 2)
    np.fill_diagonal(near, 0)
    positions, qualities = np.full(expected.shape, np.nan), np.full(expected.shape[:2], np.nan)
    for k, places in enumerate(expected):
        where = np.flatnonzero(np.isfinite(places).all(1))
        where = where[band.contains(places[where])]
        if len(where) < 2:
            continue
        patches = np.stack([band.cut(int(i), places[i]) for i in where])
        templates = np.tensordot(near[np.ix_(where, where)], patches, 1)
        for i, template in zip(where, templates, strict=True):
            middle = np.round(places[i])
            found, value = peak(band.correlate(int(i), template, middle, reach))
            if value > _REFINED_SEEN and np.abs(found).max() < reach:
                positions[k, i], qualities[k, i] = middle + found, value
    return positions, qualities


def _part(values: NDArray[np.float64], middle: NDArray[np.intp], reach: int) -> NDArray[np.float64]:
    """The part of a map around a place, counted from the middle of the map."""
    top, left = np.array(values.shape) // 2 + middle - reach
    return values[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
