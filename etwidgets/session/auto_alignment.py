"""Aligns the series of a session by itself, in steps that a person could take; shows nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from etwidgets.session import running
from etwidgets.session.estimate import check_fits, estimate
from etwidgets.session.jobs import Job
from etwidgets.session.model import Cure
from etwidgets.session.operations import find
from etwidgets.signals.alignment_report import tried
from etwidgets.signals.automatic import add_plan, auto_steps
from etwidgets.signals.trials import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import State
    from etwidgets.session.model import JobState
    from etwidgets.session.operations import Operation
    from etwidgets.signals import TomoStack

_RECONSTRUCT = Cure("Reconstruct", "reconstruct", {"method": AUTO, "constrain": True}, panel="reconstruct")
"""As the tab Reconstruct does it when nothing was changed there."""


class AutoAligner:
    """Aligns the series of one session.

    Parameters
    ----------
    core
        Of the session.
    """

    def __init__(self, core: SessionCore) -> None:
        self._core = core

    def align(self) -> Job:
        """Align; each step that is taken becomes one of the history."""
        core = self._core
        job = Job("auto_align", "Align automatically", core.runner)
        job.can_finish = job.tells = True
        job.following = _RECONSTRUCT
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            find("register", core.table).check_stack(core.state.stack)
            base.append(core.state)
            return partial(_steps, core.state, core.table)

        def finish(outcomes: list[running.Outcome]) -> tuple[JobState, str]:
            if core.state is not base[0]:
                return "stale", "Not used, for the tilt series was changed meanwhile. Align it again."
            for outcome in outcomes:
                core.timeline.history.add(outcome.step, outcome.state)
            core.publish()
            stack = core.state.stack
            report = None if stack is None else stack.alignment_report
            return "committed", "" if report is None else report.sentence

        return core.queue.run(job, begin, finish)


def _steps(state: State, table: Mapping[str, Operation], progress: Progress) -> list[running.Outcome]:
    """Every step with the state after it."""
    outcomes: list[running.Outcome] = []
    states = [state]
    assert state.stack is not None  # noqa: S101  (checked before; this tells mypy)

    def apply(stack: TomoStack, name: str, parameters: dict[str, Any], progress: Progress) -> Any:
        operation = find(name, table)
        check_fits(estimate(operation, stack, parameters), operation.label(parameters))
        outcomes.append(running.run(operation, parameters, states[-1], progress))
        states.append(outcomes[-1].state)
        return outcomes[-1].state.stack

    stack, plan, excluded = auto_steps(state.stack, apply, progress)
    found: dict[str, list[Any]] = {
        "excluded": list(excluded),
        "candidates": [list(each) for each in tried(plan)],
    }
    add_plan(stack, **found)
    outcomes[-1] = replace(outcomes[-1], step=replace(outcomes[-1].step, plan=found))
    return outcomes
