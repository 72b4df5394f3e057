"""Choose a method and reconstruct the volume; shows what it would take before it is begun."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.engine import FILTERS, ITERATIVE, why_not
from etwidgets.panels.convergence import FOLLOWED, Convergence
from etwidgets.panels.cures import NOT_REGISTERED
from etwidgets.panels.method_comparison import MethodComparison
from etwidgets.panels.navigation import add_column_slider, add_look
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, sinogram_pane, slice_pane
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session import size_text
from etwidgets.session.previews import reconstruction_time
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from etwidgets.session import Cure
    from etwidgets.signals import RecStack, TomoStack

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
        "You know the gray levels, from a SIRT volume.",
        "Wrong levels give wrong shapes; every voxel gets one of them.",
    ),
    "BP": (
        "A very smooth first look.",
        "Never for measuring.",
        "Blurred: values have no meaning.",
    ),
}


_UNREGISTERED = (
    "These projections have not been registered: drift between them blurs the volume. Register them first, "
    "or go on if the series came aligned."
)
_ALONE_PX, _WITH_CHOICE_PX, _WITH_CURVE_PX = 520, 400, 290  # height of the pictures
_BACKENDS = {
    "auto": "the fastest here",
    "cpu": "processor",
    "astra-cpu": "processor, ASTRA",
    "astra-cuda": "graphics card, ASTRA",
}


class ReconstructPanel(Panel):
    """Method, parameters, Run; the sinogram and the slice at one column; what to expect, on that slice."""

    name = "reconstruct"
    title = "Reconstruct"
    operations = frozenset({"reconstruct"})
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._sinogram_contrast, self._slice_contrast = Contrast(), Contrast()
        self._images = self.add_view(ImageView(height=_ALONE_PX).add_class("etw-grow"))
        self._help, self._cost, self._strip = text(), text(), self.cure_strip(2)
        column = add_column_slider(self)
        self._build_form()
        self._convergence = Convergence(self, self._images.show)
        self._contest = MethodComparison(self, self._images.show)
        look = add_look(self)
        self._clock = self.session.latest(reconstruction_time, self._tell_time)
        self._undo.callback(self._clock.close)
        self._wire()
        names = ("method", "iterations", "filter", "price", "levels", "constrain", "thickness", "backend")
        form = [heading("Reconstruct"), *(self.controls[name] for name in names), self._cost]
        pictures = [self._images, row(column), self._convergence.widget, self._contest.widget]
        buttons = [self.controls[name] for name in ("bin", "run", "follow", "compare")]
        form.insert(1, self._strip.widget)
        return pictures, [*form, *buttons, self.hint, self._help, *look]

    def _build_form(self) -> None:
        self.add("method", control(widgets.Dropdown, "method", options=list(_HELP)))
        self.add("iterations", control(widgets.BoundedIntText, "iterations", value=20, min=1, max=5000))
        self.add("filter", control(widgets.Dropdown, "filter", options=FILTERS, value="shepp-logan"))
        self.add("price", control(widgets.BoundedFloatText, "price of edges", value=0, min=0, max=1e30))
        self.add("levels", control(widgets.Text, "gray levels", placeholder="0, 120, 400"))
        self.add("constrain", control(widgets.Checkbox, "nothing below 0", value=True, indent=False))
        self.add("thickness", control(widgets.BoundedIntText, "thickness (px)", value=0, min=0, max=100_000))
        self._missing = {name: why_not(name) for name in _BACKENDS}
        offered = [
            (words + (" (not here)" if self._missing[name] else ""), name)
            for name, words in _BACKENDS.items()
        ]
        self.add("backend", control(widgets.Dropdown, "run on", options=offered))
        self.add("bin", button("Bin by 2 first"))
        self.add("run", button("Reconstruct", primary=True))

    def _wire(self) -> None:
        self.listen(self.model, ("stack", "reconstruction"), self._to_usual)
        self.refresh_on(self.model, ("stack", "reconstruction", "stale"))
        self.refresh_on(self.display, ("column", "contrast", "color_map"))
        self.listen(self.model, "stack", self._suggest_price)
        self.listen(self.model, ("stack", "busy"), self._tell_cost)
        for name in ("method", "iterations", "thickness", "backend"):
            self.on_change(name, self._tell_cost)
        for name in ("thickness", "backend"):
            self.on_change(name, self.enable)
        self.on_change("method", self._show_method)
        self.on_click("run", self._run)
        self.on_click("bin", lambda: self.session.apply("bin", factor=self._factor))

    def fresh(self) -> None:
        """Nothing is followed or compared, and the price of edges is that of the series."""
        for contrast in (self._sinogram_contrast, self._slice_contrast):
            contrast.clear()
        self._cost.value = ""
        self._to_usual()
        self._show_method()
        self._suggest_price()

    def redraw(self) -> None:
        """Show the sinogram, and the slice that was reconstructed from it."""
        self._tell_cost()
        stack, volume = self.model.stack, self.model.reconstruction
        self._strip.show(_doubts(stack, self.model.source, stale=self.model.stale))
        if stack is None:
            self._images.show([])
        elif self._convergence.active:
            self._convergence.redraw()
        elif self._contest.active:
            self._contest.redraw()
        else:
            limits = self._sinogram_contrast.of(stack, self.display.contrast)
            panes = [sinogram_pane(stack, self.display, limits)]
            if volume is not None:
                panes.append(self._slice(volume))
            self._images.show(panes)

    def to_course(self) -> None:
        """Make room for one slice that is followed."""
        self._contest.forget()
        self._images.height = _WITH_CURVE_PX

    def to_contest(self) -> None:
        """Make room for methods that are compared."""
        self._convergence.forget()
        self._images.height = _WITH_CHOICE_PX

    def _to_usual(self) -> None:
        self._convergence.forget()
        self._contest.forget()
        self._images.height = _ALONE_PX

    def _slice(self, volume: RecStack) -> Any:
        limits = self._slice_contrast.of(volume, self.display.contrast)
        x = min(self.display.column, volume.data.shape[0] - 1)
        title = "Slice (of the series before its last change)" if self.model.stale else "Slice"
        return slice_pane(volume, x, self.display, limits, title)

    def enable(self) -> None:
        """A slice may be followed also while a step runs, if its method has iterations."""
        super().enable()
        self._strip.enable()
        stack, method = self.model.stack, self.controls["method"].value
        ready = stack is not None and stack.has_tilts and stack.data.ndim == 3
        self.controls["follow"].disabled = not ready or method not in FOLLOWED
        self.controls["compare"].disabled = not ready
        self._factor, lack = self._lack() if ready else (1, "")
        self.controls["bin"].layout.display = "" if lack else "none"
        self.controls["bin"].disabled = self.model.busy
        self.controls["bin"].description = f"Bin by {self._factor} first"
        missing = self._missing[self.controls["backend"].value]
        if not self.controls["run"].disabled and (lack or missing):
            self.controls["run"].disabled = True
            self.hint.value = f"Not on this machine: {missing}." if missing else lack
        if ready and method not in FOLLOWED and not self.hint.value:
            self.hint.value = (
                f"{method} has no iterations to follow; choose SIRT or another iterative method."
            )

    def _lack(self) -> tuple[int, str]:
        """By how much to bin so that the memory is enough, and what is lacking; 1 and nothing if it is."""
        parameters = self.parameters(checked=False)
        lack = self.session.memory_shortfall("reconstruct", **parameters)
        if not lack:
            return 1, ""
        needed, free = lack
        factor = next((k for k in (2, 3, 4, 6) if needed < free * k**3), 8)
        return factor, (
            f"This needs {size_text(needed)} of memory; {size_text(free)} are free: bin, crop, or "
            "choose a smaller thickness."
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
            n_series = 1 + len(self.model.channels)
            self._clock.submit(stack.data.shape, stack.tilts_deg.copy(), parameters, n_series)

    def _tell_time(self, found: tuple[dict[str, Any], float | None]) -> None:
        parameters, seconds = found
        stack = self.model.stack
        if stack is not None and parameters == self.parameters(checked=False):
            self._say_cost(stack, parameters, seconds)

    def _say_cost(self, stack: TomoStack, parameters: dict[str, Any], seconds: float | None) -> None:
        memory, _ = self.session.estimate("reconstruct", **parameters)
        height = stack.data.shape[-2]
        time = "" if seconds is None else f"~{max(1, round(seconds))} s, "
        thickness = "" if self.controls["thickness"].value else f"; thickness 0 means {height} px, the height"
        self._cost.value = f"<p class='etw-quiet'>{time}{size_text(memory)} of memory{thickness}</p>"

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
        if self.controls["backend"].value != "auto":
            parameters["backend"] = self.controls["backend"].value
        return parameters

    def _run(self) -> None:
        self.session.apply("reconstruct", **self.parameters())


def _doubts(stack: TomoStack | None, source: str, *, stale: bool) -> list[tuple[str, Cure | None]]:
    """What should be known before a reconstruction is begun; nothing of it is forbidden."""
    lines: list[tuple[str, Cure | None]] = []
    if stack is not None and stack.data.shape[0] > 1 and not _is_registered(stack, source):
        lines.append((_UNREGISTERED, NOT_REGISTERED))
    if stale:
        lines.append(("The series changed after this volume was reconstructed: reconstruct it again.", None))
    return lines


def _is_registered(stack: TomoStack, source: str) -> bool:
    """Whether its projections were shifted, here or before; of IMOD's files the ending says so."""
    names = (source, str(stack.metadata.get_item("General.original_filename", default="")))
    return bool(stack.shifts_px.any()) or any(name.lower().endswith(".ali") for name in names)


def _levels(written: str) -> list[float]:
    from etwidgets.errors import ParameterError

    try:
        return [float(word) for word in written.replace(";", ",").split(",") if word.strip()]
    except ValueError as error:
        raise ParameterError(f"gray levels are numbers with commas between, not {written!r}") from error
