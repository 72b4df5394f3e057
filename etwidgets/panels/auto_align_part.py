"""Aligns the series by one button, and says how good the alignment is; computes nothing itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, facts, text

if TYPE_CHECKING:
    from etwidgets.session import Session
    from etwidgets.signals.alignment_report import AlignmentReport

_HELP = """<p class='etw-quiet'>Tries all methods, refines the best, and tells how good it is.</p>"""
_MOVING = frozenset(
    {
        "register", "align_markers", "apply_alignment_file", "transform", "tilt_align", "shift_one",
        "manual_align", "turn", "crop", "bin", "filter", "sort_tilts", "set_tilts",
    }
)  # fmt: skip
"""Operations after which a report is no longer of the series as it is."""


class AutoAlignPart(Component):
    """The button *Align automatically*, and what came of it or of a refinement.

    Attributes
    ----------
    help
        What the button does.
    report
        The sentence and the numbers, to be placed by the owner.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        self.help, self.report = text(_HELP), text("", "etw-report")
        self.add("auto", button("Align automatically", primary=True))
        self.on_click("auto", session.auto_align)
        self.listen(self.model, ("stack", "busy"), self.fresh)
        self.widget = widgets.VBox([self.controls["auto"], self.help])

    def fresh(self) -> None:
        """Tell what is known of the alignment of the series."""
        stack = self.model.stack
        found = None if stack is None else stack.alignment_report
        self.report.value = "" if found is None else _told(found, valid=self.current is not None)
        self.report.layout.display = "" if found is not None else "none"

    @property
    def current(self) -> AlignmentReport | None:
        """The report of the series; None if there is none, or the images were changed after it."""
        stack = self.model.stack
        found = None if stack is None else stack.alignment_report
        for step in reversed(self.session.steps_of_series):
            if step.operation == "refine_alignment":
                break
            if step.operation in _MOVING:
                return None
        return found


def _told(report: AlignmentReport, *, valid: bool) -> str:
    if not valid:
        return (
            "<p class='etw-quiet'>The series was changed after its alignment was judged; press <b>Refine</b> "
            "or <b>Align automatically</b> to judge it again.</p>"
        )
    before = f"{report.misfit_before:.4f}"
    lines = [("misfit", f"{before} → {report.misfit_after:.4f}" if report.accepted else f"{before}, kept")]
    for name, interval, unit in (
        ("axis rotation", report.rotation_interval_deg, "°"),
        ("axis shift", report.shift_interval_px, " px"),
    ):
        known = "not determined"
        if interval is not None:
            known = f"{interval[0]:+.2f} to {interval[1]:+.2f}{unit}"
        lines.append((name, known))
    title = "misfit: of left-out projections. Axis: what may still be wrong, 95 % interval"
    first, mark, rest = report.sentence.partition("; ")
    return f"<p><b>{escape(first)}</b>{mark}{escape(rest)}</p><div title='{title}'>{facts(lines)}</div>"
