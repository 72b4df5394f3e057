"""The steps of a session as a plain Python script or notebook; runs nothing and knows no model.

Each operation writes its own lines. They use public names only, and give the same arrays bit for bit.
"""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING, Any

from etwidgets.session.display import SERIES
from etwidgets.session.measured_intervals import options_of, thresholds_of
from etwidgets.session.operations import OPERATIONS, find
from etwidgets.session.operations.lines import Code, call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etwidgets.session.history import Step
    from etwidgets.session.measuring import Measurement
    from etwidgets.session.operations import Operation

_IMPORTS = ["import numpy as np", "", "import etwidgets as etw"]


def script(
    steps: Sequence[Step],
    start: str | None = None,
    measured: Sequence[Measurement] = (),
    table: Mapping[str, Operation] = OPERATIONS,
) -> str:
    """The steps as a script; it leaves ``stack`` and, if one was made, ``volume``.

    Parameters
    ----------
    steps
        In order, those that are in effect.
    start
        Name of the file with the tilt series before the first step; None if a step opens one.
    measured
        What was measured of the volumes that the steps end with.
    table
        The operations that there are.

    Raises
    ------
    ParameterError
        If there is a step that cannot be written.
    """
    parts = [_heading(), *_imports(steps, table), ""]
    for words, lines in _cells(steps, start, measured, table):
        parts += [f"# {words}", *lines, ""]
    return "\n".join(parts)


def notebook(
    steps: Sequence[Step],
    start: str | None = None,
    measured: Sequence[Measurement] = (),
    table: Mapping[str, Operation] = OPERATIONS,
) -> str:
    """The same as a notebook (format 4.5): one cell per step, its words above it."""
    cells = [
        _cell("markdown", ["# What was done", "", _heading().lstrip("# ")]),
        _cell("code", _imports(steps, table)),
    ]
    for words, lines in _cells(steps, start, measured, table):
        cells += [_cell("markdown", [words]), _cell("code", lines)]
    for number, cell in enumerate(cells):
        cell["id"] = f"step-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _heading() -> str:
    version = importlib.metadata.version("etwidgets")
    return f"# Written by etwidgets {version}; gives the arrays of the session, bit for bit."


def _imports(steps: Sequence[Step], table: Mapping[str, Operation]) -> list[str]:
    """What the script imports: operations of the user's own by the name of their modules."""
    own = {find(each.operation, table) for each in steps}
    return [*_IMPORTS, *sorted(f"from {each.home} import {each.name}" for each in own if each.home)]


def _cells(
    steps: Sequence[Step],
    start: str | None,
    measured: Sequence[Measurement],
    table: Mapping[str, Operation],
) -> list[tuple[str, list[str]]]:
    cells = (
        [] if start is None else [("The tilt series before the first step", [f"stack = etw.load({start!r})"])]
    )
    channels: tuple[str, ...] = ()
    for step in steps:
        operation = find(step.operation, table)
        cells.append((step.label.replace("\n", " "), operation.write(step.parameters, channels)))
        channels = operation.channels_after(step.parameters, channels)
    return [*cells, *(_measured(each) for each in measured)]


def _measured(found: Measurement) -> tuple[str, list[str]]:
    name = found.subject.name
    data = "volume.data" if name == SERIES else f"volumes[{name!r}].data"
    bodies = call("etw.analysis.bodies", Code(data), found.voxel_nm, **found.subject.parameters)
    lines = [f"table = {bodies}", "print(table)"]
    return f"Measure {name}", [*lines, *([] if found.intervals is None else _intervals(found))]


def _intervals(found: Measurement) -> list[str]:
    """The same with intervals from repeated experiments."""
    thresholds = thresholds_of(found.subject.parameters)
    low = {"low": Code("low")} if len(thresholds) > 1 else {}
    names = ", ".join(["volume", "voxel_nm", "threshold", *low])
    options = options_of(found.subject.parameters, found.binning)
    numbers = call(
        "etw.analysis.totals", Code("volume"), Code("voxel_nm"), Code("threshold"), **low, **options
    )
    name = found.subject.name
    series, volume = ("stack", "volume") if name == SERIES else (f"channels[{name!r}]", f"volumes[{name!r}]")
    given = {"volume": Code(volume), "binning": found.binning}
    measured = call(f"{series}.measure_intervals", Code("totals"), thresholds, **given)
    return [f"totals = lambda {names}: {numbers}", f"intervals = {measured}", "print(intervals)"]


def _cell(kind: str, lines: list[str]) -> dict[str, Any]:
    source = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell
