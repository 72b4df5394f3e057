"""Applies the alignment in a file of IMOD or AreTomo to a series; finds nothing of its own."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align import Alignment
from etwidgets.checks import listing
from etwidgets.errors import TiltCountError
from etwidgets.io.alignments.alignment_files import read_alignment
from etwidgets.io.alignments.conventions import within_180
from etwidgets.signals import tomography_node as node

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack

_SAID = {
    "shift": "shifted",
    "transform": "rotated",
    "align": "aligned",
    "crop": "cropped",
    "turn": "turned",
}
"""Recorded steps after which an alignment of the series as it was opened does not fit."""


def align_by_file(
    stack: TomoStack,
    path: str | Path,
    *,
    first_row: str = "bottom",
    axis_deg: float | None = None,
    binning: float = 1.0,
    progress: Progress | None = None,
) -> TomoStack:
    """The series aligned by a file of IMOD or AreTomo, with the tilt axis along x.

    Quarter turns are exact; what remains is one interpolation.

    Parameters
    ----------
    stack
        As it was opened: the projections that were aligned there, in their order.
    path, first_row, axis_deg, binning
        As in :func:`load_alignment`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    TomoStack
        The tilts of the file, if it has any, replace those of the series. Projections that AreTomo found dark
        are removed.

    Raises
    ------
    TiltCountError
        If the file is for another number of projections.

    Warns
    -----
    UserWarning
        If the series is not as it was opened, if projections are removed, and as in :func:`load_alignment`.
    """
    shape_yx = (int(stack.data.shape[-2]), int(stack.data.shape[-1]))
    found = read_alignment(path, shape_yx=shape_yx, first_row=first_row, axis_deg=axis_deg, binning=binning)
    count = int(stack.data.shape[0])
    if found.count != count:
        raise TiltCountError(found.count, count, "transforms")
    done = dict.fromkeys(_SAID[step.kind] for step in node.recorded(stack) if step.kind in _SAID)
    if done:
        warnings.warn(
            f"the series was {', '.join(done)} before; if the alignment file is for the series as it was "
            "opened, undo that, and apply the file again",
            stacklevel=2,
        )
    if len(found.sections) < count:
        dark = np.setdiff1d(np.arange(count), found.sections)
        warnings.warn(f"dark for AreTomo, and removed: projections {listing(dark, 20)}", stacklevel=2)
        stack = stack.select_projections(found.sections)
    turns = _quarter_turns(found.alignment.rotations_deg)
    turned = stack.turn(turns) if turns else stack
    return turned.apply_alignment(_after_turns(found.alignment, turns), progress=progress)


def _quarter_turns(rotations_deg: NDArray[np.float64]) -> int:
    """The nearest to all rotations, which may lie on both sides of 180 degrees."""
    first = rotations_deg[0]
    return round(float(np.median(first + within_180(rotations_deg - first))) / 90)


def _after_turns(alignment: Alignment, turns: int) -> Alignment:
    """What remains of an alignment for images that were turned."""
    back = Alignment.of(np.zeros_like(alignment.shifts_px), rotation_deg=-90.0 * turns)
    rest = back.then(alignment)
    return replace(rest, rotations_deg=within_180(rest.rotations_deg))
