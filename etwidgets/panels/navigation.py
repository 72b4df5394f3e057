"""Controls that several panels have: which projection, which column, contrast, colours.

They are bound to the session's display state, so that all pictures stay together; they draw nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.pictures import tilt_in_words
from etwidgets.panels.pieces import control
from etwidgets.session import COLOUR_MAPS

if TYPE_CHECKING:
    from etwidgets.panels.panel import Panel


def add_tilt_slider(panel: Panel) -> widgets.SelectionSlider:
    """A slider over the projections that shows their true tilts."""
    slider = panel.add("tilt", control(widgets.SelectionSlider, "tilt", options=[("no projection", 0)]))

    def adjust() -> None:
        stack, wanted = panel.model.stack, panel.display.projection
        slider.disabled = stack is None
        if stack is None:
            return
        options = tuple((tilt_in_words(stack, i), i) for i in range(stack.data.shape[0]))
        if slider.options != options:
            with panel.display.hold_trait_notifications():  # new options put the slider to the first one
                slider.options = options
                panel.display.projection = wanted
        slider.value = min(wanted, len(options) - 1)

    def to_display() -> None:
        panel.display.projection = slider.value

    panel.listen(slider, "value", to_display)
    panel.listen(panel.model, "stack", adjust)
    panel.listen(panel.display, "projection", adjust)
    adjust()
    return slider


def add_column_slider(panel: Panel) -> widgets.IntSlider:
    """A slider over the image columns, whose sinogram or slice is shown."""
    slider = panel.add("column", control(widgets.IntSlider, "column x (px)", min=0, max=0))

    def adjust() -> None:
        stack = panel.model.stack
        slider.disabled = stack is None
        if stack is not None:
            slider.max = stack.data.shape[-1] - 1
            slider.value = panel.display.column

    def to_display() -> None:
        panel.display.column = slider.value

    panel.listen(panel.model, "stack", adjust)
    panel.listen(panel.display, "column", adjust)
    adjust()
    panel.listen(slider, "value", to_display)
    return slider


def add_look(panel: Panel) -> list[widgets.Widget]:
    """Contrast and colour map."""
    contrast = panel.add(
        "contrast",
        control(widgets.FloatRangeSlider, "contrast (%)", min=0, max=100, step=0.1, readout_format=".1f"),
    )
    colours = panel.add("colours", control(widgets.Dropdown, "colours", options=COLOUR_MAPS))
    panel.bind("contrast", panel.display, "contrast")
    panel.bind("colours", panel.display, "colour_map")
    return [contrast, colours]
