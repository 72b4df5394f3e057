"""What was measured, as tables a person reads; pure, wires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets.panels.pieces import facts, table
from etwidgets.session.readable import number, quantity, unit_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.session.measuring import Measurement

_MOST_ROWS = 100
_PARTS = ("noise ±", "iterations ±", "threshold ±", "bias ±")
_HEADS = {
    "label": "no.",
    "volume_nm3": "volume",
    "surface_nm2": "surface",
    "equivalent_diameter_nm": "diameter",
    "sphericity": "sphericity",
    "mean": "mean intensity",
    "touches_edge": "at the edge",
}
_LENGTHS = {"volume_nm3": 3, "surface_nm2": 2, "equivalent_diameter_nm": 1}  # and their powers


def summary_html(found: Measurement) -> str:
    """The numbers of all objects together; where the voxel size is not known, that lengths are in voxels."""
    unit, bodies, total = found.unit, found.table, found.total
    pairs = [
        ("measured", f"{found.subject.name}, threshold {number(found.subject.parameters['threshold'], 4)}"),
        ("objects", f"{len(bodies)}"),
        ("total volume", quantity(total.value, unit, 3)),
    ]
    if found.intervals is None:  # otherwise the one that includes more takes its place
        factor, name = unit_for(total.value, unit, 3)
        ends = (number(each / factor) for each in (total.low, total.high))
        pairs.append((f"90 % interval ({name})", " to ".join(ends)))
        pairs.append(("due to threshold", f"± {_percent(total.threshold_part, total.value)}"))
        pairs.append(("due to noise", f"± {_percent(total.noise_part, total.value)}"))
    pairs.append(("total surface", quantity(bodies["surface_nm2"].sum(), unit, 2)))
    fraction, count = found.pores
    pairs.append(("enclosed pores", f"{count}, {100 * fraction:.2f} % of the volume" if count else "none"))
    if found.by_iterations is not None:
        change = 100 * found.by_iterations.noise_part / found.by_iterations.value
        pairs.append(("due to one iteration more or less", f"± {change:.2f} %"))
    said = "" if unit == "nm" else "<p class='etw-quiet'>Lengths are in voxels.</p>"
    return said + facts(pairs)


def intervals_html(found: Measurement) -> str:
    """Each number with its interval from repeated experiments, and what the interval is made of."""
    if found.intervals is None:
        return ""
    rows = [_interval_row(each, found.unit) for each in found.intervals.to_dict("records")]
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
    largest = bodies.head(_MOST_ROWS)
    units = {name: unit_for(largest[name].min(), found.unit, power) for name, power in _LENGTHS.items()}
    factors = {name: factor for name, (factor, _) in units.items()}
    rows = [
        [_cell(name, record[name] / factors.get(name, 1.0)) for name in _HEADS]
        for record in largest.to_dict("records")
    ]
    heads = [f"{words} ({units[name][1]})" if name in units else words for name, words in _HEADS.items()]
    left = len(bodies) > _MOST_ROWS
    more = f"<p class='etw-quiet'>The {_MOST_ROWS} largest of {len(bodies)}.</p>" if left else ""
    return table(rows, heads, style="etw-bodies") + more


def _cell(name: str, value: float) -> str:
    if name == "touches_edge":
        return "yes" if value else ""
    return f"{int(value)}" if name == "label" else number(value)


def _percent(part: float, whole: float) -> str:
    return f"{number(100 * part / whole, 2)} %" if whole else number(part, 2)


def _interval_row(found: Mapping[Any, Any], unit: str) -> tuple[str, ...]:
    power = {"": 0, unit: 1}.get(found["unit"], 3)
    factor, name = unit_for(found["corrected"], unit, power) if power else (1.0, "")
    low, high, value, corrected = (
        number(found[key] / factor, 4) for key in ("low", "high", "value", "corrected")
    )
    keys = ("draws_part", "iterations_part", "threshold_part", "bias_part")
    parts = (_percent(found[key], found["corrected"]) for key in keys)
    title = f"{found['quantity']} ({name})" if name else str(found["quantity"])
    return title, corrected, f"{low} to {high}", *parts, value
