"""Residuals, shifts, misfit and the methods that were tried, one at a time; computes nothing itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pictures import tilt_text
from etwidgets.panels.pieces import Row, button, row, table
from etwidgets.session.previews import checked_projections
from etwidgets.views import Bar, BarView, CurveView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.align import ProjectionCheck
    from etwidgets.session import Session
    from etwidgets.signals import TomoStack
    from etwidgets.signals.alignment_report import AlignmentReport

    Curves = Mapping[str, tuple[Any, Any]]

RESIDUALS, SHIFTS, MISFIT, METHODS = "residuals", "shifts", "misfit", "methods"
_HEIGHT_PX = 170
_SAID = re.compile(r"misfit (\d+\.\d+)")
_JUDGED = ("auto_align", "refine_alignment")
_NONE_TRIED = "<p class='etw-quiet'>Nothing was tried yet: press <b>Align automatically</b>.</p>"


class AlignmentCharts(Component):
    """One chart under the pictures; which one is chosen by buttons.

    Parameters
    ----------
    session, name
        As of every component.
    report
        Gives the report of the alignment of the series as it is, or None.
    """

    def __init__(self, session: Session, name: str, report: Callable[[], AlignmentReport | None]) -> None:
        super().__init__(session, name)
        self._report = report
        options = [RESIDUALS, SHIFTS, MISFIT, METHODS]
        style = {"style": {"button_width": "76px"}, "layout": widgets.Layout(flex="0 0 auto")}
        tips = [
            "How far each projection is off (px)", "Shift applied to each projection (px)",
            "Misfit of left-out projections during the refinement",
            "What was tried, and how well it predicts left-out projections",
        ]  # fmt: skip
        self.add("chart", widgets.ToggleButtons(options=options, value=RESIDUALS, tooltips=tips, **style))
        self.add("exclude", button("Exclude projection"))
        self.add("exclude-outliers", button("Exclude outliers"))
        self._bars: BarView = self.add_view(BarView(height=_HEIGHT_PX))
        self._curves: CurveView = self.add_view(
            CurveView("tilt (deg)", "shift applied (px)", height=_HEIGHT_PX, width=760, whole_x=True)
        )
        self._tried = widgets.HTML(_NONE_TRIED).add_class("etw-text").add_class("etw-tried")
        self._tried.layout.height = f"{_HEIGHT_PX}px"
        self._judge = self.preview(checked_projections, self._take)
        self.on_event(self._bars.on_click, self._clicked)
        self.on_click("exclude", lambda: self._exclude([self._shown_projection()]))
        self.on_click("exclude-outliers", lambda: self._exclude(list(self.outliers)))
        self.listen(self.model, "job", self._follow)
        names = ("chart", "exclude", "exclude-outliers")
        buttons = row(*(self.controls[each] for each in names)).add_class("etw-charts")
        area = widgets.VBox([self._bars, self._curves, self._tried]).add_class("etw-chart")
        self.widget = widgets.VBox([buttons, area])
        self._turn_to(self._bars)

    def fresh(self) -> None:
        """Nothing is known to be off."""
        self._judged: Any = None  # the series whose residuals were asked for last
        self._off: NDArray[np.float64] | None = None
        self._check: ProjectionCheck | None = None
        self._refused = ""
        self.outliers: tuple[int, ...] = ()
        self._trial: NDArray[np.float64] | None = None
        self._live: list[float] = []
        self._running = False

    def enable(self, *, idle: bool) -> None:
        """Offer to exclude what is shown, and what is far out."""
        stack, n_outliers = self.model.stack, len(self.outliers)
        several = stack is not None and stack.data.shape[0] > 1
        self.controls["exclude"].disabled = not (idle and several)
        self.controls["exclude"].description = f"Exclude projection {self._shown_projection() + 1}"
        self.controls["exclude-outliers"].disabled = not (idle and n_outliers)
        said = f"{n_outliers} outlier{'s' if n_outliers > 1 else ''}" if n_outliers else "outliers"
        self.controls["exclude-outliers"].description = f"Exclude {said}"

    # -- drawing ------------------------------------------------------------------------------------

    def draw(self, stack: TomoStack, markers: Curves | None) -> None:
        """Draw what is chosen; the curves of the markers in its place, where there are some."""
        chart = self.controls["chart"].value
        self.controls["chart"].disabled = bool(markers)
        self._judge_again(stack)
        if markers:
            self._turn_to(self._curves)
            self._curves.set_labels("tilt (deg)", "residual (px)")
            self._curves.show(markers)
        elif chart == RESIDUALS:
            self._turn_to(self._bars)
            self._draw_bars(stack)
        elif chart == SHIFTS:
            self._turn_to(self._curves)
            self._draw_shifts(stack)
        elif chart == MISFIT:
            self._turn_to(self._curves)
            self._draw_misfit()
        else:
            self._turn_to(self._tried)
            found = stack.alignment_report
            self._tried.value = _NONE_TRIED if found is None or not found.candidates else _tried(found)

    def clear(self) -> None:
        """There is no series."""
        self.clear_views()
        self._tried.value = _NONE_TRIED

    def follow_nudge(self, residual_px: NDArray[np.float64] | None) -> None:
        """Show what the projection would be off by while it is moved on trial; None: it is not moved."""
        self._trial = residual_px
        stack = self.model.stack
        if stack is not None and residual_px is not None and self.controls["chart"].value == RESIDUALS:
            self._draw_bars(stack)

    def _turn_to(self, shown: Any) -> None:
        for each in (self._bars, self._curves, self._tried):
            each.layout.display = "" if each is shown else "none"

    def _draw_bars(self, stack: TomoStack) -> None:
        if self._off is None or len(self._off) != stack.data.shape[0]:
            waiting = self._refused or "Comparing each projection with what the others predict …"
            self._bars.clear(waiting if stack.has_tilts else "")
            return
        order, here = np.argsort(stack.tilts_deg, kind="stable"), self._shown_projection()
        off = np.array(self._off)
        if self._trial is not None:
            off[here] = self._trial
        bars = []
        for i in order:
            y, x = np.round(off[i], 2) + 0.0  # no -0.0
            odd = int(i) in self.outliers
            words = f"projection {i + 1}, {tilt_text(stack, int(i))}: off by y {y:+.2f}, x {x:+.2f} px"
            words += "" if self._check is None else beside_floor(self._check, int(i))
            words += ", outlier" if odd else ""
            bars.append(Bar(float(np.hypot(y, x)), f"{stack.tilts_deg[i]:.0f}", words, odd))
        label = "residual shift (px)"
        if self._check is not None:
            label += f"; floor {np.hypot(*self._check.floor_px):.2f}"
        self._bars.show(bars, int(np.flatnonzero(order == here)[0]), "tilt (deg)", label)

    def _draw_shifts(self, stack: TomoStack) -> None:
        x = stack.tilts_deg if stack.has_tilts else np.arange(stack.data.shape[0])
        order = np.argsort(x, kind="stable")
        self._curves.set_labels("tilt (deg)" if stack.has_tilts else "projection", "shift applied (px)")
        self._curves.show(
            {name: (x[order], stack.shifts_px[order, axis]) for axis, name in enumerate(("y", "x"))}
        )

    def _draw_misfit(self) -> None:
        report = self._report()
        self._curves.set_labels("round", "misfit")
        if self._running:
            self._curves.show({"now": (np.arange(len(self._live)), self._live)} if self._live else {})
        elif report is None or not len(report.trace):
            self._curves.show({})
        else:
            self._curves.show({"refinement": (np.arange(len(report.trace)), report.trace)})

    # -- what is off --------------------------------------------------------------------------------

    def _judge_again(self, stack: TomoStack) -> None:
        """Take the residuals of the report; without one the projections are compared with reprojections."""
        if not stack.has_tilts or self._judged is stack:
            return
        self._judged, report = stack, self._report()
        self._check, self._refused = None, ""
        if report is not None:
            self._off, self.outliers = np.asarray(report.residuals_px), tuple(sorted(report.doubted))
        else:
            self._off, self.outliers = None, ()
            self._judge.submit(stack)

    def _take(self, found: ProjectionCheck | str) -> None:
        stack = self.model.stack
        if stack is None or stack is not self._judged:
            return
        if isinstance(found, str):
            self._refused = found
        elif len(found.weights) == stack.data.shape[0]:
            self._check, self._off = found, found.shifts_px
            self.outliers = tuple(int(i) for i in np.flatnonzero(found.outliers))
        self.enable(idle=not self.model.busy)
        if self.controls["chart"].value == RESIDUALS:
            self._draw_bars(stack)

    def _shown_projection(self) -> int:
        stack = self.model.stack
        return 0 if stack is None else min(self.display.projection, stack.data.shape[0] - 1)

    def _clicked(self, place: int) -> None:
        stack = self.model.stack
        if stack is not None:
            self.display.projection = int(np.argsort(stack.tilts_deg, kind="stable")[place])

    def _exclude(self, projections: list[int]) -> None:
        self.session.apply("remove_projections", projections=projections)

    # -- while it is refined ------------------------------------------------------------------------

    def _follow(self) -> None:
        """Draw the misfit while it falls, and go back to the residuals when there are new ones."""
        job = self.model.job
        running = job is not None and job.operation in _JUDGED and job.state == "running"
        if running != self._running:
            self._running = running
            if len(self._live) > 1:
                self.controls["chart"].value = RESIDUALS
            self._live = []
        found = _SAID.search(job.message) if running and job is not None else None
        if found is not None and (not self._live or self._live[-1] != float(found.group(1))):
            self._live.append(float(found.group(1)))
            if len(self._live) > 1:  # one alone is no trace
                self.controls["chart"].value = MISFIT
                self._draw_misfit()


def beside_floor(check: ProjectionCheck, i: int) -> str:
    """Misfit and intensity of one projection, and what a perfect alignment would show."""
    return (
        f"; misfit {check.misfits[i]:.3f} (perfectly aligned {check.floor_misfits[i]:.3f}), "
        f"intensity {check.intensities[i]:.2f}"
    )


def _tried(report: AlignmentReport) -> str:
    """A table of what was tried, the best first."""
    lines = []
    for number, (title, misfit, refined, reason) in enumerate(report.candidates):
        first = "does not apply" if misfit is None else f"{misfit:.4f}"
        second = "" if refined is None else f"{refined:.4f}"
        lines.append(Row((title, first, second), "etw-best" if number == 0 else ""))
        if misfit is None and reason:
            lines.append(Row((reason,), "etw-problem", spans=3))
    heads = ("method, tilt axis", "misfit", "refined briefly")
    return f"<div class='etw-preview'>{table(lines, heads, style='')}</div>"
