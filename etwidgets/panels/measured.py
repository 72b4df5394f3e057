"""What was measured, as tables a person reads; pure, wires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.panels.pieces import facts, table

if TYPE_CHECKING:
    from etwidgets.session.measuring import Measurement

_MOST_ROWS = 100
_PARTS = ("noise ±", "iterations ±", "threshold ±", "bias ±")
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
    """The numbers of all objects together; where the voxel size is not known, that lengths are in voxels."""
    unit, bodies, total = found.unit, found.table, found.total
    pairs = [
        ("measured", f"{found.subject.name}, at {found.subject.parameters['threshold']:.4g}"),
        ("objects", f"{len(bodies)}"),
        (f"total volume ({unit}³)", f"{total.value:.4g}"),
    ]
    if found.intervals is None:  # otherwise the one that includes more takes its place
        pairs.append(("90 % interval", f"{total.low:.4g} to {total.high:.4g}"))
        pairs.append(("from threshold ±", f"{total.threshold_part:.2g}"))
        pairs.append(("from noise ±", f"{total.noise_part:.2g}"))
    pairs.append((f"total surface ({unit}²)", f"{bodies['surface_nm2'].sum():.4g}"))
    fraction, count = found.pores
    pairs.append(("enclosed pores", f"{count}, {100 * fraction:.2f} % of the volume" if count else "none"))
    if found.by_iterations is not None:
        change = 100 * found.by_iterations.noise_part / found.by_iterations.value
        pairs.append(("from ±1 iteration ±", f"{change:.2f} %"))
    said = "" if unit == "nm" else "<p class='etw-quiet'>Lengths are in voxels.</p>"
    return said + facts(pairs)


def intervals_html(found: Measurement) -> str:
    """Each number with the interval of the whole way to it, and what the interval is made of."""
    if found.intervals is None:
        return ""
    rows = [
        (
            f"{row.quantity} ({row.unit})" if row.unit else row.quantity,
            f"{row.corrected:.4g}",
            f"{row.low:.4g} to {row.high:.4g}",
            *(
                f"{part:.2g}"
                for part in (row.draws_part, row.iterations_part, row.threshold_part, row.bias_part)
            ),
            f"{row.value:.4g}",
        )
        for row in found.intervals.itertuples()
    ]
    heads = ("", "best estimate", "90 % interval", *_PARTS, "as measured")
    binned = f" of the series binned by {found.binning}" if found.binning > 1 else ""
    fewest, most = found.intervals["repetitions"].min(), found.intervals["repetitions"].max()
    number = f"{most}" if fewest == most else f"{fewest} to {most}"
    note = (
        f"The experiment was simulated {number} times, each time with different noise and a different "
        "alignment error (both in noise ±). Best estimate and interval come from a quick OS-SIRT volume"
        f"{binned}, corrected for blur and missing wedge, so they do not depend on the method of the volume "
        "shown. <i>As measured</i> is from the volume shown, whose intensities may have a different scale. "
        "Surfaces and pores have no such interval."
    )
    return table(rows, heads, style="etw-bodies etw-intervals") + f"<p class='etw-quiet'>{note}</p>"


def comparison_html(found: Measurement) -> str:
    """How two volumes compare, and layers; empty where neither was asked for."""
    said = facts(found.comparison) if found.comparison else ""
    if found.layers is None:
        return said
    unit = found.unit
    rows = [
        (
            f"{number}",
            f"{row.start_nm:.1f} to {row.stop_nm:.1f}",
            f"{row.thickness_nm:.2f} ± {row.std_nm:.2f}",
        )
        for number, row in enumerate(found.layers.itertuples(), 1)
    ]
    return said + table(rows, ("layer", f"range ({unit})", f"thickness ({unit})"), style="etw-bodies")


def table_html(found: Measurement) -> str:
    """The largest objects, one row each."""
    bodies = found.table.sort_values("volume_nm3", ascending=False)
    records = bodies.head(_MOST_ROWS).to_dict("records")
    rows = [[_cell(name, record[name]) for name in _HEADS] for record in records]
    heads = [words.format(found.unit) for words in _HEADS.values()]
    left = len(bodies) > _MOST_ROWS
    more = f"<p class='etw-quiet'>The {_MOST_ROWS} largest of {len(bodies)}.</p>" if left else ""
    return table(rows, heads, style="etw-bodies") + more


def _cell(name: str, value: float) -> str:
    if name == "touches_edge":
        return "yes" if value else ""
    return f"{int(value)}" if name == "label" else f"{value:.4g}"
