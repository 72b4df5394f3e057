"""A series at one scale, in a frame wider than its field, with what of it is known; knows no fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import engine
from etwidgets.align._workers import run_all
from etwidgets.align.alignment import Alignment, back_to_input, border_distance
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL_EDGE = 0.015  # of the bright level: above it, matter goes on beyond the field
_AT_EDGE = 80  # percent of the projections have less at their edge; one bad frame makes no wide series
_MARGIN = 1.25  # the volume's width, in fields, without matter beyond
_WIDEST = 2.25  # with matter beyond: what reaches the field at some tilt, but no more fields than these
_THICKNESS = 0.75  # of the field
_INSIDE_PX = 1.0  # the outermost pixels of an interpolated image are half invented
_FADE_PX = 3
_ROUNDING_PX = 1e-3


@dataclass(frozen=True, eq=False)
class PaddedSeries:
    """Projections, reduced in size, and the wider frame in which they are aligned and reconstructed.

    Matter beyond the field is projected into it at high tilt. A volume as wide as the field would have to
    press it into the field; a wider one has room for it, and only pixels that were seen are compared.

    Attributes
    ----------
    images
        ``(T, Y, X)`` float32, background subtracted, brightest value about 1.
    tilts_deg
        ``(T,)`` degrees.
    factor
        How many pixels of the series as given a pixel is wide.
    n_y, n_z
        Width and thickness of the slices of the volume, pixels.
    offset_px
        ``(y, x)``, pixels of the series as given, from its center to that of ``images``: half a pixel where
        the size is not a multiple of ``factor``.
    bright
        By what the images were divided.
    """

    images: NDArray[np.float32]
    tilts_deg: NDArray[np.float64]
    factor: int
    n_y: int
    n_z: int
    offset_px: tuple[float, float] = (0.0, 0.0)
    bright: float = 1.0

    @property
    def wider(self) -> bool:
        """Whether matter goes on beyond the upper or lower edge of the field."""
        return self.n_y > round(self.images.shape[1] * _MARGIN)

    @classmethod
    def of(cls, projections: NDArray[Any], tilts_deg: NDArray[np.float64], factor: int) -> PaddedSeries:
        """Bin a series, and choose the frame by whether matter reaches the edges of the field."""
        images, offset = _binned(projections, factor)
        bright = max(float(np.percentile(images, 99.5)), 1e-12)
        images /= np.float32(bright)
        height = images.shape[1]
        edges = np.concatenate([images[:, :2], images[:, -2:]], axis=1).mean((1, 2))
        wider = bool(np.percentile(edges, _AT_EDGE) > _FULL_EDGE)
        tilts = np.asarray(tilts_deg, float)
        steepest = float(np.cos(np.deg2rad(min(np.abs(tilts).max(), 80.0))))
        width = min(max(1 / steepest + _MARGIN - 1, _MARGIN + 0.01), _WIDEST) if wider else _MARGIN
        n_y, n_z = round(height * width), max(round(height * _THICKNESS), 8)
        return cls(images, tilts, factor, n_y, n_z, offset, bright)

    def others(self, projections: NDArray[Any], tilts_deg: NDArray[np.float64]) -> PaddedSeries:
        """Other projections of the same size, in this frame and in these units of intensity."""
        images, offset = _binned(projections, self.factor)
        images /= np.float32(self.bright)
        tilts = np.asarray(tilts_deg, float)
        return PaddedSeries(images, tilts, self.factor, self.n_y, self.n_z, offset, self.bright)

    @property
    def shape_yx(self) -> tuple[int, int]:
        """Of the wider frame."""
        return self.n_y, self.images.shape[2]

    def geometry(self, tilts_deg: NDArray[np.float64]) -> engine.Geometry:
        """Of the volume, at these tilts."""
        return engine.Geometry(np.deg2rad(tilts_deg), self.n_y, self.n_z)

    @cached_property
    def _splines(self) -> list[tuple[NDArray[np.float32], np.float32]]:
        """Of the images, which are moved many times; and the lowest value of each."""
        return [(engine.spline_coefficients(image), image.min()) for image in self.images]

    def aligned(self, alignment: Alignment) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Aligned images in the wider frame, ``(T, n_y, X)``, and how much each pixel is known, 0 to 1.

        Parameters
        ----------
        alignment
            In pixels of the series as given.
        """
        off = Alignment.of(np.tile(self.offset_px, (len(self.images), 1)))
        here = off.then(alignment).binned(self.factor)
        matrices, offsets = back_to_input(here, self.images.shape[1:], self.shape_yx)
        moved = np.empty((len(self.images), *self.shape_yx), np.float32)
        splines = self._splines  # before there are threads

        def one(i: int) -> None:
            spline, lowest = splines[i]
            engine.affine_cubic(spline, matrices[i], offsets[i], moved[i])
            np.maximum(moved[i], lowest, out=moved[i])

        run_all(one, len(moved), NullProgress())
        inside = border_distance(here, self.images.shape[1:], shape_yx=self.shape_yx) - np.float32(_INSIDE_PX)
        known = np.clip((inside + 1) / np.float32(_FADE_PX), 0, 1, out=np.empty_like(inside))
        outside = inside < -_ROUNDING_PX
        moved[outside] = 0
        known[outside] = 0
        return moved, known


def _binned(projections: NDArray[Any], factor: int) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Means over squares of so many pixels, and how far their center is from that of the images."""
    count, *size = projections.shape
    rows, columns = (n // factor for n in size)
    first_y, first_x = ((n - m * factor) // 2 for n, m in zip(size, (rows, columns), strict=True))
    result = np.empty((count, rows, columns), np.float32)
    for image, small in zip(projections, result, strict=True):
        part = image[first_y : first_y + rows * factor, first_x : first_x + columns * factor]
        small[:] = part.reshape(rows, factor, columns, factor).mean((1, 3), dtype=np.float32)
    offsets = (first_y + rows * factor / 2 - size[0] / 2, first_x + columns * factor / 2 - size[1] / 2)
    return result, offsets
