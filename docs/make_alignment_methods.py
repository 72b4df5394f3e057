"""Writes docs/reference/alignment-methods.md: registration and tilt-axis methods, from their records."""

from collections.abc import Mapping
from pathlib import Path

from etwidgets.align import AXIS_METHODS, METHODS, Method

PAGE = Path(__file__).parent / "reference" / "alignment-methods.md"
HEAD = """\
# Tables of alignment methods

Written by `docs/make_alignment_methods.py` from the records in `etwidgets/align/methods.py`; do not edit it
by hand. [Algorithms](../algorithms.md) has the formulas.
"""


def page() -> str:
    """The page as Markdown, of the methods that there are now."""
    lines = [HEAD, "## Registration", ""]
    lines += [
        '`stack.stack_register("PC", upsample_factor=20)` takes the options of its method as keywords.',
        "",
    ]
    lines += [*tables(METHODS), "", "## Tilt axis", ""]
    lines += ['`stack.tilt_align("MaxImage", limit=10)` takes the options of its method as keywords.', ""]
    return "\n".join([*lines, *tables(AXIS_METHODS)]) + "\n"


def tables(methods: Mapping[str, Method]) -> list[str]:
    """What each method is for, and the options of each."""
    lines = ["| method | for | when | caution | source |", "|---|---|---|---|---|"]
    for each in methods.values():
        cells = (f"**{each.name}** {each.title}", each.use_for, each.when, each.caution, each.source)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| method | option | default | limits | unit | what it does |", "|---|---|---|---|---|---|"]
    for method in methods.values():
        for each in method.options:
            cells = (method.name, f"`{each.name}`", each.default_text, each.limits_text, each.unit, each.help)
            lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
