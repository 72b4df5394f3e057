"""The controls beside a rendered volume; knows their ranges, not what they do."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from etwidgets.views.volume_figure import AXES

VOLUME, SURFACE, BOTH = "volume", "surface", "both"
"""What can be drawn."""


def make_controls() -> dict[str, Any]:
    """All controls by name, each with its DOM class ``etw-volume-NAME``."""
    controls = {
        "draw": _dropdown("draw", [VOLUME, SURFACE, BOTH]),
        "channel": _dropdown("channel", []),
        "shown": widgets.Checkbox(description="show this channel", value=True, indent=False),
        "level": _slider("level (%)", 25, 0, 100, 1),
        "width": _slider("width (%)", 30, 2, 100, 1),
        "opacity": _slider("opacity", 0.2, 0.01, 1, 0.01),
        **{f"cut-{axis}": _range(f"{axis} (%)") for axis in AXES},
        "unseen": widgets.Checkbox(description="mark unseen faces", value=False, indent=False),
        "box": widgets.Checkbox(description="box with scale", value=True, indent=False),
    }
    for name, control in controls.items():
        control.add_class(f"etw-volume-{name}")
    return controls


def _dropdown(label: str, options: list[str]) -> widgets.Dropdown:
    return widgets.Dropdown(description=label, options=options, **_look())


def _slider(label: str, value: float, low: float, high: float, step: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        description=label, value=value, min=low, max=high, step=step, continuous_update=False, **_look()
    )


def _range(label: str) -> widgets.IntRangeSlider:
    return widgets.IntRangeSlider(
        description=label, value=(0, 100), min=0, max=100, continuous_update=False, **_look()
    )


def _look() -> dict[str, Any]:
    return {"style": {"description_width": "72px"}, "layout": widgets.Layout(width="auto")}
