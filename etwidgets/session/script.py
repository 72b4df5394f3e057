"""The steps of a session as a plain Python script or notebook; runs nothing and knows no model.

What is written uses the public names only, and gives the same arrays bit for bit.
"""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.engine import find_algorithm
from etwidgets.errors import ParameterError
from etwidgets.session.display import SERIES
from etwidgets.session.operations import OPERATIONS, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.session.history import Step
    from etwidgets.session.measuring import Measurement

    Lines = Callable[[Mapping[str, Any]], list[str]]

_SAMPLES = {
    "needle": "etw.datasets.get_needle_data(aligned=False)",
    "needle (aligned)": "etw.datasets.get_needle_data(aligned=True)",
    "catalyst": "etw.datasets.get_catalyst_data()",
    "catalyst (misaligned)": "etw.datasets.get_catalyst_data(misalign=True)",
}
_SPECTRAL_SAMPLES = {
    "EDX needle": [
        "stack = etw.datasets.get_spectral_needle_haadf(jitter_px=1.5)",
        "spectra = etw.datasets.get_spectral_needle(jitter_px=1.5)",
    ]
}
_SUM = "stack = etw.spectral.sum_image(spectra)"
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
    own = {each.operation for each in steps if each.operation in table and table[each.operation].home}
    return [*_IMPORTS, *sorted(f"from {table[name].home} import {name}" for name in own)]


def _lines_of(step: Step, table: Mapping[str, Operation]) -> list[str]:
    if step.operation in WRITERS:
        return WRITERS[step.operation](step.parameters)
    own = table.get(step.operation)
    if own is None:
        raise ParameterError(f"the step {step.label!r} cannot be written as a script")
    if own.home == "__main__":
        raise ParameterError(
            f"the step {step.label!r} is an operation of this notebook, which no script can import; move "
            f"{own.name} into a file of its own, such as my_steps.py, and import it from there"
        )
    target = "volume" if own.kind == "volume" else "stack"
    return [f"{target} = {own.name}(stack{''.join(f', {n}={v!r}' for n, v in step.parameters.items())})"]


def _cells(
    steps: Sequence[Step],
    start: str | None,
    measured: Sequence[Measurement],
    table: Mapping[str, Operation],
) -> list[tuple[str, list[str]]]:
    cells = (
        [] if start is None else [("The tilt series before the first step", [f"stack = etw.load({start!r})"])]
    )
    channels: list[str] = []
    for step in steps:
        lines = [*_lines_of(step, table), *_of_channels(step, channels, table[step.operation].kind)]
        cells.append((step.label.replace("\n", " "), lines))
    return [*cells, *(_measured(each) for each in measured)]


def _measured(found: Measurement) -> tuple[str, list[str]]:
    name = found.subject.name
    data = "volume.data" if name == SERIES else f"volumes[{name!r}].data"
    call = f"etw.analysis.bodies({data}, {found.voxel_nm!r}, {_keywords(found.subject.parameters)})"
    return f"Measure {name}", [f"table = {call}", "print(table)"]


def _of_channels(step: Step, names: list[str], kind: str) -> list[str]:
    """What the step does to the other signals of the series; ``names`` are those that there are."""
    name = step.parameters.get("name")
    lines: list[str] = []
    if kind == "source":
        names.clear()
    elif kind in ("channel", "channels"):
        begin = [] if names else ["channels, volumes = {}, {}"]
        lines = _CHANNEL_WRITERS[step.operation](step.parameters)
        if step.operation == "remove_channel":
            names[:] = [each for each in names if each != name]
        elif step.operation != "rename_channel":
            lines = [*begin, *lines]
            # how a decomposition names its maps is not known before
            names[:] = [*(each for each in names if each != name), str(name or step.operation)]
    elif names and kind == "stack":
        lines = ["channels = {name: stack.bring_along(other) for name, other in channels.items()}"]
    elif names and kind == "volume":
        lines = _volumes(step)
    elif kind == "joint":
        lines = ["volumes |= joint.volumes"]
    return lines


def _add_channel(p: Mapping[str, Any]) -> list[str]:
    aligned = ", aligned=True" if p.get("aligned") else ""
    path = str(Path(p["path"]).resolve())
    return [f"channels[{p['name']!r}] = stack.bring_along(etw.load({path!r}){aligned})"]


def _rename(p: Mapping[str, Any]) -> list[str]:
    renamed = f"{p['new_name']!r} if name == {p['name']!r} else name"
    return [
        f"{kept} = {{{renamed}: each for name, each in {kept}.items()}}" for kept in ("channels", "volumes")
    ]


def _add_maps(_: Mapping[str, Any]) -> list[str]:
    return ["channels |= {name: stack.bring_along(each) for name, each in maps.items()}"]


def _volumes(step: Step) -> list[str]:
    units = find_algorithm(step.parameters.get("method", "FBP")).in_data_units
    scaled = {name: value for name, value in step.parameters.items() if name in units and value is not None}
    given = {name: value for name, value in step.parameters.items() if name not in scaled}
    keywords = _keywords({**given, "show_progressbar": False})
    keywords += "".join(
        f", {name}={value!r} * largest(other) / largest(stack)" for name, value in scaled.items()
    )
    lines = [f"volumes = {{name: other.reconstruct({keywords}) for name, other in channels.items()}}"]
    return lines if not scaled else ["largest = lambda signal: float(np.abs(signal.data).max())", *lines]


