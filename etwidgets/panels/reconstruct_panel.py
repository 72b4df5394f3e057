"""Choose a method and reconstruct the volume; shows what it would take before it is begun."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from etwidgets import cluster
from etwidgets.panels.convergence import Convergence
from etwidgets.panels.cures import NOT_REGISTERED
from etwidgets.panels.look import add_look
from etwidgets.panels.method_comparison import MethodComparison
from etwidgets.panels.method_form import MethodForm
from etwidgets.panels.navigation import add_column_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, sinogram_pane, slice_pane
from etwidgets.panels.pieces import button, heading, row, text
from etwidgets.session import size_text
from etwidgets.session.previews import reconstruction_time
from etwidgets.views import ImageView

if TYPE_CHECKING:
    import ipywidgets as widgets

    from etwidgets.session import Cure
    from etwidgets.signals import RecStack, TomoStack

_UNREGISTERED = (
    "These projections have not been registered: drift between them blurs the volume. Register them first, "
    "or go on if the series came aligned."
)
_ALONE_PX, _WITH_CHOICE_PX, _WITH_CURVE_PX = 520, 400, 290  # height of the pictures


class ReconstructPanel(Panel):
    """Method, parameters, Run; the sinogram and the slice at one column; what to expect, on that slice."""

    name = "reconstruct"
    title = "Reconstruct"
    promise = "The sinogram and a slice of the volume, and how good each method is on this series."
    operations = frozenset({"reconstruct"})
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._sinogram_contrast, self._slice_contrast = Contrast(), Contrast()
        self._images = self.add_view(ImageView(height=_ALONE_PX).add_class("etw-grow"))
        self._followed = ""
        self._cost, self._chosen, self._strip = text(), text(), self.cure_strip(2)
        column = add_column_slider(self)
        self._form = self.add_part(MethodForm(self.session, self.name, self._edited))
        self.add("bin", button("Bin by 2 first"))
        self.add("run", button("Reconstruct", primary=True))
        self._add_parts()
        look = add_look(self)
        self._clock = self.preview(reconstruction_time, self._take_time)
        self._wire()
        form = [heading("Reconstruct"), self._strip.widget, *self._form.fields, self._cost]
        pictures = [self._images, row(column), self._convergence.widget, self._comparison.widget]
        buttons = [self.controls[name] for name in ("bin", "run", "follow", "compare")]
        return pictures, [*form, *buttons, self._chosen, self.hint, self._form.help, *look]

    def _add_parts(self) -> None:
        self._convergence = self.add_part(
            Convergence(
                self.session,
                self.name,
                show=self._images.show,
                parameters=self._form.parameters,
                on_start=self._make_room_for_convergence,
                on_take=lambda iterations: self._form.choose(self._followed, iterations),
            )
        )
        self._comparison = self.add_part(
            MethodComparison(
                self.session,
                self.name,
                show=self._images.show,
                parameters=self._form.for_all_methods,
                on_start=self._make_room_for_comparison,
                on_end=self.refresh,
                on_take=self._form.choose,
            )
        )

    def _wire(self) -> None:
        self.listen(self.model, ("stack", "reconstruction"), self._show_usual)
        self.refresh_on(self.model, ("stack", "reconstruction", "stale"))
        self.refresh_on(self.display, ("column", "contrast", "limits", "color_map"))
        self.listen(self.model, ("stack", "busy"), self._show_cost)
        self.on_click("run", self._run)
        self.on_click("bin", lambda: self.session.apply("bin", factor=self._factor))

    def _edited(self) -> None:
        self.enable()
        self._show_cost()

    def fresh(self) -> None:
        """Nothing is followed or compared."""
        for contrast in (self._sinogram_contrast, self._slice_contrast):
            contrast.clear()
        self._cost.value = ""
        self._show_usual()

    def redraw(self) -> None:
        """Show the sinogram, and the slice that was reconstructed from it."""
        self._show_cost()
        stack, volume = self.model.stack, self.model.reconstruction
        self._chosen.value = "" if volume is None or self.model.stale else _why(volume)
        self._strip.show(_doubts(stack, self.model.source, stale=self.model.stale))
        if stack is None:
            self._images.show([])
        elif self._convergence.active:
            self._convergence.redraw()
        elif self._comparison.active:
            self._comparison.redraw()
        else:
            limits = self._sinogram_contrast.shown(stack, self.display)
            panes = [sinogram_pane(stack, self.display, limits)]
            if volume is not None:
                panes.append(self._slice(volume))
            self._images.show(panes)

    def _make_room_for_convergence(self) -> None:
        self._followed = self._form.algorithm.name
        self._comparison.close_comparison()
        self._images.height = _WITH_CURVE_PX

    def _make_room_for_comparison(self) -> None:
        self._convergence.stop_following()
        self._images.height = _WITH_CHOICE_PX

    def _show_usual(self) -> None:
        self._convergence.stop_following()
        self._comparison.close_comparison()
        self._images.height = _ALONE_PX

    def _slice(self, volume: RecStack) -> Any:
        limits = self._slice_contrast.shown(volume, self.display)
        x = min(self.display.column, volume.data.shape[0] - 1)
        title = "Slice (of the series before its last change)" if self.model.stale else "Slice"
        return slice_pane(volume, x, self.display, limits, title)

    def enable(self) -> None:
        """A slice may be followed also while an operation runs, if the method has iterations to follow."""
        super().enable()
        self._strip.enable()
        stack, algorithm = self.model.stack, self._form.algorithm
        ready = stack is not None and stack.has_tilts and stack.data.ndim == 3
        followed = algorithm.iterative and algorithm.can_follow and not self._form.automatic
        self.controls["follow"].disabled = not ready or not followed
        self.controls["compare"].disabled = not ready
        self._factor, shortfall = self._shortfall() if ready else (1, "")
        self.controls["bin"].layout.display = "" if shortfall else "none"
        self.controls["bin"].disabled = self.model.busy
        self.controls["bin"].description = f"Bin by {self._factor} first"
        missing = self._form.missing
        if not self.controls["run"].disabled and (shortfall or missing):
            self.controls["run"].disabled = True
            self.hint.value = f"Not on this machine: {missing}." if missing else shortfall
        if ready and not followed and not self._form.automatic and not self.hint.value:
            self.hint.value = (
                f"{algorithm.name} has no iterations to follow; choose SIRT or another iterative method."
            )

    def _shortfall(self) -> tuple[int, str]:
        """The binning that fits into the memory, and what is missing; 1 and nothing if it fits."""
        shortfall = self.session.memory_shortfall("reconstruct", **self._form.parameters(checked=False))
        if not shortfall:
            return 1, ""
        needed, free = shortfall
        factor = next((k for k in (2, 3, 4, 6) if needed < free * k**3), 8)
        return factor, (
            f"This needs {size_text(needed)} of memory, but only {size_text(free)} are free: bin, "
            "crop, or choose a smaller thickness."
        )

    def _show_cost(self) -> None:
        stack = self.model.stack
        if stack is None or not stack.has_tilts or stack.data.ndim != 3:
            self._cost.value = ""
            return
        parameters = self._form.parameters(checked=False)
        self._write_cost(stack, parameters, None)
        if self.shown and not self.model.busy and cluster.active() is None:
            n_series = 1 + len(self.model.channels)
            self._clock.submit(stack.data.shape, stack.tilts_deg.copy(), parameters, n_series)

    def _take_time(self, found: tuple[dict[str, Any], float | None]) -> None:
        parameters, seconds = found
        stack = self.model.stack
        if stack is not None and parameters == self._form.parameters(checked=False):
            self._write_cost(stack, parameters, seconds)

    def _write_cost(self, stack: TomoStack, parameters: dict[str, Any], seconds: float | None) -> None:
        memory, _ = self.session.estimate("reconstruct", **parameters)
        height = stack.data.shape[-2]
        time = "" if seconds is None else f"~{max(1, round(seconds))} s, "
        thickness = "" if self.controls["thickness"].value else f"; thickness 0 means {height} px, the height"
        place = f"; iterative methods run on {cluster.place_text()}" if cluster.active() is not None else ""
        self._cost.value = f"<p class='etw-quiet'>{time}{size_text(memory)} of memory{thickness}{place}</p>"

    def _run(self) -> None:
        self.session.apply("reconstruct", **self._form.parameters())


def _why(volume: RecStack) -> str:
    """What was chosen for a volume, and why, where it was chosen."""
    reason = volume.metadata.get_item("Tomography.held_out.reason", default="")
    return f"<p class='etw-quiet'>Chosen: {escape(str(reason))}</p>" if reason else ""


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
