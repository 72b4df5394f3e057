"""Align the projections, automatically or by hand, and check the result; computes nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.align import METHODS
from etwidgets.panels import register_looks as looks
from etwidgets.panels.alignment_charts import AlignmentCharts
from etwidgets.panels.alignment_file_part import AlignmentFilePart
from etwidgets.panels.auto_align_part import AutoAlignPart
from etwidgets.panels.markers_part import MarkersPart
from etwidgets.panels.method_chooser import MethodChooser
from etwidgets.panels.navigation import add_column_slider, add_play, add_tilt_slider, turn_play
from etwidgets.panels.nudge_part import NudgePart
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, projection_pane, tilt_text
from etwidgets.panels.pieces import button, control, heading, help_text, row
from etwidgets.panels.refine_part import RefinePart
from etwidgets.panels.region_part import RegionPart
from etwidgets.panels.reprojection_part import ReprojectionPart
from etwidgets.views import ImageView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack
    from etwidgets.views import Pane


_AUTOMATIC = -1
_USUAL, _MOVIE = "projection, sinogram", "before beside after"
_MAXIMUM, _REPROJECTION = "maximum over tilts", "projection, reprojection, difference"
_NEIGHBOR, _MARKERS = "neighbor (to nudge)", "markers (to place)"
_BEFORE, _AFTER, _CHANGE = "before", "after", "difference"
_BY_METHOD, _REFINE, _BY_MARKERS, _BY_FILE = "register", "refine", "markers", "alignment file"
_NUDGE_HELP = """<p><b>Nudge</b> Show the neighbor. Drag the image, or with the pointer on it
press arrow keys: 0.25 px, with Shift 1 px. Stop when the difference is flat.</p>"""


class RegisterPanel(Panel):
    """Align automatically, or one step by hand; pictures before and after; what is off, and its correction.

    Parameters
    ----------
    session
        Whose series is registered.
    root
        The folder whose alignment files are offered; None: none are.
    """

    name = "register"
    title = "Register"
    promise = "The projections before and after they are aligned, and how far each is off."
    operations = frozenset({"register", "align_markers", "apply_alignment_file", "refine_alignment"})
    needs_tilts = True
    keys = (
        ("b", "before, after"),
        ("arrows", "nudge by 0.25 px, with Shift by 1 px (while the neighbor is shown)"),
        ("space", "play the tilts"),
    )

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=310).add_class("etw-grow"))
        play, tilt, column = add_play(self), add_tilt_slider(self), add_column_slider(self)
        toggles = {"style": {"button_width": "80px"}, "layout": widgets.Layout(flex="0 0 auto")}
        options = [_BEFORE, _AFTER, _CHANGE]
        which = self.add("which", widgets.ToggleButtons(options=options, value=_AFTER, **toggles))
        shown = [_USUAL, _MOVIE, _REPROJECTION, _MAXIMUM, _NEIGHBOR, _MARKERS]
        look = self.add("look", control(widgets.Dropdown, "show", options=shown))
        own = (self.session, self.name)
        self._auto = self.add_part(AutoAlignPart(*own))
        self._charts = self.add_part(AlignmentCharts(*own, lambda: self._auto.current))
        self._nudge = self.add_part(NudgePart(*own, self._nudged, self._show_nudged))
        by_hand = self._build_steps()
        self._wire()
        pictures = [self._images, row(play, tilt, column), row(look, which), self._nudge.widget]
        auto = [heading("Register"), self._auto.widget, self.hint, self._auto.report]
        return [*pictures, self._charts.widget], [*auto, *by_hand, help_text(_NUDGE_HELP)]

    def _build_steps(self) -> list[widgets.Widget]:
        """One step by hand at a time: which one, and its form."""
        own = (self.session, self.name)
        self._chooser = self.add_part(MethodChooser(*own, METHODS))
        self.add("start", control(widgets.Dropdown, "reference", options=[("middle tilt", _AUTOMATIC)]))
        self.add("crop", control(widgets.Checkbox, "crop to common area", value=False, indent=False))
        self.add("run", button("Register"))
        self._markers = self.add_part(MarkersPart(*own, self._show_markers))
        self._refine = self.add_part(RefinePart(*own))
        self._region = self.add_part(RegionPart(*own, self.controls["PC-roi"], self.refresh))
        by_method = [self.controls[name] for name in ("region", "start", "crop", "run")]
        self._forms = {
            _BY_METHOD: widgets.VBox([self._chooser.widget, *by_method, self._chooser.help]),
            _REFINE: self._refine.widget,
            _BY_MARKERS: self._markers.widget,
        }
        self._file = None if self._root is None else self.add_part(AlignmentFilePart(*own, self._root))
        if self._file is not None:
            self._forms[_BY_FILE] = self._file.widget
        self.add("step", control(widgets.Dropdown, "step", options=list(self._forms)))
        return [heading("By hand"), self.controls["step"], *self._forms.values()]

    def _wire(self) -> None:
        self._reprojected = self.add_part(ReprojectionPart(self.session, self.name, self.refresh))
        self.refresh_on(self.model, ("stack", "before"))
        self.refresh_on(self.display, ("projection", "column", "contrast", "limits", "color_map"))
        self.listen(self.model, "stack", self._offer_starts)
        self.listen(self.display, "projection", self.enable)
        for name in ("which", "look", "chart"):
            self.on_change(name, self.refresh)
        self.on_change("look", self._take_look)
        self.on_change("step", self._turn_to_step)
        self.on_change("method", self._show_method)
        self.on_click("run", self._run)
        self.on_event(self._images.on_key, self._key)
        self.on_event(self._images.on_click, self._clicked)
        self.on_event(self._images.on_drag, self._dragged)

    def fresh(self) -> None:
        """Nothing is known of the series."""
        self._contrast.clear()
        self._nudge.widget.layout.display = "none"
        self._region.widget.layout.display = "" if self._may_have_region else "none"
        self._offer_starts()
        self._show_step()

    def redraw(self) -> None:
        """Show the chosen pictures and the chosen chart."""
        now = self.model.stack
        if now is None or now.data.ndim != 3:
            self._images.show([])
            self._charts.clear()
            return
        look = self.controls["look"].value
        nudging = look == _NEIGHBOR and now.data.shape[0] > 1
        self._nudge.widget.layout.display = "" if nudging else "none"
        if nudging:
            self._nudge.draw(now)
        else:
            self._charts.follow_nudge(None)
            self._images.show(self._panes(now, look))
        marked = look == _MARKERS and now.has_tilts
        self._charts.draw(now, self._markers.curves(now) if marked else None)

    def enable(self) -> None:
        """Offer the picture before only where it is known, and act only on what is chosen."""
        super().enable()
        self.controls["which"].disabled = self.model.before is None or self.controls["look"].value != _USUAL
        idle = not self.reason()
        self._auto.help.layout.display = "" if idle else "none"  # the hint takes its place
        self.controls["refine"].disabled = not idle
        self._charts.enable(idle=idle)
        self._nudge.enable(idle=idle)
        if self._file is not None:
            self._file.enable()

    # -- pictures -----------------------------------------------------------------------------------

    def _panes(self, now: TomoStack, look: str) -> list[Pane]:
        before, display, which = self.model.before, self.display, self.controls["which"].value
        earlier = before is not None and which == _BEFORE and look == _USUAL
        stack = before if earlier and before is not None else now
        limits = self._contrast.shown(stack, display)
        if look == _MARKERS:
            boxes = self._markers.boxes(min(display.projection, now.data.shape[0] - 1))
            return [projection_pane(now, display, limits, title="Click to place a marker", boxes=boxes)]
        if look == _MAXIMUM:
            return looks.maxima(before, now, display)
        if look == _REPROJECTION and now.has_tilts:
            return self._reprojected.panes(now, limits)
        if before is not None and look == _MOVIE:
            return looks.beside(before, now, display, limits)
        if before is not None and which == _CHANGE:
            return looks.change(before, now, display, limits)
        region = self._region.rectangle if self._may_have_region and stack is now else None
        return looks.usual(stack, display, limits, region)

    @property
    def _may_have_region(self) -> bool:
        """Whether the method that is chosen compares a region of the projections, if there is one."""
        return self.controls["step"].value == _BY_METHOD and self.controls["PC-roi"].layout.display != "none"

    # -- steps by hand ------------------------------------------------------------------------------

    def _turn_to_step(self) -> None:
        """Show the form of a step, and the markers only with theirs."""
        step, look = self.controls["step"].value, self.controls["look"]
        self._show_step()
        self._show_method()
        if step == _BY_MARKERS:
            look.value = _MARKERS
        elif look.value == _MARKERS:
            look.value = _USUAL

    def _take_look(self) -> None:
        """The form of the markers comes with their picture."""
        if self.controls["look"].value == _MARKERS:
            self.controls["step"].value = _BY_MARKERS
        self.enable()

    def _show_method(self) -> None:
        self._region.widget.layout.display = "" if self._may_have_region else "none"
        self.refresh()

    def _show_step(self) -> None:
        for step, form in self._forms.items():
            form.layout.display = "" if step == self.controls["step"].value else "none"

    def _offer_starts(self) -> None:
        stack, chooser = self.model.stack, self.controls["start"]
        options = [("middle tilt", _AUTOMATIC)]
        if stack is not None:
            options += [(f"{i + 1}: {tilt_text(stack, i)}", i) for i in range(stack.data.shape[0])]
        if chooser.options != tuple(options):
            chooser.options = options

    def _run(self) -> None:
        parameters = self._chooser.parameters()
        if self.controls["start"].value != _AUTOMATIC:
            parameters["start"] = self.controls["start"].value
        if self.controls["crop"].value:
            parameters["crop"] = True
        self.session.apply("register", **parameters)

    # -- markers and nudging ------------------------------------------------------------------------

    def _show_markers(self) -> None:
        if self.controls["look"].value == _MARKERS:
            self.refresh()
        else:
            self.controls["look"].value = _MARKERS

    def _clicked(self, event: dict[str, Any]) -> None:
        stack = self.model.stack
        if stack is not None and self.controls["look"].value == _MARKERS:
            self._markers.click(event, min(self.display.projection, stack.data.shape[0] - 1))

    def _key(self, event: dict[str, Any]) -> None:
        which = self.controls["which"]
        if event.get("key") == " ":
            turn_play(self)
        elif event.get("key") == "b" and not which.disabled:
            which.value = _AFTER if which.value == _BEFORE else _BEFORE
        elif self.controls["look"].value == _NEIGHBOR:
            self._nudge.key(event)

    def _dragged(self, event: dict[str, Any]) -> None:
        if event["kind"] == "rectangle":
            self._region.put(event["values"])
        elif event["kind"] == "image" and self.controls["look"].value == _NEIGHBOR:
            self._nudge.drag(event)

    def _nudged(self) -> None:
        self.refresh()
        self.enable()

    def _show_nudged(self, difference: NDArray[Any], neighbor: int, residual_px: NDArray[np.float64]) -> None:
        stack = self.model.stack
        if stack is None or self.controls["look"].value != _NEIGHBOR:
            return
        limits = self._contrast.shown(stack, self.display)
        self._images.show(looks.to_nudge(stack, difference, neighbor, self.display, limits))
        self._charts.follow_nudge(residual_px if any(self._nudge.shift) else None)
