"""Writes docs/reference/methods.md: the reconstruction methods and their options, from their records."""

from pathlib import Path

from etwidgets.engine import algorithms

PAGE = Path(__file__).parent / "reference" / "methods.md"
HEAD = """\
# Table of reconstruction methods

Written by `docs/make_methods.py` from the records in `etwidgets/engine/algorithms/`; do not edit it by hand.
[Algorithms](../algorithms.md) has the formulas, [How to](../howto.md) helps to choose.

`stack.reconstruct("SIRT", iterations=30)` takes the options of its method as keywords. Functions of
{py:mod}`etwidgets.engine` take the same; where the engine has another name for one, it stands in parentheses.
An option in units of the data grows with the data. A pass is one projection and one back projection of the
whole series.
"""


def page() -> str:
    """The page as Markdown, of the methods that there are now."""
    records = algorithms().values()
    lines = [HEAD, "| method | what it is for | when | caution | source |", "|---|---|---|---|---|"]
    for each in records:
        words = (f"**{each.name}** {each.title}", each.use_for, each.when, each.caution, each.source)
        lines.append(f"| {' | '.join(words)} |")
    lines += ["", "## Iterations", ""]
    lines += ["| method | one iteration | counts as iterations of SIRT | one slice can be followed |"]
    lines += ["|---|---|---:|---|"]
    lines += [
        f"| {each.name} | {each.iteration} | {f'{each.worth:g}' if each.can_compare else ''} | "
        f"{'yes' if each.can_follow else 'no'} |"
        for each in records
        if each.iterative
    ]
    lines += ["", "## Options", ""]
    lines += ["| method | option | default | limits | what it does |", "|---|---|---|---|---|"]
    for record in records:
        for each in record.parameters.values():
            engine_name = f" (`{each.name}`)" if each.keyword else ""
            default = each.default_text
            unit = " In units of the data." if each.in_data_units else ""
            limits = "" if each.choices else each.limits_text
            cells = (record.name, f"`{each.user_keyword}`{engine_name}", default, limits, each.help + unit)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
