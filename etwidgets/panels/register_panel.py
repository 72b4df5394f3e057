"""Register the projections to each other and show by how much each was moved; computes nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.align import METHODS
from etwidgets.panels.navigation import add_column_slider, add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, projection_pane, sinogram_pane, tilt_in_words
from etwidgets.panels.pieces import button, control, heading, method_help, row, text
from etwidgets.views import CurveView, ImageView

if TYPE_CHECKING:
    from etwidgets.signals import TomoStack

_AUTOMATIC = -1


class RegisterPanel(Panel):
    """Method, parameters, Run; projection, sinogram and shift curves."""

    name = "register"
    title = "Register"
    operations = frozenset({"register"})
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=340).add_class("etw-grow"))
        self._curves = self.add_view(
            CurveView(x_label="tilt (deg)", y_label="shift applied (px)", height=190, width=760)
        )
        tilt, column = add_tilt_slider(self), add_column_slider(self)
        which = self.add(
            "which",
            widgets.ToggleButtons(
                options=["before", "after"],
                value="after",
                style={"button_width": "64px"},
                layout=widgets.Layout(flex="0 0 auto"),
            ),
        )
        self._build_form()
        self.refresh_on(self.model, ("stack", "before"))
        self.refresh_on(self.display, ("projection", "column", "contrast", "colour_map"))
        self.on_change("which", self.refresh)
        self.listen(self.model, "stack", self._offer_starts)
        self._offer_starts()
        self._show_help()
        pictures = [self._images, row(tilt, column, which), self._curves]
        controls = [self.controls[name] for name in ("method", "upsampling", "start", "crop", "run")]
        return pictures, [heading("Register"), *controls[:-1], controls[-1], self.hint, self._help]

    def _build_form(self) -> None:
        self._help = text()
        self.add("method", control(widgets.Dropdown, "method", options=list(METHODS)))
        self.add("upsampling", control(widgets.BoundedIntText, "upsampling", value=20, min=1, max=1000))
        self.add("start", control(widgets.Dropdown, "stays in place", options=[("middle tilt", _AUTOMATIC)]))
        self.add("crop", control(widgets.Checkbox, "crop to the common area", value=False, indent=False))
        self.add("run", button("Register", primary=True))
        self.on_change("method", self._show_help)
        self.on_click("run", self._run)

    def redraw(self) -> None:
        """Show projection and sinogram, before or after, and the shifts that were applied."""
        stack, now = self._chosen(), self.model.stack
        if stack is None or now is None:
            self._images.show([])
            self._curves.show({})
            return
        limits = self._contrast.of(stack, self.display.contrast)
        self._images.show(
            [projection_pane(stack, self.display, limits), sinogram_pane(stack, self.display, limits)]
        )
        x = now.tilts_deg if now.has_tilts else list(range(now.data.shape[0]))
        order = sorted(range(len(x)), key=lambda i: x[i])
        curves = {
            name: ([x[i] for i in order], now.shifts_px[order, axis]) for axis, name in enumerate(("y", "x"))
        }
        self._curves.show(curves)

    def enable(self) -> None:
        """Offer the picture before only where it is known."""
        super().enable()
        self.controls["which"].disabled = self.model.before is None

    def _chosen(self) -> TomoStack | None:
        before = self.model.before
        if self.controls["which"].value == "before" and before is not None:
            return before
        return self.model.stack

    def _offer_starts(self) -> None:
        stack, chooser = self.model.stack, self.controls["start"]
        options = [("the middle tilt", _AUTOMATIC)]
        if stack is not None:
            options += [(f"{i + 1}: {tilt_in_words(stack, i)}", i) for i in range(stack.data.shape[0])]
        if chooser.options != tuple(options):
            chooser.options = options

    def _show_help(self) -> None:
        method = self.controls["method"].value
        self._help.value = method_help(METHODS[method])
        takes_upsampling = "upsample_factor" in METHODS[method].parameters
        self.controls["upsampling"].layout.display = "" if takes_upsampling else "none"

    def _run(self) -> None:
        parameters: dict[str, Any] = {"method": self.controls["method"].value}
        if "upsample_factor" in METHODS[parameters["method"]].parameters:
            parameters["upsample_factor"] = self.controls["upsampling"].value
        if self.controls["start"].value != _AUTOMATIC:
            parameters["start"] = self.controls["start"].value
        if self.controls["crop"].value:
            parameters["crop"] = True
        self.session.apply("register", **parameters)
