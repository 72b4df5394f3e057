"""Small pieces that panels are built of: labeled controls, lists of facts, help; wires nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.session import size_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etwidgets.align import Method

_LABEL = "104px"


def heading(text: str) -> widgets.HTML:
    """A heading in a form."""
    return widgets.HTML(f"<h3>{escape(text)}</h3>").add_class("etw-heading")


def text(html: str = "", *classes: str) -> widgets.HTML:
    """A piece of text; ``html`` must be escaped where it comes from outside."""
    piece = widgets.HTML(html).add_class("etw-text")
    for name in classes:
        piece.add_class(name)
    return piece


def control(kind: type[widgets.Widget], label: str, **options: Any) -> Any:
    """A control with its label at the left, as wide as its column."""
    return kind(
        description=label,
        style={"description_width": _LABEL},
        layout=widgets.Layout(width="auto"),
        **options,
    ).add_class("etw-control")


def button(label: str, *, primary: bool = False, **options: Any) -> widgets.Button:
    """A button; each step has one primary."""
    made = widgets.Button(description=label, layout=widgets.Layout(width="auto"), **options)
    return made.add_class("etw-primary" if primary else "etw-button")


def row(*children: widgets.Widget) -> widgets.HBox:
    """Controls side by side."""
    return widgets.HBox(list(children)).add_class("etw-row")


def file_size(size: int) -> str:
    """Bytes as a person reads them; of small files kilobytes, for there may be many of them."""
    return f"{max(1, round(size / 1000))} kB" if size < 1_000_000 else size_text(size)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A small table of names and values as HTML; both are escaped."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs)
    return f"<table class='etw-facts'>{rows}</table>"


def method_help(method: Method[Any]) -> str:
    """Help in its fixed slots, as HTML."""
    slots = (("For", method.use_for), ("When", method.when), ("Caution", method.caution))
    lines = "".join(f"<p><b>{name}</b> {escape(words)}</p>" for name, words in slots)
    return f"<div class='etw-help'>{lines}<p class='etw-source'>{escape(method.source)}</p></div>"
