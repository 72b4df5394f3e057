"""How often each intensity occurs, with the limits of the contrast to drag; knows numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from etwidgets.views.parts import close_parts
from etwidgets.views.scripts import script
from etwidgets.views.snapshots import HistogramSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_BARS = 96
_SHOWN = (0.02, 99.98)  # percent: a few hot pixels must not squeeze all the others into one bar


class HistogramView(anywidget.AnyWidget):
    """A histogram (logarithmic) and two lines on it."""

    _esm = script("histogram_view.js")
    _css = ".etw-histogram { display: block; width: 100%; height: 48px; border-bottom: 1px solid #8b909b; }"
    heights = traitlets.List(traitlets.Float()).tag(sync=True)
    """Of the bars, 0 to 1. Written here."""
    limits = traitlets.List(traitlets.Float(), default_value=[0.0, 1.0]).tag(sync=True)
    """Where the lines are, in parts of the width. Written here."""

    def __init__(self) -> None:
        super().__init__()
        self._sorted: NDArray[np.float64] | None = None
        self._source: object = None
        self._low, self._high = 0.0, 1.0
        self._on_percentiles: Callable[[tuple[float, float] | None], None] = lambda _: None
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def on_percentiles(self, handler: Callable[[tuple[float, float] | None], None]) -> None:
        """Call ``handler((low, high))``, in percent, when a line was dragged; None after a double click."""
        self._on_percentiles = handler

    def show(
        self,
        values: NDArray[Any] | None,
        percentiles: tuple[float, float],
        limits: tuple[float, float] | None = None,
    ) -> None:
        """Show how these values are spread, and the lines at two of their percentiles.

        Parameters
        ----------
        values
            A sample, of any shape; None: nothing. The same array again costs nothing.
        percentiles
            Percent.
        limits
            Values at which the lines are instead.
        """
        if values is None:
            self.clear()
            return
        if self._source is not values:
            self._source = values
            finite = np.asarray(values, dtype=float).ravel()
            self._sorted = np.sort(finite[np.isfinite(finite)])
            if not self._sorted.size:
                self.heights = []
                return
            self._low, self._high = (float(v) for v in np.percentile(self._sorted, _SHOWN))
            if self._high <= self._low:
                self._high = self._low + 1
            counts, _ = np.histogram(self._sorted, bins=_BARS, range=(self._low, self._high))
            roots = np.log1p(counts)
            self.heights = [round(float(root), 3) for root in roots / max(roots.max(), 1)]
        if self._sorted is not None and self._sorted.size:
            ends = np.asarray(limits or np.percentile(self._sorted, percentiles))
            at = (ends - self._low) / (self._high - self._low)
            self.limits = [round(float(part), 4) for part in np.clip(at, 0, 1)]

    def snapshot(self) -> HistogramSnapshot:
        """What is drawn now."""
        low, high = self.limits
        return HistogramSnapshot(tuple(self.heights), (low, high), (self._low, self._high))

    def clear(self) -> None:
        """Show nothing."""
        self._sorted, self._source, self.heights, self.limits = None, None, [], [0.0, 1.0]

    def receive(self, content: dict[str, Any], _buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        if content.get("type") == "reset":
            self._on_percentiles(None)
        elif content.get("type") == "limits" and self._sorted is not None and self._sorted.size:
            values = self._low + np.asarray(content["limits"], dtype=float) * (self._high - self._low)
            below = np.searchsorted(self._sorted, values) / self._sorted.size * 100
            low = float(np.clip(below[0], 0, 99.9))
            self._on_percentiles((round(low, 2), round(float(np.clip(below[1], low + 0.1, 100)), 2)))

    def close(self) -> None:
        """Take it off the page."""
        self._sorted = self._source = None
        close_parts(self)
        super().close()
