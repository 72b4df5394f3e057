"""The tables on the page docs/reference/methods.md, from the records of the reconstruction methods."""

from etwidgets.engine import algorithms

PLACE = "<!-- tables of methods -->"


def tables() -> str:
    """As Markdown, of the methods that there are now."""
    records = algorithms().values()
    lines = ["| method | what it is for | when | caution | source |", "|---|---|---|---|---|"]
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


def filled(text: str) -> str:
    """A page with the tables in their place."""
    return text.replace(PLACE, tables())
