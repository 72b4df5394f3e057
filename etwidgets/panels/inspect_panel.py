"""Look at the tilt series: one projection beside one sinogram; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.panels.navigation import add_column_slider, add_look, add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, projection_pane, sinogram_pane
from etwidgets.panels.pieces import heading, row, text
from etwidgets.views import ImageView

if TYPE_CHECKING:
    import ipywidgets as widgets

_HELP = """<p>A good series: the specimen stays in the frame and <b>nothing jumps</b> between projections.</p>
<p>In the sinogram every feature draws a smooth curve. Steps in it are drift, which
<b>Register</b> removes; a lean of all curves to one side is a tilt axis off centre, for
<b>Tilt axis</b>.</p>"""


class InspectPanel(Panel):
    """Projection and sinogram, side by side."""

    name = "inspect"
    title = "Inspect"

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=520).add_class("etw-grow"))
        tilt, column = add_tilt_slider(self), add_column_slider(self)
        self.refresh_on(self.model, "stack")
        self.refresh_on(self.display, ("projection", "column", "contrast", "colour_map"))
        pictures = [self._images, row(tilt, column), self.hint]
        return pictures, [heading("Look"), *add_look(self), text(_HELP)]

    def redraw(self) -> None:
        """Show the projection and the sinogram."""
        stack = self.model.stack
        if stack is None:
            self._images.show([])
            return
        limits = self._contrast.of(stack, self.display.contrast)
        self._images.show(
            [projection_pane(stack, self.display, limits), sinogram_pane(stack, self.display, limits)]
        )

    def reason(self) -> str:
        """Looking around works also while a step runs."""
        return "" if self.model.stack is not None else super().reason()
