"""One slice by several methods, side by side; is given what to compare, and offers one of them for use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.engine import algorithms
from etwidgets.panels.component import Component
from etwidgets.panels.pictures import bare_slice, pixel_size
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session.convergence import compare_methods
from etwidgets.views import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.session import Session
    from etwidgets.session.convergence import Candidate
    from etwidgets.views import Pane

_TICKED = ("FBP", "SIRT", "OS-SIRT", "FISTA-TV")


class MethodComparison(Component):
    """Reconstructs the slice at the column by each ticked method; one of them can be taken over.

    Parameters
    ----------
    session, name
        As of every component.
    show
        Draws panes.
    parameters
        Gives the parameters of the operation ``reconstruct``, with the options of all methods.
    on_start, on_end
        Called before the comparison is shown, and after it was closed.
    on_take
        Called with the method that was chosen, and its iterations (0: it has none).
    """

    def __init__(
        self,
        session: Session,
        name: str,
        *,
        show: Callable[[list[Pane]], None],
        parameters: Callable[[], Mapping[str, Any]],
        on_start: Callable[[], None],
        on_end: Callable[[], None],
        on_take: Callable[[str, int], None],
    ) -> None:
        super().__init__(session, name)
        self._show, self._parameters = show, parameters
        self._on_start, self._on_end, self._on_take = on_start, on_end, on_take
        self._candidates: list[Candidate] = []
        self._column, self._active = 0, False
        self._note = text()
        self.add("compare", button("Compare methods on one slice"))
        self._boxes = {
            each.name: self.add(f"with-{each.name.lower()}", _box(each.name))
            for each in algorithms().values()
            if each.can_compare
        }
        self.add("take", control(widgets.Dropdown, "use", options=[]))
        self.add("use-method", button("Use this method"))
        self.add("end-comparison", button("Close comparison"))
        self._comparing = self.preview(compare_methods, self._keep)
        self.on_click("compare", self.start)
        self.on_click("use-method", self._use)
        self.on_click("end-comparison", self._end)
        for box in self._boxes.values():
            self.listen(box, "value", self._ask)
        chosen = row(*(self.controls[each] for each in ("take", "use-method", "end-comparison")))
        self.widget = widgets.VBox([row(*self._boxes.values()), chosen, self._note])
        self.close_comparison()

    @property
    def active(self) -> bool:
        """Whether methods are compared."""
        return self._active

    def close_comparison(self) -> None:
        """Hide it, and forget the candidates."""
        self._active, self._candidates = False, []
        self._note.value = ""
        self.widget.layout.display = "none"

    def start(self) -> None:
        """Compare on the slice at the column, with the iterations of the form for SIRT."""
        self._on_start()
        self._active = True
        self.widget.layout.display = ""
        self._ask()

    def redraw(self) -> None:
        """Draw with the present contrast and colors; of another column, reconstruct first."""
        stack = self.model.stack
        if stack is None:
            return
        if min(self.display.column, stack.data.shape[-1] - 1) != self._column:
            self._ask()
        self._draw()

    def _ask(self) -> None:
        stack = self.model.stack
        if stack is None or not self._active:
            return
        methods = [name for name, box in self._boxes.items() if box.value]
        if not methods:
            self._note.value = "<p class='etw-quiet'>Tick at least one method.</p>"
            return
        self._column = min(self.display.column, stack.data.shape[-1] - 1)
        self._note.value = f"<p class='etw-quiet'>Reconstructing one slice by {', '.join(methods)} …</p>"
        sinogram = np.asarray(stack.data[:, :, self._column])
        self._comparing.submit(sinogram, stack.tilts_deg.copy(), self._parameters(), methods)

    def _keep(self, candidates: list[Candidate]) -> None:
        if not self._active:
            return
        self._candidates = candidates
        take = self.controls["take"]
        take.options = [each.method for each in candidates]
        take.value = candidates[-1].method
        times = ", ".join(f"{each.method} {each.seconds:.2f} s" for each in candidates)
        self._note.value = (
            f"<p class='etw-quiet'>Slice at x = {self._column}, same contrast in all. Time: {times}. "
            "<b>Residual</b>: norm of data minus reprojection, relative to the data; ideally only noise.</p>"
        )
        self._draw()

    def _draw(self) -> None:
        stack = self.model.stack
        if stack is None or not self._candidates:
            return
        images = np.stack([each.image for each in self._candidates])
        limits = contrast_limits(images, self.display.contrast)
        size, panes = pixel_size(stack, "y"), []
        for each in self._candidates:
            count = f" {each.iterations}" if each.iterations else ""
            title = f"{each.method}{count}"
            pane = bare_slice(each.image, self._column, size, self.display, limits, title)
            caption = f"residual {100 * each.relative_residual:.1f} %"
            panes.append(replace(pane, caption=caption))
        self._show(panes)

    def _use(self) -> None:
        chosen: Any = self.controls["take"].value
        for each in self._candidates:
            if each.method == chosen:
                self._on_take(each.method, each.iterations)
        self._end()

    def _end(self) -> None:
        self.close_comparison()
        self._on_end()


def _box(name: str) -> widgets.Checkbox:
    layout = widgets.Layout(width="104px")
    return widgets.Checkbox(value=name in _TICKED, description=name, indent=False, layout=layout)
