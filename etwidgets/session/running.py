"""Run operations as steps: one, several again, those of a session file.

Works in any thread, for it touches only its arguments.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import HistoryError, ParameterError
from etwidgets.session.digest import digest
from etwidgets.session.estimate import check_fits, estimate
from etwidgets.session.history import State, Step
from etwidgets.session.operations import RECONSTRUCT, find
from etwidgets.signals.automatic import add_plan
from etwidgets.signals.engine_parameters import iterations_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.session.autosaved_results import ResultsFolder
    from etwidgets.session.operations import Operation
    from etwidgets.session.session_file import SavedSession


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of an operation.

    Attributes
    ----------
    state
        What there is now.
    step
        What was done.
    warnings
        What the user should know about it, such as what is odd about a file that was opened.
    """

    state: State
    step: Step
    warnings: tuple[str, ...] = ()


def run(operation: Operation, parameters: Mapping[str, Any], state: State, progress: Progress) -> Outcome:
    """Apply an operation to a state.

    Raises
    ------
    Cancelled
        If ``progress`` says so.
    Exception
        Whatever the operation raises.
    """
    operation.check(parameters)
    operation.check_stack(state.stack)
    started = time.monotonic()
    done = operation.apply(state, parameters, progress)
    following = done.state.without_old_numbers()
    step = Step(
        operation=operation.name,
        parameters=dict(done.parameters),
        label=operation.label(done.parameters),
        seconds=time.monotonic() - started,
        before="" if state.stack is None or operation.opens else digest(state.stack),
        after=_digest_of(operation, following),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Outcome(following, step, done.notes)


def _digest_of(operation: Operation, state: State) -> str:
    """Of what the operation gave, its channels among it."""
    volume = operation.changes == "volumes" or state.stack is None
    parts = [state.reconstruction if volume else state.stack]
    parts += [channel.reconstruction if volume else channel.stack for channel in state.channels]
    return "-".join(digest(part) for part in parts if part is not None)


def repeat(
    state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress
) -> list[Outcome]:
    """Do the steps of another series on this one, one after the other; what they give is as it comes."""
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps):
        operation = find(step.operation, table)
        operation.check_stack(state.stack)
        check_fits(estimate(operation, state.stack, step.parameters), step.label)
        part = progress.part(number / len(steps), (number + 1) / len(steps), title=step.label)
        outcomes.append(run(operation, step.parameters, state, part))
        state = outcomes[-1].state
    return outcomes


def replay(state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress) -> State:
    """Do the steps again, one after the other.

    Raises
    ------
    HistoryError
        If a step gives another result than it did: a file was changed, or another version is installed.
    """
    for number, step in enumerate(steps):
        part = progress.part(number / len(steps), (number + 1) / len(steps))
        outcome = run(find(step.operation, table), step.parameters, state, part)
        if outcome.step.after != step.after:
            raise HistoryError(
                f"doing the step {step.label!r} again gave another result ({outcome.step.after} instead of "
                f"{step.after}); was a file changed since?"
            )
        state = outcome.state
        if step.plan is not None and state.stack is not None:
            add_plan(state.stack, **step.plan)
    return state


def reopen(
    saved: SavedSession,
    folder: Path,
    table: Mapping[str, Operation],
    progress: Progress,
    results: ResultsFolder | None = None,
) -> tuple[State, State]:
    """The state before the first step of a saved session, and the one that it was left in.

    Parameters
    ----------
    saved
        From a session file.
    folder
        Where that file lies, and beside it the tilt series that came from no file.
    table
        The operations that there are.
    progress
        Reports progress and can cancel the work.
    results
        What is kept of the session beside its steps; default: nothing, and all steps are done again.
    """
    stack = None
    if saved.start is not None:
        from etwidgets import io

        stack = io.load(folder / Path(saved.start).name)
    start = State(stack, source=saved.source)
    steps = saved.steps[: saved.position]
    found = None if results is None else results.find(steps)
    if found is None:
        return start, replay(start, steps, table, progress)
    state = found.state
    if found.had_spectra:
        state = _with_spectra(state, steps[: found.count], table, progress.part(0, 0.5))
    return start, replay(state, steps[found.count :], table, progress.part(0.5, 1))


def _with_spectra(
    state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress
) -> State:
    """The state with the spectra that its steps opened; they are not kept, for they are in their file."""
    for step in reversed(steps):
        operation = find(step.operation, table)
        if operation.opens or operation.changes == "spectra":
            return replace(state, spectra=run(operation, step.parameters, state, progress).state.spectra)
    return state


def again_with(state: State, steps: Sequence[Step], name: str) -> Callable[[int, Progress], NDArray[Any]]:
    """A function that makes the volume of the series or of a channel with so many iterations more or less.

    Raises
    ------
    ParameterError
        If the volume was not made by iterations.
    """
    made = [step for step in steps if step.operation == "reconstruct"]
    keyword = iterations_name(str(made[-1].parameters.get("method", ""))) if made else ""
    if not made or keyword not in made[-1].parameters:
        raise ParameterError("this volume was not made by iterations; there is none to add or to leave out")
    parameters = made[-1].parameters
    volume = next((c.reconstruction for c in state.channels if c.name == name), state.reconstruction)
    how = (
        None
        if volume is None
        else volume.metadata.get_item("Tomography.reconstruction.algorithm", default=None)
    )
    if how == "joint":
        raise ParameterError(
            f"{name} was reconstructed with HAADF, whose iterations belong to all elements together"
        )

    def make(change: int, progress: Progress) -> NDArray[Any]:
        given = {**parameters, keyword: max(1, int(parameters[keyword]) + change)}
        channel = next((channel for channel in state.channels if channel.name == name), None)
        return np.asarray(RECONSTRUCT.volume(state, given, progress, channel).data)

    return make
