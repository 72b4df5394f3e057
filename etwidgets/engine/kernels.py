"""Compiled projection of blocks of slices; knows arrays and one block, no threads and no algorithm.

A block holds ``width`` slices, innermost: volumes ``(Z, Y, width)``, projections ``(T, Y, width)``, both
flattened, float32. All slices share their geometry, so each weight is worked out once and used for the
whole vector (see :mod:`etwidgets.engine.vector_type`).

Both directions gather: the forward kernel runs over rays, the backward kernel over pixels, and no two
calls on different parts of the output write the same number. The factories :func:`forward` and
:func:`backward` are the only way in; a library compiled ahead of time can take their place.
"""

from __future__ import annotations

from functools import cache
from math import floor
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from etwidgets.engine.vector_type import add_scaled, clip_lanes, load_lanes, store_lanes

if TYPE_CHECKING:
    from collections.abc import Callable

    Kernel = Callable[..., None]

ROWS_PER_STRIP = 8
"""Rows of the volume that the forward kernel finishes for all rays, while they are in the cache."""
TILE = 16
"""Rows and columns of the square that the backward kernel finishes for all tilts."""

_BITS = 32
"""Of the fraction of a position: a shift and a mask are faster than rounding, and steps add up exactly."""
_ONE, _PART = float(1 << _BITS), (1 << _BITS) - 1


