"""What only the browser knows: that the page is on the screen, and double clicks on controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from etwidgets.views.parts import close_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class PageWatch(anywidget.AnyWidget):
    """Shows nothing. The page's guard, which needs no kernel, says when the kernel is lost.

    Parameters
    ----------
    watched
        Whether the browser asks every few seconds if the kernel answers.
    on_double
        What to do on a double click, by the DOM class of a control.
    """

    _esm = Path(__file__).parent / "page_watch.js"
    watched = traitlets.Bool(default_value=False).tag(sync=True)
    """As given."""
    busy = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether a step runs: the browser then asks before the page is left. Its owner writes it."""
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """DOM classes whose double clicks are reported. Written here."""

    def __init__(
        self, *, watched: bool = False, on_double: Mapping[str, Callable[[], None]] | None = None
    ) -> None:
        self._on_double = dict(on_double or {})
        self._on_seen: Callable[[], None] | None = None
        super().__init__(watched=watched, classes=list(self._on_double))
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def on_seen(self, action: Callable[[], None]) -> None:
        """Call ``action()`` once, when a watched page is on the screen and asks for the first time."""
        self._on_seen = action

    def go(self, address: str) -> None:
        """Have the browser go to another address of this server."""
        self.send({"type": "go", "address": address})

    def receive(self, content: dict[str, Any], _buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        if content.get("type") == "there?":
            self.send({"type": "here"})
            action, self._on_seen = self._on_seen, None
            if action is not None:
                action()
        elif content.get("type") == "double" and content.get("name") in self._on_double:
            self._on_double[content["name"]]()

    def close(self) -> None:
        """Take it off the page."""
        self._on_double.clear()
        self._on_seen = None
        close_parts(self)
        super().close()
