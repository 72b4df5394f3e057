"""Tilts and shifts presented as HyperSpy signals; they hold views and know nothing of the stack.

What one computes with them stays of their class as long as it is one row per projection; any other
result is a plain HyperSpy signal.
"""

from __future__ import annotations

from typing import Any

from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal1D

from etwidgets.errors import ShapeError
from etwidgets.signals.image_stack import is_placeholder


class _PerProjection(Signal1D):
    """One short row of numbers per projection; its length is fixed."""

    _width = 1
    _title = ""
    _axis: dict[str, str] = {}  # noqa: RUF012  (HyperSpy's own classes keep theirs so)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        if not kwargs.get("full_initialisation", True):
            super().__init__(data, **kwargs)
            return
        if isinstance(data, BaseSignal):
            kwargs = {**data._to_dictionary(), **kwargs}
            data = kwargs.pop("data")
        super().__init__(data, **kwargs)
        if is_placeholder(self.data):
            return
        if self.data.shape[-1] != self._width:
            raise ShapeError(
                f"{type(self).__name__} has {self._width} number(s) per projection, not {self.data.shape[-1]}"
            )
        self.metadata.Signal.signal_type = self._signal_type
        self.metadata.General.title = self._title
        axis = self.axes_manager.signal_axes[0]
        axis.name, axis.units = self._axis["name"], self._axis["units"]

    def _slicer(self, slices: Any, isNavigation: bool | None = None, out: Any = None) -> Any:
        result = super()._slicer(slices, isNavigation, out)
        if out is None:
            _as_what_it_is(result, self._width)
        return result

    def _remove_axis(self, axes: Any) -> None:
        width = self._width
        super()._remove_axis(axes)
        _as_what_it_is(self, width)

    def swap_axes(self, *args: Any, **kwargs: Any) -> Any:
        """Swap the axes, as HyperSpy does: a plain signal."""
        result = super().swap_axes(*args, **kwargs)
        _as_what_it_is(result, self._width)
        return result

    def _assign_subclass(self, chunks: Any = False) -> None:
        if self._lazy or not _is_per_projection(self, self._width):  # there is no lazy class of these
            self.metadata.Signal.signal_type = ""
        super()._assign_subclass(chunks=chunks)


def _is_per_projection(signal: BaseSignal, width: int) -> bool:
    axes = signal.axes_manager
    return axes.navigation_dimension > 0 and tuple(axes.signal_shape) == (width,)


def _as_what_it_is(signal: BaseSignal, width: int) -> None:
    """Make a plain signal of what is no longer one row of so many numbers per projection."""
    if not _is_per_projection(signal, width):
        signal.metadata.Signal.signal_type = ""
        signal._assign_subclass()


class TomoTilts(_PerProjection):
    """The tilts of a stack: ``(T | 1)``, degrees.

    ``TomoStack.tilts`` returns one whose ``.data`` is a view: writing into it writes the stack's tilts.

    Raises
    ------
    ShapeError
        If there is not exactly one number per projection.
    """

    _signal_type = "ETWTomoTilts"
    _width = 1
    _title = "Image tilt values"
    _axis = {"name": "Tilt values", "units": "degrees"}  # noqa: RUF012  (as in HyperSpy)


class TomoShifts(_PerProjection):
    """The shifts applied to a stack: ``(T | 2)``, pixels, column 0 = y, column 1 = x.

    Positive moves content to a larger index. ``TomoStack.shifts`` returns one whose ``.data`` is a view.

    Raises
    ------
    ShapeError
        If there are not exactly two numbers per projection.
    """

    _signal_type = "ETWTomoShifts"
    _width = 2
    _title = "Image shift values"
    _axis = {"name": "Shift values (y, x)", "units": "pixels"}  # noqa: RUF012  (as in HyperSpy)
