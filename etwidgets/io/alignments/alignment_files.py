"""One entry for alignments of other programs: the ending says which; finds the angles beside a file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align import Alignment
from etwidgets.atomic import atomic_path
from etwidgets.checks import is_number
from etwidgets.errors import (
    DataError,
    FileTypeError,
    ParameterError,
    ParameterTypeError,
    ShapeError,
    TiltCountError,
)
from etwidgets.io.alignments import conventions
from etwidgets.io.alignments.aretomo import AreTomoAlignment, aln_text, read_aln
from etwidgets.io.alignments.imod_transforms import (
    angles_text,
    read_angles,
    read_transforms,
    transforms_text,
)
from etwidgets.signals.tilt_check import tilt_fault

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ALIGNED = ".xf"
COARSE = (".prexg", ".xg")
ARETOMO = ".aln"
ENDINGS = (ALIGNED, *COARSE, ARETOMO)
"""Of the files that are read and written."""
_SAME_PIXEL = 2  # px: sizes that binning rounds


@dataclass(frozen=True, eq=False)
class AlignmentFile:
    """What a file says.

    Attributes
    ----------
    alignment
        Of the projections that are kept, in the order of the series, in our convention.
    sections
        ``(T,)`` which projections of the series these are, from 0.
    count
        Of all projections of the series.
    """

    alignment: Alignment
    sections: NDArray[np.intp]
    count: int


def load_alignment(
    path: str | Path,
    *,
    shape_yx: tuple[int, int],
    first_row: str = "bottom",
    axis_deg: float | None = None,
    binning: float = 1.0,
) -> Alignment:
    """The alignment in a file of IMOD or AreTomo, for :meth:`etwidgets.TomoStack.apply_alignment`.

    Parameters
    ----------
    path
        ``.xf`` (IMOD's final alignment, which makes the tilt axis vertical; the tilts of a ``.tlt`` of the
        same name come with it), ``.prexg`` or ``.xg`` (IMOD's coarse one, which leaves the axis as it lies),
        or ``.aln`` (AreTomo's, the global part).
    shape_yx
        Of the projections to be aligned, pixels.
    first_row
        Where their first row lies in IMOD: ``"bottom"`` for MRC files, whoever wrote them; ``"top"`` for a
        series that was opened here from TIFF or DM files and there after IMOD converted it, which turns
        the images upside down.
    axis_deg
        With a coarse alignment: the direction of the tilt axis in IMOD, degrees counterclockwise from the
        vertical, as in ``tiltxcorr -rotation``; the result then makes it horizontal. None: no rotation.
    binning
        So many pixels of the images that were aligned are one of the projections.

    Returns
    -------
    Alignment
        With the tilt axis along x; the tilts keep their signs, and the volume is that of IMOD, turned by 180
        degrees about the tilt axis or as it is, never mirrored. Of an ``.aln`` file: of the projections that
        are not dark; :func:`read_alignment` also says which.

    Raises
    ------
    FileFormatError
        If the file is damaged or of another kind.
    ShapeError
        If it says that it is for images of another size.
    AlignmentError
        If it does more than magnify, rotate and shift.
    DataError
        If its tilts cannot be.

    Warns
    -----
    UserWarning
        On what is not used: small stretches, local alignments, tilts about the other axis (``.xtilt``).
    """
    return read_alignment(
        path, shape_yx=shape_yx, first_row=first_row, axis_deg=axis_deg, binning=binning
    ).alignment


def read_alignment(
    path: str | Path,
    *,
    shape_yx: tuple[int, int],
    first_row: str = "bottom",
    axis_deg: float | None = None,
    binning: float = 1.0,
) -> AlignmentFile:
    """As :func:`load_alignment`; also says which projections of the series the alignment is of."""
    file = _existing(path)
    conventions.check_rows(first_row)
    if not is_number(binning) or not 0 < binning < 1000:
        raise ParameterError(f"binning must be above 0 and below 1000, not {binning!r}")
    original = (round(shape_yx[0] * binning), round(shape_yx[1] * binning))
    said: list[str] = []
    kind = _checked_kind(file, axis_deg)
    if kind == ARETOMO:
        found = _of_aretomo(read_aln(file), file, original, said)
    else:
        found = _of_imod(file, original, axis_deg, said)
    for sentence in said:
        warnings.warn(sentence, stacklevel=3)
    whole = found.alignment if first_row == "bottom" else conventions.mirrored(found.alignment)
    return replace(found, alignment=whole.binned(binning))


def save_alignment(
    path: str | Path,
    alignment: Alignment,
    *,
    shape_yx: tuple[int, int],
    tilts_deg: ArrayLike | None = None,
    sections: ArrayLike | None = None,
    count: int | None = None,
    first_row: str = "bottom",
    overwrite: bool = False,
) -> Path:
    """Write an alignment for IMOD or AreTomo; the reverse of :func:`load_alignment`.

    Parameters
    ----------
    path
        ``.xf`` (a ``.tlt`` is written beside it where the tilts are known), ``.prexg``, ``.xg`` (without the
        turn to the vertical axis) or ``.aln`` (needs the tilts).
    alignment
        From the projections of a file, in their order, to projections with the tilt axis along x.
    shape_yx
        Of the projections of that file, pixels.
    tilts_deg
        ``(T,)`` degrees; default: those of the alignment.
    sections, count
        ``(T,)`` which of the ``count`` projections of the file the alignment is of, from 0; default: all. The
        others are dark frames in an ``.aln`` file; IMOD's files have no lines for them.
    first_row
        As in :func:`load_alignment`.
    overwrite
        Replace existing files; without it that is an error.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is not true.
    ParameterError
        If the format needs tilts, or cannot hold the magnifications.

    Warns
    -----
    UserWarning
        If an IMOD file is for a part of the projections, with what to do there.
    """
    file = Path(path).expanduser()
    kind = _checked_kind(file, None)
    conventions.check_rows(first_row)
    tilts = _tilts(alignment, tilts_deg)
    there = alignment if first_row == "bottom" else conventions.mirrored(alignment)
    if kind not in COARSE:
        there = conventions.turned(there, -conventions.TURN_DEG)
    chosen = np.arange(len(there.shifts_px)) if sections is None else np.asarray(sections, np.intp)
    if len(chosen) != len(there.shifts_px):
        raise TiltCountError(len(chosen), len(there.shifts_px), "sections")
    of_all = len(chosen) if count is None else int(count)
    texts = {}
    if kind == ARETOMO:
        texts[file] = _aretomo_text(there, tilts, (chosen, of_all), shape_yx, file)
    else:
        _tell_missing(chosen, of_all, file)
        texts[file] = transforms_text(conventions.to_imod(there))
        if kind == ALIGNED and tilts is not None:
            texts[file.with_suffix(".tlt")] = angles_text(tilts)
    _write(texts, overwrite=overwrite)
    return file


def _existing(path: str | Path) -> Path:
    if not isinstance(path, str | Path):
        raise ParameterTypeError(f"an alignment is read from one file, not from {path!r}")
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"there is no file of an alignment {file}")
    return file


def _checked_kind(file: Path, axis_deg: float | None) -> str:
    kind = file.suffix.lower()
    if kind == ".prexf":
        raise FileTypeError(
            f"{file.name} moves each section onto the one before; open the .prexg, to which IMOD adds it up"
        )
    if kind not in ENDINGS:
        raise FileTypeError(f"{file.name}: files of alignments end with {', '.join(ENDINGS)}")
    if axis_deg is not None and kind not in COARSE:
        raise ParameterError(f"{file.name} holds the rotation of the tilt axis; omit axis_deg")
    if axis_deg is not None and not (is_number(axis_deg) and abs(axis_deg) <= 360):
        raise ParameterError(f"axis_deg must be from -360 to 360 degrees, not {axis_deg!r}")
    return kind


def _of_imod(file: Path, shape_yx: tuple[int, int], axis_deg: float | None, said: list[str]) -> AlignmentFile:
    rows = read_transforms(file)
    found = conventions.from_imod(rows, file.name, shape_yx=shape_yx, warnings=said)
    if file.suffix.lower() == ALIGNED:
        found = conventions.turned(found, conventions.TURN_DEG)
        found = replace(found, tilts_deg=_tilts_beside(file, len(rows), said))
        said.extend(_tilted_otherwise(file, len(rows)))
    elif axis_deg is not None:
        found = conventions.turned(found, conventions.TURN_DEG - axis_deg)
    return AlignmentFile(found, np.arange(len(rows)), len(rows))


def _beside(file: Path, ending: str) -> NDArray[np.float64] | None:
    """The angles in a file of the same name; a link to another folder is not followed."""
    other = file.with_suffix(ending)
    if not other.is_file() or other.resolve().parent != file.resolve().parent:
        return None
    return read_angles(other)


def _tilts_beside(file: Path, count: int, said: list[str]) -> NDArray[np.float64] | None:
    tilts = _beside(file, ".tlt")
    if tilts is None:
        return None
    fault = tilt_fault(tilts) if len(tilts) == count else f"{len(tilts)} tilts for {count} transforms"
    if fault:
        said.append(f"{file.with_suffix('.tlt').name} is not used: {fault}")
        return None
    return tilts


def _tilted_otherwise(file: Path, count: int) -> list[str]:
    """What an .xtilt beside the file means: tilts about the axis across the tilt axis."""
    pitch = _beside(file, ".xtilt")
    name = file.with_suffix(".xtilt").name
    if pitch is None or not np.any(pitch):
        return []
    if len(pitch) != count:
        return [f"{name} is not used: {len(pitch)} angles for {count} transforms"]
    if np.ptp(pitch) == 0:
        said = f"{name}: the specimen is tilted by {pitch[0]:.2f} degrees about the axis across the tilt axis"
        return [f"{said}; the volume is not turned back by it, as IMOD does"]
    worst = np.abs(pitch - pitch.mean()).max()
    said = f"{name} is not used: tilts about the axis across the tilt axis that differ by up to {worst:.2f}"
    return [f"{said} degrees from their mean cannot be taken into account"]


def _of_aretomo(
    found: AreTomoAlignment, file: Path, shape_yx: tuple[int, int], said: list[str]
) -> AlignmentFile:
    ny, nx = shape_yx
    if max(abs(found.raw_xy[0] - nx), abs(found.raw_xy[1] - ny)) > _SAME_PIXEL:
        raise ShapeError(
            f"{file.name} is for images of {found.raw_xy[0]} x {found.raw_xy[1]} pixels, these have "
            f"{nx} x {ny}; give binning=, or open the series that it is of"
        )
    fault = tilt_fault(found.tilts_deg)
    if fault:
        raise DataError(f"{file.name}: {fault}")
    said.extend(found.warnings)
    moved = Alignment.of(-found.shifts_xy[:, ::-1], tilts_deg=found.tilts_deg)
    rotated = Alignment.of(np.zeros_like(found.shifts_xy), rotation_deg=-found.axis_deg)
    whole = conventions.turned(moved.then(rotated), conventions.TURN_DEG)
    return AlignmentFile(whole, found.sections, found.count)


def _tell_missing(sections: NDArray[np.intp], count: int, file: Path) -> None:
    if len(sections) < count:
        warnings.warn(
            f"{file.name} has lines for {len(sections)} of {count} projections; make the series for it with "
            f"newstack -secs {','.join(str(section) for section in sections)}",
            stacklevel=3,
        )


def _aretomo_text(
    there: Alignment,
    tilts_deg: NDArray[np.float64] | None,
    chosen: tuple[NDArray[np.intp], int],
    shape_yx: tuple[int, int],
    file: Path,
) -> str:
    """``p' = R(-axis) (p - T)``, so that ``T = -R(axis) shift``."""
    if tilts_deg is None:
        raise ParameterError(f"{file.name} needs the tilts; give tilts_deg=")
    lost = float(np.abs(there.magnifications - 1).max() * conventions.corner_px(shape_yx))
    if lost > conventions.WORTH_A_WORD_PX:
        raise ParameterError(
            f"{file.name} cannot hold magnifications, which move the corners by up to {lost:.2g} px; "
            "save an .xf"
        )
    axis = conventions.within_180(-there.rotations_deg)
    back = Alignment.of(np.zeros_like(there.shifts_px), rotation_deg=axis).matrices
    shifts = -np.einsum("tij,tj->ti", back, there.shifts_px)[:, ::-1]
    ny, nx = shape_yx
    return aln_text(AreTomoAlignment(*chosen, (nx, ny), axis, tilts_deg, shifts, ()))


def _tilts(alignment: Alignment, tilts_deg: ArrayLike | None) -> NDArray[np.float64] | None:
    if tilts_deg is None:
        return alignment.tilts_deg
    tilts = np.asarray(tilts_deg, float).ravel()
    if len(tilts) != len(alignment.shifts_px):
        raise TiltCountError(len(tilts), len(alignment.shifts_px))
    return tilts


def _write(texts: dict[Path, str], *, overwrite: bool) -> None:
    there = [file.name for file in texts if file.exists()]
    if there and not overwrite:
        raise FileExistsError(
            f"there already: {' and '.join(there)}; choose another name or pass overwrite=True"
        )
    for file, text in reversed(texts.items()):
        with atomic_path(file, len(text)) as temporary:
            temporary.write_text(text)
