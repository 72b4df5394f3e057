"""Three lamps for alignment, iterations and resolution, and what is behind them; computes nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.cures import NO_VOLUME
from etwidgets.panels.lamps_part import TITLES, LampsPart
from etwidgets.panels.linearity_part import LinearityPart
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, tilt_text
from etwidgets.panels.pieces import button, heading, help_text, text
from etwidgets.panels.reprojection_part import ReprojectionPart
from etwidgets.session import trust
from etwidgets.views import Bar, BarView, CurveView, ImageView, TableView

if TYPE_CHECKING:
    from etwidgets.align import ProjectionCheck
    from etwidgets.session import Cure
    from etwidgets.session.trust import Assessment, Convergence
    from etwidgets.signals.resolution_report import ResolutionReport

_SIGNED = ("y (px)", "x (px)")
_CYCLES = "spatial frequency (cycles/px)"
_PICTURES_PX, _LIST_PX = 216, 190  # lamps, pictures and list fit into 720 px
_HELP = """<p><b>Alignment</b> Each projection is compared with its prediction from all the others. The floor
is what noise and tilt spacing alone would leave of a perfect alignment.</p>
<p><b>Convergence</b> The misfit of projections that were left out of the reconstruction. It falls while the
volume improves, and rises when noise is fitted. It tells nothing about the missing wedge.</p>
<p><b>Resolution</b> Fourier shell correlation of two half-volumes. An alignment error that both share stays
hidden.</p>
<p class='etw-source'>Yan 2015; Cardone 2005; van Heel &amp; Schatz 2005</p>"""


class TrustPanel(Panel):
    """Three lamps, each with a number and a sentence; below them the chart of the chosen one."""

    name = "trust"
    title = "Trust"
    promise = "Is the alignment good? Is the number of iterations right? How fine is the detail that is real?"
    needs_tilts = True

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        own = (self.session, self.name)
        self._lamps = self.add_part(LampsPart(*own, self.refresh))
        self._contrast = Contrast()
        self._reprojected = self.add_part(ReprojectionPart(*own, self.refresh))
        self._linearity = self.add_part(LinearityPart(*own))
        self._images = self.add_view(ImageView(height=_PICTURES_PX))
        self._bars = self.add_view(BarView(height=_LIST_PX))
        self._table = self.add_view(TableView(height=_LIST_PX, sorted_by=2, signed=_SIGNED))
        self._list = widgets.HBox([self._bars, self._table]).add_class("etw-halves")
        self._misfit = self.add_view(
            CurveView("iterations", "held-out misfit", height=260, width=760, whole_x=True)
        )
        self._shells = self.add_view(CurveView(_CYCLES, "Fourier shell correlation", height=260, width=760))
        self._details = text()
        self.add("run", button("Measure all three", primary=True))
        self.add("measure", button("Measure"))
        self.add("take", button("Reconstruct again"))
        self._wire()
        pictures = [
            self._lamps.widget,
            self._images,
            self._list,
            self._misfit,
            self._shells,
            self._details,
        ]
        form = [heading("Trust"), self.controls["run"], self.hint]
        form += [self.controls[name] for name in ("measure", "take")]
        return pictures, [*form, self._linearity.widget, help_text(_HELP)]

    def _wire(self) -> None:
        self.refresh_on(self.model, ("assessments", "stack", "reconstruction", "stale"))
        self.refresh_on(self.display, ("projection", "contrast", "limits", "color_map"))
        self.on_click("run", self._measure_all)
        self.on_click("measure", lambda: self.session.assess(self._lamps.chosen))
        self.on_click("take", self._take)
        self.on_event(self._bars.on_click, self._clicked)
        self.on_event(self._table.on_choose, self._choose)

    def fresh(self) -> None:
        """Forget the contrast."""
        self._contrast.clear()

    # -- what can be done ---------------------------------------------------------------------------

    def enable(self) -> None:
        """What concerns the volume needs one of the present series."""
        super().enable()
        ready = self._ready()
        subject = self._lamps.chosen
        self.controls["measure"].description = f"Measure {TITLES[subject].lower()}"
        several = len(ready) > 1  # of one alone there is the other button
        self.controls["measure"].layout.display = "" if several else "none"
        self.controls["measure"].disabled = self.controls["run"].disabled or subject not in ready
        self.controls["run"].description = "Measure all three" if several else "Measure alignment"
        better = self._better()
        self.controls["take"].layout.display = "" if better else "none"
        self.controls["take"].disabled = self.model.busy
        if better:
            self.controls["take"].description = f"Reconstruct with {better.recommended} iterations"
        self._linearity.enable()

    def way_out(self) -> Cure | None:
        """To where a volume is made."""
        found = super().way_out()
        lacks = self.model.reconstruction is None or self.model.stale
        return found or (NO_VOLUME if lacks and self.model.stack is not None else None)

    def _ready(self) -> tuple[str, ...]:
        if self.model.reconstruction is None or self.model.stale:
            return (trust.ALIGNMENT,)
        return trust.SUBJECTS

    def _measure_all(self) -> None:
        for subject in self._ready():
            self.session.assess(subject)

    def _better(self) -> Convergence | None:
        """What was found of the iterations, if another number would be clearly better."""
        assessment = self._lamps.found(trust.CONVERGENCE)
        if assessment is None or self.model.stale or trust.verdict(assessment).level == "good":
            return None
        found: Any = assessment.found
        return found if found.used is not None else None

    def _take(self) -> None:
        better = self._better()
        if better is not None:
            self.session.apply("reconstruct", **better.improved)

    def _clicked(self, place: int) -> None:
        stack = self.model.stack
        if stack is not None:
            self._choose(int(np.argsort(stack.tilts_deg, kind="stable")[place]))

    def _choose(self, projection: int) -> None:
        self.display.projection = projection

    # -- drawing ------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the lamps, and the chart of what is chosen."""
        self._lamps.draw()
        subject = self._lamps.chosen
        assessment = self._lamps.found(subject)
        self._list.layout.display = "" if subject == trust.ALIGNMENT else "none"
        of_one = subject == trust.ALIGNMENT and assessment is not None
        self._images.layout.display = "" if of_one else "none"
        self._misfit.layout.display = (
            "" if subject == trust.CONVERGENCE and assessment is not None else "none"
        )
        self._shells.layout.display = "" if subject == trust.RESOLUTION and assessment is not None else "none"
        self._linearity.refresh()
        self._details.value = self._unmeasured(subject) if assessment is None else _details(assessment)
        found: Any = None if assessment is None else assessment.found
        if subject == trust.ALIGNMENT:
            self._draw_alignment(found)
        elif subject == trust.CONVERGENCE:
            self._draw_convergence(found)
        else:
            self._draw_resolution(found)
        self.enable()

    def _unmeasured(self, subject: str) -> str:
        """Words in the place of a chart that there is nothing to draw in; the bars have their own."""
        if subject == trust.ALIGNMENT or self.model.stack is None:
            return ""
        first = "press" if subject in self._ready() else "reconstruct, then press"
        return f"<p class='etw-quiet'>Not measured yet: {first} Measure {TITLES[subject].lower()}</p>"

    def _draw_alignment(self, check: ProjectionCheck | None) -> None:
        stack = self.model.stack
        if check is None or stack is None:
            self._bars.clear("Not measured yet: press Measure alignment" if stack is not None else "")
            self._table.clear()
            return
        self._images.show(self._reprojected.panes(stack, self._contrast.shown(stack, self.display)))
        self._table.show(_columns(check, stack.tilts_deg), self.display.projection, check.outliers)
        bars = []
        order = np.argsort(stack.tilts_deg, kind="stable")
        for i in map(int, order):
            y, x = np.round(check.shifts_px[i], 2) + 0.0
            words = f"projection {i + 1}, {tilt_text(stack, i)}: off by y {y:+.2f}, x {x:+.2f} px"
            bars.append(
                Bar(float(check.distances_px[i]), f"{stack.tilts_deg[i]:.0f}", words, bool(check.outliers[i]))
            )
        here = np.flatnonzero(order == self.display.projection)
        floor = float(np.hypot(*check.floor_px))
        self._bars.show(
            bars, int(here[0]) if here.size else -1, "tilt (deg)", f"error (px); floor {floor:.2f}"
        )

    def _draw_convergence(self, found: Convergence | None) -> None:
        if found is None or found.used is None:
            self._misfit.layout.display = "none"
            return
        curve = found.curve
        self._misfit.show(
            {"left-out projections": (curve.iterations, curve.misfit)},
            mark=float(found.used),
            band=found.as_good_as_best,
        )

    def _draw_resolution(self, report: ResolutionReport | None) -> None:
        if report is None:
            self._shells.show({})
            return
        whole = report.curves["all"]
        per_nm = whole.frequencies_per_nm
        label = _CYCLES if per_nm is None else "spatial frequency (1/nm)"
        self._shells.set_labels(label, "Fourier shell correlation")
        titles = {"all": "all", "x": "along x", "y": "along y", "beam": "along beam"}
        x = whole.frequencies if per_nm is None else per_nm
        curves = {titles[name]: (x, curve.correlation) for name, curve in report.curves.items()}
        curves["half-bit"] = (x, whole.threshold("half-bit"))
        scale = 1.0 if whole.pixel_size_nm is None else 1 / whole.pixel_size_nm
        frequency = report.resolution()["all"].frequency
        self._shells.show(curves, mark=frequency * scale if np.isfinite(frequency) and frequency else None)


