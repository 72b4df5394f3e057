"""One to six images on one canvas in the browser; knows bytes and mouse, not what they mean.

The pixels travel as binary messages and are not part of the widget's state, so that a saved notebook
stays small. A new frame is sent when the browser has drawn the one before; of those that come
meanwhile only the newest is kept. A picture that the browser has is not sent again. Large images are sent
smaller at first, and once more with all their pixels when the browser has come to rest and asks for them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from etwidgets.color_maps import color_table
from etwidgets.errors import ParameterError
from etwidgets.views.pane_values import answer
from etwidgets.views.panes import COLOR_MAPS, FULL_SIDE, Pane, message, read_message
from etwidgets.views.parts import close_parts, connect
from etwidgets.views.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.views.snapshots import PaneSnapshot

_HERE = Path(__file__).parent
_MAX_PANES = {"row": 6, "four": 3}
_OWN_KEYS = [
    ("+  -  wheel", "zoom"),
    ("ctrl + wheel", "zoom where the wheel steps through slices"),
    ("f, 0", "fit"),
    ("m, double-click", "this image alone, or all again"),
    ("drag", "move the zoomed picture, a line or a frame"),
    ("Delete", "remove the measurement that was touched last"),
    ("?", "show or hide this table"),
]
_GIVE_UP_WAITING_S = 2.0


class ImageView(anywidget.AnyWidget):
    """Images with zoom, pan, scale bar, tools and a read-out under the mouse.

    Parameters
    ----------
    height
        Of the view, CSS pixels.
    arrangement
        ``"row"`` or ``"four"``.

    Attributes
    ----------
    height, arrangement
        As given; may be changed.
    maximized
        Which image fills the view.
    gamma, log_scale
        How intensities become brightness.
    """

    _esm = script("image_view.js")
    _css = _HERE / "image_view.css"
    height = traitlets.Int(320, min=60).tag(sync=True)
    """Height of the view in CSS pixels. Its owner may write it."""
    arrangement = traitlets.Enum(tuple(_MAX_PANES), default_value="row").tag(sync=True)
    """``"row"``: side by side. ``"four"``: up to three images top left, top right and bottom left; the bottom
    right quarter, ``calc(50% - 4px)`` wide and high, stays empty for what its owner lays over it. Its owner
    may write it."""
    maximized = traitlets.Int(-1, min=-1).tag(sync=True)
    """Place of the one image that fills the view; -1: all are shown. 3 with ``"four"`` is the quarter left
    empty: no image is drawn. Written by the browser and by its owner."""

    gamma = traitlets.Float(1.0).tag(sync=True)
    """Exponent of the brightness, which is 0 to 1 between the limits; not of differences. Its owner may write
    it."""
    log_scale = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the brightness follows the logarithm, before gamma. Its owner may write it."""

    def __init__(self, height: int = 320, arrangement: str = "row") -> None:
        super().__init__(height=height, arrangement=arrangement)
        self._frame: tuple[dict[str, Any], list[bytes]] | None = None
        self._panes: list[Pane] = []
        self._there: list[tuple[int, int, bytes]] = []  # pictures that the browser has
        self._number = 0
        self._anew = False  # until a frame that says so was sent; those before it may be dropped
        self._sent_at: float | None = None
        self._waiting = False
        self._viewers = 0
        self._slid = 0  # number of the last place of a slider that is known here
        self._handlers: dict[str, list[Callable[[dict[str, Any]], None]]] = {
            "click": [],
            "key": [],
            "drag": [],
            "slide": [],
        }
        self._keys: list[tuple[str, str]] = []
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def tell_keys(self, rows: list[tuple[str, str]]) -> None:
        """What ``?`` shows: keys, and what each does; those of the view itself are added."""
        self._keys = [*rows, *_OWN_KEYS]
        if self._viewers:
            self._send_keys()

    @property
    def key_help(self) -> dict[str, str]:
        """What ``?`` shows: keys, and what each does."""
        return dict(self._keys)

    def _send_keys(self) -> None:
        self.send({"type": "keys", "rows": [list(row) for row in self._keys]})

    def show(self, panes: list[Pane]) -> None:
        """Draw these instead of what was drawn; zoom and position stay.

        Parameters
        ----------
        panes
            None to six; at most three with the arrangement ``"four"``.

        Raises
        ------
        ParameterError
            If there are more.
        """
        if len(panes) > (most := _MAX_PANES[self.arrangement]):
            raise ParameterError(f"at most {most} images fit into the view, not {len(panes)}")
        self._number += 1
        self._panes = list(panes)
        self._compose()
        busy = self._sent_at is not None and time.monotonic() - self._sent_at < _GIVE_UP_WAITING_S
        if self._viewers == 0 or busy:
            self._waiting = True
        else:
            self._send_frame()

    def _compose(self, **options: Any) -> None:
        content, buffers = message(self._panes, **options)
        numbers = {"number": self._number, "anew": self._anew, "slid": self._slid}
        self._frame = ({**content, **numbers}, buffers)

    def snapshot(self) -> list[PaneSnapshot]:
        """The images as they are drawn now; zoom and position are known to the browser only."""
        return [] if self._frame is None else read_message(*self._frame)

    def clear(self) -> None:
        """Draw nothing, and forget zoom and position: what comes next shows something else."""
        self._anew, self.maximized = True, -1
        self.show([])

    def on_click(self, handler: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``handler({"pane", "x", "y", "shift"})`` on a click, in pixels of the image.

        Returns
        -------
        callable
            Undoes it.
        """
        return self._connect("click", handler)

    def on_key(self, handler: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``handler({"key", "shift"})`` on an arrow key, space, ``b``, ``z`` and the like.

        Returns
        -------
        callable
            Undoes it.
        """
        return self._connect("key", handler)

    def on_drag(self, handler: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``handler({"pane", "kind", "values", "done"})`` while something is dragged.

        ``kind`` is ``"rectangle"`` (values: left, top, right, bottom), ``"column"`` (values: all columns),
        ``"image"`` (values: pixels right and down from where the mouse was pressed, on a movable pane), or
        ``"stroke"`` (values: column and row of each point, once it is done).

        Returns
        -------
        callable
            Undoes it.
        """
        return self._connect("drag", handler)

    def on_slide(self, handler: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``handler({"pane", "value"})`` when a slider is moved or the wheel steps through its places.

        Returns
        -------
        callable
            Undoes it.
        """
        return self._connect("slide", handler)

    def receive(self, content: dict[str, Any], _buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        kind = content.get("type")
        if kind == "ready":
            self._viewers += 1
            self._there = []
            tables = [color_table(name).tobytes() for name in COLOR_MAPS]
            self.send({"type": "colors", "names": list(COLOR_MAPS), "straight": ["coolwarm"]}, tables)
            self._send_keys()
            if self._frame is not None:
                self._send_frame()
        elif kind == "gone":
            self._viewers = max(0, self._viewers - 1)
        elif kind == "drawn":
            self._sent_at = None
            if self._waiting:
                self._send_frame()
        elif kind == "full" and content["number"] == self._number and not self._waiting:
            self._compose(max_side=FULL_SIDE)
            self._send_frame()
        elif kind in ("values", "file", "difference"):
            self.send(*answer(self._panes, content))
        elif kind in self._handlers:
            self._slid = content.get("number", self._slid)
            for handler in list(self._handlers[kind]):
                handler(content)

    def close(self) -> None:
        """Take it off the page and forget the pixels and the handlers."""
        self._frame, self._panes, self._there = None, [], []
        for handlers in self._handlers.values():
            handlers.clear()
        close_parts(self)
        super().close()

    def _connect(self, kind: str, handler: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        return connect(self._handlers[kind], handler)

    def _send_frame(self) -> None:
        if self._frame is None:
            return
        self._waiting, self._sent_at = False, time.monotonic()
        content, buffers = self._frame
        sides = [(said["width"], said["height"]) for said in content["panes"]]
        looks = [(*pair, buffer) for pair, buffer in zip(sides, buffers, strict=True)]
        same = [place < len(self._there) and self._there[place] == look for place, look in enumerate(looks)]
        self._there = looks
        sent = [b"" if known else buffer for known, buffer in zip(same, buffers, strict=True)]
        self.send({**content, "same": same}, sent)
        self._anew = False
