"""The tables of methods in docs/reference, from the records of the methods, when the documentation is built.

A page has a comment where a table goes: ``<!-- methods: reconstruction -->``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from etwidgets.align import AXIS_METHODS, METHODS
from etwidgets.engine import Algorithm, algorithms
from etwidgets.options import Option

_PLACE = re.compile(r"<!-- (methods|iterations|options): (\w+) -->")
_RECORDS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "reconstruction": algorithms,
    "registration": lambda: METHODS,
    "axis": lambda: AXIS_METHODS,
}


def filled(text: str) -> str:
    """A page with the tables in their places, of the methods that there are now."""
    return _PLACE.sub(lambda found: _TABLES[found[1]](_RECORDS[found[2]]()), text)


def _methods(records: Mapping[str, Any]) -> str:
    """What each method is for."""
    rows = [
        (f"**{each.name}** {each.title}", each.use_for, each.when, each.caution, each.source)
        for each in records.values()
    ]
    return _table(("method", "for", "when", "caution", "source"), rows)


def _iterations(records: Mapping[str, Any]) -> str:
    """What an iteration is, of the methods that have any."""
    rows = [
        (
            each.name,
            each.iteration,
            f"{each.worth:g}" if each.can_compare else "",
            "yes" if each.can_follow else "no",
        )
        for each in records.values()
        if each.iterative
    ]
    return _table(
        ("method", "one iteration", "counts as iterations of SIRT", "one slice can be followed"), rows
    )


def _options(records: Mapping[str, Any]) -> str:
    """The options of each method; where the engine has another name for one, it stands in parentheses."""
    rows = []
    for record in records.values():
        for each in _options_of(record):
            engine_name = f" (`{each.name}`)" if each.keyword else ""
            help_text = each.help + (" In units of the data." if each.in_data_units else "")
            limits = "" if each.choices else each.limits_text
            name = f"`{each.user_keyword}`{engine_name}"
            rows.append((record.name, name, each.default_text, limits, each.unit, help_text))
    return _table(("method", "option", "default", "limits", "unit", "what it does"), rows)


def _options_of(record: Any) -> Iterable[Option]:
    return record.parameters.values() if isinstance(record, Algorithm) else record.options


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_TABLES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "methods": _methods,
    "iterations": _iterations,
    "options": _options,
}
