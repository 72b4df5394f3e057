"""The history of a session and the snapshots beside it: where it is, and where it was; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etwidgets.session.history import History, State, memory_of
from etwidgets.session.operations import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from etwidgets.session.history import Step
    from etwidgets.session.operations import Operation
    from etwidgets.session.session_file import SavedSession
    from etwidgets.signals import TomoStack


@dataclass(frozen=True, eq=False)
class StoredSnapshot:
    """A result with the steps that led to it.

    Attributes
    ----------
    label
        As the user reads it.
    history
        Its steps; of its states only that of the result is held.
    """

    label: str
    history: History

    @property
    def state(self) -> State | None:
        """The result; None after a session was opened, for it is recomputed when needed."""
        return self.history.state(self.history.position)


class Timeline:
    """Where a session is, and where it has been.

    Parameters
    ----------
    start
        The state before the first step.
    memory_limit
        Bytes that the states kept for undo may take.
    table
        The operations that there are.

    Attributes
    ----------
    history
        All steps, with the states that are in memory.
    snapshots
        Results that were saved beside the present one.
    start_file
        The file with the tilt series before the first step, in a session that was opened from a file.
    """

    def __init__(self, start: State, memory_limit: int, table: Mapping[str, Operation]) -> None:
        self.memory_limit = memory_limit
        self.table = table
        self.history = History(start, memory_limit)
        self.snapshots: list[StoredSnapshot] = []
        self.start_file: Path | None = None

    @property
    def state(self) -> State:
        """What there is now."""
        state = self.history.state(self.history.position)
        return State() if state is None else state

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps in effect, the first one first."""
        return self.history.steps[: self.history.position]

    @property
    def of_series(self) -> tuple[Step, ...]:
        """The steps in effect that belong to the series in view: from the one that opened it."""
        return self.done[max(self.openings(self.done), default=0) :]

    @property
    def opening(self) -> object:
        """What brought the series in view: a step, or the signal that was there before the first one."""
        opened = self.openings(self.done)
        return self.done[opened[-1]] if opened else next(iter(self.history.start.signals), None)

    @property
    def memory(self) -> int:
        """Bytes that all states in memory take."""
        return memory_of(self.history, *(each.history for each in self.snapshots))

    def openings(self, steps: tuple[Step, ...]) -> list[int]:
        """Where in the steps a tilt series is opened."""
        return [i for i, step in enumerate(steps) if find(step.operation, self.table).opens]

    def stack_before(self) -> TomoStack | None:
        """The tilt series before the last step that changed it; None where none is in memory."""
        now = self.state.stack
        opened = self.openings(self.done)
        first = opened[-1] + 1 if opened else 0  # what was before is another series
        for position in range(self.history.position - 1, first - 1, -1):
            state = self.history.state(position)
            if state is None:
                return None
            if state.stack is not now:
                return state.stack
        return None

    def replace_by(self, saved: SavedSession, start: State, state: State, start_file: Path | None) -> None:
        """Go on with a saved session, whose states at the start and at the end are known."""
        self.start_file = start_file
        self.history = History.restored(start, saved.steps, self.memory_limit)
        self.history.move_to(saved.position, state)
        self.snapshots = [
            StoredSnapshot(each.label, History.restored(start, each.steps, self.memory_limit, each.position))
            for each in saved.snapshots
        ]
