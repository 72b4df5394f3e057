"""Find the tilt axis: by sliders that three slices follow, by eye among three, or by a method.

It computes nothing itself, and knows no other panel.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import AXIS_METHODS
from etwidgets.panels.method_chooser import MethodChooser
from etwidgets.panels.navigation import add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, bare_slice, difference_pane, pixel_size, projection_pane
from etwidgets.panels.pieces import button, control, heading, help_text, row, text
from etwidgets.panels.residual_over_shift import ResidualOverShift
from etwidgets.session.previews import axis_neighbors, axis_slices, before_and_now, sharper_slices
from etwidgets.views import ImageView, PageWatch, contrast_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.signals import TomoStack

_SHIFT_STEP_PX, _ROTATION_STEP_DEG = 0.1, 0.05
_SLICES, _THREE_SHIFTS, _THREE_ROTATIONS = "three columns", "three shifts", "three rotations"
_BEFORE_NOW = "before and now"
_FLUID_PX = 512  # larger slices are drawn coarsely while a slider moves, and sharply when it rests
_REST_S = 0.25
_BY_HAND = """<p><b>By hand</b> Adjust shift until no slice has arcs to one side, then
rotation until all three are sharp. The dashed line is the tilt axis at the slider values. Drag the three
columns in the projection, or click to move the nearest one. With the pointer on an image, up and down
shift by 0.1 px, left and right rotate by 0.05°; Shift makes it ten times as much. Double-click a slider to
reset it.</p>"""
_KEYS = {
    "ArrowUp": ("shift", -_SHIFT_STEP_PX),
    "ArrowDown": ("shift", _SHIFT_STEP_PX),
    "ArrowLeft": ("rotation", -_ROTATION_STEP_DEG),
    "ArrowRight": ("rotation", _ROTATION_STEP_DEG),
}


class AxisPanel(Panel):
    """Shift and rotation of the tilt axis, with live slices and the residual over the shift."""

    name = "axis"
    title = "Tilt axis"
    promise = "Three slices that follow at once while you adjust shift and rotation of the tilt axis."
    operations = frozenset({"tilt_align", "transform"})
    needs_tilts = True
    keys = (
        ("\u2191  \u2193", "shift by 0.1 px; with Shift by 1 px"),
        ("\u2190  \u2192", "rotation by 0.05\u00b0; with Shift by 0.5\u00b0"),
    )

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._projection = self.add_view(ImageView(height=240))
        self._slices = self.add_view(ImageView(height=260).add_class("etw-grow"))
        self._found = text()
        tilt = add_tilt_slider(self)
        self._build_form()
        self._residual = self.add_part(ResidualOverShift(self.session, self.name, self._set_shift))
        self._wire()
        auto, apply, reset = (self.controls[name] for name in ("auto", "apply", "reset"))
        form = [heading("Tilt axis"), self._chooser.widget, auto, self._found, apply, reset, self.hint]
        look = row(
            self.controls["compare"], self.controls["less"], self.controls["more"], self.controls["by"]
        ).add_class("etw-axis-look")
        doubled = {
            f"etw-axis-{name}": lambda name=name: self.guard(lambda: self._reset(name))
            for name in ("shift", "rotation")
        }
        watch = self.add_view(PageWatch(on_double=doubled))
        sliders = row(self.controls["shift"], self.controls["rotation"], watch)
        where = widgets.HBox([self._projection, self._residual.widget]).add_class("etw-side")
        form += [self._chooser.help, help_text(_BY_HAND)]
        return [where, row(tilt, look), self._slices, sliders], form

    def _build_form(self) -> None:
        self._chooser = self.add_part(MethodChooser(self.session, self.name, AXIS_METHODS))
        self.add("auto", button("Find axis", primary=True))
        fine = {"continuous_update": True, "readout_format": ".2f"}
        self.add(
            "shift",
            control(widgets.FloatSlider, "shift y (px)", min=-40, max=40, step=_SHIFT_STEP_PX, **fine),
        )
        self.add(
            "rotation",
            control(widgets.FloatSlider, "rotation (deg)", min=-15, max=15, step=_ROTATION_STEP_DEG, **fine),
        )
        self.add("apply", button("Apply sliders"))
        self.add("reset", button("Reset sliders"))
        choices = [_SLICES, _THREE_SHIFTS, _THREE_ROTATIONS, _BEFORE_NOW]
        self.add("compare", control(widgets.Dropdown, "show", options=choices))
        self.add("less", button("Less"))
        self.add("more", button("More"))
        self.add("by", control(widgets.BoundedFloatText, "by (px)", value=1.0, min=0.05, max=20, step=0.1))

    def _wire(self) -> None:
        self._preview = self.preview(axis_slices, self._show_slices)
        self._neighbors = self.preview(axis_neighbors, self._show_neighbors)
        self._sharper = self.preview(sharper_slices, self._show_sharper)
        self._pair = self.preview(before_and_now, self._show_pair)
        self.listen(self.model, "stack", self._start_anew)
        self.listen(self.model, "busy", self._stop_waiting)
        self.refresh_on(self.model, "stack")
        self.refresh_on(self.display, ("projection", "contrast", "limits", "color_map"))
        for name in ("shift", "rotation"):
            self.on_change(name, self._moved)
        self.on_change("by", self.refresh)
        self.on_change("compare", self._choose_picture)
        self.on_click("auto", self._run_method)
        self.on_click("apply", self._apply)
        self.on_click("reset", self._to_zero)
        self.on_click("less", lambda: self._step(-1))
        self.on_click("more", lambda: self._step(1))
        self.on_event(self._projection.on_click, self._clicked)
        self.on_event(self._projection.on_drag, self._dragged)
        for view in (self._projection, self._slices):
            self.on_event(view.on_key, self._key)

    def fresh(self) -> None:
        """The columns are where they are best for the series, and nothing is being searched."""
        self._contrast.clear()
        self._columns: list[int] = []
        self._searching = False
        self._start_anew()

    def redraw(self) -> None:
        """Show the projection with the axis line, and ask for the slices."""
        stack = self.model.stack
        if stack is None or stack.data.ndim != 3:
            self._projection.show([])
            self._slices.show([])
            return
        self._draw_projection(stack)
        if not stack.has_tilts:
            return
        data, tilts, before = np.asarray(stack.data), stack.tilts_deg.copy(), self.model.before
        compare = self.controls["compare"].value
        if compare == _BEFORE_NOW and before is not None and before.has_tilts and before.data.ndim == 3:
            earlier = np.asarray(before.data), before.tilts_deg.copy()
            self._pair.submit(earlier, (data, tilts), self._columns[1])
        elif compare in (_SLICES, _BEFORE_NOW):
            binning = -(-data.shape[1] // _FLUID_PX)
            asked = (data, tilts, list(self._columns), *self._values())
            self._preview.submit(*asked, binning)
            if binning > 1:
                self._sharper.submit(*asked, 0.0 if self.session.runner.inline else _REST_S)
        else:
            self._neighbors.submit(data, tilts, self._columns[1], self._three_places())
        self._residual.follow(stack, *self._values())

    def enable(self) -> None:
        """The sliders need something to apply."""
        super().enable()
        still = self._values() == (0.0, 0.0)
        self.controls["reset"].disabled = still
        if not self.controls["apply"].disabled and still:
            self.controls["apply"].disabled = True
            self.hint.value = "Move shift or rotation under the slices to apply them."

    # -- the sliders -----------------------------------------------------------------------

    def _set_shift(self, shift_px: float) -> None:
        """Put the slider for the shift to a value, as far as it reaches."""
        slider = self.controls["shift"]
        slider.value = float(np.clip(round(shift_px, 2), slider.min, slider.max))

    def _values(self) -> tuple[float, float]:
        return float(self.controls["shift"].value), float(self.controls["rotation"].value)

    def _three_places(self) -> list[tuple[float, float]]:
        shift, rotation = self._values()
        by = self.controls["by"].value
        if self.controls["compare"].value == _THREE_SHIFTS:
            return [(shift + k * by, rotation) for k in (-1, 0, 1)]
        return [(shift, rotation + k * by) for k in (-1, 0, 1)]

    def _step(self, direction: int) -> None:
        """Go to the neighbor that looks best."""
        name = "rotation" if self.controls["compare"].value == _THREE_ROTATIONS else "shift"
        self._nudge(name, direction * self.controls["by"].value)

    def _nudge(self, name: str, by: float) -> None:
        slider = self.controls[name]
        slider.value = float(np.clip(round(slider.value + by, 3), slider.min, slider.max))

    def _key(self, event: dict[str, Any]) -> None:
        if event.get("key") in _KEYS:
            name, by = _KEYS[event["key"]]
            self._nudge(name, by * (10 if event.get("shift") else 1))

    def _clicked(self, event: dict[str, Any]) -> None:
        """Move the nearest column to where the projection was clicked."""
        stack = self.model.stack
        if stack is None or not self._columns:
            return
        x = int(np.clip(round(float(event["x"])), 0, stack.data.shape[-1] - 1))
        nearest = min(range(3), key=lambda i: abs(self._columns[i] - x))
        self._columns = sorted([*self._columns[:nearest], x, *self._columns[nearest + 1 :]])
        self.refresh()

    def _dragged(self, event: dict[str, Any]) -> None:
        if event["kind"] == "column" and len(event["values"]) == 3:
            self._columns = (
                sorted(int(x) for x in event["values"]) if event["done"] else list(event["values"])
            )
            self.refresh()

    def _choose_picture(self) -> None:
        compare = self.controls["compare"].value
        for name in ("less", "more", "by"):
            self.controls[name].layout.display = "none" if compare in (_SLICES, _BEFORE_NOW) else ""
        self.controls["by"].description = "by (deg)" if compare == _THREE_ROTATIONS else "by (px)"
        self.refresh()

    def _moved(self) -> None:
        self.enable()
        if self.controls["compare"].value == _BEFORE_NOW and any(self._values()):
            self.controls["compare"].value = _SLICES
        if self.model.stack is not None:
            self.refresh()

    def _reset(self, name: str) -> None:
        """A double click on a slider: back to 0."""
        self.controls[name].value = 0.0

    def _to_zero(self) -> None:
        for name in ("shift", "rotation"):
            self.controls[name].value = 0.0

    # -- pictures -----------------------------------------------------------------------------------

    def _draw_projection(self, stack: TomoStack) -> None:
        shift, rotation = self._values()
        limits = self._contrast.shown(stack, self.display)
        # the sliders say what is applied; the axis lies the other way
        line = (-shift / np.cos(np.deg2rad(rotation)), -rotation)
        columns = tuple(self._columns)
        self._projection.show([projection_pane(stack, self.display, limits, line=line, columns=columns)])

    def _show_slices(self, slices: NDArray[Any]) -> None:
        self._show([f"Slice {name}" for name in ("left", "middle", "right")], slices, self._columns)

    def _show_sharper(self, found: tuple[tuple[float, float], NDArray[Any]]) -> None:
        place, slices = found
        if place == self._values() and self.controls["compare"].value == _SLICES:
            self._show_slices(slices)

    def _show_pair(self, pair: tuple[NDArray[Any], NDArray[Any]]) -> None:
        stack = self.model.stack
        if stack is None or self.controls["compare"].value != _BEFORE_NOW:
            return
        limits, size, x = contrast_limits(pair[0], (40, 99.9)), pixel_size(stack, "y"), self._columns[1]
        panes = [
            bare_slice(image, x, size, self.display, limits, title)
            for image, title in zip(pair, ("Before", "Now"), strict=True)
        ]
        if pair[0].shape == pair[1].shape:
            panes.append(difference_pane(pair[1] - pair[0], "Difference", "now minus before", ("y", "z")))
        self._slices.show(panes)

    def _show_neighbors(self, slices: NDArray[Any]) -> None:
        kind, unit = (
            ("rotation", "°") if self.controls["compare"].value == _THREE_ROTATIONS else ("shift", " px")
        )
        values = [place[kind == "rotation"] for place in self._three_places()]
        titles = [
            f"{word}: {kind} {value:+.2f}{unit}"
            for word, value in zip(("Less", "Current", "More"), values, strict=True)
        ]
        self._show(titles, slices, [self._columns[1]] * 3)

    def _show(self, titles: list[str], slices: NDArray[Any], columns: list[int]) -> None:
        stack = self.model.stack
        if stack is None:
            return
        limits = contrast_limits(slices, (40, 99.9))
        size = pixel_size(stack, "y")
        self._slices.show(
            [
                bare_slice(image, x, size, self.display, limits, title)
                for title, image, x in zip(titles, slices, columns, strict=False)
            ]
        )

    # -- running -----------------------------------------------------------------------------------

    def _start_anew(self) -> None:
        """The sliders show what is still to be applied: nothing, once it was."""
        stack = self.model.stack
        if stack is not None:
            width = stack.data.shape[-1]
            if not self._columns or self._columns[-1] >= width:
                self._columns = [width // 4, width // 2, 3 * width // 4]
        self._to_zero()
        self._begin_with_header()
        if self._searching and self.model.before is not None:
            self.controls["compare"].value = _BEFORE_NOW
        self._searching = False
        self._choose_picture()
        self._show_found()

    def _begin_with_header(self) -> None:
        """The rotation that the header names is where the slider begins, if it reaches so far."""
        stack, slider = self.model.stack, self.controls["rotation"]
        rotation = None if stack is None else stack.header_rotation_deg
        if rotation is not None and slider.min <= rotation <= slider.max:
            slider.value = round(rotation, 2)

    def _show_found(self) -> None:
        stack = self.model.stack
        found = None if stack is None else stack.metadata.get_item("Tomography.axis_estimate", default=None)
        if found is None:
            rotation = None if stack is None else stack.header_rotation_deg
            self._found.value = f"<p>Rotation by the header: {rotation:.2f}°</p>" if rotation else ""
            return
        lines = [
            _said(name, found, key, unit)
            for name, key, unit in (("shift", "shift", "_px"), ("rotation", "rotation", "_deg"))
        ]
        note = found.get_item("note", default="")
        caution = f"<p class='etw-strip'>{escape(note)}</p>" if note else ""
        self._found.value = f"<p>{'<br>'.join(lines)}</p>{caution}"

    def _run_method(self) -> None:
        parameters = self._chooser.parameters()
        self._searching = True
        self.session.apply("tilt_align", **parameters)

    def _stop_waiting(self) -> None:
        """A search that failed or was cancelled has nothing to show."""
        self._searching = self._searching and self.model.busy

    def _apply(self) -> None:
        shift, rotation = self._values()
        self.session.apply("transform", yshift=round(shift, 3), angle=round(rotation, 3))


def _said(name: str, found: Any, key: str, unit: str) -> str:
    """What was found of shift or rotation, with its 95 % interval, and whether it was applied."""
    value = found.get_item(key + unit)
    determined = found.get_item(f"{key}_determined", default=True)
    applied = found.get_item(f"applied_{key}{unit}", default=value)
    interval = found.get_item(f"{key}_interval{unit}", default=None)
    sign = "\u00b0" if unit == "_deg" else " px"
    text_of = f"{value:+.2f}{sign}"
    if interval is not None:
        text_of += f" (95 %: {interval[0]:+.2f} to {interval[1]:+.2f}{sign})"
    if determined or applied == value:
        return f"<b>Applied</b> {name} {text_of}" + ("" if determined else ", undetermined")
    return f"<b>Not applied</b> {name}: undetermined"
