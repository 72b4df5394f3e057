"""Background, intensity, hot pixels, detector images: each is shown before its correction; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import Background
from etwidgets.panels.component import Component
from etwidgets.panels.pictures import difference_pane, image_of, projection_pane
from etwidgets.panels.pieces import control, text
from etwidgets.session.correction_previews import corrected_image, correction_text, find_correction
from etwidgets.views import HistogramView, Pane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

BACKGROUND, INTENSITY, HOT_PIXELS, DETECTOR = "background", "intensity", "hot pixels", "detector"
OPERATIONS = {
    BACKGROUND: "subtract_background",
    INTENSITY: "equalize_intensity",
    HOT_PIXELS: "remove_hot_pixels",
    DETECTOR: "correct_detector",
}
VERBS = {
    BACKGROUND: "Subtract background",
    INTENSITY: "Equalize intensity",
    HOT_PIXELS: "Remove hot pixels",
    DETECTOR: "Correct detector",
}
HELP = {
    BACKGROUND: "Subtracts the level that the detector adds. The left line on the histogram is the level.",
    INTENSITY: "Removes the flicker of the beam. Subtract the background first.",
    HOT_PIXELS: "Replaces hot and dead pixels, and single X-ray hits, by the median of their neighbors. "
    "Before registration.",
    DETECTOR: "Subtracts a dark image and divides by a gain image. Enter the numbers of projections recorded "
    "without beam or without specimen (0: none), and exclude them afterwards.",
}
_METHODS = (
    ("automatic", "auto"),
    ("mode of histogram", "mode"),
    ("percentile", "percentile"),
    ("edge of field", "edge"),
    ("rectangle", "frame"),
)
_LAWS = (("automatic", "auto"), ("constant", "constant"), ("slab (1/cos)", "slab"), ("smooth trend", "trend"))
_FORMS = {
    BACKGROUND: ("background-method", "background-shape", "percentile", "edge", "each"),
    INTENSITY: ("law",),
    HOT_PIXELS: ("deviations",),
    DETECTOR: ("dark", "gain"),
}


class CorrectionsPart(Component):
    """The forms of four tools, and their pictures.

    Parameters
    ----------
    session
        Whose series is corrected.
    name
        Of the panel.
    on_new
        Called when other pictures are to be shown.
    """

    def __init__(self, session: Session, name: str, on_new: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_new, self._said = on_new, text()
        self._histogram = self.add_view(HistogramView())
        self._build()
        self._find = self.preview(find_correction, self._take)
        self.forms = {
            tool: widgets.VBox([self.controls[each] for each in chosen]) for tool, chosen in _FORMS.items()
        }
        self.widget = widgets.VBox([*self.forms.values(), self._histogram, self._said])
        for each in self.controls:
            self.on_change(each, on_new)

    def _build(self) -> None:
        number, real = widgets.BoundedIntText, widgets.BoundedFloatText
        self.add("background-method", control(widgets.Dropdown, "method", options=_METHODS))
        shapes = ["constant", "plane"]
        self.add("background-shape", control(widgets.Dropdown, "background shape", options=shapes))
        self.add("percentile", control(real, "percentile (%)", value=5, min=0, max=50, step=0.5))
        self.add("edge", control(number, "edge (px)", value=8, min=1, max=1000))
        label = "background of each projection"
        self.add("each", control(widgets.Checkbox, label, value=False, indent=False))
        self.add("law", control(widgets.Dropdown, "intensity law", options=_LAWS))
        self.add("deviations", control(real, "threshold (std)", value=8, min=1, max=100, step=0.5))
        for name in ("dark", "gain"):
            self.add(name, control(number, f"{name} image", value=0, min=0, max=0))

    def fresh(self) -> None:
        """Nothing was looked for."""
        self._asked: Any = None  # data, operation and parameters that were asked for last
        self._found: Any = None
        self._waits = False
        self._frame: list[int] = []
        self._said.value = ""

    # -- what is chosen -----------------------------------------------------------------------------

    def parameters(self, tool: str) -> dict[str, Any]:
        """Of the operation, as the form has them."""
        value = {name: each.value for name, each in self.controls.items()}
        if tool == INTENSITY:
            return {"law": value["law"]}
        if tool == HOT_PIXELS:
            return {"deviations": value["deviations"]}
        if tool == DETECTOR:
            return {name: value[name] - 1 for name in ("dark", "gain") if value[name]}
        method = value["background-method"]
        given = {"method": method, "shape": value["background-shape"], "each": value["each"]}
        own = {"percentile": ("percentile", value["percentile"]), "edge": ("edge_px", value["edge"]),
               "frame": ("frame", list(self._frame))}  # fmt: skip
        return given | dict([own[method]] if method in own else [])

    def reason(self, tool: str) -> str:
        """Why the tool cannot act; empty if it can."""
        if tool == DETECTOR and not self.parameters(tool):
            return "Enter the number of a projection without beam (dark) or without specimen (gain)."
        stack = self.model.stack
        if tool == INTENSITY and stack is not None and not stack.has_tilts:
            return "The tilt series has no tilts; set them in tab Data."
        if tool == BACKGROUND and isinstance(self._found, Background) and not self._found.determined:
            return "The background is not determined; choose a method other than automatic."
        return ""

    def apply(self, tool: str) -> None:
        """Correct the series."""
        self.session.apply(OPERATIONS[tool], **self.parameters(tool))

    def drag(self, tool: str, values: list[float]) -> None:
        """The rectangle was moved."""
        if tool == BACKGROUND and self._frame:
            self._frame = [int(value) for value in values]
            self._on_new()

    # -- pictures -----------------------------------------------------------------------------------

    def show(self, tool: str) -> None:
        """Show the form of a tool, or of none of these."""
        for name, form in self.forms.items():
            form.layout.display = "" if name == tool else "none"
        method = self.controls["background-method"].value
        for name, own in (("percentile", "percentile"), ("edge", "edge")):
            self.controls[name].layout.display = "" if method == own else "none"
        self._histogram.layout.display = "" if tool == BACKGROUND else "none"
        self._said.layout.display = "" if tool in OPERATIONS else "none"

    def panes(self, tool: str, stack: TomoStack, limits: tuple[float, float]) -> list[Pane]:
        """Before, after and difference of the projection that is shown."""
        count, height, width = stack.data.shape
        for name in ("dark", "gain"):
            self.controls[name].max = count
        framed = tool == BACKGROUND and self.controls["background-method"].value == "frame"
        if framed and not self._frame:
            self._frame = [0, 0, max(1, width // 4), max(1, height // 4)]
        self._ask(tool, stack)
        rectangle = (self._frame[0], self._frame[1], self._frame[2], self._frame[3]) if framed else None
        before = projection_pane(stack, self.display, limits, title="Before", rectangle=rectangle)
        said = "Looking at the series ..." if self._waits else correction_text(self._found)
        self._said.value = f"<p class='etw-quiet'>{escape(said)}</p>"
        if not self._found:
            return [before]
        index = min(self.display.projection, count - 1)
        image = image_of(stack, index)
        self._show_histogram(image, index)
        if isinstance(self._found, Background) and not self._found.determined:
            return [before]
        after = corrected_image(self._found, image, index)
        shown = Pane(after, limits=limits, cmap=self.display.color_map, title="After", caption=tool)
        return [before, shown, difference_pane(after - image, "Difference", "after minus before")]

    def _show_histogram(self, image: NDArray[Any], index: int) -> None:
        if isinstance(self._found, Background):
            sample = np.asarray(image, float).ravel()
            below = 100 * float((sample < self._found.levels[index]).mean())
            self._histogram.show(sample, (below, 100.0))

    def _ask(self, tool: str, stack: TomoStack) -> None:
        asked = (stack.data, OPERATIONS[tool], self.parameters(tool))
        if self._asked is not None and self._asked[0] is asked[0] and self._asked[1:] == asked[1:]:
            return
        self._asked, self._found, self._waits = asked, None, True
        tilts = stack.tilts_deg.copy() if stack.has_tilts else None
        self._find.submit(np.asarray(stack.data), tilts, *asked[1:])

    def _take(self, answer: tuple[str, Mapping[str, Any], Any]) -> None:
        operation, parameters, found = answer
        if self._asked is not None and self._asked[1:] == (operation, parameters):
            self._found, self._waits = found, False
            self._on_new()
