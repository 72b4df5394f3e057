"""A spectrum with windows to drag on it; knows energies and counts, not what elements are.

The curves travel as binary messages and are not part of the widget's state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from etwidgets.errors import ShapeError
from etwidgets.views.parts import close_parts
from etwidgets.views.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SpectrumCurve:
    """One curve.

    Attributes
    ----------
    name
        For the legend.
    counts
        ``(channels,)``.
    color
        As CSS writes it.
    scaled_as_first
        Whether it is drawn to the largest value of the first curve, to compare counts; otherwise to its own,
        to compare shapes.
    """

    name: str
    counts: NDArray[Any]
    color: str = "#2f7ed8"
    scaled_as_first: bool = False


@dataclass(frozen=True)
class SpectrumWindow:
    """A range of energies whose edges can be dragged, or all of it.

    Attributes
    ----------
    start, stop
        In the units of the axis.
    kind
        ``"line"`` or ``"background"``.
    """

    start: float
    stop: float
    kind: str = "line"


@dataclass(frozen=True, eq=False)
class SpectrumSnapshot:
    """What a spectrum view shows.

    Attributes
    ----------
    energies
        Of the first and the last channel; None where nothing is shown.
    curves, windows, marks, axis_label
        As they were given to :meth:`etwidgets.views.SpectrumView.show`.
    """

    energies: tuple[float, float] | None
    curves: tuple[SpectrumCurve, ...] = ()
    windows: tuple[SpectrumWindow, ...] = ()
    marks: tuple[tuple[str, float], ...] = ()
    axis_label: str = ""


class SpectrumView(anywidget.AnyWidget):
    """Curves over one axis of energies, with windows and marks of lines.

    Parameters
    ----------
    height
        Of the view, CSS pixels.
    """

    _esm = script("spectrum_view.js")
    _css = (
        ".etw-spectrum { display: block; width: 100%; outline: none; touch-action: none; }"
        ".etw-spectrum:focus-visible { box-shadow: inset 0 0 0 2px #4c8dff; }"
    )
    height = traitlets.Int(200, min=60).tag(sync=True)
    """Height of the view in CSS pixels. Its owner may write it."""

    def __init__(self, height: int = 200) -> None:
        super().__init__(height=height)
        self._shown: tuple[dict[str, Any], list[bytes]] | None = None
        self._on_window: Callable[[int, float, float, bool], None] = lambda *_: None
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def on_window(self, handler: Callable[[int, float, float, bool], None]) -> None:
        """Call ``handler(index, start, stop, done)`` while a window is dragged."""
        self._on_window = handler

    def show(
        self,
        energies: NDArray[Any],
        curves: Sequence[SpectrumCurve],
        windows: Sequence[SpectrumWindow] = (),
        marks: Sequence[tuple[str, float]] = (),
        axis_label: str = "energy (keV)",
    ) -> None:
        """Draw these instead of what was drawn; zoom stays where the axis does.

        Parameters
        ----------
        energies
            ``(channels,)`` ascending, equally spaced.
        curves
            Each is drawn to its own largest value, or to that of the first.
        windows
            To drag.
        marks
            Names and energies of lines.
        axis_label
            Name and unit of the axis.

        Raises
        ------
        ShapeError
            If a curve has another length than the energies.
        """
        axis = np.asarray(energies, dtype=np.float32)
        for curve in curves:
            if np.shape(curve.counts) != axis.shape:
                raise ShapeError(f"{curve.name}: {np.shape(curve.counts)} counts for {axis.shape} energies")
        described = {
            "type": "spectrum",
            "first": float(axis[0]),
            "last": float(axis[-1]),
            "axisLabel": axis_label,
            "curves": [
                {"name": curve.name, "color": curve.color, "asFirst": curve.scaled_as_first}
                for curve in curves
            ],
            "windows": [[window.start, window.stop, window.kind] for window in windows],
            "marks": [[name, float(energy)] for name, energy in marks],
        }
        self._shown = described, [np.asarray(c.counts, dtype=np.float32).tobytes() for c in curves]
        self.send(*self._shown)

    def snapshot(self) -> SpectrumSnapshot:
        """What is drawn now; zoom and position are known to the browser only."""
        said, buffers = self._shown or ({"type": "nothing"}, [])
        if said["type"] == "nothing":
            return SpectrumSnapshot(None)
        counts = [np.frombuffer(buffer, np.float32) for buffer in buffers]
        return SpectrumSnapshot(
            (said["first"], said["last"]),
            tuple(
                SpectrumCurve(curve["name"], values, curve["color"], curve["asFirst"])
                for curve, values in zip(said["curves"], counts, strict=True)
            ),
            tuple(SpectrumWindow(*window) for window in said["windows"]),
            tuple((name, energy) for name, energy in said["marks"]),
            said["axisLabel"],
        )

    def clear(self) -> None:
        """Draw nothing."""
        self._shown = {"type": "nothing"}, []
        self.send(*self._shown)

    def receive(self, content: dict[str, Any], _buffers: Sequence[Any] = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        if content.get("type") == "ready" and self._shown is not None:
            self.send(*self._shown)
        elif content.get("type") == "window":
            start, stop = (float(value) for value in content["range"])
            self._on_window(int(content["index"]), start, stop, bool(content["done"]))

    def close(self) -> None:
        """Take it off the page."""
        self._shown = None
        close_parts(self)
        super().close()
