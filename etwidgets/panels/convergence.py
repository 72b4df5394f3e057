"""One slice while it converges: curve, slice, residual; is given the parameters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pictures import bare_slice, difference_pane, pixel_size
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session.convergence import ConvergenceTrace, SliceIterations, residual_sinogram
from etwidgets.session.jobs import error_text
from etwidgets.views import CurveView, contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.engine import Iterate
    from etwidgets.session import Session
    from etwidgets.views import Pane

_DRAW_EVERY_S = 0.25


class Convergence(Component):
    """Follows one slice through the iterations, and scrubs back through them.

    Parameters
    ----------
    session, name
        As of every component.
    show
        Draws panes.
    parameters
        Gives the parameters of the operation ``reconstruct``.
    on_start
        Called before a slice is followed.
    on_take
        Called with the number of iterations that was chosen.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        *,
        show: Callable[[list[Pane]], None],
        parameters: Callable[[], Mapping[str, Any]],
        on_start: Callable[[], None],
        on_take: Callable[[int], None],
    ) -> None:
        super().__init__(session, name)
        self._show, self._parameters = show, parameters
        self._on_start, self._on_take = on_start, on_take
        self._trace: ConvergenceTrace | None = None
        self._request: tuple[Any, Any, Mapping[str, Any]] | None = None
        self._column, self._drawn_at = 0, 0.0
        self._curve = self.add_view(CurveView("iteration", "residual", 160, 760, whole_x=True))
        self._note = text()
        self.add("follow", button("Follow one slice"))
        self.add("stop", button("Stop"))
        self.add("iteration", control(widgets.IntSlider, "iteration", min=1, max=1))
        self.add("use", button("Use this iteration count"))
        self._iterations = SliceIterations(self._step, self._end, self._fail, session.runner)
        self._residual = self.preview(residual_sinogram, self._draw)
        self.on_close(self._iterations.stop)
        self.on_click("follow", self._start)
        self.on_click("stop", self._stop)
        self.on_click("use", self._use)
        self.on_change("iteration", self._ask)
        scrub = row(*(self.controls[each] for each in ("iteration", "use", "stop")))
        self.widget = widgets.VBox([self._curve, scrub, self._note])
        self.stop_following()

    def redraw(self) -> None:
        """Draw with the present contrast and colors."""
        self._ask()

    @property
    def active(self) -> bool:
        """Whether a slice is followed or was, and is what the panel shows."""
        return self._trace is not None

    def stop_following(self) -> None:
        """Hide it, and forget what was followed."""
        self._iterations.stop()
        self._trace = self._request = None
        self._note.value = ""
        self._curve.clear()
        self.widget.layout.display = "none"

    def _start(self) -> None:
        stack, parameters = self.model.stack, self._parameters()
        if stack is None:
            return
        self._on_start()
        self._column = min(self.display.column, stack.data.shape[-1] - 1)
        sinogram = np.asarray(stack.data[:, :, self._column])
        self._request = (sinogram, stack.tilts_deg.copy(), parameters)
        self._trace, self._drawn_at = ConvergenceTrace(), 0.0
        self.controls["iteration"].max = 1
        self.widget.layout.display = ""
        self.controls["stop"].disabled = False
        self.controls["use"].disabled = True
        self._iterations.start(*self._request)

    def _stop(self) -> None:
        self._iterations.stop()
        self._end()

    def _step(self, step: Iterate) -> None:
        if self._trace is None:
            return
        self._trace.add(step)
        if time.monotonic() - self._drawn_at > _DRAW_EVERY_S:
            self._to_newest()

    def _to_newest(self) -> None:
        if self._trace is None or not self._trace.iterations:
            return
        self._drawn_at = time.monotonic()
        slider, newest = self.controls["iteration"], self._trace.iterations[-1]
        slider.max = max(newest, 1)
        if slider.value == newest:
            self._ask()
        else:
            slider.value = newest

    def _end(self) -> None:
        self.controls["stop"].disabled = True
        self._to_newest()

    def _fail(self, error: Exception) -> None:
        self.session.tell(error_text(error), "error", error)

    def _ask(self) -> None:
        """Show the iteration at which the slider is."""
        if self._trace is None or self._request is None or not self._trace.iterations:
            return
        self.controls["use"].disabled = False
        number, image = self._trace.nearest(self.controls["iteration"].value)
        self._residual.submit(*self._request, number, image)

    def _draw(self, found: tuple[int, Any, Any]) -> None:
        trace, stack = self._trace, self.model.stack
        if trace is None or stack is None:
            return
        number, image, residual = found
        title = f"Slice after {number} iterations" if number > 1 else "Slice after 1 iteration"
        size, display = pixel_size(stack, "y"), self.display
        limits = contrast_limits(image, display.contrast)
        shown = bare_slice(image, self._column, size, display, limits, title)
        caption = f"data minus reprojection, x = {self._column}"
        left = difference_pane(residual, "Residual sinogram", caption, axes=("y", "tilt"))
        self._show([shown, left])
        self._curve.show({"residual": (trace.iterations, trace.residuals)}, mark=number)
        value = trace.residuals[trace.iterations.index(number)]
        relative = 100 * value / max(float(np.linalg.norm(self._request[0])), 1e-30) if self._request else 0.0
        thinned = "; not every slice could be kept" if trace.thinned else ""
        self._note.value = (
            f"<p class='etw-quiet'>After {number}: relative residual {relative:.2f} %{thinned}.</p>"
        )

    def _use(self) -> None:
        self._on_take(self.controls["iteration"].value)
