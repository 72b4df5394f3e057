"""IMOD's and AreTomo's geometry in ours, and back: direction of y, turn of the axis; knows no file.

IMOD counts x and y from the lower left corner of the image, in units of pixels, so that the center of the
first pixel is at (0.5, 0.5) and that of the image at (nx / 2, ny / 2). The first row of an MRC file is its
lowest one. We read the rows of a file in their order: row ``i`` has IMOD's ``y = i + 0.5``, and what we show
is IMOD's image upside down, with the same numbers. Programs that read TIFF and DM files turn them so
that their first row is the highest one; then ``y = ny - 0.5 - i``.

IMOD's aligned images have the tilt axis along y, and its program ``tilt`` projects a volume by
``x' = x cos(tilt) - row sin(tilt)``, where ``row`` counts the rows of the slices that it writes (flib/tilt/
tilt.f90: "rotations in the X/Z plane, viewed from the negative Y axis"). Ours have the axis along x, and
``y' = y cos(tilt) - row sin(tilt)``. The turn that leaves tilts as they are and gives the same volume, not
its mirror image, is counterclockwise on our screen where the first row is the lowest one, and clockwise where
it is the highest one. The volume comes out turned by 180 degrees about the tilt axis, or as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align import Alignment
from etwidgets.checks import listing
from etwidgets.errors import AlignmentError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = ("bottom", "top")
"""Where the first row of the images lies, seen from IMOD: of an MRC file at the bottom."""
TURN_DEG = -90.0
"""From IMOD's vertical axis to our horizontal one, clockwise, where the first row is the lowest."""
WORTH_A_WORD_PX = 0.5
_WORST_REST = 0.02  # of half the diagonal: beyond it is no alignment of a tilt series


def check_rows(first_row: str) -> None:
    """Refuse another word than those of :data:`ROWS`."""
    if first_row not in ROWS:
        raise ParameterError(
            f'first_row must be "bottom" (MRC files) or "top" (TIFF or DM files that IMOD converted), '
            f"not {first_row!r}"
        )


def mirrored(alignment: Alignment) -> Alignment:
    """The same alignment of images whose rows are counted from the other end."""
    return replace(
        alignment,
        shifts_px=alignment.shifts_px * [-1, 1] + 0.0,
        rotations_deg=-alignment.rotations_deg + 0.0,
    )


def turned(alignment: Alignment, degrees: float) -> Alignment:
    """The alignment followed by a rotation of all images, clockwise; all rotations within 180 degrees."""
    turn = Alignment.of(np.zeros_like(alignment.shifts_px), rotation_deg=degrees)
    whole = alignment.then(turn)
    return replace(whole, rotations_deg=within_180(whole.rotations_deg))


def within_180(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same directions from -180 to below 180 degrees."""
    return (degrees + 180) % 360 - 180


def from_imod(
    rows: NDArray[np.float64], what: str, *, shape_yx: tuple[int, int], warnings: list[str]
) -> Alignment:
    """The alignment of transforms ``x' = a11 x + a12 y + dx, y' = a21 x + a22 y + dy`` about the center.

    Parameters
    ----------
    rows
        ``(T, 6)``: a11, a12, a21, a22, dx, dy, pixels, first row at the bottom.
    what
        The name of the file.
    shape_yx
        Of the images, pixels.
    warnings
        Gets a sentence if the transforms do more than rotate, magnify and shift.

    Raises
    ------
    AlignmentError
        If a transform mirrors the image or makes a point of it, or distorts it by more than 2 %.
    """
    matrices, shifts = rows[:, :4].reshape(-1, 2, 2), rows[:, 4:]
    bad = np.flatnonzero(np.linalg.det(matrices) <= 0)
    if bad.size:
        raise AlignmentError(
            f"{what}: the transform(s) of projection(s) {listing(bad)} mirror the image, or leave nothing of "
            "it; a tilt series is not aligned so"
        )
    cos = (matrices[:, 0, 0] + matrices[:, 1, 1]) / 2
    sin = (matrices[:, 1, 0] - matrices[:, 0, 1]) / 2
    nearest = np.moveaxis(np.array([[cos, -sin], [sin, cos]]), -1, 0)
    _check_rest(matrices - nearest, what, shape_yx, warnings)
    return Alignment.of(
        shifts[:, ::-1], rotation_deg=np.rad2deg(np.arctan2(sin, cos)), magnification=np.hypot(cos, sin)
    )


def to_imod(alignment: Alignment) -> NDArray[np.float64]:
    """``(T, 6)``: what :func:`from_imod` reads."""
    angles = np.deg2rad(alignment.rotations_deg)
    cos, sin = alignment.magnifications * np.cos(angles), alignment.magnifications * np.sin(angles)
    y, x = alignment.shifts_px.T
    rows: NDArray[np.float64] = np.column_stack([cos, -sin, sin, cos, x, y])
    return rows


def corner_px(shape_yx: tuple[int, int]) -> float:
    """From the center of the image to its corner, pixels."""
    return float(np.hypot(*shape_yx) / 2)


def _check_rest(rest: NDArray[np.float64], what: str, shape_yx: tuple[int, int], warnings: list[str]) -> None:
    ny, nx = shape_yx
    corners = np.array([[nx, ny], [nx, -ny]]) / 2
    off = np.linalg.norm(np.einsum("tij,kj->tki", rest, corners), axis=2).max(1)
    worst = int(off.argmax())
    if off[worst] <= WORTH_A_WORD_PX:
        return
    said = (
        f"{what} also stretches or shears the images; what is used are the nearest rotation and "
        f"magnification, which leaves up to {off[worst]:.2g} px in the corners (projection {worst})"
    )
    if off[worst] > _WORST_REST * corner_px(shape_yx):
        raise AlignmentError(f"{said}: too much; apply it with IMOD's newstack, and open the result")
    warnings.append(said)
