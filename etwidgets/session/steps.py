"""Does steps, goes back and forth between them, and says what a step would take; draws and saves nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from etwidgets.session import running
from etwidgets.session.estimate import Estimate, can_finish, check_fits, estimate, seconds_after
from etwidgets.session.jobs import Job
from etwidgets.session.operations import find
from etwidgets.session.parameters import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import State, Step
    from etwidgets.session.model import JobState
    from etwidgets.session.operations import Operation


class StepRunner:
    """Does the steps of one session.

    Parameters
    ----------
    core
        Of the session.
    """

    def __init__(self, core: SessionCore) -> None:
        self._core = core
        self._pace: dict[tuple[str, str], float] = {}  # seconds per unit of work, by operation and method

    def apply(self, name: str, parameters: Mapping[str, Any]) -> Job:
        """Run an operation on the stack as it is when the job's turn comes."""
        core = self._core
        operation, parameters = find(name, core.table), as_json(parameters)
        core.check_step(operation, parameters)
        job = Job(name, operation.label(parameters), core.runner)
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            state = core.state
            operation.check_stack(state.stack)
            check_fits(_needed(operation, state, parameters), job.label)
            job.can_finish, job.tells = can_finish(operation, state.stack, parameters), operation.tells
            n_series = 1 + len(state.channels)
            job.time_left.seconds_after = n_series * seconds_after(operation, state.stack, parameters)
            base.append(state)
            return partial(running.run, operation, parameters, state)

        def finish(outcome: running.Outcome) -> tuple[JobState, str]:
            job.label = outcome.step.label  # a run that was finished early is another than was asked for
            return self._commit(operation, base[0], outcome)

        return core.queue.run(job, begin, finish)

    def _commit(self, operation: Operation, base: State, outcome: running.Outcome) -> tuple[JobState, str]:
        core = self._core
        if core.state is not base:
            return "stale", (
                f"{outcome.step.label}: not used, for the tilt series was changed meanwhile. Run it again."
            )
        work = _needed(operation, base, outcome.step.parameters).work
        if work > 0:
            self._pace[_kind_of_work(operation, outcome.step.parameters)] = outcome.step.seconds / work
        had_volume = core.model.reconstruction is not None
        core.timeline.history.add(outcome.step, outcome.state)
        if operation.name == "open" and core.recent is not None:
            core.recent.add(outcome.step.parameters)
        core.publish()
        if operation.reconstructs and not had_volume:
            core.display.center(None, outcome.state.reconstruction)
        return "committed", " ".join(outcome.warnings)

    def estimate(self, name: str, parameters: Mapping[str, Any]) -> tuple[int, float | None]:
        """Bytes and seconds that an operation would take now; None where the seconds are not known."""
        operation = find(name, self._core.table)
        needed = _needed(operation, self._core.state, parameters)
        pace = self._pace.get(_kind_of_work(operation, parameters))
        return needed.memory, None if pace is None else pace * needed.work

    def go_to(self, position: int) -> Job | None:
        """Go to the state after so many steps; a job if it must be recomputed."""
        core, history = self._core, self._core.timeline.history
        history.check(position)
        state = history.state(position)
        if state is not None:
            said = _moved(history.steps, history.position, position)
            history.move_to(position, state)
            core.publish()
            if said:
                core.messages.tell(said)
            return None
        known = history.steps

        def finish(state: State) -> tuple[JobState, str]:
            present = core.timeline.history
            if present.steps != known:
                return "stale", "The history changed meanwhile; press undo or redo again."
            present.move_to(position, state)
            core.publish()
            return "committed", ""

        return self.replay(*history.path_to(position), finish)

    def replay(
        self, start: State, steps: tuple[Step, ...], finish: Callable[[State], tuple[JobState, str]]
    ) -> Job:
        """Make a state again that was let go, by repeating steps from an earlier one."""
        job = Job("replay", "Make an earlier state again", self._core.runner)
        return self._core.queue.run(
            job, lambda: partial(running.replay, start, steps, self._core.table), finish
        )


def _moved(steps: Sequence[Step], before: int, after: int) -> str:
    """What undo, redo or a click in the history did, for the status line."""
    if after < before:
        undone = [step.label for step in steps[after:before]]
        return f"Undone: {undone[0] if len(undone) == 1 else f'{len(undone)} steps from {undone[0]} on'}."
    redone = [step.label for step in steps[before:after]]
    return f"Redone: {', '.join(redone)}." if redone else ""


def _needed(operation: Operation, state: State, parameters: Mapping[str, Any]) -> Estimate:
    """What an operation takes, of all channels together."""
    needed = estimate(operation, None if operation.opens else state.stack, parameters)
    if operation.repeats_on_channels:
        return replace(needed, memory=needed.memory * (1 + len(state.channels)))
    return needed


def _kind_of_work(operation: Operation, parameters: Mapping[str, Any]) -> tuple[str, str]:
    return operation.name, str(parameters.get("method", "")).upper()
