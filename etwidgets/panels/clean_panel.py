"""Crop, exclude projections, correct, filter, bin, normalize, with previews; computes nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import projection_quality
from etwidgets.panels import corrections_part as corrections
from etwidgets.panels.corrections_part import CorrectionsPart
from etwidgets.panels.look import add_look
from etwidgets.panels.navigation import add_tilt_slider
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, difference_pane, image_of, projection_pane, tilt_text
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session.previews import contact_sheet, filtered_projection
from etwidgets.views import ImageView, Pane

if TYPE_CHECKING:
    from etwidgets.align import Quality
    from etwidgets.signals import TomoStack

_CROP, _REMOVE, _FILTER, _BIN, _NORMALIZE = "crop", "exclude", "filter", "bin", "normalize"
_SIDES = ("x_start", "y_start", "x_stop", "y_stop")
_BREADTH = 1.3  # of the contact sheet, over its height
_FILTERS = (
    ("median", "median"),
    ("Sobel", "sobel"),
    ("median, then Sobel", "both"),
    ("band-pass", "bpf"),
)
_HELP = corrections.HELP | {
    _CROP: "Drag an edge, a corner or the whole rectangle, or enter numbers.",
    _REMOVE: "Click a projection to select it, again to deselect it. Orange: suspect, for the reason below.",
    _FILTER: "A preview of the filter on this projection: before, after, and the difference (gray: none).",
    _BIN: "Sums blocks of pixels into one: with a factor of 2 the volume has an eighth of the voxels.",
    _NORMALIZE: "Scales all projections to the same intensity; corrects for an unsteady beam.",
}


class CleanPanel(Panel):
    """One tool at a time, with its preview."""

    name = "clean"
    title = "Clean"
    promise = (
        "Crop, bin, exclude bad projections, subtract a background or remove hot pixels, each with a preview."
    )
    operations = frozenset(
        {"crop", "remove_projections", "filter", "bin", "normalize", *corrections.OPERATIONS.values()}
    )

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=520).add_class("etw-grow"))
        self._tilt_row = row(add_tilt_slider(self))
        self._help, self._said = text(), text()
        self._build_form()
        self._wire()
        tool = self.controls["tool"]
        form = [
            heading("Clean"),
            tool,
            self._help,
            *self._forms.values(),
            self._corrections.widget,
            self._said,
        ]
        return [self._images, self._tilt_row], [*form, self.controls["run"], self.hint, *add_look(self)]

    def _build_form(self) -> None:
        tools = [_CROP, _REMOVE, *corrections.OPERATIONS, _FILTER, _BIN, _NORMALIZE]
        self._corrections = self.add_part(CorrectionsPart(self.session, self.name, self._correction_changed))
        self.add("tool", control(widgets.Dropdown, "tool", options=tools))
        for name, label in zip(_SIDES, ("x from (px)", "y from (px)", "x to (px)", "y to (px)"), strict=True):
            self.add(name, control(widgets.BoundedIntText, label, value=0, min=0, max=0))
        self.add("suspects", button("Select suspects"))
        self.add("clear", button("Clear selection"))
        self.add("filter", control(widgets.Dropdown, "filter", options=_FILTERS))
        self.add("size", control(widgets.BoundedIntText, "size (px)", value=3, min=1, max=31, step=2))
        self.add(
            "taper", control(widgets.BoundedFloatText, "taper (fraction)", value=0, min=0, max=0.5, step=0.05)
        )
        self.add("factor", control(widgets.BoundedIntText, "factor", value=2, min=2, max=16))
        self.add(
            "width", control(widgets.BoundedFloatText, "width (std)", value=3, min=0.5, max=20, step=0.5)
        )
        self.add("run", button("Crop", primary=True))
        names = {
            _CROP: _SIDES,
            _REMOVE: ("suspects", "clear"),
            _FILTER: ("filter", "size", "taper"),
            _BIN: ("factor",),
            _NORMALIZE: ("width",),
        }
        self._forms = {
            tool: widgets.VBox([self.controls[name] for name in chosen]) for tool, chosen in names.items()
        }

    def _wire(self) -> None:
        self._judge = self.preview(projection_quality, self._show_quality)
        self._trial = self.preview(filtered_projection, self._show_filtered)
        self.listen(self.model, "stack", self._offer_whole)
        self.refresh_on(self.model, "stack")
        self.refresh_on(self.display, ("projection", "contrast", "limits", "color_map"))
        for name in ("tool", *_SIDES, "filter", "size", "taper"):
            self.on_change(name, self.refresh)
        self.on_change("tool", self.enable)
        self.on_click("run", self._run)
        self.on_click("suspects", self._mark_suspects)
        self.on_click("clear", self._unmark)
        self.on_event(self._images.on_drag, self._dragged)
        self.on_event(self._images.on_click, self._clicked)

    def fresh(self) -> None:
        """Nothing is selected and nothing is known of the projections."""
        self._contrast.clear()
        self._judged: Any = None  # the data whose quality was asked for last
        self._places: list[tuple[int, int, int, int]] = []
        self._said.value = ""
        self._offer_whole()

    # -- pictures -----------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show what the chosen tool works on."""
        tool, stack = self.controls["tool"].value, self.model.stack
        self._help.value = f"<p class='etw-quiet'>{_HELP[tool]}</p>"
        for name, form in self._forms.items():
            form.layout.display = "" if name == tool else "none"
        self._corrections.show(tool)
        self._tilt_row.layout.display = "none" if tool == _REMOVE else ""
        if stack is None or stack.data.ndim != 3:
            self._images.show([])
            return
        if stack.has_tilts and self._judged is not stack.data:
            self._judged = stack.data
            self._judge.submit(np.asarray(stack.data), stack.tilts_deg.copy())
        self._tell(stack, tool)
        if tool == _REMOVE:
            self._draw_sheet(stack)
        elif tool in corrections.OPERATIONS:
            limits = self._contrast.shown(stack, self.display)
            self._images.show(self._corrections.panes(tool, stack, limits))
        elif tool == _FILTER:
            image = image_of(stack, min(self.display.projection, stack.data.shape[0] - 1))
            self._trial.submit(image, *(self.controls[name].value for name in ("filter", "size", "taper")))
        else:
            limits = self._contrast.shown(stack, self.display)
            frame = self._rectangle() if tool == _CROP else None
            self._images.show([projection_pane(stack, self.display, limits, rectangle=frame)])

    def _draw_sheet(self, stack: TomoStack) -> None:
        across = int(np.ceil(np.sqrt(_BREADTH * stack.data.shape[0])))
        sheet, self._places = contact_sheet(np.asarray(stack.data), across)
        suspects = set() if self._quality is None else set(self._quality.suspects)
        boxes = [(*self._places[i], "marked") for i in sorted(self._marked)]
        boxes += [(*self._places[i], "suspect") for i in sorted(suspects - self._marked)]
        caption = f"{len(self._places)}, in rows from the left; {len(self._marked)} selected"
        limits = self._contrast.shown(stack, self.display)
        self._images.show(
            [
                Pane(
                    sheet,
                    limits=limits,
                    cmap=self.display.color_map,
                    title="All projections",
                    caption=caption,
                    boxes=tuple(boxes),
                )
            ]
        )

    def _show_filtered(self, pictures: tuple[Any, Any]) -> None:
        stack = self.model.stack
        if stack is None or self.controls["tool"].value != _FILTER:
            return
        after, difference = pictures
        limits = self._contrast.shown(stack, self.display)
        keeps = self.controls["filter"].value == "median"  # the others give another quantity
        shown = Pane(
            after,
            limits=limits if keeps else None,
            cmap=self.display.color_map,
            title="After",
            caption=self.controls["filter"].value,
        )
        panes = [projection_pane(stack, self.display, limits, title="Before"), shown]
        if keeps:
            panes.append(difference_pane(difference, "Difference", "after minus before"))
        self._images.show(panes)

    # -- what is chosen -----------------------------------------------------------------------------

    def enable(self) -> None:
        """The button names what it does, and is disabled where there is nothing to do."""
        super().enable()
        tool, run = self.controls["tool"].value, self.controls["run"]
        verbs = {_CROP: "Crop", _FILTER: "Filter", _BIN: "Bin", _NORMALIZE: "Normalize"} | corrections.VERBS
        count = len(self._marked)
        run.description = verbs.get(tool, f"Exclude {count}" if count else "Exclude selected")
        if run.disabled:
            return
        if tool == _REMOVE and not self._marked:
            run.disabled, self.hint.value = True, "Click the projections to exclude."
        elif tool == _CROP and self._is_whole():
            run.disabled, self.hint.value = True, "Drag an edge of the rectangle inward to crop."
        elif tool in corrections.OPERATIONS and (reason := self._corrections.reason(tool)):
            run.disabled, self.hint.value = True, reason

    def _rectangle(self) -> tuple[int, int, int, int]:
        left, top, right, bottom = (self.controls[name].value for name in _SIDES)
        return left, top, max(right, left + 1), max(bottom, top + 1)

    def _is_whole(self) -> bool:
        stack = self.model.stack
        if stack is None:
            return True
        height, width = stack.data.shape[-2:]
        return self._rectangle() == (0, 0, width, height)

    def _offer_whole(self) -> None:
        """A new stack: the rectangle covers all of it, and nothing is selected."""
        self._marked: set[int] = set()
        self._quality: Quality | None = None
        stack = self.model.stack
        if stack is not None:
            height, width = stack.data.shape[-2:]
            for name, limit, value in zip(
                _SIDES, (width - 1, height - 1, width, height), (0, 0, width, height), strict=True
            ):
                self.controls[name].max = limit
                self.controls[name].value = value

    def _dragged(self, event: dict[str, Any]) -> None:
        tool = self.controls["tool"].value
        if event["kind"] == "rectangle" and tool in corrections.OPERATIONS:
            self._corrections.drag(tool, event["values"])
        elif event["kind"] == "rectangle":
            for name, value in zip(_SIDES, event["values"], strict=True):
                self.controls[name].value = int(value)
            self.enable()

    def _correction_changed(self) -> None:
        self.enable()
        self.refresh()

    def _clicked(self, event: dict[str, Any]) -> None:
        if self.controls["tool"].value != _REMOVE:
            return
        x, y = event["x"], event["y"]
        for index, (left, top, right, bottom) in enumerate(self._places):
            if left <= x < right and top <= y < bottom:
                self._marked ^= {index}
        self.enable()
        self.refresh()

    def _mark_suspects(self) -> None:
        if self._quality is not None:
            self._marked |= set(self._quality.suspects)
            self.enable()
            self.refresh()

    def _unmark(self) -> None:
        self._marked.clear()
        self.enable()
        self.refresh()

    def _show_quality(self, quality: Quality) -> None:
        stack = self.model.stack
        if stack is not None and len(quality.reasons) == stack.data.shape[0]:
            self._quality = quality
            self.refresh()

    def _tell(self, stack: TomoStack, tool: str) -> None:
        if tool == _CROP:
            left, top, right, bottom = self._rectangle()
            self._said.value = f"<p class='etw-quiet'>Result: {right - left} x {bottom - top} px.</p>"
        elif tool == _REMOVE:
            marked = ", ".join(f"{i + 1} ({tilt_text(stack, i)})" for i in sorted(self._marked))
            lines = [f"<b>Selected</b> {marked}"] if marked else []
            found = self._quality
            if found is not None:
                suspects = [f"{i + 1} ({tilt_text(stack, i)}): {found.reasons[i]}" for i in found.suspects]
                lines.append("<b>Suspects</b> " + ("; ".join(suspects) if suspects else "none"))
            self._said.value = "".join(f"<p class='etw-quiet'>{line}</p>" for line in lines)
        else:
            self._said.value = ""
        self.controls["suspects"].disabled = not (self._quality and self._quality.suspects)
        self.controls["clear"].disabled = not self._marked

    # -- the operation ------------------------------------------------------------------------------

    def _run(self) -> None:
        tool = self.controls["tool"].value
        value = {name: self.controls[name].value for name in ("filter", "size", "taper", "factor", "width")}
        if tool == _CROP:
            self.session.apply("crop", **dict(zip(_SIDES, self._rectangle(), strict=True)))
        elif tool == _REMOVE:
            self.session.apply("remove_projections", projections=sorted(self._marked))
        elif tool in corrections.OPERATIONS:
            self._corrections.apply(tool)
        elif tool == _FILTER:
            chosen: dict[str, Any] = {"method": value["filter"], "taper": value["taper"]}
            if value["filter"] in ("median", "both"):
                chosen["size"] = value["size"]
            self.session.apply("filter", **chosen)
        elif tool == _BIN:
            self.session.apply("bin", factor=value["factor"])
        else:
            self.session.apply("normalize", width=value["width"])
