"""Markers: where particles are in each projection, from and to IMOD's fiducial models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.checks import checked_reals, listing
from etwidgets.errors import DataError, FileFormatError, FileTypeError, ShapeError, TiltCountError
from etwidgets.io.alignments import conventions
from etwidgets.io.alignments.alignment_files import load_alignment
from etwidgets.io.alignments.imod_models import Model, model_bytes, read_model

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.align import Alignment

MODELS = (".fid", ".mod")
"""Endings of IMOD's models."""
_HALF = 0.5  # from the corner of the first pixel to its center
_WHOLE = 0.01  # that much a section may differ from an integer
_MOST_POSITIONS = 10_000_000


def load_markers(
    path: str | Path,
    *,
    shape_yx: tuple[int, int],
    n_projections: int,
    first_row: str = "bottom",
    prexg: str | Path | None = None,
) -> NDArray[np.float64]:
    """Positions of markers in a model of IMOD, such as ``beadtrack`` makes: one contour for each marker.

    Parameters
    ----------
    path
        ``.fid`` or ``.mod``, of IMOD's binary format.
    shape_yx
        Of the projections that it was drawn on, pixels.
    n_projections
        Of that series.
    first_row
        As in :func:`load_alignment`.
    prexg
        Etomo draws on the coarsely aligned series (``.preali``): with the ``.prexg`` file that made it, the
        positions are those in the raw series, if both have pixels of one size.

    Returns
    -------
    array
        ``(M, T, 2)`` pixels ``(y, x)``, 0 at the center of the first pixel; NaN where a marker is not seen.

    Raises
    ------
    FileFormatError
        If the file is damaged or no such model, a point is not on a section of the series, or a contour has
        two points on one.
    ShapeError
        If the model was drawn on images of another size.
    TiltCountError
        If the coarse alignment is of another number of projections.
    """
    file = Path(path).expanduser()
    conventions.check_rows(first_row)
    _check_ending(file)
    if not file.is_file():
        raise FileNotFoundError(f"there is no model {file}")
    model = read_model(file)
    ny, nx = shape_yx
    if model.size_xyz[0] and model.size_xyz[1] and model.size_xyz[:2] != (nx, ny):
        raise ShapeError(
            f"{file.name} was drawn on images of {model.size_xyz[0]} x {model.size_xyz[1]} pixels, these "
            f"have {nx} x {ny}; open the series that it was drawn on"
        )
    contours = [points for points in model.contours if len(points)]
    if not contours or len(contours) * n_projections > _MOST_POSITIONS:
        raise FileFormatError(f"{file.name} has {len(contours)} contours with points: no markers of a series")
    found = np.full((len(contours), n_projections, 2), np.nan)
    for number, points in enumerate(contours):
        sections = _sections(points, number, n_projections, file)
        y = points[:, 1] - _HALF
        found[number, sections, 0] = y if first_row == "bottom" else ny - 1 - y
        found[number, sections, 1] = points[:, 0] - _HALF
    if prexg is None:
        return found
    coarse = load_alignment(prexg, shape_yx=shape_yx, first_row=first_row)
    return _before(found, coarse, shape_yx)


def save_markers(
    path: str | Path,
    positions: ArrayLike,
    *,
    shape_yx: tuple[int, int],
    first_row: str = "bottom",
    overwrite: bool = False,
) -> Path:
    """Write markers as a model of IMOD; the reverse of :func:`load_markers`.

    Parameters
    ----------
    path
        ``.fid`` or ``.mod``.
    positions
        ``(M, T, 2)`` pixels ``(y, x)``; NaN where a marker is not seen.
    shape_yx, first_row
        As in :func:`load_markers`.
    overwrite
        Replace an existing file; without it that is an error.

    Raises
    ------
    ShapeError, DataError
        If the positions are not such an array, or a marker is nowhere seen.
    FileExistsError
        If there is such a file, and ``overwrite`` is not true.
    """
    file = Path(path).expanduser()
    conventions.check_rows(first_row)
    _check_ending(file)
    places = checked_reals("positions", positions)
    if places.ndim != 3 or places.shape[2] != 2:
        raise ShapeError(f"positions must have the shape (M, T, 2), (y, x) each, not {places.shape}")
    seen: NDArray[np.bool_] = np.isfinite(places[..., 0]) & np.isfinite(places[..., 1])
    blind = np.flatnonzero(~seen.any(1))
    if blind.size or np.isinf(places).any():
        raise DataError(f"marker(s) {listing(blind)} are seen in no projection, or positions are infinite")
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file.name} exists; choose another name or pass overwrite=True")
    ny, nx = shape_yx
    contours = []
    for where, here in zip(places, seen, strict=True):
        y, x = where[here].T
        y = y if first_row == "bottom" else ny - 1 - y
        contours.append(np.column_stack([x + _HALF, y + _HALF, np.flatnonzero(here)]))
    content = model_bytes(Model(contours, (nx, ny, places.shape[1])))
    with atomic_path(file, len(content)) as temporary:
        temporary.write_bytes(content)
    return file


def _before(
    positions: NDArray[np.float64], alignment: Alignment, shape_yx: tuple[int, int]
) -> NDArray[np.float64]:
    """Where points were before an alignment, in images of the same size."""
    if len(alignment.shifts_px) != positions.shape[1]:
        raise TiltCountError(len(alignment.shifts_px), positions.shape[1], "transforms")
    middle, back = np.array(shape_yx) / 2 - _HALF, alignment.inverse()
    moved = np.einsum("tij,mtj->mti", back.matrices, positions - middle) + back.shifts_px + middle
    return np.asarray(moved)


def _check_ending(file: Path) -> None:
    if file.suffix.lower() not in MODELS:
        raise FileTypeError(f"{file.name}: markers are read from and written to {' and '.join(MODELS)}")


def _sections(points: NDArray[np.float64], number: int, count: int, file: Path) -> NDArray[np.intp]:
    sections = np.rint(points[:, 2]).astype(np.intp)
    off = (np.abs(points[:, 2] - sections) > _WHOLE) | (sections < 0) | (sections >= count)
    if off.any():
        raise FileFormatError(
            f"{file.name}: contour {number + 1} has a point at z = {points[off, 2][0]:g}: no section of "
            f"{count} projections (0 to {count - 1})"
        )
    twice = np.flatnonzero(np.bincount(sections) > 1)
    if twice.size:
        raise FileFormatError(
            f"{file.name}: contour {number + 1} has more than one point on section(s) {listing(twice)}; "
            "each marker is one contour with at most one point per section"
        )
    return sections
