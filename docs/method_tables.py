"""The tables of methods in docs/reference, from their records; the build puts them in their places."""

from collections.abc import Iterable, Mapping

from etwidgets.align import AXIS_METHODS, METHODS, Method
from etwidgets.engine import algorithms

MARK = "<!-- table of "


def reconstruction() -> str:
    """Tables of the reconstruction methods that there are now, their iterations and their options."""
    records = algorithms().values()
    methods = ((f"**{x.name}** {x.title}", x.use_for, x.when, x.caution, x.source) for x in records)
    iterations = (
        (x.name, x.iteration, f"{x.worth:g}" if x.can_compare else "", "yes" if x.can_follow else "no")
        for x in records
        if x.iterative
    )
    options = []
    for record in records:
        for each in record.parameters.values():
            name = f"`{each.user_keyword}`" + (f" (`{each.name}`)" if each.keyword else "")
            limits = "" if each.choices else each.limits_text
            unit = " In units of the data." if each.in_data_units else ""
            options.append((record.name, name, each.default_text, limits, each.help + unit))
    return "\n\n".join(
        [
            _table("method, use for, when, caution, source", methods),
            "## Iterations",
            _table(
                "method, one iteration, counts as iterations of SIRT, one slice can be followed", iterations
            ),
            "## Options",
            _table("method, option, default, limits, what it does", options),
        ]
    )


def alignment(records: Mapping[str, Method]) -> str:
    """Tables of registration or tilt-axis methods, and of their options."""
    methods = ((f"**{x.name}** {x.title}", x.use_for, x.when, x.caution, x.source) for x in records.values())
    options = (
        (record.name, f"`{x.name}`", x.default_text, x.limits_text, x.unit, x.help)
        for record in records.values()
        for x in record.options
    )
    return "\n\n".join(
        [
            _table("method, use for, when, caution, source", methods),
            _table("method, option, default, limits, unit, what it does", options),
        ]
    )


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    columns = head.split(", ")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(text: str) -> str:
    """A page with the tables in their places."""
    tables = {
        "reconstruction methods": reconstruction,
        "registration methods": lambda: alignment(METHODS),
        "tilt-axis methods": lambda: alignment(AXIS_METHODS),
    }
    for name, table in tables.items():
        place = f"{MARK}{name} -->"
        if place in text:
            text = text.replace(place, table())
    return text