def _columns(check: ProjectionCheck, tilts_deg: Any) -> dict[str, tuple[Any, str]]:
    """What is known of each projection: head to values and how they are written."""
    y, x = (np.round(check.shifts_px[:, axis], 2) + 0.0 for axis in (0, 1))
    return {
        "no.": (np.arange(1, len(tilts_deg) + 1), ".0f"),
        "tilt (°)": (tilts_deg, "+.1f"),
        "error (px)": (check.distances_px, ".2f"),
        _SIGNED[0]: (y, "+.2f"),
        _SIGNED[1]: (x, "+.2f"),
        "misfit": (check.misfits, ".3f"),
        "floor": (check.floor_misfits, ".3f"),
        "intensity": (check.intensities, ".2f"),
    }


def _details(assessment: Assessment) -> str:
    """What is one click deeper, in words."""
    found: Any = assessment.found
    if assessment.subject == trust.RESOLUTION:
        marked = "The dashed line marks the resolution, where “all” meets the half-bit curve."
        lines = [marked, f"{found.made_by}.", *found.blind_spots]
    elif assessment.subject == trust.CONVERGENCE:
        shaded = "; shaded numbers are as good as the best" if found.as_good_as_best else ""
        lines = [found.curve.sentence]
        if found.used is not None:
            lines.append(f"The dashed line marks the iterations of the volume{shaded}.")
    else:
        lines = [
            "Orange marks outliers. Click a bar or a row to show its projection, or a column head to sort."
        ]
    return "".join(f"<p class='etw-quiet'>{escape(line)}</p>" for line in lines)
