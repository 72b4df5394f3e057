"""Options of the refinement, and its button; the options come from their record, and nothing is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.align import RefinementOptions
from etwidgets.options import describe
from etwidgets.panels.component import Component
from etwidgets.panels.option_controls import option_control, value_of
from etwidgets.panels.pieces import button, help_text

if TYPE_CHECKING:
    from etwidgets.session import Session

_HELP = """<p>Reconstructs, projects the volume, matches each projection to it, and again.
The result is kept only if it predicts left-out projections better than before. Free the rotation,
magnification or tilt of each projection only if the microscope is known to change them.</p>"""


class RefinePart(Component):
    """A control for each option, and *Refine*."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        self._options = [each for each in describe(RefinementOptions) if not each.in_scripts_only]
        made = [self.add(f"refine-{each.name}", option_control(each)) for each in self._options]
        self.add("refine", button("Refine"))
        self.on_click("refine", self._run)
        self.widget = widgets.VBox([*made, self.controls["refine"], help_text(_HELP)])

    def _run(self) -> None:
        values = {each: value_of(each, self.controls[f"refine-{each.name}"]) for each in self._options}
        changed = {each.name: value for each, value in values.items() if value != each.default}
        self.session.apply("refine_alignment", **changed)
