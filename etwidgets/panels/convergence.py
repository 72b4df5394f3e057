"""One slice while it converges: curve, slice, residual; knows its panel and no other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.pictures import bare_slice, difference_pane, pixel_size
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session.convergence import ConvergenceTrace, SliceIterations, residual_sinogram
from etwidgets.session.jobs import error_text
from etwidgets.views import CurveView, contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.engine import Iterate
    from etwidgets.panels.reconstruct_panel import ReconstructPanel
    from etwidgets.views import Pane

FOLLOWED = ("SIRT", "OS-SIRT", "SART", "CGLS", "FISTA-TV")
"""Methods that have a course to follow."""
_DRAW_EVERY_S = 0.25


class Convergence:
    """Follows one slice through the iterations, and scrubs back through them.

    Parameters
    ----------
    panel
        Whose controls and previews it adds to.
    show
        Draws panes in the panel's picture.
    """

    def __init__(self, panel: ReconstructPanel, show: Callable[[list[Pane]], None]) -> None:
        self._panel, self._show = panel, show
        self._course: ConvergenceTrace | None = None
        self._request: tuple[Any, Any, Mapping[str, Any]] | None = None
        self._column, self._drawn_at = 0, 0.0
        self._curve = panel.add_view(CurveView("iteration", "residual", height=160, width=760))
        self._note = text()
        panel.add("follow", button("Follow one slice"))
        panel.add("stop", button("Stop"))
        panel.add("iteration", control(widgets.IntSlider, "iteration", min=1, max=1))
        panel.add("use", button("Use this number"))
        self._following = SliceIterations(self._step, self._end, self._fail, panel.session.runner)
        self._latest = panel.session.latest(residual_sinogram, self._draw)
        for undo in (self._latest.close, self._following.stop):
            panel._undo.callback(undo)  # noqa: SLF001  (a part of the panel)
        panel.on_click("follow", self._start)
        panel.on_click("stop", self._stop)
        panel.on_click("use", self._use)
        panel.on_change("iteration", self._ask)
        scrub = row(*(panel.controls[name] for name in ("iteration", "use", "stop")))
        self.widget = widgets.VBox([self._curve, scrub, self._note])
        """Curve, slider and buttons; hidden until a slice is followed."""
        self.forget()

    def redraw(self) -> None:
        """Draw with the present contrast and colors."""
        self._ask()

    @property
    def active(self) -> bool:
        """Whether a slice is followed or was, and is what the panel shows."""
        return self._course is not None

    def forget(self) -> None:
        """Go back to the panel's usual pictures."""
        self._following.stop()
        self._course = self._request = None
        self._note.value = ""
        self._curve.clear()
        self.widget.layout.display = "none"

    def _start(self) -> None:
        panel = self._panel
        stack, parameters = panel.model.stack, panel.parameters()
        if stack is None:
            return
        panel.to_course()
        self._column = min(panel.display.column, stack.data.shape[-1] - 1)
        sinogram = np.asarray(stack.data[:, :, self._column])
        self._request = (sinogram, stack.tilts_deg.copy(), parameters)
        self._course, self._drawn_at = ConvergenceTrace(), 0.0
        panel.controls["iteration"].max = 1
        self.widget.layout.display = ""
        panel.controls["stop"].disabled = False
        panel.controls["use"].disabled = True
        self._following.start(*self._request)

    def _stop(self) -> None:
        self._following.stop()
        self._end()

    def _step(self, step: Iterate) -> None:
        if self._course is None:
            return
        self._course.add(step)
        if time.monotonic() - self._drawn_at > _DRAW_EVERY_S:
            self._to_newest()

    def _to_newest(self) -> None:
        if self._course is None or not self._course.iterations:
            return
        self._drawn_at = time.monotonic()
        slider, newest = self._panel.controls["iteration"], self._course.iterations[-1]
        slider.max = max(newest, 1)
        if slider.value == newest:
            self._ask()
        else:
            slider.value = newest

    def _end(self) -> None:
        self._panel.controls["stop"].disabled = True
        self._to_newest()

    def _fail(self, error: Exception) -> None:
        self._panel.session.tell(error_text(error), "error", error)

    def _ask(self) -> None:
        """Show the iteration at which the slider is."""
        if self._course is None or self._request is None or not self._course.iterations:
            return
        self._panel.controls["use"].disabled = False
        number, image = self._course.nearest(self._panel.controls["iteration"].value)
        self._latest.submit(*self._request, number, image)

    def _draw(self, found: tuple[int, Any, Any]) -> None:
        course, stack = self._course, self._panel.model.stack
        if course is None or stack is None:
            return
        number, image, residual = found
        title = f"Slice after {number} iterations" if number > 1 else "Slice after 1 iteration"
        size, display = pixel_size(stack, "y"), self._panel.display
        limits = contrast_limits(image, display.contrast)
        shown = bare_slice(image, self._column, size, display, limits, title)
        caption = f"data less reprojection, x = {self._column}"
        left = difference_pane(residual, "Residual sinogram", caption, axes=("y", "tilt"))
        self._show([shown, left])
        self._curve.show({"residual": (course.iterations, course.residuals)}, mark=number)
        value = course.residuals[course.iterations.index(number)]
        relative = 100 * value / max(float(np.linalg.norm(self._request[0])), 1e-30) if self._request else 0.0
        thinned = "; not every slice could be kept" if course.thinned else ""
        self._note.value = (
            f"<p class='etw-quiet'>After {number}: {relative:.2f} % of the data are unexplained{thinned}.</p>"
        )

    def _use(self) -> None:
        self._panel.controls["iterations"].value = self._panel.controls["iteration"].value
