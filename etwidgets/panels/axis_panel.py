"""Find the tilt axis: by sliders that three slices follow, or by a method; computes nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import AXIS_METHODS
from etwidgets.panels.navigation import add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, bare_slice, pixel_size, projection_pane
from etwidgets.panels.pieces import button, control, heading, method_help, row, text
from etwidgets.session.previews import axis_slices
from etwidgets.views import ImageView, contrast_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.signals import TomoStack

_BY_HAND = """<p class='etw-help'><b>By hand</b> Move shift until the slices have no arcs to one side,
then rotation until all three are sharp at once. The dashed line is the tilt axis
as the sliders have it.</p>"""


class AxisPanel(Panel):
    """Shift and rotation of the tilt axis, with live slices."""

    name = "axis"
    title = "Tilt axis"
    operations = frozenset({"tilt_align", "transform"})
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._projection = self.add_view(ImageView(height=240).add_class("etw-grow"))
        self._slices = self.add_view(ImageView(height=260).add_class("etw-grow"))
        self._help, self._found = text(), text()
        tilt = add_tilt_slider(self)
        self._build_form()
        self._preview = self.session.latest(axis_slices, self._show_slices)
        self._undo.callback(self._preview.close)
        self.listen(self.model, "stack", self._start_anew)
        self.refresh_on(self.model, "stack")
        self.refresh_on(self.display, ("projection", "contrast", "colour_map"))
        for name in ("shift", "rotation"):
            self.on_change(name, self._moved)
        self.on_change("method", self._show_help)
        self.on_click("auto", self._run_method)
        self.on_click("apply", self._apply)
        self._show_help()
        form = [self.controls[name] for name in ("method", "auto", "apply")]
        parts = [heading("Tilt axis"), form[0], form[1], self._found, *form[2:], self.hint, self._help]
        sliders = row(self.controls["shift"], self.controls["rotation"])
        return [self._projection, row(tilt), self._slices, sliders], parts

    def _build_form(self) -> None:
        self.add("method", control(widgets.Dropdown, "method", options=list(AXIS_METHODS)))
        self.add("auto", button("Find the axis", primary=True))
        fine = {"continuous_update": True, "readout_format": ".2f"}
        self.add("shift", control(widgets.FloatSlider, "shift y (px)", min=-40, max=40, step=0.1, **fine))
        self.add(
            "rotation", control(widgets.FloatSlider, "rotation (deg)", min=-15, max=15, step=0.05, **fine)
        )
        self.add("apply", button("Apply the sliders"))

    def redraw(self) -> None:
        """Show the projection with the axis line, and ask for the three slices."""
        stack = self.model.stack
        if stack is None or stack.data.ndim != 3:
            self._projection.show([])
            self._slices.show([])
            return
        self._draw_projection(stack)
        if stack.has_tilts:
            self._preview.submit(
                np.asarray(stack.data), stack.tilts_deg.copy(), _columns(stack), *self._values()
            )

    def enable(self) -> None:
        """The sliders need something to apply."""
        super().enable()
        if not self.controls["apply"].disabled and self._values() == (0.0, 0.0):
            self.controls["apply"].disabled = True
            self.hint.value = "Move shift or rotation under the slices to apply them."

    def _values(self) -> tuple[float, float]:
        return float(self.controls["shift"].value), float(self.controls["rotation"].value)

    def _draw_projection(self, stack: TomoStack) -> None:
        shift, rotation = self._values()
        limits = self._contrast.of(stack, self.display.contrast)
        # the sliders say what is applied; the axis lies the other way
        line = (-shift / np.cos(np.deg2rad(rotation)), -rotation)
        columns = tuple(_columns(stack))
        self._projection.show([projection_pane(stack, self.display, limits, line=line, columns=columns)])

    def _moved(self) -> None:
        self.enable()
        if self.model.stack is not None:
            self.refresh()

    def _show_slices(self, slices: NDArray[Any]) -> None:
        stack = self.model.stack
        if stack is None:
            return
        columns = _columns(stack)
        limits = contrast_limits(slices, (40, 99.9))
        size = pixel_size(stack, "y")
        self._slices.show(
            [
                bare_slice(image, x, size, self.display, limits, "Slice")
                for image, x in zip(slices, columns, strict=False)
            ]
        )

    def _start_anew(self) -> None:
        """The sliders tell what is still to be applied; after a step that is nothing."""
        for name in ("shift", "rotation"):
            self.controls[name].value = 0.0
        self._tell_found()

    def _tell_found(self) -> None:
        stack = self.model.stack
        found = None if stack is None else stack.metadata.get_item("Tomography.axis_estimate", default=None)
        if found is None:
            self._found.value = ""
            return
        shift_error = found.get_item("shift_error_px", default=None)
        rotation_error = found.get_item("rotation_error_deg", default=None)
        self._found.value = (
            f"<p><b>Applied</b> shift {_with_error(found.shift_px, shift_error)} px, "
            f"rotation {_with_error(found.rotation_deg, rotation_error)}°</p>"
        )

    def _show_help(self) -> None:
        self._help.value = method_help(AXIS_METHODS[self.controls["method"].value]) + _BY_HAND

    def _run_method(self) -> None:
        self.session.apply("tilt_align", method=self.controls["method"].value)

    def _apply(self) -> None:
        shift, rotation = self._values()
        self.session.apply("transform", yshift=round(shift, 3), angle=round(rotation, 3))


def _columns(stack: TomoStack) -> list[int]:
    width = stack.data.shape[-1]
    return [width // 4, width // 2, 3 * width // 4]


def _with_error(value: float, error: float | None) -> str:
    known = error is not None and np.isfinite(error)
    return f"{value:.2f} ± {error:.2f}" if known else f"{value:.2f}"