def _cell(kind: str, lines: list[str]) -> dict[str, Any]:
    source = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _keywords(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def _call(method: str, target: str = "stack", **always: Any) -> Lines:
    return lambda p: [f"{target} = stack.{method}({_keywords({**p, **always})})"]


def _open(p: Mapping[str, Any]) -> list[str]:
    rest = {name: value for name, value in p.items() if name != "path"}
    return [f"stack = etw.load({_resolved(p['path'])!r}{', ' if rest else ''}{_keywords(rest)})"]


def _resolved(path: str | list[str]) -> str | list[str]:
    """The same from wherever the script is run."""
    return (
        str(Path(path).resolve()) if isinstance(path, str) else [str(Path(each).resolve()) for each in path]
    )


def _spectra(p: Mapping[str, Any]) -> list[str]:
    lines = [f"spectra = etw.spectral.load({_resolved(p['path'])!r})"]
    if p.get("first_tilt") is not None and p.get("tilt_step") is not None:
        tilts = f"{p['first_tilt']!r} + {p['tilt_step']!r} * np.arange(spectra.data.shape[0])"
        lines.append(f"etw.spectral.set_tilts(spectra, {tilts})")
    return lines


def _sample(p: Mapping[str, Any]) -> list[str]:
    if p["name"] in _SPECTRAL_SAMPLES:
        return _SPECTRAL_SAMPLES[p["name"]]
    return [f"stack = {_SAMPLES[p['name']]}"]


def _joint(p: Mapping[str, Any]) -> list[str]:
    rest = {name: value for name, value in p.items() if name != "names"}
    maps = f"{{name: channels[name] for name in {p['names']!r}}}" if p.get("names") else "channels"
    return [f"joint = etw.spectral.reconstruct_jointly(stack, {maps}, {_keywords(rest)})"]


def _maps(p: Mapping[str, Any]) -> list[str]:
    rest = {name: value for name, value in p.items() if name != "lines"}
    return [
        f"maps = etw.spectral.element_maps(spectra, {p['lines']!r}{', ' if rest else ''}{_keywords(rest)})"
    ]


def _crop(p: Mapping[str, Any]) -> list[str]:
    return [f"stack = stack.isig[{p['x_start']}:{p['x_stop']}, {p['y_start']}:{p['y_stop']}].deepcopy()"]


def _bin(p: Mapping[str, Any]) -> list[str]:
    factor = p.get("factor", 2)
    return [f"stack = stack.rebin(scale=[1] * (stack.data.ndim - 2) + [{factor}, {factor}])"]


def _shift_one(p: Mapping[str, Any]) -> list[str]:
    return [
        "shifts = np.zeros((len(stack.data), 2))  # y, x",
        f"shifts[{p['projection']}] = {p.get('yshift', 0.0)!r}, {p.get('xshift', 0.0)!r}",
        "stack = stack.shift_projections(shifts)",
    ]


_CHANNEL_WRITERS: Mapping[str, Lines] = {
    "add_channel": _add_channel,
    "remove_channel": lambda p: [f"channels.pop({p['name']!r}, None)"],
    "rename_channel": _rename,
    "map_elements": _add_maps,
    "decompose": _add_maps,
}

WRITERS: Mapping[str, Lines] = {
    "open": _open,
    "sample": _sample,
    "open_spectra": lambda p: [*_spectra(p), _SUM],
    "add_spectra": _spectra,
    "set_tilts": lambda p: [f"stack.set_tilts({p['start']!r}, {p['increment']!r})"],
    "set_pixel_size": lambda p: [f"stack.set_pixel_size({p['pixel_size']!r})"],
    "sort_tilts": lambda _: ['stack = stack.select_projections(np.argsort(stack.tilts_deg, kind="stable"))'],
    "crop": _crop,
    "bin": _bin,
    "turn": lambda p: [f"stack = stack.turn({p.get('quarter_turns', 1)!r})"],
    "remove_projections": lambda p: [f"stack = stack.remove_projections({p['projections']!r})"],
    "filter": _call("filter"),
    "normalize": lambda p: [f"stack = stack.normalize({p.get('width', 3.0)!r})"],
    "register": _call("stack_register"),
    "manual_align": _call("manual_align"),
    "shift_one": _shift_one,
    "tilt_align": _call("tilt_align"),
    "transform": _call("trans_stack"),
    "add_channel": lambda _: [],
    "remove_channel": lambda _: [],
    "rename_channel": lambda _: [],
    "map_elements": _maps,
    "decompose": lambda p: [f"maps = etw.spectral.decompose(spectra, {_keywords(p)}).maps"],
    "reconstruct_jointly": _joint,
    "reconstruct": _call("reconstruct", target="volume", show_progressbar=False),
}
"""How each operation is written, by its name in the table of operations."""
