"""Moves one projection on trial, by keys, numbers or the mouse; changes no data itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session.previews import nudged

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_STEP_PX = 0.25
_KEYS = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}
_NAMES = ("nudge_y", "nudge_x")


class NudgePart(Component):
    """Shift in y and x, and the button that applies it.

    Parameters
    ----------
    session, name
        As of every component.
    changed
        Called when the shift on trial is another.
    show
        Is given the difference from the neighbor, which one that is, and the residual (y, x) in pixels.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        changed: Callable[[], None],
        show: Callable[[NDArray[Any], int, NDArray[np.float64]], None],
    ) -> None:
        super().__init__(session, name)
        self._changed, self._show, self._drag_from = changed, show, (0.0, 0.0)
        for each, label in zip(_NAMES, ("nudge y (px)", "nudge x (px)"), strict=True):
            self.add(each, control(widgets.FloatText, label, step=_STEP_PX))
            self.on_change(each, self._typed)
        self.add("nudge", button("Apply nudge"))
        self.on_click("nudge", self._apply)
        self.said = text()
        self._trial = self.preview(nudged, self._take)
        self.listen(self.display, "projection", self._forget)
        self.widget = row(*(self.controls[each] for each in (*_NAMES, "nudge")), self.said)

    def fresh(self) -> None:
        """Nothing is moved."""
        self._drag_from, self.said.value = (0.0, 0.0), ""

    @property
    def shift(self) -> tuple[float, float]:
        """On trial, pixels ``(y, x)``."""
        return float(self.controls["nudge_y"].value), float(self.controls["nudge_x"].value)

    def draw(self, stack: TomoStack) -> None:
        """Have the difference from the neighbor shown."""
        index, neighbor = self._pair(stack)
        self._trial.submit(np.asarray(stack.data), _tilts(stack), index, neighbor, *self.shift)

    def enable(self, *, idle: bool) -> None:
        """Apply what is a shift."""
        self.controls["nudge"].disabled = not (idle and any(self.shift))

    def key(self, event: dict[str, Any]) -> None:
        """Move by an arrow key, four times as far with Shift."""
        if event.get("key") in _KEYS:
            step = _STEP_PX * (4 if event.get("shift") else 1)
            y, x = (now + step * by for now, by in zip(self.shift, _KEYS[event["key"]], strict=True))
            self._put(y, x)
            self._drag_from = self.shift

    def drag(self, event: dict[str, Any]) -> None:
        """Move with the mouse: ``values`` are pixels right and down from where it was pressed."""
        (x, y), (y0, x0) = event["values"], self._drag_from
        self._put(y0 + y, x0 + x)
        if event["done"]:
            self._drag_from = self.shift

    def _typed(self) -> None:
        self._drag_from = self.shift
        self._changed()

    def _put(self, y: float, x: float) -> None:
        with self.filling():
            for each, value in zip(_NAMES, (y, x), strict=True):
                self.controls[each].value = round(value, 2)
        self._changed()

    def _pair(self, stack: TomoStack) -> tuple[int, int]:
        """The projection that is shown, and its neighbor nearer to 0 degrees."""
        index, tilts = min(self.display.projection, stack.data.shape[0] - 1), _tilts(stack)
        others = np.flatnonzero(np.arange(len(tilts)) != index)
        distance = np.abs(tilts[others] - tilts[index]) + 1e-3 * np.abs(tilts[others])
        return index, int(others[distance.argmin()])

    def _take(self, found: tuple[Any, NDArray[Any], NDArray[np.float64]]) -> None:
        stack = self.model.stack
        if stack is not None:
            y, x = np.round(found[2], 1) + 0.0  # no -0.0
            self.said.value = f"<p class='etw-quiet'>still off by y {y:+.1f}, x {x:+.1f} px</p>"
            self._show(found[1], self._pair(stack)[1], found[2])

    def _forget(self) -> None:
        """Another projection, or the same one once it was moved: it is where it is."""
        self._drag_from = (0.0, 0.0)
        with self.filling():
            for each in _NAMES:
                self.controls[each].value = 0.0

    def _apply(self) -> None:
        stack = self.model.stack
        if stack is not None:
            y, x = self.shift
            self._forget()
            self.session.apply("shift_one", projection=self._pair(stack)[0], yshift=y, xshift=x)


def _tilts(stack: TomoStack) -> NDArray[np.float64]:
    """Degrees, or the numbers of the projections where there are none."""
    return stack.tilts_deg.copy() if stack.has_tilts else np.arange(stack.data.shape[0], dtype=float)
