"""Part a volume at a threshold and measure it, with what the numbers hang on; computes nothing itself."""

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
from etwidgets.panels.cures import NO_VOLUME, PixelPart
from etwidgets.panels.measured import comparison_html, summary_html, table_html
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, outlined, pixel_size, slice_panes
from etwidgets.panels.pieces import button, control, heading, text
from etwidgets.session import SERIES, Cure
from etwidgets.session.measuring import Subject, find_threshold, histogram
from etwidgets.views import CurveView, ImageView, SpectrumCurve, SpectrumView, SpectrumWindow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.session.measuring import Measurement
    from etwidgets.signals import RecStack

_BY_HAND = "by hand"
_WORDS = {
    "half": "halfway",
    "otsu": "Otsu",
    "multi-otsu": "Otsu, the highest",
    "li": "Li, faint bodies",
    _BY_HAND: _BY_HAND,
}
_HELP = """<div class='etw-help'><p><b>For</b> volumes, surfaces, layers, interfaces and ratios, in nm.</p>
<p><b>When</b> the edge is half as bright as the inside; <i>halfway</i> is then right for any size.</p>
<p><b>Caution</b> the missing wedge blurs along the beam, and too few iterations make all edges soft. The
interval knows of the threshold and of noise, not of these.</p>
<p class='etw-source'>Otsu 1979; Li &amp; Lee 1993; Wadell 1935</p></div>"""


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
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        self._filling = False
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=250).add_class("etw-grow"))
        self._images.on_click(lambda event: self.guard(lambda: self._cut_at(event)))
        self._histogram = self.add_view(SpectrumView(height=120))
        self._histogram.add_class("etw-analyze-histogram")
        self._histogram.on_window(lambda *moved: self.guard(lambda: self._drag(*moved)))
        self._curve = self.add_view(CurveView("threshold", "volume (nm³)", height=170, width=380))
        self._profile = self.add_view(CurveView("position (nm)", "area (nm²)", height=170, width=380))
        self._summary, self._table = text(), text("", "etw-measured")
        self._histogram_job = self.session.latest(_histogram, self._take_histogram)
        self._threshold_job = self.session.latest(_threshold, self._take_threshold)
        for job in (self._histogram_job, self._threshold_job):
            self._undo.callback(job.close)
        below = widgets.HBox([widgets.VBox([self._curve, self._profile]), self._summary]).add_class(
            "etw-results"
        )
        self._strip, self._pixel = self.cure_strip(2), self.add_part(PixelPart(self.session, self.name))
        form = [self._strip.widget, self._pixel.widget]
        form += [heading("Part"), *self._build_parting(), heading("Measure"), *self._build_measuring()]
        self.refresh_on(self.model, ("reconstruction", "channels", "measurements", "stale", "stack"))
        self.refresh_on(self.display, ("voxel", "contrast", "color_map"))
        return [self._images, self._histogram, below, self._table], form

    def _build_parting(self) -> list[widgets.Widget]:
        self.add("which", control(widgets.Dropdown, "volume", options=[]))
        methods = [(words, name) for name, words in _WORDS.items()]
        self.add("method", control(widgets.Dropdown, "threshold", options=methods, value="half"))
        self.add("classes", control(widgets.BoundedIntText, "classes", value=3, min=3, max=5))
        self.add("threshold", control(widgets.FloatText, "intensity", value=0.0, continuous_update=False))
        self.add("low", control(widgets.BoundedFloatText, "down to (%)", value=100, min=1, max=100))
        self.add("smooth", control(widgets.BoundedFloatText, "smooth (px)", value=0, min=0, max=10, step=0.5))
        self.add("smallest", control(widgets.BoundedIntText, "smallest (vox)", value=0, min=0, max=10**9))
        self.add("split", control(widgets.BoundedIntText, "part necks (px)", value=0, min=0, max=500))
        for name in ("which", "method", "classes", "smooth"):
            self.on_change(name, self._choose)
        self.on_change("threshold", self._take_number)
        for name in ("low", "smallest"):
            self.on_change(name, self._draw)
        names = ("which", "method", "classes", "threshold", "low", "smooth", "smallest", "split")
        return [self.controls[name] for name in names]

    def _build_measuring(self) -> list[widgets.Widget]:
        self.add("against", control(widgets.Dropdown, "compare with", options=[("nothing", "")]))
        axes = [("no layers", ""), *((f"along {axis}", axis) for axis in "xzy")]
        self.add("axis", control(widgets.Dropdown, "layers", options=axes, value=""))
        again = control(widgets.Checkbox, "one iteration more, one less", value=False, indent=False)
        self.add("again", again)
        self.add("run", button("Measure", primary=True))
        self.add("file-name", control(widgets.Text, "file name", value="measured.csv"))
        self.add("save", button("Save the table (CSV)"))
        self.on_click("run", self._run)
        self.on_click("save", self._save)
        names = ("against", "axis", "again", "run")
        saving = [self.controls[name] for name in ("file-name", "save")] if self._root is not None else []
        return [*(self.controls[name] for name in names), self.hint, *saving, text(_HELP)]

    def fresh(self) -> None:
        """No threshold and no histogram are known."""
        self._contrast.clear()
        self._found: dict[str, float] = {}
        self._bars: tuple[Any, NDArray[np.float64], NDArray[np.float64]] | None = None

    # -- drawing ------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the chosen volume with its outline, and what was measured last."""
        self._offer()
        volume = self._volume
        if volume is None:
            self._found, self._bars = {}, None
            self._images.show([])
            self._histogram.clear()
        elif self._bars is None or self._bars[0] is not volume.data:
            self._found.pop(self._which, None)
            self._choose()
        else:
            self._draw()
        self._show_result()
        self._tell_doubts()
        self.enable()

    def _tell_doubts(self) -> None:
        """What makes the numbers mean less than they could, and what mends it."""
        volume, stack, lines = self.model.reconstruction, self.model.stack, []
        if volume is not None and self.model.stale:
            lines.append(("The series changed after this volume was reconstructed.", self._again()))
        unknown = volume is not None and pixel_size(volume, "x") is None
        if unknown and self._pixel.known is None:
            lines.append(("The pixel size is not known: lengths are in voxels.", None))
        self._strip.show(lines)
        self._pixel.widget.layout.display = (
            "" if unknown and stack is not None and self._pixel.known is None else "none"
        )

    def _again(self) -> Cure | None:
        made = [step for step in self.session.steps_of_series if step.operation == "reconstruct"]
        return Cure("Reconstruct again", "reconstruct", made[-1].parameters) if made else None

    def _draw(self) -> None:
        volume = self._volume
        if volume is None:
            return
        limits = self._contrast.of(volume, self.display.contrast)
        panes = slice_panes(volume, self.display, limits)
        threshold = self._found.get(self._which)
        if threshold is not None:
            level = threshold * self._low
            panes = [replace(pane, rgb=outlined(pane, limits, level)) for pane in panes]
        self._images.show(panes)
        self._draw_histogram()

    def _draw_histogram(self) -> None:
        if self._bars is None:
            return
        _, middles, counts = self._bars
        threshold = self._found.get(self._which)
        windows = []
        if threshold is not None:
            windows = [SpectrumWindow(float(np.clip(threshold, middles[0], middles[-1])), float(middles[-1]))]
        curve = SpectrumCurve("how often (log)", counts, "#8b909b")
        self._histogram.show(middles, [curve], windows, (), "intensity; drag the edge")

    def _show_result(self) -> None:
        if not self.model.measurements:
            self._curve.layout.display = self._profile.layout.display = "none"
            self._summary.value = self._table.value = ""
            return
        found: Measurement = self.model.measurements[-1]
        self._curve.layout.display = ""
        self._curve.set_labels("threshold", f"volume ({found.unit}³)")
        self._profile.layout.display = "none" if found.profile is None else ""
        self._profile.set_labels(f"position ({found.unit})", f"area ({found.unit}²)")
        values = found.curve["threshold"].to_numpy(), found.curve["value"].to_numpy()
        self._curve.show({"all bodies": values}, mark=float(found.subject.parameters["threshold"]))
        if found.profile is not None:
            along = found.profile["position_nm"].to_numpy(), found.profile["area_nm2"].to_numpy()
            self._profile.show({"cross-section": along})
        self._summary.value = summary_html(found) + comparison_html(found)
        self._table.value = table_html(found)

    def _offer(self) -> None:
        names = list(self._volumes)
        self._filling = True
        try:
            for control_name, first in (("which", []), ("against", [("nothing", "")])):
                chosen, options = self.controls[control_name].value, [*first, *((n, n) for n in names)]
                if list(self.controls[control_name].options) != options:
                    self.controls[control_name].options = options
                    known = [value for _, value in options]
                    if known:
                        self.controls[control_name].value = chosen if chosen in known else known[0]
        finally:
            self._filling = False

    def enable(self) -> None:
        """Measuring needs a volume and a threshold; a table is saved when there is one."""
        super().enable()
        self._strip.enable()
        self.controls["run"].disabled |= self._which not in self._found
        self.controls["save"].disabled = not self.model.measurements
        self.controls["classes"].layout.display = (
            "" if self.controls["method"].value == "multi-otsu" else "none"
        )

    def way_out(self) -> Cure | None:
        """To where a volume is made."""
        return NO_VOLUME if self.model.reconstruction is None else None

    def reason(self) -> str:
        """Why nothing can be measured."""
        if self.model.reconstruction is None:
            return "Reconstruct a volume first (step Reconstruct)."
        return "A step is running; wait for it or press Cancel." if self.model.busy else ""

    # -- what is chosen -----------------------------------------------------------------------------

    @property
    def _volumes(self) -> dict[str, RecStack]:
        found = {} if self.model.reconstruction is None else {SERIES: self.model.reconstruction}
        made = {c.name: c.reconstruction for c in self.model.channels if c.reconstruction is not None}
        return {**found, **made}

    @property
    def _which(self) -> str:
        return self.controls["which"].value or SERIES

    @property
    def _volume(self) -> RecStack | None:
        return self._volumes.get(self._which)

    @property
    def _low(self) -> float:
        return float(self.controls["low"].value) / 100

    def _choose(self) -> None:
        """Another volume, or another way to part it: a threshold is found for it."""
        volume = self._volume
        if self._filling or volume is None:
            return
        smooth, data = float(self.controls["smooth"].value), np.asarray(volume.data)
        self._histogram_job.submit(volume.data, data, smooth)
        method = self.controls["method"].value
        if method == _BY_HAND and self._which in self._found:
            self._draw()
        else:
            method = "half" if method == _BY_HAND else method
            self._threshold_job.submit(self._which, data, method, self.controls["classes"].value, smooth)
        self.enable()

    def _take_histogram(self, found: tuple[Any, NDArray[Any], NDArray[Any]]) -> None:
        self._bars = found
        self._draw_histogram()

    def _take_threshold(self, found: tuple[str, float]) -> None:
        name, threshold = found
        self._found[name] = threshold
        if name == self._which:
            self._filling = True
            try:
                self.controls["threshold"].value = float(f"{threshold:.6g}")
            finally:
                self._filling = False
            self._draw()
            self.enable()

    def _take_number(self) -> None:
        if self._filling:
            return
        self._found[self._which] = float(self.controls["threshold"].value)
        self._filling = True
        try:
            self.controls["method"].value = _BY_HAND
        finally:
            self._filling = False
        self._draw()
        self.enable()

    def _drag(self, _index: int, start: float, _stop: float, _done: bool) -> None:
        self.controls["threshold"].value = float(f"{start:.6g}")

    def _cut_at(self, event: dict[str, Any]) -> None:
        volume = self._volume
        if volume is None:
            return
        axes = ((2, 1), (0, 1), (0, 2))[event["pane"]]
        voxel = list(self.display.voxel)
        for axis, value in zip(axes, (event["x"], event["y"]), strict=True):
            voxel[axis] = int(np.clip(value, 0, volume.data.shape[axis] - 1))
        self.display.voxel = tuple(voxel)

    # -- what is asked for --------------------------------------------------------------------------

    def _subject(self, name: str) -> Subject:
        """A volume and how it is parted: as the form says, at its own threshold."""
        data = np.asarray(self._volumes[name].data)
        smooth = float(self.controls["smooth"].value)
        if name not in self._found:
            (self._found[name], *_) = find_threshold(data, "half", 3, smooth)
        given: dict[str, Any] = {"threshold": self._found[name]}
        if self._low < 1:
            given["low"] = self._found[name] * self._low
        for key, control_name in (
            ("smooth_px", "smooth"),
            ("smallest_voxels", "smallest"),
            ("split_px", "split"),
        ):
            if self.controls[control_name].value:
                given[key] = self.controls[control_name].value
        return Subject(name, data, given)

    def _run(self) -> None:
        against = self.controls["against"].value
        if against == self._which:
            raise ParameterError(f"compare {self._which} with another volume, not with itself")
        self.session.measure(
            self._subject(self._which),
            other=self._subject(against) if against else None,
            axis=self.controls["axis"].value or None,
            one_iteration_more=self.controls["again"].value,
        )

    def _save(self) -> None:
        if self._root is None or not self.model.measurements:
            return
        path = safe_new_path(self._root, self.controls["file-name"].value.strip())
        with atomic_path(path) as temporary:
            self.model.measurements[-1].table_to_save.to_csv(temporary, index=False)
        self.session.tell(f"Wrote {escape(path.name)} into {self._root}.")


def _histogram(key: Any, data: NDArray[Any], smooth_px: float) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    return (key, *histogram(data, smooth_px))


def _threshold(
    name: str, data: NDArray[Any], method: str, classes: int, smooth_px: float
) -> tuple[str, float]:
    return name, find_threshold(data, method, classes, smooth_px)[-1]
