"""Segment a volume by a threshold and measure it, with errors; computes nothing itself."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.io import safe_new_path
from etwidgets.panels.cures import NO_VOLUME, NO_VOLUME_REASON, PixelPart, reconstruct_again
from etwidgets.panels.navigation import go_to_voxel, slide_voxel
from etwidgets.panels.paint_part import PaintPart
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, outlined, pixel_size, slice_panes
from etwidgets.panels.pieces import button, control, heading, help_text, offer
from etwidgets.panels.results_part import ResultsPart
from etwidgets.panels.segmentation_part import SegmentationPart
from etwidgets.session import SERIES
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from etwidgets.session import Cure, Session
    from etwidgets.signals import RecStack
    from etwidgets.views import Pane

_NOTHING = ("nothing", "")
_HELP = """<p><b>For</b> Volumes, surfaces, layers, interfaces and ratios, in nm.</p>
<p><b>When</b> <i>Half maximum</i> places the edge halfway between background and object, which is right for
objects of any size.</p>
<p><b>Caution</b> The missing wedge blurs along the beam, and too few iterations soften all edges. The
interval of <i>Measure</i> covers threshold and noise only. <i>How sure are these numbers?</i> repeats the
experiment in simulation, which also covers alignment, iterations and blur and takes about a minute.</p>
<p class='etw-source'>Otsu 1979; Li &amp; Lee 1993; Wadell 1935</p>"""


class AnalyzePanel(Panel):
    """The volume with its outline at a threshold, the histogram to drag it on, and what was measured.

    Parameters
    ----------
    session
        Whose volumes are measured.
    root
        The folder into which tables are written; None: nothing is written.
    """

    name = "analyze"
    title = "Analyze"
    promise = "Particles, layers and interfaces of the volume, measured with confidence intervals."
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=250).add_class("etw-grow"))
        self.on_event(self._images.on_click, self._cut_at)
        self.on_event(self._images.on_slide, lambda event: slide_voxel(self.display, event))
        owned = self.session, self.name
        self._painting = PaintPart(*owned, lambda: self._segmentation.which, self._show_outline)
        strokes_of = self._painting.strokes_of
        self._segmentation = self.add_part(
            SegmentationPart(*owned, self._volumes, self._show_outline, strokes_of)
        )
        self.add_part(self._painting)
        self.on_event(self._images.on_drag, lambda event: self._painting.draw(event, self.display.voxel))
        self._results = self.add_part(ResultsPart(*owned))
        self._strip, self._pixel = self.cure_strip(2), self.add_part(PixelPart(*owned))
        form = [self._strip.widget, self._pixel.widget, self._segmentation.widget]
        form += [self._painting.widget, heading("Measure"), *self._build_measuring()]
        self.refresh_on(self.model, ("reconstruction", "channels", "measurements", "stale", "stack"))
        self.refresh_on(self.display, ("voxel", "contrast", "limits", "color_map"))
        return [self._images, self._segmentation.histogram, self._results.widget], form

    def _build_measuring(self) -> list[widgets.Widget]:
        self.add("against", control(widgets.Dropdown, "compare with", options=[_NOTHING]))
        axes = [("none", ""), *((f"along {axis}", axis) for axis in "xzy")]
        self.add("axis", control(widgets.Dropdown, "layers", options=axes, value=""))
        again = control(widgets.Checkbox, "iteration sensitivity (±1)", value=False, indent=False)
        self.add("again", again)
        self.add("run", button("Measure", primary=True))
        self.add("sure", button("How sure are these numbers?"))
        self.add("file-name", control(widgets.Text, "file name", value="measured.csv"))
        self.add("save", button("Save table (CSV)"))
        self.on_click("run", self._run)
        self.on_click("sure", lambda: self._run(intervals=True))
        self.on_click("save", self._save)
        names = ("against", "axis", "again", "run", "sure")
        saving = [self.controls[name] for name in ("file-name", "save")] if self._root is not None else []
        return [*(self.controls[name] for name in names), self.hint, *saving, help_text(_HELP)]

    def fresh(self) -> None:
        """Forget the contrast."""
        self._contrast.clear()

    # -- drawing ------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the chosen volume with its outline, and what was measured last."""
        with self.filling():
            offer(self.controls["against"], [_NOTHING, *((name, name) for name in self._volumes())])
        self._segmentation.refresh()
        if self._segmentation.volume is None:
            self._images.show([])
        self._results.refresh()
        self._show_doubts()
        self.enable()

    def _show_doubts(self) -> None:
        """What makes the numbers less reliable than they could be, and what fixes it."""
        volume, stack, lines = self.model.reconstruction, self.model.stack, []
        if volume is not None and self.model.stale:
            lines.append(
                ("The series changed after this volume was reconstructed.", reconstruct_again(self.session))
            )
        unknown = volume is not None and pixel_size(volume, "x") is None
        if unknown and self._pixel.known is None:
            lines.append(("The pixel size is unknown: lengths are in voxels.", None))
        self._strip.show(lines)
        self._pixel.widget.layout.display = (
            "" if unknown and stack is not None and self._pixel.known is None else "none"
        )

    def _show_outline(self) -> None:
        volume = self._segmentation.volume
        if volume is None:
            return
        limits = self._contrast.shown(volume, self.display)
        panes, level = slice_panes(volume, self.display, limits), self._segmentation.level
        if level is not None:
            panes = self._with_outline(volume, panes, limits, level)
        self._images.show([replace(pane, paint=self._painting.brush) for pane in panes])
        self._segmentation.draw_histogram()
        self.enable()

    def _with_outline(
        self, volume: RecStack, panes: list[Pane], limits: tuple[float, float], level: float
    ) -> list[Pane]:
        name, threshold = self._segmentation.which, self._segmentation.threshold or level
        self._painting.keep_inside(name, volume.data.shape)
        corrected = self._painting.corrected(name, np.asarray(volume.data), threshold)
        insides = [pane.image >= level for pane in slice_panes(volume, self.display, limits, corrected)]
        return [
            replace(pane, rgb=outlined(pane, limits, inside))
            for pane, inside in zip(panes, insides, strict=True)
        ]

    def enable(self) -> None:
        """Measuring needs a volume and a threshold; a table is saved when there is one."""
        super().enable()
        self._strip.enable()
        self._segmentation.enable()
        self.controls["run"].disabled |= self._segmentation.threshold is None
        lacks = self.model.stack is None or self.model.stale
        painted = bool(self._painting.strokes_of(self._segmentation.which))  # repeats cannot be painted
        self.controls["sure"].disabled = self.controls["run"].disabled or lacks or painted
        self.controls["save"].disabled = not self.model.measurements

    def is_empty(self) -> bool:
        """There must be a volume."""
        return self.model.reconstruction is None

    def way_out(self) -> Cure | None:
        """To where a volume is made."""
        return NO_VOLUME if self.model.reconstruction is None else None

    def reason(self) -> str:
        """Why nothing can be measured."""
        if self.model.reconstruction is None:
            return NO_VOLUME_REASON
        return self.busy_reason()

    # -- what is asked for --------------------------------------------------------------------------

    def _volumes(self) -> dict[str, RecStack]:
        found = {} if self.model.reconstruction is None else {SERIES: self.model.reconstruction}
        made = {c.name: c.reconstruction for c in self.model.channels if c.reconstruction is not None}
        return {**found, **made}

    def _cut_at(self, event: dict[str, Any]) -> None:
        volume = self._segmentation.volume
        if volume is not None:
            go_to_voxel(self.display, volume, event)

    def _run(self, *, intervals: bool = False) -> None:
        which, against = self._segmentation.which, self.controls["against"].value
        if against == which:
            raise ParameterError(f"compare {which} with another volume, not with itself")
        self.session.measure(
            self._segmentation.subject(which),
            other=self._segmentation.subject(against) if against else None,
            axis=self.controls["axis"].value or None,
            one_iteration_more=self.controls["again"].value,
            intervals=intervals,
        )

    def _save(self) -> None:
        if self._root is None or not self.model.measurements:
            return
        found, name = self.model.measurements[-1], Path(self.controls["file-name"].value.strip())
        tables = {name.name: found.table_to_save}
        if found.intervals is not None:
            tables[f"{name.stem}-intervals{name.suffix}"] = found.intervals
        paths = [safe_new_path(self._root, str(name.with_name(each))) for each in tables]
        for path, table in zip(paths, tables.values(), strict=True):
            with atomic_path(path) as temporary:
                table.to_csv(temporary, index=False)
        names = " and ".join(escape(path.name) for path in paths)
        self.session.tell(f"Saved {names} in {self._root}.")
