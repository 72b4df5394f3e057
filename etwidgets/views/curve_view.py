"""A few curves in one ipympl figure, updated in place; knows numbers and labels, not what they mean.

The figure is made without pyplot, so that no global backend and no list of figures is touched.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
from ipympl.backend_nbagg import Canvas, FigureManager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from etwidgets.views.parts import close_parts
from etwidgets.views.snapshots import CurvesSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle
    from numpy.typing import ArrayLike

_COLORS = ("#2f7ed8", "#e8743b", "#3a9d5d", "#8e5ea2", "#7a808c")
_INCHES = 1 / 96
_INK = "#7a808c"  # can be read on white and on black


class CurveView(widgets.VBox):
    """Curves over a common axis.

    Parameters
    ----------
    x_label, y_label
        With their units.
    height, width
        CSS pixels.
    log_y
        Draw y on a logarithmic scale.
    whole_x
        Label x at integers only.
    """

    def __init__(
        self,
        x_label: str,
        y_label: str,
        height: int = 180,
        width: int = 640,
        *,
        log_y: bool = False,
        whole_x: bool = False,
    ) -> None:
        self._figure = Figure(figsize=(width * _INCHES, height * _INCHES), dpi=96, layout="constrained")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ipympl's toolbar, of traitlets' constructor
            self._canvas = Canvas(self._figure)
            self._manager = FigureManager(self._canvas, 0)
        self._canvas.header_visible = self._canvas.footer_visible = False
        self._canvas.toolbar_visible = "fade-in-fade-out"
        self._canvas.resizable = False
        self._figure.patch.set_alpha(0)  # the page shines through, be it light or dark
        self._axes = self._figure.add_subplot(facecolor="none")
        self._axes.set_xlabel(x_label, fontsize=9, color=_INK)
        self._axes.set_ylabel(y_label, fontsize=9, color=_INK)
        self._axes.tick_params(labelsize=8, colors=_INK)
        self._axes.spines[["top", "right"]].set_visible(False)
        self._axes.spines[["left", "bottom"]].set_color(_INK)
        self._axes.grid(alpha=0.25, linewidth=0.6, color=_INK)
        if log_y:
            self._axes.set_yscale("log")
        if whole_x:
            self._axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
        self._lines: dict[str, Line2D] = {}
        self._mark: Line2D | None = None
        self._band: Rectangle | None = None
        super().__init__([self._canvas])
        self.add_class("etw-curve")

    def show(
        self,
        curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
        mark: float | None = None,
        band: tuple[float, float] | None = None,
    ) -> None:
        """Draw these curves instead of what was drawn.

        Parameters
        ----------
        curves
            Name to ``(x, y)``, two arrays of one length.
        mark
            Position on x of a vertical line.
        band
            Two positions on x between which the ground is shaded: where something is, and how surely.
        """
        for name in [name for name in self._lines if name not in curves]:
            self._lines.pop(name).remove()
        for name, (x, y) in curves.items():
            values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
            if name in self._lines:
                self._lines[name].set_data(*values)
            else:
                color = _COLORS[len(self._lines) % len(_COLORS)]
                (self._lines[name],) = self._axes.plot(
                    *values, label=name, color=color, linewidth=1.4, marker=".", markersize=4
                )
        self._draw_mark(mark)
        self._draw_band(band)
        self._axes.relim()
        self._axes.autoscale_view()
        if not curves:  # nothing to scale to; the limits must not be those of what was drawn before
            self._axes.set(xlim=(0.1, 1), ylim=(0.1, 1), autoscale_on=True)
        legend = self._axes.get_legend()
        if legend is not None:
            legend.remove()
        if len(self._lines) > 1:
            self._axes.legend(labelcolor=_INK, fontsize=8, frameon=False, ncols=len(self._lines), loc="best")
        self._canvas.draw_idle()

    def set_labels(self, x_label: str, y_label: str) -> None:
        """Name the axes anew, as where the unit is another one now."""
        self._axes.set_xlabel(x_label, fontsize=9, color=_INK)
        self._axes.set_ylabel(y_label, fontsize=9, color=_INK)

    def clear(self) -> None:
        """Draw nothing."""
        self.show({})

    def snapshot(self) -> CurvesSnapshot:
        """What is drawn now."""
        axes, mark, band = self._axes, self._mark, self._band
        points = {name: np.asarray(line.get_xydata()) for name, line in self._lines.items()}
        return CurvesSnapshot(
            {name: (xy[:, 0], xy[:, 1]) for name, xy in points.items()},
            None if mark is None else float(np.asarray(mark.get_xdata())[0]),
            None if band is None else (band.get_x(), band.get_x() + band.get_width()),
            axes.get_xlabel(),
            axes.get_ylabel(),
            axes.get_xlim(),
            axes.get_ylim(),
        )

    def close(self) -> None:
        """Take it off the page and free the figure; twice is harmless."""
        if self.comm is None:  # ipywidgets closes once more when the object is let go
            return
        self._figure.clear()
        for widget in (self._canvas.toolbar, self._canvas, self):
            close_parts(widget)
        self._canvas.toolbar.close()
        self._canvas.close()
        super().close()

    def _draw_mark(self, mark: float | None) -> None:
        if self._mark is not None:
            self._mark.remove()
            self._mark = None
        if mark is not None:
            self._mark = self._axes.axvline(mark, color="#888", linewidth=1, linestyle="--")

    def _draw_band(self, band: tuple[float, float] | None) -> None:
        if self._band is not None:
            self._band.remove()
            self._band = None
        if band is not None:
            self._band = self._axes.axvspan(*band, color="#3a9d5d", alpha=0.25, linewidth=0)
