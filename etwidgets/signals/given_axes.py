"""What the axes of a signal say when a stack is made of it: tilts, and lengths in other units than nm.

Knows HyperSpy's axes, and neither files nor what is done with a stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hyperspy.signal import BaseSignal

from etwidgets.errors import DataError, ShapeError
from etwidgets.signals.tomography_node import FRAMES, PROJECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_TO_NM = {
    "m": 1e9,
    "mm": 1e6,
    "µm": 1e3,
    "μm": 1e3,
    "um": 1e3,
    "micron": 1e3,
    "microns": 1e3,
    "A": 0.1,
    "Å": 0.1,
    "\u212b": 0.1,  # the sign that Unicode has for it besides
    "angstrom": 0.1,
    "Angstrom": 0.1,
    "pm": 1e-3,
}
DEGREES = ("deg", "degs", "degree", "degrees", "°")
RADIANS = ("rad", "radian", "radians")
TILT_NAMES = ("tilt", "angle", "alpha", "theta")


def to_nm(axes: Iterable[Any]) -> None:
    """Give axes whose unit is another length the unit nm; scale and offset with it."""
    for axis in axes:
        factor = _TO_NM.get(axis.units) if isinstance(axis.units, str) else None
        if factor is not None:
            axis.scale, axis.offset, axis.units = axis.scale * factor, axis.offset * factor, "nm"


def refuse_uneven(axes: Iterable[Any]) -> None:
    """Refuse axes along which pixels have different sizes.

    Raises
    ------
    DataError
        If there is one.
    """
    for axis in axes:
        if not axis.is_uniform:
            raise DataError(
                f"the pixels along {axis.name} have different sizes; interpolate the images to even ones"
            )


def attached(signal: BaseSignal, what: str) -> NDArray[np.float64] | None:
    """The ``tilts`` or ``shifts`` that a stack of ETSpy has beside its metadata; all zero are none."""
    found = getattr(signal, what, None)
    return found.data if isinstance(found, BaseSignal) and np.any(found.data) else None


def check_sizes(stack: BaseSignal) -> None:
    """Refuse axes that do not fit the data.

    Raises
    ------
    ShapeError
        If there are more or fewer, or one has another length.
    """
    sizes = tuple(axis.size for axis in stack.axes_manager._axes)
    if sizes != stack.data.shape:
        raise ShapeError(f"the axes have the sizes {sizes}, the data {stack.data.shape} (array order)")


def name_axes(stack: BaseSignal) -> NDArray[np.float64] | None:
    """Name the axes of a stack as every method expects them; units become nm.

    Returns
    -------
    array or None
        ``(T,)`` degrees, if the axis over the projections says them.

    Raises
    ------
    ShapeError
        If there are more than two navigation axes, or the projections are not on the first one.
    DataError
        If x or y is not uniform.
    """
    axes = stack.axes_manager._axes
    navigation = [axis for axis in axes if axis.navigate]
    images = [axis for axis in axes if not axis.navigate]
    if len(navigation) > 2:
        raise ShapeError(
            f"{len(navigation)} navigation dimensions; a tilt series has one (projections), "
            "or two (projections, frames)"
        )
    named = {axis.name for axis in axes}
    ours = PROJECTIONS in named
    if (not ours and {axis.name for axis in images} != {"x", "y"}) or not named & {"x", "y"}:
        for axis, name in zip(images, ("y", "x"), strict=True):
            axis.name = name
    refuse_uneven(axis for axis in axes if axis.name in ("x", "y"))
    tilts = _take_tilts(navigation, ours=ours)
    if not ours:
        for axis, name, units in zip(navigation, (PROJECTIONS, FRAMES), ("index", "images"), strict=False):
            axis.name = name
            if not _said(axis.units):
                axis.units = units
    for axis in axes:
        if axis.name in ("x", "y") and not _said(axis.units):
            axis.units = "pixels"
    to_nm(axis for axis in axes if axis.name in ("x", "y"))
    return tilts


def _take_tilts(navigation: list[Any], *, ours: bool) -> NDArray[np.float64] | None:
    """The tilts on the first navigation axis, which is made uniform: HyperSpy slices both alike."""
    found = [_tilts_on(axis) for axis in navigation]
    for axis in navigation:
        if not axis.is_uniform:
            axis.convert_to_uniform_axis(log_scale_error=False)
    if not ours and len(found) == 2 and found[0] is None and found[1] is not None:
        raise ShapeError(
            f"the tilts are on the second axis of the array ({navigation[1].name}); a stack has "
            "(projections, frames, y, x), so swap the first two axes"
        )
    return found[0] if found else None


def _tilts_on(axis: Any) -> NDArray[np.float64] | None:
    """The values of an axis in degrees, if its name and unit say that they are tilts."""
    units = axis.units.strip().lower() if _said(axis.units) else ""
    name = axis.name.lower() if _said(axis.name) else ""
    named = any(word in name for word in TILT_NAMES)
    angular = units in (*DEGREES, *RADIANS)
    # 0, 1, 2, ... is what an axis says that nobody has set: both name and unit must say otherwise then
    counted = axis.is_uniform and (axis.scale, axis.offset) == (1, 0)
    if not (named and angular) and (counted or not (angular or (named and not units))):
        return None
    values = np.array(axis.axis, dtype=float)
    return np.rad2deg(values) if units in RADIANS else values


def _said(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())
