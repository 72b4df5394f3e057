"""Compiled sums and differences over blocks ``(..., width)``; knows no geometry and no algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.engine.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIGNMENT = 64


def aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Zeros, float32, that begin with a cache line: vectors that straddle two cost a third of the speed."""
    n_bytes = int(np.prod(shape)) * 4
    raw = np.zeros(n_bytes + _ALIGNMENT, np.uint8)
    skip = -raw.ctypes.data % _ALIGNMENT
    return raw[skip : skip + n_bytes].view(np.float32).reshape(shape)


@compiled
def subtract(data, projected, factors, weights, result, squares):
    """Write ``factors * (data - projected)`` and add up ``weights * (data - projected)**2``.

    Arrays are ``(rows, width)``, factors and weights ``(rows,)``; ``squares`` is ``(width,)`` float64.
    """
    n_rows, width = data.shape
    squares[:] = 0
    for row in range(n_rows):
        factor, weight = factors[row], weights[row]
        for k in range(width):
            difference = data[row, k] - projected[row, k]
            result[row, k] = factor * difference
            squares[k] += np.float64(weight) * np.float64(difference) * np.float64(difference)


@compiled
def stand_in(data, known, projected):
    """Replace data that are not known by what is projected; all ``(rows, width)``.

    Writes ``projected + (1 - known) * (data - projected)``: its difference from the data is the known part of
    the difference.
    """
    n_rows, width = data.shape
    for row in range(n_rows):
        for k in range(width):
            missing = np.float32(1) - known[row, k]
            projected[row, k] += missing * (data[row, k] - projected[row, k])


@compiled
def add_squares(values, weights, squares):
    """Add up ``weights * values**2`` of ``(rows, width)`` in ``squares``, ``(width,)`` float64."""
    n_rows, width = values.shape
    squares[:] = 0
    for row in range(n_rows):
        weight = np.float64(weights[row])
        for k in range(width):
            squares[k] += weight * np.float64(values[row, k]) * np.float64(values[row, k])


@compiled
def primal_step(target, vertical, horizontal, weight, mask, lowest, highest, image, r0, r1):
    """Image of a dual field ``(Z, Y, width)``: ``target`` less its weighted divergence, within limits.

    Rows ``r0:r1`` are written; outside the ``(Z, Y)`` mask the image is the target.
    """
    _, n_columns, width = target.shape
    for r in range(r0, r1):
        for q in range(n_columns):
            if mask[r, q] == 0:
                image[r, q] = target[r, q]
                continue
            for k in range(width):
                divergence = vertical[r, q, k] + horizontal[r, q, k]
                if r > 0:
                    divergence -= vertical[r - 1, q, k]
                if q > 0:
                    divergence -= horizontal[r, q - 1, k]
                value = target[r, q, k] - weight * divergence
                image[r, q, k] = min(max(value, lowest), highest)


@compiled
def dual_step(image, fields, previous, step, momentum, r0, r1):
    """One accelerated, projected gradient step of the dual field of the total variation.

    ``fields`` and ``previous`` are ``(2, Z, Y, width)``: the extrapolated field, and the last one without
    extrapolation (vertical, horizontal). Both are replaced in the rows ``r0:r1``.
    """
    n_rows, n_columns, width = image.shape
    for r in range(r0, r1):
        for q in range(n_columns):
            for k in range(width):
                here = image[r, q, k]
                down = fields[0, r, q, k]
                right = fields[1, r, q, k]
                if r + 1 < n_rows:
                    down += step * (here - image[r + 1, q, k])
                if q + 1 < n_columns:
                    right += step * (here - image[r, q + 1, k])
                scale = np.float32(1) / max(np.float32(1), np.sqrt(down * down + right * right))
                down *= scale
                right *= scale
                fields[0, r, q, k] = down + momentum * (down - previous[0, r, q, k])
                fields[1, r, q, k] = right + momentum * (right - previous[1, r, q, k])
                previous[0, r, q, k] = down
                previous[1, r, q, k] = right
