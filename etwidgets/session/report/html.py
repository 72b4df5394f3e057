"""A report as one page of HTML: no script, nothing loaded from elsewhere, all texts escaped."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.session.report.plain import scalars, titled, worded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etwidgets.session.report.content import Content, Facts, ReportedStep

_STYLE = Path(__file__).with_name("report.css")
_SAFE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MOST_ROWS = 100  # of measured bodies
_MOST_POINTS = 25  # of a curve; the JSON file has all
_TABLES = ("columns", "rows", "comparison", "intervals_90_percent")  # shown below the other values
_CONES = {"all": "all directions", "x": "along x", "y": "along y", "beam": "along the beam"}


def page(content: Content) -> str:
    """The whole page."""
    title = f"Tomography report: {content.source}" if content.source else "Tomography report"
    parts = [
        _section("Caveats", _doubts(content)),
        _section("Pictures", _pictures(content)),
        _section("Alignment", _alignment(content.facts)),
        _section("Reconstruction", _reconstruction(content.facts)),
        _section("Resolution", _resolution(content.facts)),
        _section("Measurements", _measurements(content.facts)),
        _section("Methods", _methods(content)),
        _section("Steps", _steps(content)),
        _section("Each projection", _projections(content.facts)),
        _section("Files", _files(content)),
        _section("Machine", _machine(content)),
        _section("Everything else that is recorded", _rows(scalars(content.facts.other))),
    ]
    return document(title, f"Made {escape(content.made)} by {escape(content.machine[0])}.", parts)


def document(title: str, subtitle: str, parts: Iterable[str]) -> str:
    """A page with a title (escaped here) and a line below it, and parts, both HTML."""
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_SAFE}">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">{subtitle}</p>',
        *(part for part in parts if part),
        "</body></html>\n",
    ])  # fmt: skip


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], marked: Iterable[int] = (), kind: str = "numbers"
) -> str:
    """A table of plain values; marked rows, by index, stand out; ``kind`` is its class in the style."""
    chosen = set(marked)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = []
    for number, row in enumerate(rows):
        mark = ' class="marked"' if number in chosen else ""
        cells = "".join(f"<td>{escape(worded(value))}</td>" for value in row)
        lines.append(f"<tr{mark}>{cells}</tr>")
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def _rows(values: Mapping[str, Any]) -> str:
    """Names and values below each other."""
    if not values:
        return ""
    lines = [
        f"<tr><th>{escape(name)}</th><td>{escape(worded(value))}</td></tr>" for name, value in values.items()
    ]
    return f'<table class="facts"><tbody>{"".join(lines)}</tbody></table>'


def _doubts(content: Content) -> str:
    if not content.doubts:
        return "<p>Nothing that these numbers show.</p>"
    lines = [
        f'<li class="{"serious" if each.serious else "note"}">'
        f"{'<strong>Serious.</strong> ' if each.serious else ''}{escape(each.text)}</li>"
        for each in content.doubts
    ]
    return f"<ul>{''.join(lines)}</ul>"


def _pictures(content: Content) -> str:
    return "".join(
        f'<figure><img alt="{escape(each.title)}" src="data:image/png;base64,{escape(each.png)}">'
        f"<figcaption><strong>{escape(each.title)}.</strong> {escape(each.caption)}</figcaption></figure>"
        for each in content.pictures
    )


def _alignment(facts: Facts) -> str:
    values: dict[str, Any] = {}
    if facts.series.get("n_projections"):
        values["projections"] = facts.series["n_projections"]
        values["size (px)"] = f"{facts.series['width_px']} x {facts.series['height_px']}"
        values["pixel size (nm)"] = facts.series["pixel_size_nm"] or "not known"
        tilts = facts.series["tilts_deg"]
        values["tilts (°)"] = f"{min(tilts):.2f} to {max(tilts):.2f}" if tilts else "not known"
    check = facts.check
    if check and "error" not in check:
        (y, x), (floor_y, floor_x) = check["errors_px"], check["floor_px"]
        values["remaining error of shifts (px, root mean square)"] = f"y {y:.3f}, x {x:.3f}"
        values["floor (px)"] = f"y {floor_y:.3f}, x {floor_x:.3f}"
        values["projections that do not fit"] = len(check["off"])
    if facts.linearity:
        term, error = facts.linearity["term_percent"], facts.linearity["error_percent"]
        values["linearity: quadratic term at the brightest pixels (%)"] = f"{term:+.1f} ± {error:.1g}"
        values["linearity"] = facts.linearity["advice"]
    report = facts.alignment
    if report:
        values["alignment report"] = report.get("sentence")
        values["misfit of left-out projections, before and after"] = (
            f"{worded(report.get('misfit_before'))}, {worded(report.get('misfit_after'))}"
        )
        for name in ("rotation_interval_deg", "shift_interval_px"):
            values[f"tilt axis, {name.replace('_', ' ')} (95 %)"] = report.get(name) or "not determined"
        values["excluded"] = report.get("excluded") or "none"
    for name, node in (("tilt axis", facts.axis), ("registration", facts.registration)):
        short = {key: value for key, value in scalars(node).items() if not isinstance(value, list | dict)}
        values |= {f"{name}: {key.replace('_', ' ')}": value for key, value in short.items() if value != ""}
    tried = _tried(report)
    return _rows(values) + tried


def _tried(report: Mapping[str, Any]) -> str:
    if not report.get("titles"):
        return ""
    names = ("titles", "candidate_misfits", "candidate_refined", "reasons")
    rows = zip(*(report[name] for name in names), strict=True)
    head = ("tried", "misfit", "after a short refinement", "does not apply because")
    return f"<h3>What was tried</h3>{table(head, rows)}"


def _reconstruction(facts: Facts) -> str:
    made = {titled(key): value for key, value in facts.reconstruction.items()}
    if not made:
        return "<p>There is no volume.</p>"
    body = _rows(made)
    if facts.held_out:
        why = str(facts.held_out.get("reason", ""))
        body += f"<p>Why: {escape(why)}</p>" if why else ""
        body += _held_out_curve(facts.held_out)
    if facts.convergence:
        known = facts.convergence
        body += (
            f"<p>Iterations, measured in Trust: {escape(known['number'])}. {escape(known['sentence'])}</p>"
        )
        body += _held_out_curve(known)
    return body


def _held_out_curve(known: Mapping[str, Any]) -> str:
    names = [name for name in ("iterations", "misfit", "standard_error") if isinstance(known.get(name), list)]
    if not names or len({len(known[name]) for name in names}) > 1:
        return ""
    rows = list(zip(*(known[name] for name in names), strict=True))
    step = max(-(-len(rows) // _MOST_POINTS), 1)  # the last one is always shown
    rows = rows[::-1][::step][::-1]
    return f"<h3>Misfit of left-out projections</h3>{table([titled(n) for n in names], rows)}"


def _resolution(facts: Facts) -> str:
    known = facts.resolution
    if not known:
        return "<p>Not measured.</p>"
    values = {
        _CONES[name]: known[name].get("half_bit") for name in _CONES if isinstance(known.get(name), dict)
    }
    body = _rows(
        {"made by": known.get("made_by"), **{f"half-bit, {name}": value for name, value in values.items()}}
    )
    return body + "".join(f"<p>{escape(str(each))}</p>" for each in known.get("blind_spots", []))


def _measurements(facts: Facts) -> str:
    parts = []
    for each in facts.measurements:
        shown = {
            titled(key): value
            for key, value in each.items()
            if key not in ("unit", "voxel", "total_volume", *_TABLES)
        }
        shown["total volume"] = each["total_volume"]
        shown[f"length of a voxel ({each['unit']})"] = each["voxel"]
        comparison = {str(name): value for name, value in each["comparison"]}
        parts.append(_rows(shown | comparison))
        repeated = each.get("intervals_90_percent", [])
        if repeated:
            parts.append("<p>90 % confidence intervals from simulated experiments, with their parts:</p>")
            heads = [titled(name) for name in repeated[0]]
            parts.append(table(heads, [list(row.values()) for row in repeated]))
        parts.append(table([titled(name) for name in each["columns"]], each["rows"][:_MOST_ROWS]))
        if len(each["rows"]) > _MOST_ROWS:
            parts.append(f"<p>{len(each['rows'])} bodies; the JSON file has all of them.</p>")
    return "".join(parts)


def _methods(content: Content) -> str:
    items = []
    for each in content.references:
        link = f' <a href="https://doi.org/{escape(each.doi)}">doi:{escape(each.doi)}</a>' if each.doi else ""
        items.append(f"<li>{escape(each.text)}{link}</li>")
    return (
        f"<p>{escape(content.methods)}</p><ol>{''.join(items)}</ol>"
        f"<h3>BibTeX</h3><pre>{escape(content.bibtex)}</pre>"
    )


def _steps(content: Content) -> str:
    body = ""
    if content.earlier:
        body += f"<h3>Recorded in the file, before it was opened</h3>{_step_table(content.earlier)}"
    return body + (_step_table(content.steps) if content.steps else "<p>No step was done.</p>")


def _step_table(steps: Sequence[ReportedStep]) -> str:
    lines = []
    for number, step in enumerate(steps, 1):
        given = "<br>".join(
            f"{escape(name)} = {escape(worded(value))}" for name, value in step.parameters.items()
        )
        took = "" if step.seconds is None else f"{step.seconds:.1f}"
        digest = f"<code>{escape(step.after)}</code>" if step.after else ""
        name = f"{escape(step.label)}<br><code>{escape(step.operation)}</code>"
        lines.append(
            f"<tr><td>{number}</td><td>{name}</td><td>{given or 'none'}</td><td>{took}</td>"
            f"<td>{escape(step.when)}</td><td>{digest}</td></tr>"
        )
    names = ("", "step", "parameters", "time (s)", "when (UTC)", "digest of result")
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    return f'<table class="steps"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _projections(facts: Facts) -> str:
    check = facts.check
    if not check:
        return ""
    if "error" in check:
        return f"<p>Not compared with reprojections: {escape(check['error'])}</p>"
    rows = [
        (i + 1, f"{tilt:.2f}", f"{y:.3f}", f"{x:.3f}", f"{misfit:.4f}", f"{floor:.4f}",
         f"{intensity:.3f}", f"{weight:.2f}")
        for i, (tilt, (y, x), misfit, floor, intensity, weight) in enumerate(
            zip(facts.series["tilts_deg"], check["shifts_px"], check["misfits"], check["floor_misfits"],
                check["intensities"], check["weights"], strict=True)
        )
    ]  # fmt: skip
    columns = (
        "",
        "tilt (°)",
        "shift y (px)",
        "shift x (px)",
        "misfit",
        "floor of misfit",
        "intensity",
        "weight",
    )
    floor_y, floor_x = check["floor_px"]
    floor = (
        f"Floor: shift y {floor_y:.3f} px, x {floor_x:.3f} px, intensity ± {check['floor_intensity']:.3f}."
    )
    words = f"<p>{escape(floor)} Projections that do not fit the others are marked.</p>"
    return words + table(columns, rows, check["off"])


def _files(content: Content) -> str:
    rows = [(each.path, each.n_bytes, each.sha256 or "not there any more") for each in content.files]
    return table(("file", "bytes", "SHA-256"), rows, kind="files") if rows else ""


def _machine(content: Content) -> str:
    lines = "<br>".join(escape(line) for line in content.machine)
    names = ", ".join(
        f"{name} {version}" for name, version in content.packages.items() if version is not None
    )
    return f"<p>{lines}</p><p>{escape(names)}</p>"