def compiled(function: Callable[..., Any]) -> Any:
    """Compile when first called, without the interpreter's lock, and keep the code on disk if possible."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that can be written
        return numba.njit(**options)(function)


@numba.njit(inline="always")
def trapezoid(c: float, s: float) -> tuple[float, float, float, float]:
    """Of the projection of a pixel: half widths of plateau and foot, height, and steepness of the flank."""
    a = abs(abs(c) - abs(s)) / 2
    b = (abs(c) + abs(s)) / 2
    height = 1 / (a + b)
    flank = height / (2 * (b - a)) if b - a > 1e-12 else 0.0
    return a, b, height, flank


@numba.njit(inline="always")
def cumulative(u: float, a: float, b: float, height: float, flank: float) -> float:
    """Area of the unit trapezoid from 0 to u."""
    distance = abs(u)
    v = max(min(b - distance, b - a), 0.0)
    area = 0.5 - flank * v * v - height * max(a - distance, 0.0)
    return area if u >= 0 else -area


@cache
def forward(width: int, model: str) -> Kernel:
    """The kernel that projects a block along its rays.

    Parameters
    ----------
    width
        Slices in a block.
    model
        ``"linear"`` or ``"strip"``.

    Returns
    -------
    callable
        ``kernel(volume, projections, cos, sin, n_z, n_y, t0, t1, j0, j1)`` writes the rows ``t0:t1`` and
        detector pixels ``j0:j1`` of the projections.
    """
    return _forward_linear(width) if model == "linear" else _forward_strip(width)


@cache
def backward(width: int, model: str) -> Kernel:
    """The kernel that gathers projections in pixels; the adjoint of :func:`forward` of the same model.

    Parameters
    ----------
    width
        Slices in a block.
    model
        ``"linear"``, ``"strip"`` or ``"interpolation"`` (which has no forward kernel).

    Returns
    -------
    callable
        ``kernel(projections, volume, cos, sin, n_z, n_y, r0, r1, tile, scale, lowest, highest)`` writes
        ``min(max(volume + scale * sum, lowest), highest)`` to the rows ``r0:r1`` of the volume, but not
        where ``scale``, ``(Z * Y,)``, is 0; ``tile`` is a scratch array of ``TILE * TILE * width``, and
        ``r0`` a multiple of :data:`TILE`.
    """
    if model == "strip":
        return _backward_strip(width)
    return _backward_linear(width, model == "linear")


def _forward_linear(width: int) -> Kernel:
    def kernel(volume, projections, cos, sin, n_z, n_y, t0, t1, j0, j1):
        for t in range(t0, t1):
            projections[(t * n_y + j0) * width : (t * n_y + j1) * width] = 0
        row_center, center = (n_z - 1) / 2, (n_y - 1) / 2
        for z0 in range(0, n_z, ROWS_PER_STRIP):
            z1 = min(z0 + ROWS_PER_STRIP, n_z)
            for t in range(t0, t1):
                c, s = cos[t], sin[t]
                length = 1 / max(abs(c), abs(s))
                whole, per_part = np.float32(length), np.float32(length / _ONE)
                if abs(c) >= abs(s):
                    slope, spread = int(s / c * _ONE), 1 / c
                    start = center + (z0 - row_center) * s / c
                    for j in range(j0, j1):
                        at = (t * n_y + j) * width
                        sums = load_lanes(projections, at, width)
                        q = int(((j - center) * spread + start) * _ONE)
                        for r in range(z0, z1):
                            i = q >> _BITS
                            far = np.float32(q & _PART) * per_part
                            source = (r * n_y + i) * width
                            if 0 <= i < n_y - 1:
                                sums = add_scaled(sums, volume, source, whole - far)
                                sums = add_scaled(sums, volume, source + width, far)
                            elif i == n_y - 1:
                                sums = add_scaled(sums, volume, source, whole - far)
                            elif i == -1:
                                sums = add_scaled(sums, volume, source + width, far)
                            q += slope
                        store_lanes(projections, at, sums)
                else:
                    slope, spread, step = c / s, 1 / s, int(c / s * _ONE)
                    per_row = s / c if c != 0 else 0.0
                    for j in range(j0, j1):
                        first = row_center - (j - center) * spread - center * slope
                        q0, q1 = 0, n_y
                        if c != 0:  # only the columns in which the ray meets this strip
                            u, v = (z0 - 1 - first) * per_row, (z1 - first) * per_row
                            q0 = int(max(min(u, v), 0.0))
                            q1 = int(floor(max(min(max(u, v), n_y - 1.0), -1.0))) + 1
                        at = (t * n_y + j) * width
                        sums = load_lanes(projections, at, width)
                        row = int((first + q0 * slope) * _ONE)
                        for q in range(q0, q1):
                            i = row >> _BITS
                            far = np.float32(row & _PART) * per_part
                            source = (i * n_y + q) * width
                            if z0 <= i < z1:
                                sums = add_scaled(sums, volume, source, whole - far)
                            if z0 <= i + 1 < z1:
                                sums = add_scaled(sums, volume, source + n_y * width, far)
                            row += step
                        store_lanes(projections, at, sums)

    return compiled(kernel)


def _forward_strip(width: int) -> Kernel:
    def kernel(volume, projections, cos, sin, n_z, n_y, t0, t1, j0, j1):
        for t in range(t0, t1):
            projections[(t * n_y + j0) * width : (t * n_y + j1) * width] = 0
        row_center, center = (n_z - 1) / 2, (n_y - 1) / 2
        for z0 in range(0, n_z, ROWS_PER_STRIP):
            z1 = min(z0 + ROWS_PER_STRIP, n_z)
            for t in range(t0, t1):
                c, s = cos[t], sin[t]
                a, b, height, flank = trapezoid(c, s)
                if abs(c) >= abs(s):
                    slope = s / c
                    for j in range(j0, j1):
                        at = (t * n_y + j) * width
                        sums = load_lanes(projections, at, width)
                        q = (j - center) / c + center + (z0 - row_center) * slope
                        for r in range(z0, z1):
                            i = int(floor(q))
                            for column in range(max(i - 1, 0), min(i + 3, n_y)):
                                d = (column - q) * c
                                weight = cumulative(d + 0.5, a, b, height, flank)
                                weight -= cumulative(d - 0.5, a, b, height, flank)
                                source = (r * n_y + column) * width
                                sums = add_scaled(sums, volume, source, np.float32(weight))
                            q += slope
                        store_lanes(projections, at, sums)
                else:
                    slope = c / s
                    for j in range(j0, j1):
                        first = row_center - (j - center) / s - center * slope
                        q0, q1 = 0, n_y
                        if slope != 0:
                            u, v = (z0 - 2 - first) / slope, (z1 + 1 - first) / slope
                            q0 = int(max(min(u, v), 0.0))
                            q1 = int(floor(max(min(max(u, v), n_y - 1.0), -1.0))) + 1
                        at = (t * n_y + j) * width
                        sums = load_lanes(projections, at, width)
                        for q in range(q0, q1):
                            crossing = first + q * slope
                            i = int(floor(crossing))
                            for row in range(max(i - 1, z0), min(i + 3, z1)):
                                d = (row - crossing) * s
                                weight = cumulative(d + 0.5, a, b, height, flank)
                                weight -= cumulative(d - 0.5, a, b, height, flank)
                                source = (row * n_y + q) * width
                                sums = add_scaled(sums, volume, source, np.float32(weight))
                        store_lanes(projections, at, sums)

    return compiled(kernel)


def _backward_linear(width: int, joseph: bool) -> Kernel:
    def kernel(projections, volume, cos, sin, n_z, n_y, r0, r1, tile, scale, lowest, highest):
        row_center, center = (n_z - 1) / 2, (n_y - 1) / 2
        n_tilts = len(cos)
        none = np.float32(0)
        for z0 in range(r0, r1, TILE):
            z1 = min(z0 + TILE, r1)
            for q0 in range(0, n_y, TILE):
                q1 = min(q0 + TILE, n_y)
                tile[:] = 0
                # two tilts at a time, so that each sum is fetched and put back half as often
                for t in range(0, n_tilts, 2):
                    two = t + 1 < n_tilts
                    c1, s1 = cos[t], sin[t]
                    c2, s2 = (cos[t + 1], sin[t + 1]) if two else (1.0, 0.0)
                    g1 = 1 / max(abs(c1), abs(s1)) if joseph else 1.0
                    g2 = 1 / max(abs(c2), abs(s2)) if joseph else 1.0
                    # the weights are max(g - g * g * f, 0) and max(g - g * g * (1 - f), 0)
                    whole1, rest1, per_part1 = (
                        np.float32(g1),
                        np.float32(g1 * g1 - g1),
                        np.float32(g1 * g1 / _ONE),
                    )
                    whole2, rest2, per_part2 = (
                        np.float32(g2),
                        np.float32(g2 * g2 - g2),
                        np.float32(g2 * g2 / _ONE),
                    )
                    step1, step2 = int(c1 * _ONE), int(c2 * _ONE)
                    for r in range(z0, z1):
                        p1 = int(((q0 - center) * c1 + (row_center - r) * s1 + center) * _ONE)
                        p2 = int(((q0 - center) * c2 + (row_center - r) * s2 + center) * _ONE)
                        if not two:
                            p2 = int(-4 * n_y * _ONE)
                        at = (r - z0) * TILE * width
                        for _ in range(q0, q1):
                            sums = load_lanes(tile, at, width)
                            i = p1 >> _BITS
                            part = np.float32(p1 & _PART) * per_part1
                            source = (t * n_y + i) * width
                            near, far = max(whole1 - part, none), max(part - rest1, none)
                            if 0 <= i < n_y - 1:
                                sums = add_scaled(sums, projections, source, near)
                                sums = add_scaled(sums, projections, source + width, far)
                            elif i == n_y - 1:
                                sums = add_scaled(sums, projections, source, near)
                            elif i == -1:
                                sums = add_scaled(sums, projections, source + width, far)
                            i = p2 >> _BITS
                            part = np.float32(p2 & _PART) * per_part2
                            source = ((t + 1) * n_y + i) * width
                            near, far = max(whole2 - part, none), max(part - rest2, none)
                            if 0 <= i < n_y - 1:
                                sums = add_scaled(sums, projections, source, near)
                                sums = add_scaled(sums, projections, source + width, far)
                            elif i == n_y - 1:
                                sums = add_scaled(sums, projections, source, near)
                            elif i == -1:
                                sums = add_scaled(sums, projections, source + width, far)
                            store_lanes(tile, at, sums)
                            at += width
                            p1 += step1
                            p2 += step2
                for r in range(z0, z1):
                    for q in range(q0, q1):
                        at, source = (r * n_y + q) * width, ((r - z0) * TILE + q - q0) * width
                        if scale[r * n_y + q] != 0:
                            sums = add_scaled(load_lanes(volume, at, width), tile, source, scale[r * n_y + q])
                            store_lanes(volume, at, clip_lanes(sums, lowest, highest))

    return compiled(kernel)


def _backward_strip(width: int) -> Kernel:
    def kernel(projections, volume, cos, sin, n_z, n_y, r0, r1, tile, scale, lowest, highest):
        row_center, center = (n_z - 1) / 2, (n_y - 1) / 2
        for z0 in range(r0, r1, TILE):
            z1 = min(z0 + TILE, r1)
            for q0 in range(0, n_y, TILE):
                q1 = min(q0 + TILE, n_y)
                tile[:] = 0
                for t in range(len(cos)):
                    c, s = cos[t], sin[t]
                    a, b, height, flank = trapezoid(c, s)
                    for r in range(z0, z1):
                        p = (q0 - center) * c + (row_center - r) * s + center
                        at = (r - z0) * TILE * width
                        for _ in range(q0, q1):
                            i = int(floor(p + 0.5))
                            f = p - i
                            if -1 <= i <= n_y:
                                sums = load_lanes(tile, at, width)
                                upper = cumulative(f + 0.5, a, b, height, flank)
                                lower = cumulative(f - 0.5, a, b, height, flank)
                                source = (t * n_y + i) * width
                                if i >= 1:
                                    sums = add_scaled(
                                        sums, projections, source - width, np.float32(0.5 - upper)
                                    )
                                if 0 <= i < n_y:
                                    sums = add_scaled(sums, projections, source, np.float32(upper - lower))
                                if i < n_y - 1:
                                    sums = add_scaled(
                                        sums, projections, source + width, np.float32(0.5 + lower)
                                    )
                                store_lanes(tile, at, sums)
                            at += width
                            p += c
                for r in range(z0, z1):
                    for q in range(q0, q1):
                        at, source = (r * n_y + q) * width, ((r - z0) * TILE + q - q0) * width
                        if scale[r * n_y + q] != 0:
                            sums = add_scaled(load_lanes(volume, at, width), tile, source, scale[r * n_y + q])
                            store_lanes(volume, at, clip_lanes(sums, lowest, highest))

    return compiled(kernel)
