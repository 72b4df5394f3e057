"""Weights of the strip model, worked out once for a narrow block that is projected many times.

One slice cannot share the work of finding its weights with others: that takes most of the time. What is
stored is streamed from memory instead, which is several times as fast.
"""

from __future__ import annotations

from functools import cache
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.kernels import TILE, compiled, cumulative, trapezoid
from etwidgets.engine.vector_type import add_scaled, clip_lanes, load_lanes, store_lanes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.engine.geometry import Geometry
    from etwidgets.engine.team import Team

_BINS = 3  # of the detector, that a pixel reaches at most
_MOST_BYTES = 300e6
NARROW = 8
"""Slices of a block that keeps its weights; in a wider one, enough slices share them."""


def stored_bytes(geometry: Geometry) -> int:
    """Memory of the weights."""
    return geometry.n_angles * geometry.n_z * geometry.n_y * (4 + _BINS * 4)


def worth_storing(geometry: Geometry) -> bool:
    """Whether the weights fit, and the detector has bins enough."""
    return geometry.n_y >= _BINS and stored_bytes(geometry) <= _MOST_BYTES


class StoredStrip:
    """For each tilt and pixel, the first of three neighboring bins of the detector, and its share in each.

    Parameters
    ----------
    geometry
        Of the slices.
    width
        Slices in a block.
    team
        Threads.
    """

    def __init__(self, geometry: Geometry, width: int, team: Team) -> None:
        self._geometry, self._team = geometry, team
        n_tilts, n_z, n_y = geometry.n_angles, geometry.n_z, geometry.n_y
        self._first = np.empty((n_tilts, n_z * n_y), np.int32)
        self._shares = np.empty((n_tilts, n_z * n_y, _BINS), np.float32)
        self._width = width
        cos, sin = np.cos(geometry.angles_rad), np.sin(geometry.angles_rad)
        team.share(lambda t0, t1: _fill(self._first, self._shares, cos, sin, n_z, n_y, t0, t1), n_tilts)

    def forward(self, volume: NDArray[np.float32], projections: NDArray[np.float32]) -> None:
        """Write the projections of a volume; both flat."""
        n_y = self._geometry.n_y
        kernel = _forward(self._width)

        def tilts(start: int, stop: int) -> None:
            kernel(volume, projections, self._first, self._shares, n_y, start, stop)

        self._team.share(tilts, self._geometry.n_angles)

    def update(
        self,
        volume: NDArray[np.float32],
        projections: NDArray[np.float32],
        scale: NDArray[np.float32],
        limits: tuple[np.float32, np.float32],
    ) -> None:
        """Add ``scale`` times the back projection to a volume, within limits; all flat."""
        n_z, n_y = self._geometry.n_z, self._geometry.n_y
        kernel = _backward(self._width)

        def rows(start: int, stop: int) -> None:
            kernel(volume, projections, self._first, self._shares, n_y, start, stop, scale, *limits)

        self._team.share(rows, n_z, TILE)


@compiled
def _fill(first, shares, cos, sin, n_z, n_y, t0, t1):
    row_center, center = (n_z - 1) / 2, (n_y - 1) / 2
    for t in range(t0, t1):
        c, s = cos[t], sin[t]
        a, b, height, flank = trapezoid(c, s)
        for r in range(n_z):
            for q in range(n_y):
                p = (q - center) * c + (row_center - r) * s + center
                begin = min(max(floor(p + 0.5) - 1, 0), n_y - _BINS)
                pixel = r * n_y + q
                first[t, pixel] = begin
                for k in range(_BINS):
                    d = begin + k - p
                    shares[t, pixel, k] = cumulative(d + 0.5, a, b, height, flank) - cumulative(
                        d - 0.5, a, b, height, flank
                    )


@cache
def _forward(width: int) -> Callable[..., Any]:
    def kernel(volume, projections, first, shares, n_y, t0, t1):
        for t in range(t0, t1):
            projections[t * n_y * width : (t + 1) * n_y * width] = 0
            for pixel in range(first.shape[1]):
                at = (t * n_y + first[t, pixel]) * width
                for k in range(_BINS):
                    sums = load_lanes(projections, at, width)
                    sums = add_scaled(sums, volume, pixel * width, shares[t, pixel, k])
                    store_lanes(projections, at, sums)
                    at += width

    return compiled(kernel)


@cache
def _backward(width: int) -> Callable[..., Any]:
    def kernel(volume, projections, first, shares, n_y, r0, r1, scale, lowest, highest):
        sums_of = np.zeros(n_y * width, np.float32)
        for r in range(r0, r1):
            sums_of[:] = 0
            for t in range(first.shape[0]):
                for q in range(n_y):
                    pixel = r * n_y + q
                    source = (t * n_y + first[t, pixel]) * width
                    sums = load_lanes(sums_of, q * width, width)
                    sums = add_scaled(sums, projections, source, shares[t, pixel, 0])
                    sums = add_scaled(sums, projections, source + width, shares[t, pixel, 1])
                    sums = add_scaled(sums, projections, source + 2 * width, shares[t, pixel, 2])
                    store_lanes(sums_of, q * width, sums)
            for q in range(n_y):
                pixel = r * n_y + q
                if scale[pixel] != 0:
                    sums = add_scaled(
                        load_lanes(volume, pixel * width, width), sums_of, q * width, scale[pixel]
                    )
                    store_lanes(volume, pixel * width, clip_lanes(sums, lowest, highest))

    return compiled(kernel)
