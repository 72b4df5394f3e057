"""Saves results beside the present one, deletes and restores them; computes nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.checks import is_whole
from etwidgets.errors import HistoryError
from etwidgets.session.timeline import StoredSnapshot

if TYPE_CHECKING:
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import History, State
    from etwidgets.session.jobs import Job
    from etwidgets.session.model import JobState
    from etwidgets.session.steps import StepRunner


class Snapshots:
    """Those of one session.

    Parameters
    ----------
    core
        Of the session.
    steps
        Makes a result again that is not in memory.
    """

    def __init__(self, core: SessionCore, steps: StepRunner) -> None:
        self._core, self._steps = core, steps

    def save(self, label: str = "") -> None:
        """Save the present result; its label is what was done last, unless one is given."""
        self._stored.append(self._of_present(label))
        self._core.publish()

    def delete(self, index: int) -> None:
        """Let one go."""
        self._check(index)
        del self._stored[index]
        self._core.publish()

    def restore(self, index: int) -> Job | None:
        """Go on from one; the present result is saved in its place. A job if it must be recomputed."""
        self._check(index)
        chosen = self._stored[index]
        history = chosen.history
        if chosen.state is not None:
            self._exchange(index, history)
            return None

        def finish(state: State) -> tuple[JobState, str]:
            if index >= len(self._stored) or self._stored[index] is not chosen:
                return "stale", "The snapshots changed meanwhile; try again."
            history.move_to(history.position, state)
            self._exchange(index, history)
            return "committed", ""

        return self._steps.replay(*history.path_to(history.position), finish)

    @property
    def _stored(self) -> list[StoredSnapshot]:
        return self._core.timeline.snapshots

    def _of_present(self, label: str = "") -> StoredSnapshot:
        history = self._core.timeline.history
        return StoredSnapshot(label or _label_of(history), history.aside())

    def _exchange(self, index: int, history: History) -> None:
        self._stored[index] = self._of_present()
        self._core.timeline.history = history
        self._core.publish()

    def _check(self, index: int) -> None:
        if not is_whole(index) or not 0 <= index < len(self._stored):
            raise HistoryError(f"there is no snapshot {index!r}; there are {len(self._stored)}")


def _label_of(history: History) -> str:
    """What was done last."""
    return history.steps[history.position - 1].label if history.position else "initial state"
