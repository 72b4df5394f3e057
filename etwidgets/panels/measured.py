"""What was measured, as tables a person reads; pure, wires nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from etwidgets.panels.pieces import facts

if TYPE_CHECKING:
    from etwidgets.session.measuring import Measurement

_MOST_ROWS = 100
_HEADS = {
    "label": "no.",
    "volume_nm3": "volume ({}³)",
    "surface_nm2": "surface ({}²)",
    "equivalent_diameter_nm": "diameter ({})",
    "sphericity": "sphericity",
    "mean": "mean",
    "touches_edge": "at the edge",
}


def summary_html(found: Measurement) -> str:
    """The numbers of all bodies together; where the voxel size is not known, that lengths are in voxels."""
    unit, table, total = found.unit, found.table, found.total
    pairs = [
        ("measured", f"{found.subject.name}, at {found.subject.parameters['threshold']:.4g}"),
        ("bodies", f"{len(table)}"),
        (f"volume, all ({unit}³)", f"{total.value:.4g}"),
        ("90 % interval", f"{total.low:.4g} to {total.high:.4g}"),
        ("by threshold ±", f"{total.threshold_part:.2g}"),
        ("by noise ±", f"{total.noise_part:.2g}"),
        (f"surface, all ({unit}²)", f"{table['surface_nm2'].sum():.4g}"),
    ]
    part, count = found.pores
    pairs.append(("enclosed pores", f"{count}, {100 * part:.2f} % of all" if count else "none"))
    if found.by_iterations is not None:
        change = 100 * found.by_iterations.noise_part / found.by_iterations.value
        pairs.append(("one iteration ±", f"{change:.2f} %"))
    said = "" if unit == "nm" else "<p class='etw-quiet'>Lengths are in voxels.</p>"
    return said + facts(pairs)


def comparison_html(found: Measurement) -> str:
    """How two volumes compare, and layers; empty where neither was asked for."""
    said = facts(found.comparison) if found.comparison else ""
    if found.layers is None:
        return said
    rows = "".join(
        f"<tr><td>{number}</td><td>{row.start_nm:.1f} to {row.stop_nm:.1f}</td>"
        f"<td>{row.thickness_nm:.2f} ± {row.std_nm:.2f}</td></tr>"
        for number, row in enumerate(found.layers.itertuples(), 1)
    )
    unit = found.unit
    heads = f"<tr><th>layer</th><th>from, to ({unit})</th><th>thickness ({unit})</th></tr>"
    return f"{said}<table class='etw-facts'>{heads}{rows}</table>"


def table_html(found: Measurement) -> str:
    """The largest bodies, one row each."""
    table = found.table.sort_values("volume_nm3", ascending=False)
    rows = []
    for record in table.head(_MOST_ROWS).to_dict("records"):
        cells = "".join(f"<td>{_cell(name, record[name])}</td>" for name in _HEADS)
        rows.append(f"<tr>{cells}</tr>")
    heads = "".join(f"<th>{escape(words.format(found.unit))}</th>" for words in _HEADS.values())
    more = (
        ""
        if len(table) <= _MOST_ROWS
        else f"<p class='etw-quiet'>The {_MOST_ROWS} largest of {len(table)}.</p>"
    )
    return f"<table class='etw-bodies'><tr>{heads}</tr>{''.join(rows)}</table>{more}"


def _cell(name: str, value: float) -> str:
    if name == "touches_edge":
        return "yes" if value else ""
    return f"{int(value)}" if name == "label" else f"{value:.4g}"
