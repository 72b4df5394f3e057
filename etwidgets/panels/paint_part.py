"""Corrects a segmentation by hand: brush and lasso in the slices; knows no panel and measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets import analysis
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.views import Paint

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.session import Session

_LOOK, _ADD, _ERASE = "Look", "Add", "Erase"
_BRUSH, _LASSO = "brush", "lasso"
_ACROSS = ("x", "y", "z")  # of the three slices, in the order in which they are shown


class PaintPart(Component):
    """What the mouse does in the slices, and the strokes that it made, for each volume.

    Parameters
    ----------
    session, name
        As of every component.
    which
        Gives the name of the volume that is shown.
    on_new
        Called when there are other strokes, or the mouse does something else.
    """

    def __init__(
        self, session: Session, name: str, which: Callable[[], str], on_new: Callable[[], None]
    ) -> None:
        super().__init__(session, name)
        self._which, self._on_new = which, on_new
        self.add(
            "paint", widgets.ToggleButtons(options=[_LOOK, _ADD, _ERASE], style={"button_width": "76px"})
        )
        self.add("brush", control(widgets.Dropdown, "with", options=[_BRUSH, _LASSO]))
        self.add(
            "radius",
            control(widgets.BoundedFloatText, "brush radius (px)", value=4, min=0.5, max=200, step=0.5),
        )
        self.add("depth", control(widgets.BoundedIntText, "brush depth (px)", value=2, min=0, max=500))
        self.add("unpaint", button("Undo stroke"))
        self.add("clear", button("Remove all"))
        self._said = text()
        for each in ("paint", "brush", "radius"):
            self.on_change(each, self._choose)
        self.on_click("unpaint", lambda: self._drop(1))
        self.on_click("clear", lambda: self._drop(None))
        self._tools = [self.controls[each] for each in ("brush", "radius", "depth")]
        buttons = row(self.controls["unpaint"], self.controls["clear"])
        self.widget = widgets.VBox(
            [heading("Correct by hand"), self.controls["paint"], *self._tools, buttons, self._said]
        )

    def fresh(self) -> None:
        """There are no strokes, and the mouse looks around."""
        self._strokes: dict[str, tuple[analysis.Stroke, ...]] = {}
        self._corrected: tuple[Any, ...] = ()
        self._choose()

    @property
    def brush(self) -> Paint | None:
        """What a drag in a slice draws; None: it moves the picture."""
        if self.controls["paint"].value == _LOOK:
            return None
        radius = float(self.controls["radius"].value) if self.controls["brush"].value == _BRUSH else 0.0
        return Paint(radius, adds=self.controls["paint"].value == _ADD)

    def corrected(self, name: str, data: NDArray[Any], threshold: float) -> NDArray[Any]:
        """A volume with its strokes; the same array where there are none."""
        strokes = self._strokes.get(name, ())
        if not strokes:
            return data
        known = self._corrected
        if not (known and known[0] is data and known[1:3] == (threshold, strokes)):
            self._corrected = (data, threshold, strokes, analysis.painted(data, strokes, threshold))
        made: NDArray[np.float32] = self._corrected[3]
        return made

    def strokes_of(self, name: str) -> tuple[analysis.Stroke, ...]:
        """Those of a volume, in the order in which they were made."""
        return self._strokes.get(name, ())

    def keep_inside(self, name: str, shape: tuple[int, ...]) -> None:
        """Another volume may be smaller: its strokes go where they do not fit."""
        sizes = dict(zip(("x", "z", "y"), shape, strict=True))
        fitting = tuple(each for each in self.strokes_of(name) if each.index < sizes[each.axis])
        if fitting != self.strokes_of(name):
            self._take(name, fitting)

    def draw(self, event: dict[str, Any], voxel: tuple[int, int, int]) -> None:
        """Take a finished drag of the view, in the slices through a voxel (x, z, y)."""
        brush = self.brush
        if event.get("kind") != "stroke" or not event.get("done") or brush is None:
            return
        axis = _ACROSS[event["pane"]]
        points = tuple((float(x), float(y)) for x, y in event["values"])
        if not points or (not brush.radius and len(points) < 3):
            return
        index = dict(zip(("x", "z", "y"), voxel, strict=True))[axis]
        stroke = analysis.Stroke(
            axis, index, points, brush.radius, int(self.controls["depth"].value), adds=brush.adds
        )
        self._take(self._which(), (*self.strokes_of(self._which()), stroke))
        self._on_new()

    def enable(self) -> None:
        """Offer what belongs to the chosen tool, and to undo what there is."""
        paints = self.controls["paint"].value != _LOOK
        for tool in self._tools:
            tool.layout.display = "" if paints else "none"
        if self.controls["brush"].value == _LASSO:
            self.controls["radius"].layout.display = "none"
        count = len(self.strokes_of(self._which()))
        for each in ("unpaint", "clear"):
            self.controls[each].disabled = not count
        strokes = f"{count} stroke{'s' if count != 1 else ''}, part of what is measured." if count else ""
        what = "Drag in a slice. " if paints else ""
        self._said.value = f"<p class='etw-quiet'>{what}{strokes}</p>" if what or strokes else ""

    def _choose(self) -> None:
        self.enable()
        self._on_new()

    def _drop(self, count: int | None) -> None:
        name = self._which()
        self._take(name, () if count is None else self.strokes_of(name)[:-count])
        self._on_new()

    def _take(self, name: str, strokes: tuple[analysis.Stroke, ...]) -> None:
        self._strokes[name] = strokes
        self.enable()
