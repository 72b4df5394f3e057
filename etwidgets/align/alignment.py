"""Where each projection of a series must go, all together, and the one interpolation that brings it there.

Knows no signal, and not how an alignment was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.ndimage

from etwidgets import engine
from etwidgets.align._workers import run_all
from etwidgets.align.checks import checked_projections, indices_text, match_name
from etwidgets.checks import checked_reals
from etwidgets.errors import DataError, ParameterError, ShapeError, TiltCountError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

SPLINE_ORDERS = {"linear": 1, "cubic": 3, "quintic": 5}
"""Interpolations of :func:`apply_alignment`, and the orders of their splines."""

_CUBIC = SPLINE_ORDERS["cubic"]
_ROUNDING_PX = 1e-3


@dataclass(frozen=True, eq=False)
class Alignment:
    """What to do to each projection: magnify, then rotate about the image center, then shift.

    The point at ``p`` from the center of the image goes to ``magnification * R(rotation) p + shift`` from the
    center of the result.

    Attributes
    ----------
    shifts_px
        ``(T, 2)`` pixels ``(y, x)``; positive moves content to a larger index.
    rotations_deg
        ``(T,)`` degrees, positive clockwise on screen (y down), the rotation of the tilt axis included.
    magnifications
        ``(T,)``, above 0.
    tilts_deg
        ``(T,)`` degrees at which the projections were really taken; None: as they are known.
    """

    shifts_px: NDArray[np.float64]
    rotations_deg: NDArray[np.float64]
    magnifications: NDArray[np.float64]
    tilts_deg: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        shifts_px: ArrayLike,
        *,
        rotation_deg: ArrayLike = 0.0,
        magnification: ArrayLike = 1.0,
        tilts_deg: ArrayLike | None = None,
    ) -> Self:
        """An alignment from checked numbers; one rotation or magnification holds for all projections.

        Raises
        ------
        ShapeError, TiltCountError
            If the numbers are not one for each projection.
        DataError, ParameterError
            If one is not finite, or a magnification is not positive.
        """
        shifts = np.array(checked_reals("shifts", shifts_px))
        if shifts.ndim != 2 or shifts.shape[1] != 2:
            raise ShapeError(f"shifts must have the shape (T, 2), (y, x) each, not {shifts.shape}")
        count = len(shifts)
        rotations = _per_projection("rotations", rotation_deg, count)
        sizes = _per_projection("magnifications", magnification, count)
        tilts = None if tilts_deg is None else np.array(checked_reals("tilts", tilts_deg)).ravel()
        if tilts is not None and len(tilts) != count:
            raise TiltCountError(len(tilts), count, "tilts")
        for name, values in (("shifts", shifts), ("rotations", rotations), ("magnifications", sizes)):
            bad = np.flatnonzero(~np.isfinite(values.reshape(count, -1)).all(1))
            if bad.size:
                raise DataError(f"{name} of projections {indices_text(bad)} are not finite")
        if (sizes <= 0).any():
            raise ParameterError(f"magnifications must be above 0; the smallest is {sizes.min():g}")
        return cls(shifts, rotations, sizes, tilts)

    @classmethod
    def identity(cls, count: int) -> Self:
        """Leaves so many projections as they are."""
        return cls(np.zeros((count, 2)), np.zeros(count), np.ones(count))

    @property
    def matrices(self) -> NDArray[np.float64]:
        """``(T, 2, 2)``: magnification and rotation, of vectors ``(y, x)``."""
        angle = np.deg2rad(self.rotations_deg)
        cos, sin = np.cos(angle), np.sin(angle)
        turned = np.array([[cos, sin], [-sin, cos]])
        return self.magnifications[:, None, None] * np.moveaxis(turned, -1, 0)

    def then(self, other: Alignment) -> Alignment:
        """The alignment that does this one first, and then the other."""
        if len(other.shifts_px) != len(self.shifts_px):
            raise TiltCountError(len(other.shifts_px), len(self.shifts_px), "alignments")
        return Alignment(
            np.einsum("tij,tj->ti", other.matrices, self.shifts_px) + other.shifts_px,
            self.rotations_deg + other.rotations_deg,
            self.magnifications * other.magnifications,
            self.tilts_deg if other.tilts_deg is None else other.tilts_deg,
        )

    def inverse(self) -> Alignment:
        """The alignment that undoes this one; the tilts stay unknown."""
        back = Alignment(np.zeros_like(self.shifts_px), -self.rotations_deg, 1 / self.magnifications)
        return replace(back, shifts_px=-np.einsum("tij,tj->ti", back.matrices, self.shifts_px))

    def select(self, keep: ArrayLike) -> Alignment:
        """The alignment of some projections, in the given order."""
        index = np.asarray(keep)
        tilts = None if self.tilts_deg is None else self.tilts_deg[index]
        return Alignment(self.shifts_px[index], self.rotations_deg[index], self.magnifications[index], tilts)

    def binned(self, factor: float) -> Alignment:
        """The same alignment, in pixels so many times larger."""
        return replace(self, shifts_px=self.shifts_px / factor)


def apply_alignment(
    projections: ArrayLike,
    alignment: Alignment,
    *,
    shape_yx: tuple[int, int] | None = None,
    interpolation: str = "cubic",
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Magnify, rotate and shift every projection, in one interpolation.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; any real type.
    alignment
        Of these projections.
    shape_yx
        Height and width of the result, pixels, about the same center; default: those of the projections.
    interpolation
        ``"cubic"``, ``"linear"`` or ``"quintic"`` (splines).
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    array
        ``(T, *shape_yx)``, float32. Beyond the image its border is repeated; :func:`valid_area` says where.
        No image gets values below its own minimum.

    Raises
    ------
    ShapeError, DataError, TiltCountError
        If the projections are not a stack of finite numbers, or the alignment is of another number of them.
    ParameterError
        If the interpolation is unknown.
    """
    images = checked_projections(projections)
    if len(alignment.shifts_px) != len(images):
        raise TiltCountError(len(alignment.shifts_px), len(images), "alignments")
    order = SPLINE_ORDERS[match_name(interpolation, SPLINE_ORDERS, "interpolation")]
    shape = images.shape[1:] if shape_yx is None else shape_yx
    result = np.empty((len(images), *shape), np.float32)
    matrices, offsets = back_to_input(alignment, images.shape[1:], shape)

    def one(index: int) -> None:
        image = images[index].astype(np.float32, copy=False)
        if np.array_equal(matrices[index], np.eye(2)) and not offsets[index].any() and shape == image.shape:
            result[index] = image
            return
        if order == _CUBIC:
            spline = engine.spline_coefficients(image)
            engine.affine_cubic(spline, matrices[index], offsets[index], result[index])
        else:
            scipy.ndimage.affine_transform(
                image,
                matrices[index],
                offsets[index],
                shape,
                output=result[index],
                order=order,
                mode="nearest",
            )
        np.maximum(result[index], image.min(), out=result[index])

    run_all(one, len(images), progress or NullProgress(), "rotating and shifting")
    return result


