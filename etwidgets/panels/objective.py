"""The misfit over the shift of the tilt axis, beside the sliders; knows its panel and no other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.pieces import button, text
from etwidgets.session.previews import axis_objective
from etwidgets.views import CurveView

if TYPE_CHECKING:
    from etwidgets.align import ShiftSearch
    from etwidgets.panels.axis_panel import AxisPanel
    from etwidgets.signals import TomoStack

_REST_S = 0.4  # a curve takes 100 ms to draw, which a moving slider has not


class ObjectiveCurve:
    """Follows the sliders once they rest: the curve for their rotation, the mark at their shift.

    Parameters
    ----------
    panel
        Whose controls and previews it adds to.
    """

    def __init__(self, panel: AxisPanel) -> None:
        self._panel = panel
        self._search: ShiftSearch | None = None
        self._curve = panel.add_view(CurveView("shift y (px)", "misfit", height=170, width=330))
        self._note = text()
        panel.add("take", button("Shift to the lowest misfit"))
        panel.on_click("take", self._take)
        self._rested = _Rested(wait=not panel.session.runner.inline)
        self._latest = panel.session.latest(self._rested, self._show)
        panel.on_fresh(self._forget)
        panel._undo.callback(self._latest.close)  # noqa: SLF001  (a part of the panel)
        self.widget = widgets.VBox([self._curve, self._note, panel.controls["take"]])
        """Curve, words and button, from top to bottom."""
        self.widget.add_class("etw-beside")

    def follow(self, stack: TomoStack, shift_px: float, rotation_deg: float) -> None:
        """Show the misfit of this stack, and where the sliders are."""
        self._panel.controls["take"].disabled = self._search is None
        self._latest.submit(np.asarray(stack.data), stack.tilts_deg.copy(), shift_px, rotation_deg)

    def _forget(self) -> None:
        self._search = None
        self._rested.forget()
        self._note.value = ""
        self._panel.controls["take"].disabled = True

    def _show(self, result: tuple[ShiftSearch, float]) -> None:
        search, shift = result
        self._search = search
        error = search.shift_error_px or 0.0
        reach = max(error, (search.candidates_px[-1] - search.candidates_px[0]) / 400)
        self._curve.show(
            {"misfit": (search.candidates_px, search.objective)},
            mark=shift,
            band=(search.shift_px - reach, search.shift_px + reach),
        )
        error_words = f" ± {error:.2f}" if search.shift_error_px is not None else ""
        caution = " It lies at the edge of what was tried." if search.warning else ""
        self._note.value = (
            f"<p class='etw-quiet'>Lowest at {search.shift_px:+.2f}{error_words} px (green); "
            f"the sliders are at {shift:+.2f} px (dashed).{caution}</p>"
        )
        self._panel.controls["take"].disabled = False

    def _take(self) -> None:
        if self._search is not None:
            self._panel.set_shift(self._search.shift_px)


class _Rested:
    """Works out the misfit once nothing moves; remembers the last, for the shift may move on."""

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
