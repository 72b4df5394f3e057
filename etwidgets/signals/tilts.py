"""Tilts and shifts presented as HyperSpy signals; they hold views and know nothing of the stack."""

from __future__ import annotations

from typing import Any

from hyperspy.signals import Signal1D

from etwidgets.errors import ShapeError


class _PerProjection(Signal1D):
    """One short row of numbers per projection; its length is fixed, so ``isig`` has no use here."""

    _width = 1
    _title = ""
    _axis: dict[str, str] = {}  # noqa: RUF012  (HyperSpy's own classes keep theirs so)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if not kwargs.get("full_initialisation", True):
            return
        if self.data.shape[-1] != self._width:
            raise ShapeError(
                f"{type(self).__name__} has {self._width} number(s) per projection, not {self.data.shape[-1]}"
            )
        self.metadata.General.title = self._title
        axis = self.axes_manager.signal_axes[0]
        axis.name, axis.units = self._axis["name"], self._axis["units"]


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
