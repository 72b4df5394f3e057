"""The one style sheet of all panels, as a widget; decides nothing about any panel."""

from __future__ import annotations

from importlib.resources import files

import ipywidgets as widgets


def style_sheet() -> widgets.HTML:
    """A widget without size that brings the style sheet into the page."""
    text = files("etwidgets.panels").joinpath("workbench.css").read_text(encoding="utf-8")
    return widgets.HTML(f"<style>{text}</style>").add_class("etw-style")
