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
    found: list[float] | None = None
    for transform in reversed(recorded(stack)):  # from the last crop back to how it was loaded
        p = transform.parameters
        if transform.kind == "crop":
            found = found or [0.0, 0.0, p["x_stop"] - p["x_start"], p["y_stop"] - p["y_start"]]
            found = [place + p[start] for place, start in zip(found, ("x_start", "y_start") * 2, strict=True)]
        elif found is not None and transform.kind == "bin":
            scales = (float(p["x_scale"]), float(p["y_scale"])) * 2
            found = [place * scale for place, scale in zip(found, scales, strict=True)]
        elif found is not None and transform.kind == "turn":
            found = _turned_back(found, transform.shape, int(p["quarter_turns"]))
    return None if found is None else (round(found[0]), round(found[1]), round(found[2]), round(found[3]))


def _turned_back(box: list[float], shape: tuple[int, ...], turns: int) -> list[float]:
    """Left, top, right and bottom in images ``shape`` as they were before so many turns clockwise."""
    sizes = shape[-2], shape[-1]
    for number in reversed(range(turns)):
        size = sizes[number % 2]  # the height before this turn
        left, top, right, bottom = box
        box = [top, size - right, bottom, size - left]
    return box


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
