"""The numbers of a report, from a state of a session; computes only the check of projections."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import EtwidgetsError
from etwidgets.resources import check_memory
from etwidgets.session.readable import with_interval
from etwidgets.session.report.content import Facts
from etwidgets.session.report.plain import plain
from etwidgets.session.trust import CONVERGENCE, LINEARITY, check_alignment, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etwidgets.progress import Progress
    from etwidgets.session.history import State
    from etwidgets.session.measuring import Measurement
    from etwidgets.session.report.content import ReportedStep
    from etwidgets.session.trust import Assessment
    from etwidgets.signals import RecStack, TomoStack

_REGISTERS = {
    "register", "refine_alignment", "align_markers", "apply_alignment_file", "manual_align", "shift_one",
    "shift", "align",
}  # fmt: skip
_FINDS_AXIS = {
    "tilt_align",
    "refine_alignment",
    "align_markers",
    "apply_alignment_file",
    "transform",
    "align",
}
_COPIES = 4  # of the series in float32 that the check holds at its peak
_SHOWN_ELSEWHERE = {
    "tilts", "shifts", "transforms", "registration_quality", "axis_estimate", "alignment_report",
    "reconstruction", "held_out", "resolution", "cropped", "tiltaxis", "xshift", "yshift",
}  # fmt: skip


def facts_of(state: State, steps: Iterable[ReportedStep], progress: Progress) -> Facts:
    """What is known of the series and its volume.

    Parameters
    ----------
    state
        As it is now.
    steps
        All that was done, also before the file was opened.
    progress
        Of the check of projections, which takes longest.
    """
    signal = state.reconstruction if state.stack is None else state.stack
    if signal is None:
        return Facts()
    known = _node(signal)
    volume = state.reconstruction
    made = {} if volume is None else _node(volume)
    series = _tilts(known) if state.stack is None else _series(state.stack)
    done = {step.operation for step in steps}
    moved = known.get("shifts") is not None and bool(np.any(np.asarray(known["shifts"])))
    series["registered"] = bool(done & _REGISTERS) or moved or "alignment_report" in known
    series["axis_looked_for"] = bool(done & _FINDS_AXIS or {"alignment_report", "axis_estimate"} & set(known))
    series["channels"] = [channel.name for channel in state.channels]
    return Facts(
        series=series,
        registration=known.get("registration_quality", {}),
        axis=known.get("axis_estimate", {}),
        alignment=known.get("alignment_report", {}),
        check={} if state.stack is None else _check(state.stack, progress),
        reconstruction={} if volume is None else _reconstruction(volume, made, stale=state.stale),
        held_out=made.get("held_out", {}),
        resolution=made.get("resolution", {}),
        convergence=_convergence(state),
        linearity=_linearity(state),
        measurements=_once(_measured(each) for each in state.measurements),
        other={name: value for name, value in (known | made).items() if name not in _SHOWN_ELSEWHERE},
    )


def _node(signal: Any) -> dict[str, Any]:
    """``metadata.Tomography`` as plain values."""
    node = signal.metadata.get_item("Tomography", default=None)
    return {} if node is None else dict(plain(node.as_dictionary()))


def _pixel(signal: Any) -> dict[str, Any]:
    axis = signal.axes_manager["x"]
    known = axis.units == "nm"
    return {"pixel_size_nm": float(axis.scale) if known else None}


def _tilts(known: dict[str, Any]) -> dict[str, Any]:
    """What the metadata of a volume say of its series."""
    tilts = known.get("tilts")
    return {} if tilts is None else {"tilts_deg": [float(row[0]) for row in tilts]}


def _series(stack: TomoStack) -> dict[str, Any]:
    shape = stack.data.shape
    tilts = stack.tilts_deg.tolist() if stack.has_tilts else None
    return {
        "n_projections": int(shape[0]),
        "frames": int(shape[1]) if stack.data.ndim > 3 else 1,
        "height_px": int(shape[-2]),
        "width_px": int(shape[-1]),
        "tilts_deg": tilts,
        **_pixel(stack),
    }


def _check(stack: TomoStack, progress: Progress) -> dict[str, Any]:
    """Each projection beside what the others predict, and beside the floor; or why that cannot be said."""
    try:
        check_memory(_COPIES * 4.0 * stack.data.size, "the comparison with reprojections")
        found = check_alignment(stack, progress)
    except EtwidgetsError as error:
        return {"error": str(error)}
    names = (
        "misfits", "shifts_px", "intensities", "floor_misfits", "floor_px", "floor_intensity", "response",
        "weights", "errors_px",
    )  # fmt: skip
    values = {name: getattr(found, name) for name in names}
    return dict(plain({**values, "off": np.flatnonzero(found.off)}))


def _reconstruction(volume: RecStack, made: dict[str, Any], *, stale: bool) -> dict[str, Any]:
    settings = made.get("reconstruction", {})
    return {**settings, "shape": [int(n) for n in volume.data.shape], "stale": stale, **_pixel(volume)}


def _assessed(state: State, subject: str) -> Assessment | None:
    return next((each for each in state.assessments if each.subject == subject), None)


def _convergence(state: State) -> dict[str, Any]:
    """What was measured of the iterations of the volume, if it is of the present series."""
    assessment = _assessed(state, CONVERGENCE)
    if assessment is None or state.stale:
        return {}
    found: Any = assessment.found
    curve = {name: getattr(found.curve, name) for name in ("iterations", "misfit", "standard_error")}
    return dict(plain({**asdict(verdict(assessment)), **curve}))


def _linearity(state: State) -> dict[str, Any]:
    assessment = _assessed(state, LINEARITY)
    if assessment is None:
        return {}
    found: Any = assessment.found
    names = ("determined", "is_linear", "advice")
    return dict(plain({**asdict(found), **{name: getattr(found, name) for name in names}}))


def _once(measurements: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Each volume and way of parting once, with all that was measured of it."""
    found: dict[str, dict[str, Any]] = {}
    for each in measurements:
        key = json.dumps([each[name] for name in ("name", "unit", "voxel", "segmentation", "rows")])
        earlier = found.get(key, {})
        pairs = earlier.get("comparison", [])
        pairs = pairs + [pair for pair in each["comparison"] if pair not in pairs]
        found[key] = {**earlier, **each, "comparison": pairs}
    return tuple(found.values())


def _measured(found: Measurement) -> dict[str, Any]:
    known: dict[str, Any] = {
        "name": found.subject.name,
        "unit": found.unit,
        "voxel": found.voxel_nm,
        "segmentation": dict(found.subject.parameters),
        "n_bodies": len(found.table),
        "total_volume": with_interval(found.total.value, (found.total.low, found.total.high), found.unit, 3),
        "pores_fraction": found.pores[0],
        "n_pores": found.pores[1],
        "comparison": [list(pair) for pair in found.comparison],
        "columns": [str(name) for name in found.table_to_save.columns],
        "rows": found.table.to_numpy().tolist(),
    }
    if found.by_iterations is not None:
        known["one_iteration_less_and_more"] = str(found.by_iterations)
    if found.intervals is not None:
        known["intervals_90_percent"] = found.intervals.to_dict("records")
    return dict(plain(known))
