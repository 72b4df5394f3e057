"""Look at the tilt series: a projection beside a sinogram, or a sum over tilts; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.look import add_look
from etwidgets.panels.navigation import add_column_slider, add_play, add_tilt_slider, turn_play
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, over_tilts_pane, projection_pane, sinogram_pane
from etwidgets.panels.pieces import control, heading, help_text, row
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from etwidgets.signals import TomoStack
    from etwidgets.views import Pane

_SINOGRAM, _MAXIMUM, _SUM = "sinogram", "maximum over tilts", "sum over tilts"
_HELP = """<p>In a good series the specimen stays in the frame and <b>nothing jumps</b> between tilts.</p>
<p>In the sinogram every feature follows a smooth curve. Jumps are drift, which <b>Register</b> corrects. If
all curves lean to one side, the tilt axis is off center: correct it in <b>Tilt axis</b>.</p>
<p class='etw-quiet'>The same point is marked in both images: click to move it, or drag the blue column.
Press ? over an image to see all keys.</p>"""


class InspectPanel(Panel):
    """A projection, and beside it a sinogram, or the maximum or sum over all tilts."""

    name = "inspect"
    title = "Inspect"
    promise = "Each projection with its sinogram, contrast and histogram."
    keys = (
        ("\u2190  \u2192", "tilt; with Shift ten at a time"),
        ("\u2191  \u2193", "column; with Shift ten at a time"),
        ("space", "play the tilts"),
    )

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=460).add_class("etw-grow"))
        tilt, column = add_tilt_slider(self), add_column_slider(self)
        play = add_play(self)
        beside = [_SINOGRAM, _MAXIMUM, _SUM]
        self.add("beside", control(widgets.Dropdown, "beside", options=beside))
        self.refresh_on(self.model, "stack")
        self.refresh_on(self.display, ("projection", "column", "row", "contrast", "limits", "color_map"))
        self.on_change("beside", self.refresh)
        self.on_event(self._images.on_drag, self._dragged)
        self.on_event(self._images.on_click, self._clicked)
        self.on_event(self._images.on_key, self._key)
        look = add_look(self, lambda: self.model.stack, self._contrast)
        pictures = [self._images, row(play, tilt, column), self.hint]
        return pictures, [heading("Display"), self.controls["beside"], *look, help_text(_HELP)]

    def fresh(self) -> None:
        """Forget the contrast."""
        self._contrast.clear()

    def redraw(self) -> None:
        """Show the projection and what is beside it."""
        stack = self.model.stack
        if stack is None:
            self._images.show([])
            return
        limits = self._contrast.shown(stack, self.display)
        x = min(self.display.column, stack.data.shape[-1] - 1)
        y = min(self.display.row, stack.data.shape[-2] - 1)
        shown = projection_pane(stack, self.display, limits, columns=(x,), cross=(x, y))
        self._images.show([shown, self._beside(stack, limits)])

    def reason(self) -> str:
        """Looking around also works while an operation runs."""
        return "" if self.model.stack is not None else super().reason()

    def _beside(self, stack: TomoStack, limits: tuple[float, float]) -> Pane:
        beside = self.controls["beside"].value
        if beside == _SINOGRAM:
            y = min(self.display.row, stack.data.shape[-2] - 1)
            tilt = min(self.display.projection, stack.data.shape[0] - 1)
            return sinogram_pane(stack, self.display, limits, cross=(y, tilt))
        return over_tilts_pane(stack, self.display, beside.split()[0])

    def _dragged(self, event: dict[str, Any]) -> None:
        if event["kind"] == "column" and event["pane"] == 0:
            self._go(column=int(event["values"][0]))

    def _clicked(self, event: dict[str, Any]) -> None:
        if event["pane"] == 1 and self.controls["beside"].value == _SINOGRAM:
            self._go(projection=int(event["y"]), row=int(event["x"]))
        else:
            self._go(column=int(event["x"]), row=int(event["y"]))

    def _key(self, event: dict[str, Any]) -> None:
        key, far = event.get("key"), 10 if event.get("shift") else 1
        display = self.display
        if key in ("ArrowLeft", "ArrowRight"):
            self._go(projection=display.projection + (far if key == "ArrowRight" else -far))
        elif key in ("ArrowUp", "ArrowDown"):
            self._go(column=display.column + (far if key == "ArrowDown" else -far))
        elif key == " ":
            turn_play(self)

    def _go(self, projection: int | None = None, column: int | None = None, row: int | None = None) -> None:
        stack = self.model.stack
        if stack is None:
            return
        if projection is not None:
            self.display.projection = int(np.clip(projection, 0, stack.data.shape[0] - 1))
        if column is not None:
            self.display.column = int(np.clip(column, 0, stack.data.shape[-1] - 1))
        if row is not None:
            self.display.row = int(np.clip(row, 0, stack.data.shape[-2] - 1))
