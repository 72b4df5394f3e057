"""How pictures look, as controls: contrast in percent and in intensities, colors, gamma; draws nothing.

They are bound to the session's display state, so that all pictures stay together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.color_maps import color_map_labels
from etwidgets.errors import ParameterError
from etwidgets.panels.pictures import limits_name
from etwidgets.panels.pieces import control
from etwidgets.views import HistogramView

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.panels.component import Component
    from etwidgets.panels.panel import Panel
    from etwidgets.panels.pictures import Contrast
    from etwidgets.signals import RecStack, TomoStack

    Signal = Callable[[], TomoStack | RecStack | None]

_DIGITS = 6


def add_look(
    panel: Panel, signal: Signal | None = None, contrast: Contrast | None = None
) -> list[widgets.Widget]:
    """Contrast, colors and gamma; with a signal and its contrast also its histogram and its limits."""
    look = _add_contrast(panel)
    if signal is None or contrast is None:
        return look
    return [
        _add_histogram(panel, signal, contrast),
        look[0],
        *_add_limits(panel, signal, contrast),
        *look[1:],
    ]


def _add_histogram(panel: Panel, signal: Signal, contrast: Contrast) -> HistogramView:
    view: HistogramView = panel.add_view(HistogramView())
    view.add_class(f"etw-{panel.name}-histogram")

    def show() -> None:
        if not panel.shown:
            return
        if (shown := signal()) is None:
            view.clear()
        else:
            view.show(contrast.sample_of(shown), panel.display.contrast, contrast.shown(shown, panel.display))

    def take(percentiles: tuple[float, float] | None) -> None:
        panel.display.limits = {}
        panel.display.contrast = percentiles or type(panel.display).contrast.default()

    panel.on_event(view.on_percentiles, take)
    panel.listen(panel.display, ("contrast", "limits"), show)
    panel.on_refresh(show)
    return view


def _add_contrast(panel: Component) -> list[widgets.Widget]:
    contrast = panel.add(
        "contrast",
        control(widgets.FloatRangeSlider, "contrast (%)", min=0, max=100, step=0.1, readout_format=".1f"),
    )
    colors = panel.add("colors", control(widgets.Dropdown, "colors", options=color_map_labels()))
    gamma = panel.add("gamma", control(widgets.FloatLogSlider, "gamma", base=2, min=-2, max=2, step=0.1))
    log_scale = panel.add("log-scale", control(widgets.Checkbox, "logarithmic", indent=True))
    panel.bind("contrast", panel.display, "contrast")
    panel.bind("colors", panel.display, "color_map")
    panel.bind("gamma", panel.display, "gamma")
    panel.bind("log-scale", panel.display, "log_scale")
    return [contrast, colors, gamma, log_scale]


def _add_limits(panel: Panel, signal: Signal, contrast: Contrast) -> list[widgets.Widget]:
    """Two intensities; a change counts for this signal until the contrast is set in percent."""
    fields = [panel.add(name, control(widgets.FloatText, f"{name} at")) for name in ("black", "white")]

    def show() -> None:
        shown = signal()
        limits = (0.0, 1.0) if shown is None else contrast.shown(shown, panel.display)
        with panel.filling():
            for field, limit in zip(fields, limits, strict=True):
                field.disabled = shown is None
                field.value = float(f"{limit:.{_DIGITS}g}")

    def take() -> None:
        low, high = (float(field.value) for field in fields)
        if (shown := signal()) is None:
            return
        if not low < high:
            show()
            raise ParameterError(f"black at {low:g} must be below white at {high:g}")
        panel.display.set_limits(limits_name(shown), low, high)

    for name in ("black", "white"):
        panel.on_change(name, take)
    panel.listen(panel.display, ("contrast", "limits"), show)
    panel.on_refresh(show)
    return fields
