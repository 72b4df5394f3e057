"""One slice by several methods, side by side; knows its panel and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.pictures import bare_slice, pixel_size
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session.convergence import COMPARED, compare_methods
from etwidgets.views import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.panels.reconstruct_panel import ReconstructPanel
    from etwidgets.session.convergence import Candidate
    from etwidgets.views import Pane

_AT_FIRST = ("FBP", "SIRT", "OS-SIRT", "FISTA-TV")


class MethodComparison:
    """Reconstructs the slice at the column by each ticked method; one of them can be taken over.

    Parameters
    ----------
    panel
        Whose controls and previews it adds to.
    show
        Draws panes in the panel's picture.
    """

    def __init__(self, panel: ReconstructPanel, show: Callable[[list[Pane]], None]) -> None:
        self._panel, self._show = panel, show
        self._candidates: list[Candidate] = []
        self._column, self._active = 0, False
        self._note = text()
        panel.add("compare", button("Compare methods on one slice"))
        self._boxes = {
            name: panel.add(
                f"with-{name.lower()}",
                widgets.Checkbox(
                    value=name in _AT_FIRST, description=name, indent=False,
                    layout=widgets.Layout(width="104px"),
                ),
            )
            for name in COMPARED
        }  # fmt: skip
        panel.add("take", control(widgets.Dropdown, "use", options=[]))
        panel.add("use-method", button("Use this one"))
        panel.add("end-contest", button("Close the comparison"))
        self._latest = panel.session.latest(compare_methods, self._keep)
        panel._undo.callback(self._latest.close)  # noqa: SLF001  (a part of the panel)
        panel.on_click("compare", self.start)
        panel.on_click("use-method", self._use)
        panel.on_click("end-contest", self._end)
        for name in COMPARED:
            panel.on_change(f"with-{name.lower()}", self._ask)
        chosen = row(*(panel.controls[name] for name in ("take", "use-method", "end-contest")))
        self.widget = widgets.VBox([row(*self._boxes.values()), chosen, self._note])
        """Tick boxes, choice and words; hidden until methods are compared."""
        self.forget()

    @property
    def active(self) -> bool:
        """Whether methods are compared, which is what the panel shows."""
        return self._active

    def forget(self) -> None:
        """Go back to the panel's usual pictures."""
        self._active, self._candidates = False, []
        self._note.value = ""
        self.widget.layout.display = "none"

    def start(self) -> None:
        """Compare on the slice at the column, with the iterations of the form for SIRT."""
        self._panel.to_contest()
        self._active = True
        self.widget.layout.display = ""
        self._ask()

    def redraw(self) -> None:
        """Draw with the present contrast and colors; of another column, reconstruct first."""
        stack = self._panel.model.stack
        if stack is None:
            return
        if min(self._panel.display.column, stack.data.shape[-1] - 1) != self._column:
            self._ask()
        self._draw()

    def _ask(self) -> None:
        panel = self._panel
        stack = panel.model.stack
        if stack is None or not self._active:
            return
        methods = [name for name, box in self._boxes.items() if box.value]
        if not methods:
            self._note.value = "<p class='etw-quiet'>Tick at least one method.</p>"
            return
        self._column = min(panel.display.column, stack.data.shape[-1] - 1)
        asked = panel.parameters(checked=False) | {"iterations": panel.controls["iterations"].value}
        self._note.value = f"<p class='etw-quiet'>Reconstructing one slice by {', '.join(methods)} …</p>"
        sinogram = np.asarray(stack.data[:, :, self._column])
        price = panel.controls["price"].value
        self._latest.submit(sinogram, stack.tilts_deg.copy(), asked, price, methods)

    def _keep(self, candidates: list[Candidate]) -> None:
        if not self._active:
            return
        self._candidates = candidates
        take = self._panel.controls["take"]
        take.options = [each.method for each in candidates]
        take.value = candidates[-1].method
        times = ", ".join(f"{each.method} {each.seconds:.2f} s" for each in candidates)
        self._note.value = (
            f"<p class='etw-quiet'>Slice at x = {self._column}, same contrast in all. Time for it: {times}. "
            "<b>Unexplained</b>: data less reprojection; noise should stay unexplained.</p>"
        )
        self._draw()

    def _draw(self) -> None:
        stack, panel = self._panel.model.stack, self._panel
        if stack is None or not self._candidates:
            return
        images = np.stack([each.image for each in self._candidates])
        limits = contrast_limits(images, panel.display.contrast)
        size, panes = pixel_size(stack, "y"), []
        for each in self._candidates:
            count = f" {each.iterations}" if each.iterations else ""
            title = f"{each.method}{count}"
            pane = bare_slice(each.image, self._column, size, panel.display, limits, title)
            panes.append(replace(pane, caption=f"{100 * each.unexplained:.1f} % unexplained"))
        self._show(panes)

    def _use(self) -> None:
        """Put the chosen method, with its iterations, into the form."""
        chosen: Any = self._panel.controls["take"].value
        for each in self._candidates:
            if each.method == chosen:
                self._panel.controls["method"].value = each.method
                if each.iterations:
                    self._panel.controls["iterations"].value = each.iterations
        self._end()

    def _end(self) -> None:
        self.forget()
        self._panel.refresh()
