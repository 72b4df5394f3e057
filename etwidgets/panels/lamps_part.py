"""Three lamps as cards, each with a number and a sentence; a card is chosen by a click or by the keyboard."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, text
from etwidgets.session import trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Session
    from etwidgets.session.trust import Assessment, Verdict

TITLES = {trust.ALIGNMENT: "Alignment", trust.CONVERGENCE: "Convergence", trust.RESOLUTION: "Resolution"}
"""What each lamp is about."""

_ASKS = {
    trust.ALIGNMENT: "How far is each projection from its correct position?",
    trust.CONVERGENCE: "Too few iterations, or too many?",
    trust.RESOLUTION: "How fine is the detail that two half-volumes share?",
}


class LampsPart(Component):
    """A card for each subject; its button covers all of it.

    Parameters
    ----------
    session
        Whose assessments are shown.
    name
        Of the panel.
    on_choose
        Called when another card is chosen.
    """

    def __init__(self, session: Session, name: str, on_choose: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_choose = on_choose
        self._texts = {subject: text() for subject in trust.SUBJECTS}
        self._cards = {}
        for subject, words in self._texts.items():
            opener = self.add(f"show-{subject}", button(f"Show {TITLES[subject].lower()}"))
            card = widgets.VBox([words, opener.add_class("etw-lamp-open")])
            self._cards[subject] = card.add_class("etw-lamp").add_class(f"etw-{name}-{subject}")
            self.on_click(f"show-{subject}", partial(self._choose, subject))
        self.widget = widgets.HBox(list(self._cards.values())).add_class("etw-lamps")

    def fresh(self) -> None:
        """Nothing of this series was measured; the first card is chosen."""
        self.chosen, self._measured = trust.SUBJECTS[0], set[str]()

    def found(self, subject: str) -> Assessment | None:
        """What was measured of the present series or volume."""
        return next((each for each in self.model.assessments if each.subject == subject), None)

    def draw(self) -> None:
        """Show what is known of each, and which card is chosen."""
        for subject, card in self._cards.items():
            found = self.found(subject)
            if found is None:
                html = self._gray(subject)
            elif self.model.stale and subject != trust.ALIGNMENT:
                html = _unlit(subject, "of the volume before", self._changed(subject))
            else:
                html = _lit(subject, trust.verdict(found))
            if found is not None:
                self._measured.add(subject)
            self._texts[subject].value = html
            (card.add_class if subject == self.chosen else card.remove_class)("etw-lamp-chosen")

    def _gray(self, subject: str) -> str:
        known = subject in self._measured
        return _unlit(subject, "not measured", self._changed(subject) if known else _ASKS[subject])

    def _changed(self, subject: str) -> str:
        """Why a lamp went out, and what to press."""
        done = [line.label for line in self.model.history if line.done]
        after = f" ({done[-1]})" if done else ""
        press = f"press Measure {TITLES[subject].lower()}"
        if subject == trust.ALIGNMENT:
            return f"The series has changed{after}: {press}."
        if self.model.stale or self.model.reconstruction is None:
            return f"The series has changed{after}: reconstruct again, then {press}."
        return f"The volume has changed{after}: {press}."

    def _choose(self, subject: str) -> None:
        self.chosen = subject
        self._on_choose()


def _unlit(subject: str, state: str, words: str) -> str:
    head = f"<p><span class='etw-light'></span><b>{TITLES[subject]}</b>: {state}</p>"
    return f"{head}<p class='etw-quiet'>{escape(words)}</p>"


def _lit(subject: str, verdict: Verdict) -> str:
    light = f"<span class='etw-light etw-light-{verdict.level}'></span>"
    return (
        f"<p>{light}<b>{TITLES[subject]}</b>: {verdict.level}</p>"
        f"<p class='etw-number'>{escape(verdict.number)}</p><p>{escape(verdict.sentence)}</p>"
    )
