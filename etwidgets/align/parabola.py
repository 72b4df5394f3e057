"""The top of a parabola through three samples, which refines every search here; knows no image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def vertex(values: NDArray[Any], peak: int) -> float:
    """Fractional index of the top of the parabola through an extreme value and its two neighbors."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    before, top, after = (float(v) for v in values[peak - 1 : peak + 2])
    curvature = before - 2 * top + after
    return peak if curvature == 0 else peak + 0.5 * (before - after) / curvature
