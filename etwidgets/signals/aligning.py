"""Applies an alignment to a stack, in one interpolation of its original images; knows stacks only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from etwidgets.align import Alignment, apply_alignment, axis_angle_after
from etwidgets.errors import TiltCountError
from etwidgets.signals import tomography_node as node
from etwidgets.signals.blocks import map_projections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

    Series = TypeVar("Series", bound=TiltSeries)


def aligned(
    stack: Series,
    alignment: Alignment,
    interpolation: str,
    *,
    from_original: bool | None,
    progress: Progress,
) -> Series:
    """The stack after an alignment of its present images; see :meth:`etwidgets.TomoStack.apply_alignment`."""
    count = node.count(stack)
    if len(alignment.shifts_px) != count:
        raise TiltCountError(len(alignment.shifts_px), count, "alignments")
    again = stack._original is not None if from_original is None else from_original
    moved = stack._originals().moved(alignment)
    data, whole = (moved.images, moved.alignment) if again else (stack.data, alignment)
    shape = stack.data.shape[-2:]

    def run(images: NDArray[Any], rows: NDArray[np.float64], progress: Progress) -> NDArray[Any]:
        here = Alignment(rows[:, :2], rows[:, 2], rows[:, 3])
        return apply_alignment(images, here, shape_yx=shape, interpolation=interpolation, progress=progress)

    rows = np.column_stack([whole.shifts_px, whole.rotations_deg, whole.magnifications])
    result = stack._deepcopy_with_new_data(
        map_projections(data, run, rows=rows, shape_yx=shape, progress=progress)
    )
    result._original = moved
    _write(stack, result, alignment)
    parameters = {
        "shifts": alignment.shifts_px.copy(),
        "rotations": alignment.rotations_deg.copy(),
        "magnifications": alignment.magnifications.copy(),
        "interpolation": interpolation,
        "from_original": bool(again),
    }
    if alignment.tilts_deg is not None:
        parameters["tilts"] = alignment.tilts_deg.copy()
    node.record(result, node.Transform("align", stack._extent, parameters))
    return result


def straightened(axis_angle_deg: float, rotation_deg: float) -> float:
    """Direction of the tilt axis after a rotation that was meant to put it along an edge of the image."""
    rotated = axis_angle_after(axis_angle_deg, rotation_deg)
    return axis_angle_after(90 * round(rotated / 90), 0)


def _write(stack: TiltSeries, result: TiltSeries, alignment: Alignment) -> None:
    """Shifts, tilts and rotation, as they are known in other places."""
    before = Alignment.of(node.read_shifts(stack))
    node.write(result, "shifts", before.then(alignment).shifts_px)
    if alignment.tilts_deg is not None:
        node.write(result, "tilts", alignment.tilts_deg)
    known = result.metadata.Tomography
    rotation = float(np.mean(alignment.rotations_deg))
    known.tiltaxis = known.tiltaxis + rotation
    if rotation and known.has_item("tilt_axis_angle_deg"):
        known.tilt_axis_angle_deg = straightened(known.tilt_axis_angle_deg, rotation)
