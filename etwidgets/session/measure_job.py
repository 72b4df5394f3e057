"""The job that measures the volume of a session; what is measured, and how, is in ``measuring``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from etwidgets.errors import ParameterError
from etwidgets.session import measuring, running
from etwidgets.session.display import SERIES
from etwidgets.session.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import State
    from etwidgets.session.measuring import Measurement, Subject
    from etwidgets.session.model import JobState
    from etwidgets.signals import TomoStack


def measure(
    core: SessionCore,
    subject: Subject,
    other: Subject | None = None,
    axis: str | None = None,
    *,
    one_iteration_more: bool = False,
    intervals: bool = False,
) -> Job:
    """Measure a volume; as :meth:`etwidgets.session.Session.measure`."""
    if not isinstance(subject, measuring.Subject):
        raise ParameterError(f"subject must be a Subject, a volume and its threshold, not {subject!r}")
    base: list[State] = []  # filled when the job's turn comes

    def begin() -> Callable[[Progress], Any]:
        state = core.state
        base.append(state)
        voxel, unit = _voxel(state, subject)
        steps = core.timeline.of_series
        again = running.again_with(state, steps, subject.name) if one_iteration_more else None
        repeated = _series_of(state, subject.name).measure_intervals if intervals else None
        return partial(
            measuring.measure,
            subject,
            voxel,
            other=other,
            axis=axis,
            again=again,
            unit=unit,
            repeated=repeated,
        )

    def finish(found: Measurement) -> tuple[JobState, str]:
        if core.state is not base[0]:
            return "stale", "Not used, for the volume was changed meanwhile. Measure the present one."
        state = replace(base[0], measurements=(*base[0].measurements, found))
        core.timeline.history.amend(state)
        core.model.measurements = state.measurements
        return "committed", ""

    label = f"Measure {subject.name}{' with intervals' if intervals else ''}"
    return core.queue.run(Job("measure", label, core.runner), begin, finish)


def _series_of(state: State, name: str) -> TomoStack:
    """The projections of the volume of a name.

    Raises
    ------
    ParameterError
        If the volume is not that of the present series.
    """
    stack = next((each.stack for each in state.channels if each.name == name), None)
    stack = state.stack if name == SERIES else stack
    if stack is None:
        raise ParameterError("there is no tilt series to repeat the experiment with; open it first")
    if state.stale:
        raise ParameterError("the series was changed after this volume was made; reconstruct it again first")
    return stack


def _voxel(state: State, subject: Subject) -> tuple[float, str]:
    """Length of a voxel of the volume that is measured, and its unit."""
    if state.reconstruction is None:
        raise ParameterError("there is no volume to measure")
    if not state.holds(subject.data):
        raise ParameterError("the volume was changed meanwhile; measure the present one")
    axis = state.reconstruction.axes_manager["x"]
    return (float(axis.scale), "nm") if str(axis.units) == "nm" else (1.0, "px")
