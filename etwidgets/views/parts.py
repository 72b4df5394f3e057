"""Closes what belongs to a widget and would stay behind; knows no view."""

from __future__ import annotations

import ipywidgets as widgets


def close_parts(widget: widgets.Widget) -> None:
    """Close a widget's layout and style, which its own ``close`` leaves behind."""
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, widgets.Widget):
            part.close()
