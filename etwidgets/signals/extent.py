"""What is left of a series as it was loaded, of its images and projections; reads records only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.signals.tomography_node import recorded

if TYPE_CHECKING:
    from etwidgets.signals.tomo_stack import TomoStack


def kept_part(stack: TomoStack) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is left, in pixels of the images as they were loaded.

    Right and bottom are not in it; None where nothing was cropped.
    """
    left, top, scale_x, scale_y = 0.0, 0.0, 1.0, 1.0
    found = None
    for transform in recorded(stack):
        p = transform.parameters
        if transform.kind == "bin":
            scale_x, scale_y = scale_x * float(p["x_scale"]), scale_y * float(p["y_scale"])
        elif transform.kind == "crop":
            width, height = int(p["x_stop"]) - int(p["x_start"]), int(p["y_stop"]) - int(p["y_start"])
            left, top = left + int(p["x_start"]) * scale_x, top + int(p["y_start"]) * scale_y
            found = (left, top, left + width * scale_x, top + height * scale_y)
    return None if found is None else (round(found[0]), round(found[1]), round(found[2]), round(found[3]))


def left_out(stack: TomoStack) -> tuple[int, ...]:
    """Indices, in the series as it was loaded, of the projections that were removed; rising."""
    kept = None
    count = 0
    for transform in recorded(stack):
        if transform.kind == "select":
            if kept is None:
                count = transform.shape[0]
                kept = np.arange(count)
            kept = kept[np.asarray(transform.parameters["keep"], dtype=int)]
    return () if kept is None else tuple(int(i) for i in np.setdiff1d(np.arange(count), kept))
