"""Segmentation of a volume by a threshold: how it is found, its histogram to drag it on; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import control, heading, offer
from etwidgets.session import SERIES
from etwidgets.session.measuring import Subject, find_threshold, histogram
from etwidgets.views import SpectrumCurve, SpectrumView, SpectrumWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.analysis import Stroke
    from etwidgets.session import Session
    from etwidgets.signals import RecStack

_BY_HAND = "by hand"
_LABELS = {
    "half": "half maximum",
    "otsu": "Otsu",
    "multi-otsu": "multi-Otsu, highest",
    "li": "Li, for faint objects",
    _BY_HAND: _BY_HAND,
}
_OPTIONS = {"smooth_px": "smooth", "smallest_voxels": "smallest", "split_px": "split"}


class SegmentationPart(Component):
    """Which volume, and what counts as an object in it.

    Parameters
    ----------
    session
        Whose volumes they are.
    name
        Of the panel.
    volumes
        Gives the volumes by their names.
    on_new
        Called when another outline is to be drawn.
    strokes
        Gives the corrections by hand of a volume.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        volumes: Callable[[], Mapping[str, RecStack]],
        on_new: Callable[[], None],
        strokes: Callable[[str], tuple[Stroke, ...]],
    ) -> None:
        super().__init__(session, name)
        self._volumes, self._on_new, self._strokes = volumes, on_new, strokes
        self.histogram = self.add_view(SpectrumView(height=120))
        self.histogram.add_class(f"etw-{name}-histogram")
        self.on_event(self.histogram.on_window, self._drag)
        self._histogram_job = self.preview(_histogram, self._take_histogram)
        self._threshold_job = self.preview(_threshold, self._take_threshold)
        self.add("which", control(widgets.Dropdown, "volume", options=[]))
        methods = [(label, method) for method, label in _LABELS.items()]
        self.add("method", control(widgets.Dropdown, "threshold", options=methods, value="half"))
        self.add("classes", control(widgets.BoundedIntText, "classes", value=3, min=3, max=5))
        self.add("threshold", control(widgets.FloatText, "intensity", value=0.0, continuous_update=False))
        low = {"value": 100, "min": 1, "max": 100}
        self.add("low", control(widgets.BoundedFloatText, "low threshold (%)", **low))
        self.add("smooth", control(widgets.BoundedFloatText, "smooth (px)", value=0, min=0, max=10, step=0.5))
        self.add("smallest", control(widgets.BoundedIntText, "min. size (vox)", value=0, min=0, max=10**9))
        reach = {"value": 0, "min": 0, "max": 500}
        self.add("split", control(widgets.BoundedIntText, "split touching objects (px)", **reach))
        for chooser in ("which", "method", "classes", "smooth"):
            self.on_change(chooser, self._choose)
        self.on_change("threshold", self._take_number)
        for chooser in ("low", "smallest"):
            self.on_change(chooser, on_new)
        self.widget = widgets.VBox([heading("Segment"), *self.controls.values()])

    def fresh(self) -> None:
        """No threshold and no histogram are known."""
        self._found: dict[str, float] = {}
        self._bars: tuple[Any, NDArray[np.float64], NDArray[np.float64]] | None = None

    # -- what is chosen -----------------------------------------------------------------------------

    @property
    def which(self) -> str:
        """Name of the chosen volume."""
        return self.controls["which"].value or SERIES

    @property
    def volume(self) -> RecStack | None:
        """The chosen volume."""
        return self._volumes().get(self.which)

    @property
    def threshold(self) -> float | None:
        """Of the chosen volume, once it is known."""
        return self._found.get(self.which)

    @property
    def level(self) -> float | None:
        """Where the outline lies: at the threshold, or at the low one."""
        return None if self.threshold is None else self.threshold * self._low

    def subject(self, name: str) -> Subject:
        """A volume and how it is segmented: as the form says, at its own threshold."""
        data, smooth = np.asarray(self._volumes()[name].data), float(self.controls["smooth"].value)
        if name not in self._found:
            (self._found[name], *_) = find_threshold(data, "half", 3, smooth)
        given: dict[str, Any] = {"threshold": self._found[name]}
        if self._low < 1:
            given["low"] = self._found[name] * self._low
        given |= {key: self.controls[of].value for key, of in _OPTIONS.items() if self.controls[of].value}
        return Subject(name, data, given, self._strokes(name))

    @property
    def _low(self) -> float:
        return float(self.controls["low"].value) / 100

    # -- what is shown ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Offer the volumes, find what is not known of the chosen one, and have it drawn."""
        with self.filling():
            offer(self.controls["which"], [(name, name) for name in self._volumes()])
        volume = self.volume
        if volume is None:
            self.fresh()
            self.histogram.clear()
        elif self._bars is None or self._bars[0] is not volume.data:
            self._found.pop(self.which, None)
            self._choose()
        else:
            self._on_new()

    def enable(self) -> None:
        """Show the number of classes where it matters."""
        several = self.controls["method"].value == "multi-otsu"
        self.controls["classes"].layout.display = "" if several else "none"

    def draw_histogram(self) -> None:
        """Show how often each intensity occurs, and the part above the threshold."""
        if self._bars is None:
            return
        _, middles, counts = self._bars
        windows = []
        if self.threshold is not None:
            start = float(np.clip(self.threshold, middles[0], middles[-1]))
            windows = [SpectrumWindow(start, float(middles[-1]))]
        curve = SpectrumCurve("counts (log)", counts, "#8b909b")
        self.histogram.show(middles, [curve], windows, (), "intensity; drag the edge to set the threshold")

    def _choose(self) -> None:
        """Another volume, or another way to segment it: a threshold is found for it."""
        volume = self.volume
        if volume is None:
            return
        smooth, data = float(self.controls["smooth"].value), np.asarray(volume.data)
        self._histogram_job.submit(volume.data, data, smooth)
        method = self.controls["method"].value
        if method == _BY_HAND and self.threshold is not None:
            self._on_new()
        else:
            method = "half" if method == _BY_HAND else method
            self._threshold_job.submit(self.which, data, method, self.controls["classes"].value, smooth)
        self.enable()

    def _take_histogram(self, found: tuple[Any, NDArray[Any], NDArray[Any]]) -> None:
        self._bars = found
        self.draw_histogram()

    def _take_threshold(self, found: tuple[str, float]) -> None:
        name, threshold = found
        self._found[name] = threshold
        if name == self.which:
            with self.filling():
                self.controls["threshold"].value = float(f"{threshold:.6g}")
            self._on_new()

    def _take_number(self) -> None:
        self._found[self.which] = float(self.controls["threshold"].value)
        with self.filling():
            self.controls["method"].value = _BY_HAND
        self.enable()
        self._on_new()

    def _drag(self, _index: int, start: float, _stop: float, _done: bool) -> None:
        self.controls["threshold"].value = float(f"{start:.6g}")


def _histogram(key: Any, data: NDArray[Any], smooth_px: float) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    return (key, *histogram(data, smooth_px))


def _threshold(
    name: str, data: NDArray[Any], method: str, classes: int, smooth_px: float
) -> tuple[str, float]:
    return name, find_threshold(data, method, classes, smooth_px)[-1]
