"""The pictures of the Register tab, by the look that is chosen; pure, wires nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.panels.pictures import (
    bare_projection,
    difference_pane,
    over_tilts_pane,
    projection_pane,
    sinogram_pane,
    tilt_text,
)
from etwidgets.views import Pane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Display
    from etwidgets.session.reprojection_preview import Reprojections
    from etwidgets.signals import TomoStack

    Limits = tuple[float, float]


def usual(
    stack: TomoStack, display: Display, limits: Limits, region: tuple[int, int, int, int] | None = None
) -> list[Pane]:
    """A projection, with a region of it if there is one, and the sinogram at a column."""
    return [
        projection_pane(stack, display, limits, rectangle=region),
        sinogram_pane(stack, display, limits),
    ]


def beside(before: TomoStack, now: TomoStack, display: Display, limits: Limits) -> list[Pane]:
    """The same tilt before and after; play it to see whether anything still jumps."""
    earlier = bare_projection(before, _same_tilt(before, now, display.projection), display, limits)
    return [replace(earlier, title="Before"), projection_pane(now, display, limits, title="After")]


def change(before: TomoStack, now: TomoStack, display: Display, limits: Limits) -> list[Pane]:
    """After minus before, of projection and sinogram; where the sizes differ, why there is none."""
    if before.data.shape != now.data.shape:
        return [projection_pane(now, display, limits, title="No difference: the sizes differ")]
    index = min(display.projection, now.data.shape[0] - 1)
    x = min(display.column, now.data.shape[-1] - 1)
    one, other = (np.asarray(each.data, dtype=np.float32) for each in (now, before))
    caption = f"after minus before, {tilt_text(now, index)}"
    return [
        difference_pane(one[index] - other[index], "Projection", caption),
        difference_pane(one[..., x] - other[..., x], "Sinogram", f"at x = {x}", axes=("y", "tilt")),
    ]


def maxima(before: TomoStack | None, now: TomoStack, display: Display) -> list[Pane]:
    """The maximum over tilts, before where that is known, and now."""
    panes = [] if before is None else [over_tilts_pane(before, display, "maximum", "Maximum before")]
    return [*panes, over_tilts_pane(now, display, "maximum", "Maximum now")]


def reprojected(stack: TomoStack, found: Reprojections, display: Display) -> list[Pane]:
    """A projection, its reprojection from a quick volume, and the difference, on one scale for all tilts."""
    index = min(display.projection, len(found.measured) - 1)
    measured, predicted = found.measured[index], found.predicted[index]
    tilt = f"{index + 1} of {len(found.measured)}, {tilt_text(stack, index)}"
    small = f", binned by {found.factor}" if found.factor > 1 else ""
    limits, same = (0.0, 1.0), {"cmap": display.color_map, "axes": ("x", "y")}
    off = measured - predicted
    part = float(np.linalg.norm(off)) / max(float(np.linalg.norm(measured)), 1e-12)
    caption = f"{part:.1%} of the projection"
    difference = Pane(off, limits=(-0.25, 0.25), cmap="coolwarm", title="Difference", caption=caption)
    return [
        Pane(measured, limits=limits, title="Projection", caption=tilt + small, **same),
        Pane(predicted, limits=limits, title="Reprojection", caption="of a quick volume", **same),
        difference,
    ]


def to_nudge(
    stack: TomoStack,
    difference: NDArray[Any],
    neighbor: int,
    display: Display,
    limits: Limits,
) -> list[Pane]:
    """A projection, and how it differs from its neighbor once it is shifted; the mouse moves it."""
    caption = f"at {tilt_text(stack, neighbor)}"
    shown = projection_pane(stack, display, limits, movable=True)
    return [shown, replace(difference_pane(difference, "Difference from neighbor", caption), movable=True)]


def _same_tilt(stack: TomoStack, other: TomoStack, index: int) -> int:
    """The projection of a stack whose tilt is nearest to one of another stack."""
    index = min(index, other.data.shape[0] - 1)
    if not (stack.has_tilts and other.has_tilts):
        return min(index, stack.data.shape[0] - 1)
    return int(np.abs(stack.tilts_deg - other.tilts_deg[index]).argmin())
