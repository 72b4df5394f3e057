"""A rectangle on the projection in place of four numbers; does not know what the region is for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.session import Session

_DRAW, _WHOLE = "Draw region", "Use whole projection"


class RegionPart(Component):
    """The button that shows the rectangle or takes it away.

    Parameters
    ----------
    session, name
        As of every component.
    field
        The text control with the numbers: top, bottom, left and right, pixels; empty: no region.
    changed
        Called when the region is another.
    """

    def __init__(self, session: Session, name: str, field: Any, changed: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._field, self._changed = field, changed
        self.add("region", button(_DRAW))
        self.on_click("region", self._turn)
        self.listen(field, "value", self._edited)
        self.widget = self.controls["region"]

    @property
    def rectangle(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom, pixels; None where there is none, or the text is not yet one."""
        with suppress(ValueError):
            top, bottom, left, right = (int(word) for word in self._field.value.split(","))
            if left < right and top < bottom:
                return left, top, right, bottom
        return None

    def put(self, rectangle: Sequence[int]) -> None:
        """Take a rectangle as it was dragged: left, top, right, bottom."""
        left, top, right, bottom = (int(each) for each in rectangle)
        self._field.value = f"{top}, {bottom}, {left}, {right}"

    def _turn(self) -> None:
        stack = self.model.stack
        if self._field.value:
            self._field.value = ""
        elif stack is not None:
            height, width = stack.data.shape[-2:]
            self.put((width // 4, height // 4, width - width // 4, height - height // 4))

    def _edited(self) -> None:
        self.controls["region"].description = _WHOLE if self._field.value else _DRAW
        self._changed()
