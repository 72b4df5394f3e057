"""Walks over widgets and all that hangs on them: to close them, or to look; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

if TYPE_CHECKING:
    from collections.abc import Iterator


def close_tree(*roots: widgets.Widget) -> None:
    """Close widgets, their children, layouts and styles.

    Closing a box does not close what is in it, and closing a widget leaves its layout and style
    registered, so that a page that makes and drops panels would grow for ever.
    """
    for widget in list(_walk(roots, set())):
        widget.close()


def has_class(root: widgets.Widget, name: str) -> bool:
    """Whether a widget or one inside of it has a DOM class."""
    return any(name in getattr(widget, "_dom_classes", ()) for widget in _walk((root,), set()))


def _walk(roots: tuple[widgets.Widget, ...], seen: set[int]) -> Iterator[widgets.Widget]:
    for root in roots:
        if id(root) in seen:
            continue
        seen.add(id(root))
        for name in root.keys:
            value = getattr(root, name, None)
            inner = value if isinstance(value, list | tuple) else (value,)
            yield from _walk(tuple(item for item in inner if isinstance(item, widgets.Widget)), seen)
        yield root
