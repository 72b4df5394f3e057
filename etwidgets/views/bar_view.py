"""Bars over the projections, one for each, of which one is chosen by a click; knows numbers only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from etwidgets.picture_scale import nice_lengths
from etwidgets.views.parts import close_parts, connect
from etwidgets.views.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LABELS = 7  # under the bars, at most


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes
    ----------
    height
        Zero or more.
    label
        Where it is on the x axis, in words.
    words
        All that is known of it, shown above the bars while the mouse is on it, or while it is chosen.
    odd
        Whether it has the color of those to look at.
    """

    height: float
    label: str = ""
    words: str = ""
    odd: bool = False


class BarView(anywidget.AnyWidget):
    """Bars side by side.

    Parameters
    ----------
    height
        CSS pixels.
    """

    _esm = script("bar_view.js")
    _css = ".etw-bars { display: block; width: 100%; cursor: pointer; }"
    height = traitlets.Int(170, min=60).tag(sync=True)
    """CSS pixels. Written once."""
    shown = traitlets.Dict().tag(sync=True)
    """Bars, ticks and labels of the axes, as the browser draws them. Written here."""
    chosen = traitlets.Int(-1).tag(sync=True)
    """The place of the bar that is pointed out; -1: none. Written here."""

    def __init__(self, height: int = 170) -> None:
        super().__init__(height=height)
        self._bars: tuple[Bar, ...] = ()
        self._handlers: list[Callable[[int], None]] = []
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def show(self, bars: Sequence[Bar], chosen: int, x_label: str, y_label: str) -> None:
        """Draw these bars.

        Parameters
        ----------
        bars
            From left to right.
        chosen
            The place of the one to point out; -1: none.
        x_label, y_label
            With their units.
        """
        self._bars = tuple(bars)
        top = max((bar.height for bar in bars if np.isfinite(bar.height)), default=0.0)
        top = _at_least(top)
        step = max(1, -(-len(bars) // _LABELS))
        middle = len(bars) // 2
        places = range(middle % step, len(bars), step)
        self.shown = {
            "bars": [{**asdict(bar), "height": round(float(np.nan_to_num(bar.height)), 4)} for bar in bars],
            "top": top,
            "ticks": [[part * top, f"{part * top:.3g}"] for part in (0, 0.5, 1)],
            "labels": [[place, bars[place].label] for place in places],
            "x": x_label,
            "y": y_label,
        }
        self.chosen = chosen

    def on_click(self, handler: Callable[[int], None]) -> Callable[[], None]:
        """Call ``handler(place)`` on a click on a bar, or above it.

        Returns
        -------
        callable
            Undoes it.
        """
        return connect(self._handlers, handler)

    def snapshot(self) -> tuple[Bar, ...]:
        """What is drawn now."""
        return self._bars

    def clear(self, note: str = "") -> None:
        """Draw nothing but a note that says why."""
        self._bars, self.shown, self.chosen = (), {"note": note}, -1

    def receive(self, content: dict[str, Any], _buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        if content.get("type") == "click" and 0 <= int(content["place"]) < len(self._bars):
            for handler in list(self._handlers):
                handler(int(content["place"]))

    def close(self) -> None:
        """Take it off the page and forget the handlers."""
        self._handlers.clear()
        close_parts(self)
        super().close()


def _at_least(value: float) -> float:
    """The smallest round number that is not below a value; 1 for nothing."""
    if value <= 0:
        return 1.0
    return min(each for each in nice_lengths(10 * value, value) if each >= value)
