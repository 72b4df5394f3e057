"""Controls that several panels have: which projection, which column, which voxel.

They are bound to the session's display state, so that all pictures stay together; they draw nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.pictures import tilt_text
from etwidgets.panels.pieces import control

if TYPE_CHECKING:
    from etwidgets.panels.component import Component
    from etwidgets.session import Display
    from etwidgets.signals import RecStack


_INTERVAL_MS = 120


def add_tilt_slider(panel: Component) -> widgets.SelectionSlider:
    """A slider over the projections that shows their true tilts."""
    nothing = (("none", 0),)
    slider = panel.add("tilt", control(widgets.SelectionSlider, "tilt", options=nothing), keep=True)

    def adjust() -> None:
        stack, wanted = panel.model.stack, panel.display.projection
        slider.disabled = stack is None
        count = 0 if stack is None else stack.data.shape[0]
        options = nothing if stack is None else tuple((tilt_text(stack, i), i) for i in range(count))
        if slider.options != options:
            with panel.display.hold_trait_notifications():  # new options put the slider to the first one
                slider.index = 0  # see set_range: a place that there is before and after
                slider.options = options
                panel.display.projection = wanted
        slider.value = min(wanted, len(options) - 1)

    def to_display() -> None:
        panel.display.projection = slider.value

    panel.listen(slider, "value", to_display)
    panel.listen(panel.model, "stack", adjust)
    panel.listen(panel.display, "projection", adjust)
    panel.on_fresh(adjust)
    return slider


def set_range(slider: Any, most: int, wanted: int) -> None:
    """Set the upper limit and the value, in the order in which the value always lies within the limit.

    Otherwise the browser's slider cuts it down to the limit that it knows, and sends that back as if it had
    been moved by hand: the place that is shown would be that of the data before.
    """
    value = min(wanted, most)
    if most < slider.max:
        slider.value = value
    slider.max = most
    slider.value = value


def add_column_slider(panel: Component) -> widgets.IntSlider:
    """A slider over the image columns, whose sinogram or slice is shown."""
    slider = panel.add("column", control(widgets.IntSlider, "column x (px)", min=0, max=0), keep=True)

    def adjust() -> None:
        stack, wanted = panel.model.stack, panel.display.column
        slider.disabled = stack is None
        set_range(slider, 0 if stack is None else stack.data.shape[-1] - 1, wanted)

    def to_display() -> None:
        panel.display.column = slider.value

    panel.listen(panel.model, "stack", adjust)
    panel.listen(panel.display, "column", adjust)
    panel.on_fresh(adjust)
    panel.listen(slider, "value", to_display)
    return slider


def go_to_voxel(display: Display, volume: RecStack, event: dict[str, Any]) -> None:
    """Move the voxel to where one of the three slices was clicked."""
    axes = ((2, 1), (0, 1), (0, 2))[event["pane"]]
    voxel = list(display.voxel)
    for axis, value in zip(axes, (event["x"], event["y"]), strict=True):
        voxel[axis] = int(np.clip(value, 0, volume.data.shape[axis] - 1))
    display.voxel = tuple(voxel)


def slide_voxel(display: Display, event: dict[str, Any]) -> None:
    """Move the voxel along the axis of the slice whose slider was moved."""
    voxel = list(display.voxel)
    voxel[(0, 2, 1)[event["pane"]]] = int(event["value"])
    display.voxel = tuple(voxel)


def add_play(panel: Component) -> widgets.Play:
    """A button that runs through the projections."""
    play = panel.add("play", widgets.Play(interval=_INTERVAL_MS, layout=widgets.Layout(flex="0 0 auto")))

    def limit() -> None:
        stack = panel.model.stack
        play.disabled = stack is None
        set_range(play, 0 if stack is None else stack.data.shape[0] - 1, panel.display.projection)

    panel.listen(panel.model, "stack", limit)
    panel.on_fresh(limit)
    limit()
    panel.bind("play", panel.display, "projection")
    return play


def turn_play(panel: Component) -> None:
    """Run, or stand still: what the space key does."""
    play = panel.controls["play"]
    play.playing = not play.playing