def valid_area(
    alignment: Alignment,
    input_yx: tuple[int, ...],
    *,
    shape_yx: tuple[int, ...] | None = None,
    margin_px: float = 0.0,
) -> NDArray[np.bool_]:
    """Which pixels ``(T, *shape_yx)`` of aligned projections come from inside the image.

    Parameters
    ----------
    alignment
        As it was applied.
    input_yx
        Height and width before, pixels.
    shape_yx
        Height and width after; default: as before.
    margin_px
        How far from the border of the image the content must come from, at least.
    """
    return border_distance(alignment, input_yx, shape_yx=shape_yx) >= margin_px - _ROUNDING_PX


def border_distance(
    alignment: Alignment, input_yx: tuple[int, ...], *, shape_yx: tuple[int, ...] | None = None
) -> NDArray[np.float32]:
    """How far from the border of the image the content of each pixel of the result comes from.

    Parameters
    ----------
    alignment
        As it was applied.
    input_yx
        Height and width before, pixels.
    shape_yx
        Height and width after; default: as before.

    Returns
    -------
    array
        ``(T, *shape_yx)`` float32, pixels: 0 on the outermost pixels of the image, negative beyond it.
    """
    shape = tuple(input_yx) if shape_yx is None else shape_yx
    matrices, offsets = back_to_input(alignment, input_yx, shape)
    y, x = (np.arange(n, dtype=np.float32) for n in shape)
    result = np.full((len(offsets), *shape), np.inf, np.float32)
    for matrix, offset, distance in zip(
        matrices.astype(np.float32), offsets.astype(np.float32), result, strict=True
    ):
        for axis, size in enumerate(input_yx):
            source = (matrix[axis, 0] * y + offset[axis])[:, None] + matrix[axis, 1] * x
            np.minimum(distance, source, out=distance)
            np.minimum(distance, np.float32(size - 1) - source, out=distance)
    return result


def back_to_input(
    alignment: Alignment, input_yx: tuple[int, ...], shape_yx: tuple[int, ...]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Matrices ``(T, 2, 2)`` and offsets ``(T, 2)`` that lead from a pixel of the result to its source.

    Parameters
    ----------
    alignment
        As it is applied.
    input_yx, shape_yx
        Height and width before and after, pixels.
    """
    back = alignment.inverse()
    middle_in, middle_out = (np.array(each) / 2 - 0.5 for each in (input_yx, shape_yx))
    matrices = back.matrices
    return matrices, middle_in + back.shifts_px - matrices @ middle_out


def _per_projection(name: str, values: ArrayLike, count: int) -> NDArray[np.float64]:
    numbers = np.array(checked_reals(name, values))
    if numbers.ndim == 0 or numbers.size == 1:
        return np.full(count, float(numbers.ravel()[0]))
    if numbers.shape != (count,):
        raise ShapeError(f"{name} must be one number, or {count}, one per projection, not {numbers.shape}")
    return numbers
