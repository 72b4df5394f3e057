"""What a case is, and how its outcome is judged; knows no case."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etwidgets.errors import EtwidgetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bad_inputs.world import World

CLEAR, HANDLED, WARNED = "refused clearly", "handled", "warned"
OBSCURE, SILENT = "obscure", "silent"
GOOD = (CLEAR, HANDLED, WARNED)
_FILES = (FileNotFoundError, FileExistsError)  # Python's own, which io documents


@dataclass(frozen=True)
class Case:
    """One bad or odd input.

    ``error`` with ``words``: it is refused, and the message has each of the words: what is wrong, which
    value, what to do. ``words`` alone: there is a warning with them. ``holds``: what is true of the result.
    """

    area: str
    name: str
    do: Callable[[World], Any]
    error: type[BaseException] | None = None
    words: tuple[str, ...] = ()
    holds: Callable[[Any], Any] | None = None

    @property
    def id(self) -> str:
        return f"{self.area}: {self.name}"

    @property
    def expected(self) -> str:
        return CLEAR if self.error else WARNED if self.words else HANDLED


@dataclass
class Area:
    """Collects the cases of one area."""

    name: str
    cases: list[Case] = field(default_factory=list)

    def refused(self, name: str, do: Any, error: type[BaseException], *words: str) -> None:
        self.cases.append(Case(self.name, name, do, error, words))

    def handled(self, name: str, do: Any, holds: Any) -> None:
        self.cases.append(Case(self.name, name, do, holds=holds))

    def warned(self, name: str, do: Any, *words: str, holds: Any = None) -> None:
        self.cases.append(Case(self.name, name, do, words=words, holds=holds))


def judge(case: Case, world: World) -> tuple[str, str]:
    """How the input was answered, and in which words."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = case.do(world)
        except Exception as error:  # noqa: BLE001  (what it is, is judged)
            return _of_error(case, error)
    if case.error is not None:
        return SILENT, f"no error; the result is {_short(result)}"
    said = "; ".join(str(each.message) for each in caught if each.category is UserWarning)
    if case.words and not _has(case.words, said):
        return SILENT, f"no such warning; warned was {said!r}"
    if case.holds is not None and not case.holds(result):
        return SILENT, f"another result: {_short(result)}"
    return case.expected, said


def _of_error(case: Case, error: Exception) -> tuple[str, str]:
    text = f"{type(error).__name__}: {error}"
    ours = isinstance(error, EtwidgetsError) or (case.error in _FILES and isinstance(error, _FILES))
    expected = case.error is not None and isinstance(error, case.error)
    return (CLEAR if ours and expected and _has(case.words, str(error)) else OBSCURE), text


def _has(words: tuple[str, ...], text: str) -> bool:
    return all(word.lower() in text.lower() for word in words)


def _short(result: Any) -> str:
    return repr(result)[:80].replace("\n", " ")


def counted(outcomes: list[tuple[str, str]]) -> dict[str, Counter[str]]:
    """How many of each outcome there are in each area; pairs of area and outcome are given."""
    table: dict[str, Counter[str]] = {}
    for area, outcome in outcomes:
        table.setdefault(area, Counter())[outcome] += 1
    return table
