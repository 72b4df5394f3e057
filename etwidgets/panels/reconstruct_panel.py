"""Choose a method and reconstruct the volume; shows what it would take before it is begun."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.engine import FILTERS, ITERATIVE
from etwidgets.panels.convergence import FOLLOWED, Convergence
from etwidgets.panels.navigation import add_column_slider, add_look
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, bare_slice, pixel_size, sinogram_pane, slice_pane
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session import size_in_words
from etwidgets.session.convergence import compare_methods
from etwidgets.session.previews import reconstruction_time
from etwidgets.views import ImageView, contrast_limits

if TYPE_CHECKING:
    from etwidgets.session.convergence import Contender
    from etwidgets.signals import RecStack, TomoStack
    from etwidgets.views import Pane

_HELP = {
    "FBP": (
        "The first look, in seconds.",
        "Many tilts, little noise.",
        "Streaks where tilts are missing.",
    ),
    "SIRT": (
        "The standard for electron tomography.",
        "Few tilts or noise; 20 to 100 iterations.",
        "Slow; with too many iterations noise grows.",
    ),
    "OS-SIRT": (
        "SIRT some ten times faster.",
        "As SIRT; 3 to 10 iterations, each a sweep over all tilts.",
        "Noise grows sooner: fewer iterations than you think.",
    ),
    "FISTA-TV": (
        "Even materials with sharp edges, few tilts or much noise.",
        "Noise hides the shape; 30 to 100 iterations.",
        "Too high a price of edges makes patches and loses small things.",
    ),
    "CGLS": (
        "The closest fit in the fewest iterations.",
        "Little noise; 5 to 15 iterations.",
        "Noise grows fast; values below 0 are only cut at the end.",
    ),
    "SART": (
        "Converges in few sweeps.",
        "Little noise; 2 to 10 iterations, each a sweep over all tilts.",
        "Noisier than SIRT at the same sharpness.",
    ),
    "DART": (
        "A few materials of even density.",
        "You know the grey levels, from a SIRT volume.",
        "Wrong levels give wrong shapes; every voxel gets one of them.",
    ),
    "BP": (
        "A very smooth first look.",
        "Never for measuring.",
        "Blurred: values have no meaning.",
    ),
}


_ALONE_PX, _WITH_CURVE_PX = 520, 290  # height of the pictures


class ReconstructPanel(Panel):
    """Method, parameters, Run; the sinogram and the slice at one column."""

    name = "reconstruct"
    title = "Reconstruct"
    operations = frozenset({"reconstruct"})
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._sinogram_contrast, self._slice_contrast = Contrast(), Contrast()
        self._images = self.add_view(ImageView(height=_ALONE_PX).add_class("etw-grow"))
        self._help, self._cost = text(), text()
        column = add_column_slider(self)
        self._build_form()
        self._convergence = Convergence(self, self._show_course)
        self.listen(self.model, ("stack", "reconstruction"), self._convergence.forget)
        look = add_look(self)
        self.refresh_on(self.model, ("stack", "reconstruction", "stale"))
        self.refresh_on(self.display, ("column", "contrast", "colour_map"))
        self._contest = self.session.latest(compare_methods, self._show_contest)
        self._undo.callback(self._contest.close)
        self.on_click("compare", self._compare)
        self._clock = self.session.latest(reconstruction_time, self._tell_time)
        self._undo.callback(self._clock.close)
        self.listen(self.model, "stack", self._suggest_price)
        self.listen(self.model, ("stack", "busy"), self._tell_cost)
        for name in ("method", "iterations", "thickness"):
            self.on_change(name, self._tell_cost)
        self.on_change("method", self._show_method)
        self.on_click("run", self._run)
        self._show_method()
        self._suggest_price()
        names = ("method", "iterations", "filter", "price", "levels", "constrain", "thickness")
        form = [heading("Reconstruct"), *(self.controls[name] for name in names), self._cost]
        pictures = [self._images, row(column), self._convergence.widget]
        buttons = [self.controls[name] for name in ("run", "follow", "compare")]
        return pictures, [*form, *buttons, self.hint, self._help, *look]

    def _build_form(self) -> None:
        self.add("method", control(widgets.Dropdown, "method", options=list(_HELP)))
        self.add("iterations", control(widgets.BoundedIntText, "iterations", value=20, min=1, max=5000))
        self.add("filter", control(widgets.Dropdown, "filter", options=FILTERS, value="shepp-logan"))
        self.add("price", control(widgets.BoundedFloatText, "price of edges", value=0, min=0, max=1e30))
        self.add("levels", control(widgets.Text, "grey levels", placeholder="0, 120, 400"))
        self.add("constrain", control(widgets.Checkbox, "nothing below 0", value=True, indent=False))
        self.add("thickness", control(widgets.BoundedIntText, "thickness (px)", value=0, min=0, max=100_000))
        self.add("run", button("Reconstruct", primary=True))
        self.add("compare", button("Compare methods on one slice"))

    def redraw(self) -> None:
        """Show the sinogram, and the slice that was reconstructed from it."""
        self._tell_cost()
        stack, volume = self.model.stack, self.model.reconstruction
        if stack is None:
            self._images.show([])
            return
        if self._convergence.active:
            return
        self._images.height = _ALONE_PX
        limits = self._sinogram_contrast.of(stack, self.display.contrast)
        panes = [sinogram_pane(stack, self.display, limits)]
        if volume is not None:
            panes.append(self._slice(volume))
        self._images.show(panes)

    def _show_course(self, panes: list[Pane]) -> None:
        self._images.height = _WITH_CURVE_PX
        self._images.show(panes)

    def _compare(self) -> None:
        """Four methods on the slice at the column, with the iterations of the form for SIRT."""
        stack = self.model.stack
        if stack is None:
            return
        self._convergence.forget()
        x = min(self.display.column, stack.data.shape[-1] - 1)
        asked = self.parameters(checked=False) | {"iterations": self.controls["iterations"].value}
        sinogram = np.asarray(stack.data[:, :, x])
        self._cost.value = "<p class='etw-quiet'>Comparing four methods on one slice …</p>"
        self._contest.submit(sinogram, stack.tilts_deg.copy(), asked, self.controls["price"].value)

    def _show_contest(self, contenders: list[Contender]) -> None:
        stack = self.model.stack
        if stack is None:
            return
        limits = contrast_limits(np.stack([each.image for each in contenders]), (1, 99.9))
        size, panes = pixel_size(stack, "y"), []
        for each in contenders:
            count = f" {each.iterations}" if each.iterations else ""
            caption = f"{100 * each.unexplained:.1f} % unexplained"
            pane = bare_slice(each.image, 0, size, self.display, limits, f"{each.method}{count}")
            panes.append(replace(pane, caption=caption))
        self._images.show(panes)
        times = ", ".join(f"{each.method} {each.seconds:.2f} s" for each in contenders)
        self._cost.value = f"<p class='etw-quiet'>One slice: {times}. Same contrast in all.</p>"

    def _slice(self, volume: RecStack) -> Any:
        limits = self._slice_contrast.of(volume, self.display.contrast)
        x = min(self.display.column, volume.data.shape[0] - 1)
        title = "Slice (of the series before its last change)" if self.model.stale else "Slice"
        return slice_pane(volume, x, self.display, limits, title)

    def enable(self) -> None:
        """A slice may be followed also while a step runs, if its method has iterations."""
        super().enable()
        stack, method = self.model.stack, self.controls["method"].value
        ready = stack is not None and stack.has_tilts and stack.data.ndim == 3
        self.controls["follow"].disabled = not ready or method not in FOLLOWED
        self.controls["compare"].disabled = not ready
        if ready and method not in FOLLOWED and not self.hint.value:
            self.hint.value = (
                f"{method} has no iterations to follow; choose SIRT or another iterative method."
            )

    def _show_method(self) -> None:
        self.enable()
        method = self.controls["method"].value
        shown = {
            "iterations": method in ITERATIVE,
            "filter": method == "FBP",
            "price": method == "FISTA-TV",
            "levels": method == "DART",
            "constrain": method != "DART",
        }
        for name, visible in shown.items():
            self.controls[name].layout.display = "" if visible else "none"
        slots = zip(("For", "When", "Caution"), _HELP[method], strict=True)
        lines = "".join(f"<p><b>{name}</b> {escape(words)}</p>" for name, words in slots)
        self._help.value = f"<div class='etw-help'>{lines}</div>"

    def _suggest_price(self) -> None:
        """A first price of edges: a twentieth of the largest projected value."""
        stack = self.model.stack
        if stack is not None and stack.data.ndim == 3:
            self.controls["price"].value = float(f"{max(float(stack.data.max()), 0) / 20:.2g}")

    def _tell_cost(self) -> None:
        stack = self.model.stack
        if stack is None or not stack.has_tilts or stack.data.ndim != 3:
            self._cost.value = ""
            return
        parameters = self.parameters(checked=False)
        self._say_cost(stack, parameters, None)
        if self.shown and not self.model.busy:
            self._clock.submit(stack.data.shape, stack.tilts_deg.copy(), parameters)

    def _tell_time(self, found: tuple[dict[str, Any], float]) -> None:
        parameters, seconds = found
        stack = self.model.stack
        if stack is not None and parameters == self.parameters(checked=False):
            self._say_cost(stack, parameters, seconds)

    def _say_cost(self, stack: TomoStack, parameters: dict[str, Any], seconds: float | None) -> None:
        memory, _ = self.session.estimate("reconstruct", **parameters)
        height = stack.data.shape[-2]
        time = "" if seconds is None else f"~{max(1, round(seconds))} s, "
        thickness = "" if self.controls["thickness"].value else f"; thickness 0 means {height} px, the height"
        self._cost.value = f"<p class='etw-quiet'>{time}{size_in_words(memory)} of memory{thickness}</p>"

    def parameters(self, *, checked: bool = True) -> dict[str, Any]:
        """What the form says, as parameters of the operation."""
        method = self.controls["method"].value
        parameters: dict[str, Any] = {"method": method}
        if method in ITERATIVE:
            parameters["iterations"] = self.controls["iterations"].value
        if method == "FBP":
            parameters["sino_filter"] = self.controls["filter"].value
        if method == "FISTA-TV":
            parameters["tv_weight"] = self.controls["price"].value
        if method == "DART":
            if checked:
                parameters["gray_levels"] = _levels(self.controls["levels"].value)
        elif self.controls["constrain"].value:
            parameters["constrain"] = True
        if self.controls["thickness"].value:
            parameters["thickness"] = self.controls["thickness"].value
        return parameters

    def _run(self) -> None:
        self.session.apply("reconstruct", **self.parameters())


def _levels(written: str) -> list[float]:
    from etwidgets.errors import ParameterError

    try:
        return [float(word) for word in written.replace(";", ",").split(",") if word.strip()]
    except ValueError as error:
        raise ParameterError(f"grey levels are numbers with commas between, not {written!r}") from error
