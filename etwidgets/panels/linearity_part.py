"""Whether intensity is proportional to mass: checked on demand, corrected where it is not; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.analysis import Linearity
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, heading, text
from etwidgets.session import trust

if TYPE_CHECKING:
    from etwidgets.session import Session

_ASKS = "Thick, heavy material can damp the signal. The check needs an aligned series without dark level."
_LEAST_TERM, _MOST_TERM = -25.0, 100.0  # %: beyond, the correction has no solution


class LinearityPart(Component):
    """A button that checks, a sentence, and a button that corrects where the check says so.

    Parameters
    ----------
    session
        Whose series it is about.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        self.add("linearity", button("Check linearity"))
        self.add("linearize", button("Correct"))
        self._note = text()
        children = [heading("Linearity"), self.controls["linearity"], self._note, self.controls["linearize"]]
        self.widget = widgets.VBox(children)
        self.on_click("linearity", lambda: self.session.assess(trust.LINEARITY))
        self.on_click("linearize", self._correct)

    @property
    def found(self) -> Linearity | None:
        """What was found of the present series; None where it was not checked."""
        for each in self.model.assessments:
            if each.subject == trust.LINEARITY and isinstance(each.found, Linearity):
                return each.found
        return None

    def refresh(self) -> None:
        """Say what was found, and offer the correction where the term is larger than its error."""
        found = self.found
        if found is None:
            self._note.value = f"<p class='etw-quiet'>{_ASKS}</p>"
        else:
            term = f"<b>{found.term_percent:+.2f} ± {found.error_percent:.2f} %</b> at the brightest pixels. "
            self._note.value = f"<p>{term if found.determined else ''}{escape(found.advice)}</p>"
        self.enable()

    def enable(self) -> None:
        """The check needs a series with tilts; the correction needs a term that is sure."""
        stack, found = self.model.stack, self.found
        lacks = stack is None or not stack.has_tilts
        self.controls["linearity"].disabled = lacks or self.model.busy
        sure = found is not None and found.determined and not found.is_linear
        fits = found is not None and _LEAST_TERM < found.term_percent <= _MOST_TERM
        correct = self.controls["linearize"]
        correct.layout.display = "" if sure and fits else "none"
        correct.disabled = self.model.busy
        if found is not None and sure:
            correct.description = f"Correct {'damping' if found.term_percent < 0 else 'linearity'}"

    def _correct(self) -> None:
        found = self.found
        if found is not None:
            self.session.apply(
                "correct_linearity", term_percent=found.term_percent, brightest=found.brightest
            )
