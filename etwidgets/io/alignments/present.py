"""What has been done to a series since it was opened, as one alignment to save; reads its recorded steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align import Alignment
from etwidgets.errors import ParameterError
from etwidgets.io.alignments.alignment_files import save_alignment
from etwidgets.signals import tomography_node as node

if TYPE_CHECKING:
    from pathlib import Path

    from etwidgets.signals import TomoStack


def save_alignment_of(
    stack: TomoStack, path: str | Path, *, first_row: str = "bottom", overwrite: bool = False
) -> Path:
    """Save all that was done to a series since it was opened as an alignment for IMOD or AreTomo.

    Shifts, rotations, turns and crops, of whatever method, are put together into one transform for each
    projection of the file that was opened. Binning is undone: the file is for its pixels.

    Parameters
    ----------
    stack
        With the tilt axis along x.
    path
        ``.xf``, ``.prexg``, ``.xg`` or ``.aln``; see :func:`save_alignment`.
    first_row, overwrite
        As in :func:`save_alignment`.

    Raises
    ------
    ParameterError
        If nothing was done, or pixels were binned differently along x and y.
    FileExistsError
        If a file exists and ``overwrite`` is not true.

    Warns
    -----
    UserWarning
        If projections were removed, with what to do in IMOD.
    """
    steps = node.recorded(stack)
    if not any(step.kind in ("shift", "transform", "align", "turn") for step in steps):
        raise ParameterError(
            "there is no alignment to save: the series has not been shifted, rotated or turned"
        )
    count, shape_yx = steps[0].shape[0], (int(steps[0].shape[-2]), int(steps[0].shape[-1]))
    sections, bins = np.arange(count), 1.0
    whole = Alignment.identity(count)
    shapes = [step.shape[-2:] for step in steps[1:]] + [stack.data.shape[-2:]]
    for step, after in zip(steps, shapes, strict=True):
        if step.kind == "select":
            keep = np.asarray(step.parameters["keep"], int)
            whole, sections = whole.select(keep), sections[keep]
            continue
        if step.kind == "bin":
            bins *= _bin_factor(step)
        whole = whole.then(_alignment_of(step, after, len(sections)))
    order = np.argsort(sections)
    unbinned = replace(whole, magnifications=whole.magnifications * bins, shifts_px=whole.shifts_px * bins)
    return save_alignment(
        path,
        unbinned.select(order),
        shape_yx=shape_yx,
        tilts_deg=stack.tilts_deg[order] if stack.has_tilts else None,
        sections=sections[order],
        count=count,
        first_row=first_row,
        overwrite=overwrite,
    )


def _bin_factor(step: node.Transform) -> float:
    x, y = float(step.parameters["x_scale"]), float(step.parameters["y_scale"])
    if x != y:
        raise ParameterError(
            f"the pixels were binned by {x:g} along x and {y:g} along y; bin by the same factor to save this"
        )
    return x


def _alignment_of(step: node.Transform, after_yx: tuple[int, ...], count: int) -> Alignment:
    """What a recorded step did to the images, which then had another size."""
    given, before = step.parameters, np.array(step.shape[-2:])
    if step.kind == "shift":
        return Alignment.of(given["shifts"])
    if step.kind == "align":
        return Alignment.of(
            given["shifts"], rotation_deg=given["rotations"], magnification=given["magnifications"]
        )
    shift, options = np.zeros(2), {}
    if step.kind == "transform":
        shift = np.array([given["yshift"], given["xshift"]], float)
        options = {"rotation_deg": float(given["angle"])}
    elif step.kind == "turn":
        options = {"rotation_deg": 90.0 * int(given["quarter_turns"])}
    elif step.kind == "crop":
        shift = before / 2 - [int(given["y_start"]), int(given["x_start"])] - np.array(after_yx) / 2
    elif step.kind == "bin":
        factor = _bin_factor(step)
        shift, options = (before / factor - after_yx) / 2, {"magnification": 1 / factor}
    return Alignment.of(np.tile(shift, (count, 1)), **options)
