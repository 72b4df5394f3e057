"""The job that measures how far the series or the volume can be trusted; what is measured is in ``trust``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from etwidgets.errors import ParameterError
from etwidgets.session import trust
from etwidgets.session.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import State, Step
    from etwidgets.session.model import JobState
    from etwidgets.session.operations import Operation

_LABELS = {
    trust.ALIGNMENT: "Check alignment",
    trust.CONVERGENCE: "Check number of iterations",
    trust.RESOLUTION: "Measure resolution",
    trust.SPREAD: "Standard deviation of each voxel",
    trust.LINEARITY: "Check linearity",
}
_OF_SERIES = {trust.ALIGNMENT: trust.check_alignment, trust.LINEARITY: trust.measure_linearity}


def assess(core: SessionCore, subject: str) -> Job:
    """Measure one of :data:`~etwidgets.session.trust.SUBJECTS`, the spread, or the linearity."""
    if subject not in _LABELS:
        raise ParameterError(f"subject must be one of {', '.join(_LABELS)}, not {subject!r}")
    base: list[State] = []  # filled when the job's turn comes

    def begin() -> Callable[[Progress], Any]:
        base.append(core.state)
        return _work(core, core.state, subject)

    def finish(found: Any) -> tuple[JobState, str]:
        before = base[0]
        if core.state is not before or before.stack is None:
            return "stale", "Not used, for the series or the volume was changed meanwhile. Measure again."
        about = before.stack if subject in _OF_SERIES else before.reconstruction
        assert about is not None  # noqa: S101  (checked before the work; this tells mypy)
        if subject == trust.RESOLUTION:
            found.store(about)
        others = tuple(each for each in before.assessments if each.subject != subject)
        state = replace(
            before,
            assessments=(*others, trust.Assessment(subject, about.data, before.stack.tilts_deg, found)),
        )
        core.timeline.history.amend(state)
        core.model.assessments = state.assessments
        return "committed", ""

    return core.queue.run(Job("assess", _LABELS[subject], core.runner), begin, finish)


def _work(core: SessionCore, state: State, subject: str) -> Callable[[Progress], Any]:
    stack = state.stack
    if stack is None or not stack.has_tilts:
        raise ParameterError("there is no tilt series with tilts to measure")
    if subject in _OF_SERIES:
        return partial(_OF_SERIES[subject], stack)
    if state.reconstruction is None or state.stale:
        raise ParameterError("there is no volume of the present series; reconstruct it first")
    if subject == trust.SPREAD:
        return partial(trust.estimate_spread, stack, state.reconstruction.data.shape[1])
    parameters = parameters_of_volume(core.timeline.of_series, core.table)
    check = trust.check_convergence if subject == trust.CONVERGENCE else trust.check_resolution
    return partial(check, stack, parameters)


def parameters_of_volume(steps: Sequence[Step], table: Mapping[str, Operation]) -> dict[str, Any]:
    """Those of the last step that made the volume.

    Raises
    ------
    ParameterError
        If it was made in another way than by ``reconstruct``.
    """
    made = [step for step in steps if step.operation in table and table[step.operation].reconstructs]
    if not made or made[-1].operation != "reconstruct":
        raise ParameterError("the volume was not made by Reconstruct here; reconstruct it, then measure")
    return dict(made[-1].parameters)
