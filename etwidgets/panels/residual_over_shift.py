"""The residual over the shift of the tilt axis, beside the sliders; does not know who has the sliders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, text
from etwidgets.session.previews import axis_objective
from etwidgets.views import CurveView

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.align import ShiftSearch
    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_REST_S = 0.4  # a curve takes 100 ms to draw, which a moving slider has not
_RESIDUAL = "relative residual"


class ResidualOverShift(Component):
    """Follows the sliders once they rest: the curve for their rotation, the mark at their shift.

    Parameters
    ----------
    session
        Whose previews it asks for.
    name
        Of the panel.
    on_take
        Is given the shift of the lowest residual, pixels, when its button is clicked.
    """

    def __init__(self, session: Session, name: str, on_take: Callable[[float], None]) -> None:
        super().__init__(session, name)
        self._on_take = on_take
        self._search: ShiftSearch | None = None
        self._curve = self.add_view(CurveView("shift y (px)", _RESIDUAL, height=170, width=330))
        self._note = text()
        self.add("take", button("Shift to lowest residual"))
        self.on_click("take", self._take)
        self._rested = _Rested(wait=not session.runner.inline)
        self._latest = self.preview(self._rested, self._show)
        self.widget = widgets.VBox([self._curve, self._note, self.controls["take"]])
        self.widget.add_class("etw-beside")

    def fresh(self) -> None:
        """Nothing is known of the series."""
        self._search = None
        self._rested.forget()
        self._note.value = ""
        self.controls["take"].disabled = True

    def follow(self, stack: TomoStack, shift_px: float, rotation_deg: float) -> None:
        """Show the residual of this stack, and where the sliders are."""
        self.controls["take"].disabled = self._search is None or not self._search.determined
        self._latest.submit(np.asarray(stack.data), stack.tilts_deg.copy(), shift_px, rotation_deg)

    def _show(self, result: tuple[ShiftSearch, float]) -> None:
        search, shift = result
        self._search = search
        least = (search.candidates_px[-1] - search.candidates_px[0]) / 400
        low, high = search.interval_px or (search.shift_px, search.shift_px)
        band = (min(low, search.shift_px - least), max(high, search.shift_px + least))
        self._curve.show(
            {_RESIDUAL: (search.candidates_px, search.objective)},
            mark=shift,
            band=band if search.determined else None,
        )
        where = f"the sliders are at {shift:+.2f} px (dashed)."
        if search.determined:
            known = f" (95 %: {low:+.2f} to {high:+.2f} px)" if search.interval_px else ""
            said = f"Lowest at {search.shift_px:+.2f} px{known} (green); {where}"
        else:
            reach = search.candidates_px[-1]
            said = f"The residual determines no shift within ± {reach:g} px; {where}"
        self._note.value = f"<p class='etw-quiet'>{said}</p>"
        self.controls["take"].disabled = not search.determined

    def _take(self) -> None:
        if self._search is not None:
            self._on_take(self._search.shift_px)


class _Rested:
    """Calculates the residual once nothing moves; remembers the last, for the shift may move on."""

    def __init__(self, *, wait: bool) -> None:
        self._wait = wait
        self._known: tuple[Any, float, ShiftSearch] | None = None

    def forget(self) -> None:
        """Let the projections go."""
        self._known = None

    def __call__(
        self, projections: Any, tilts_deg: Any, shift_px: float, rotation_deg: float
    ) -> tuple[ShiftSearch, float]:
        if self._wait:
            time.sleep(_REST_S)
        if self._known is None or self._known[0] is not projections or self._known[1] != rotation_deg:
            search = axis_objective(projections, tilts_deg, rotation_deg)
            self._known = (projections, rotation_deg, search)
        return self._known[2], shift_px
