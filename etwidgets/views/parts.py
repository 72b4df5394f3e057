"""What all widgets of ours need: their parts closed, and words where they cannot be drawn; knows no view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets as widgets

if TYPE_CHECKING:
    from collections.abc import Callable

Handler = TypeVar("Handler")


def close_parts(widget: widgets.Widget) -> None:
    """Close a widget's layout and style, which its own ``close`` leaves behind."""
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, widgets.Widget):
            part.close()


def connect(handlers: list[Handler], handler: Handler) -> Callable[[], None]:
    """Add a handler to those of an event; the result takes it from them again."""
    handlers.append(handler)

    def disconnect() -> None:
        if handler in handlers:
            handlers.remove(handler)

    return disconnect


def with_plain_text(bundle: dict[str, Any], what: str) -> dict[str, Any]:
    """What a notebook shows of a widget where no kernel draws it, as on a page of documentation."""
    return {**bundle, "text/plain": f"{what} is drawn here when the notebook is open in Jupyter."}
