"""What was measured last: curve, cross-section, numbers and the table of objects; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.measured import comparison_html, intervals_html, summary_html, table_html
from etwidgets.panels.pieces import text
from etwidgets.session.readable import unit_for
from etwidgets.views import CurveView

if TYPE_CHECKING:
    from etwidgets.session import Session
    from etwidgets.session.measuring import Measurement

_THRESHOLD = "threshold (dashed: as measured)"


class ResultsPart(Component):
    """The volume over the threshold, the area along an axis, and all numbers.

    Parameters
    ----------
    session
        Whose measurements are shown.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        self.curve = self.add_view(CurveView(_THRESHOLD, "volume (nm³)", height=170, width=380))
        self.profile = self.add_view(CurveView("position (nm)", "area (nm²)", height=170, width=380))
        self.summary, self.table = text(), text("", "etw-measured")
        self.intervals = text()
        beside = widgets.HBox([widgets.VBox([self.curve, self.profile]), self.summary])
        self.widget = widgets.VBox([self.intervals, beside.add_class("etw-results"), self.table])

    def refresh(self) -> None:
        """Show the last measurement, or nothing."""
        if self.model.measurements:
            self._show(self.model.measurements[-1])
            return
        self.curve.layout.display = self.profile.layout.display = "none"
        self.curve.set_labels(_THRESHOLD, "volume (nm³)")
        self.summary.value = self.table.value = self.intervals.value = ""

    def _show(self, found: Measurement) -> None:
        self.curve.layout.display = ""
        factor, name = unit_for(found.total.value, found.unit, 3)
        self.curve.set_labels(_THRESHOLD, f"volume ({name})")
        values = found.curve["threshold"].to_numpy(), found.curve["value"].to_numpy() / factor
        self.curve.show({"all objects": values}, mark=float(found.subject.parameters["threshold"]))
        self.profile.layout.display = "none" if found.profile is None else ""
        if found.profile is not None:
            areas = found.profile["area_nm2"].to_numpy()
            factor, name = unit_for(areas.max(), found.unit, 2)
            self.profile.set_labels(f"position ({found.unit})", f"area ({name})")
            self.profile.show({"cross-section": (found.profile["position_nm"].to_numpy(), areas / factor)})
        self.summary.value = summary_html(found) + comparison_html(found)
        self.intervals.value = intervals_html(found)
        self.table.value = table_html(found)
