"""The table of all inputs as the documentation shows it, made from the cases; judges nothing.

``PYTHONPATH=.:tests/robustness python -m bad_inputs`` writes it into the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bad_inputs.case import CLEAR, HANDLED, WARNED, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bad_inputs.case import Case

PAGE = Path(__file__).parents[3] / "docs" / "security.md"
BEGIN, END = "<!-- made by tests/robustness: begin -->\n", "<!-- made by tests/robustness: end -->"
_OUTCOMES = (CLEAR, HANDLED, WARNED)


def table(cases: Sequence[Case]) -> str:
    """Counts by area and outcome, and the names of all."""
    counts = counted([(case.area, case.expected) for case in cases])
    lines = [f"| area | inputs | {' | '.join(_OUTCOMES)} |", "|---|" + "---:|" * 4]
    for area, count in counts.items():
        lines.append(_row(area, [count[outcome] for outcome in _OUTCOMES]))
    lines.append(_row("**all**", [sum(count[outcome] for count in counts.values()) for outcome in _OUTCOMES]))
    lines.append("")
    for area in counts:
        names = [_said(case) for case in cases if case.area == area]
        lines.append(f"- **{area}**: {'; '.join(names)}.")
    return "\n".join(lines) + "\n"


def shown() -> str:
    """What the page has."""
    return PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def write(cases: Sequence[Case]) -> None:
    """Put the table into the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(before + BEGIN + table(cases) + END + rest.split(END)[1], encoding="utf-8")


def _row(area: str, numbers: list[int]) -> str:
    return f"| {area} | {sum(numbers)} | {' | '.join(str(number) for number in numbers)} |"


def _said(case: Case) -> str:
    mark = {CLEAR: "", HANDLED: " (handled)", WARNED: " (a warning)"}[case.expected]
    return case.name.replace("*", "\\*").replace("_", "\\_") + mark
