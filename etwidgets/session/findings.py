"""The button that fixes what a check of the series found: its words, and the operation behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.align import FixKind
from etwidgets.session.model import Cure

if TYPE_CHECKING:
    from etwidgets.align import Finding


def cure_of(finding: Finding) -> Cure | None:
    """The button for a finding; None where nothing can be done."""
    projections = {"projections": list(finding.projections)}
    cures = {
        FixKind.EXCLUDE: Cure("Exclude them", "remove_projections", projections),
        FixKind.KEEP_FIRST: Cure("Keep the first of each", "remove_projections", projections),
        FixKind.SORT_BY_TILT: Cure("Sort by tilt", "sort_tilts"),
        FixKind.TURN: _turn(finding.quarter_turns),
        FixKind.INSPECT: Cure("Go to Clean", panel="clean"),
    }
    return None if finding.fix is None else cures[finding.fix]


def _turn(quarter_turns: int) -> Cure:
    labels = {-1: "Turn by 90° counterclockwise", 2: "Turn by 180°"}
    parameters = {} if quarter_turns == 1 else {"quarter_turns": quarter_turns}
    return Cure(labels.get(quarter_turns, "Turn by 90°"), "turn", parameters)
