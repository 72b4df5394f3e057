"""Results that were set aside to be compared or gone back to; runs nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etwidgets.session.history import History, State


@dataclass(frozen=True, eq=False)
class Branch:
    """A line of steps that was set aside.

    Attributes
    ----------
    label
        As the user reads it.
    history
        Its steps; of its states only the one that was set aside is held.
    """

    label: str
    history: History

    @property
    def state(self) -> State | None:
        """What was set aside; None after a session was opened, for it is made again when it is needed."""
        return self.history.state(self.history.position)


def label_of(history: History) -> str:
    """A name for a line of steps: what was done last."""
    if history.position == 0:
        return "as it was in the beginning"
    return history.steps[history.position - 1].label
