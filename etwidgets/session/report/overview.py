"""One table over the reports of many series; reads contents and writes no file."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from etwidgets.session.report.html import document
from etwidgets.session.report.plain import worded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etwidgets.session.report.content import Content


OVERVIEW_TITLE = "Tomography reports"
"""Of the page with the table."""


def overview_rows(contents: Mapping[str, Content], failed: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row of plain values for each series: its name, its numbers, its gravest doubt, or why it failed.

    Parameters
    ----------
    contents
        Name of a series to its report.
    failed
        Name of a series to why there is no report of it.
    """
    return [
        *(_row(name, content) for name, content in contents.items()),
        *(_failed(*each) for each in failed.items()),
    ]


def overview_page(rows: Sequence[Mapping[str, Any]], links: Mapping[str, str]) -> str:
    """The table as a page; ``links`` gives the file of the report beside it, by the name of the series."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = []
    for row in rows:
        cells = [
            escape(worded(row[name])) if name in row and row[name] is not None else "" for name in columns
        ]
        if row["series"] in links:
            cells[0] = f'<a href="{escape(_relative(links[row["series"]]))}">{cells[0]}</a>'
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return document(OVERVIEW_TITLE, f"{len(rows)} series.", [body])


def _relative(name: str) -> str:
    """The name of a file as an address beside the page, whatever characters it has."""
    return f"./{quote(name)}"


def _row(name: str, content: Content) -> dict[str, Any]:
    facts, check = content.facts, content.facts.check
    known = bool(check) and "error" not in check
    serious = [each.text for each in content.doubts if each.serious]
    made = facts.reconstruction
    return {
        "series": name,
        "projections": facts.series.get("n_projections"),
        "off": len(check["off"]) if known else None,
        "error (px)": round(math.hypot(*check["errors_px"]), 3) if known else None,
        "floor (px)": round(math.hypot(*check["floor_px"]), 3) if known else None,
        "method": made.get("algorithm"),
        "iterations": made.get("iterations"),
        "resolution": facts.resolution.get("all", {}).get("half_bit", "not measured"),
        "serious doubts": len(serious),
        "gravest": serious[0] if serious else "",
    }


def _failed(name: str, reason: str) -> dict[str, Any]:
    return {"series": name, "gravest": f"Failed: {reason}"}
