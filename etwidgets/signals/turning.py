"""Images turned by quarter turns: every pixel keeps its value and none is lost; knows stacks only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from etwidgets.align import axis_angle_after
from etwidgets.checks import is_whole
from etwidgets.errors import ParameterError
from etwidgets.signals import tomography_node as node

if TYPE_CHECKING:
    from etwidgets.signals.tilt_series import TiltSeries

    Series = TypeVar("Series", bound=TiltSeries)


def turned(stack: Series, quarter_turns: int) -> Series:
    """The stack with its images turned, and pixel sizes, shifts and records; clockwise on screen (y down).

    Parameters
    ----------
    stack
        ``(T, Y, X)`` or ``(T, F, Y, X)``.
    quarter_turns
        How many; negative ones turn counterclockwise.

    Raises
    ------
    ParameterError
        If it is not an integer.
    """
    if not is_whole(quarter_turns):
        raise ParameterError(f"quarter_turns must be an integer, not {quarter_turns!r}")
    turns = int(quarter_turns) % 4
    data = np.rot90(stack.data, -turns, axes=(-2, -1))
    result = stack._deepcopy_with_new_data(
        np.ascontiguousarray(data) if isinstance(data, np.ndarray) else data
    )
    if turns % 2:
        for name, source in (("x", stack.axes_manager["y"]), ("y", stack.axes_manager["x"])):
            axis = result.axes_manager[name]
            axis.size, axis.scale, axis.offset, axis.units = (
                source.size,
                source.scale,
                source.offset,
                source.units,
            )
    known = result.metadata.Tomography
    shifts = node.read(stack, "shifts")
    if shifts is not None:
        node.write(result, "shifts", _turned_rows(shifts, turns))
    ((known.yshift, known.xshift),) = _turned_rows(np.array([[known.yshift, known.xshift]]), turns).tolist()
    if known.has_item("axis_estimate"):
        del known.axis_estimate  # it was found for the axis as it lay before
    if turns % 2 and known.has_item("header_tiltaxis"):
        del known.header_tiltaxis  # so is this
    if stack._original is not None:
        result._original = stack._original.turned(turns)
    if known.has_item("tilt_axis_angle_deg"):
        known.tilt_axis_angle_deg = axis_angle_after(known.tilt_axis_angle_deg, 90 * turns)
    node.record(result, node.Transform("turn", stack._extent, {"quarter_turns": turns}))
    return result


def _turned_rows(rows: np.ndarray, turns: int) -> np.ndarray:
    """Vectors ``(n, 2)`` (y, x) in images that were turned."""
    for _ in range(turns):
        rows = np.stack([rows[:, 1], -rows[:, 0]], axis=1)
    return rows + 0.0  # no minus zero
