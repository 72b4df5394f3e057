"""Steps and the states between them, with undo and redo; runs nothing itself.

Each state is kept by reference up to a memory limit. A state that was dropped is recomputed from the nearest
earlier one by repeating the steps, which the session does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import is_whole
from etwidgets.deprecated import renamed_property
from etwidgets.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from etwidgets.session.measuring import Measurement
    from etwidgets.session.trust import Assessment
    from etwidgets.signals import RecStack, TomoStack


@dataclass(frozen=True, eq=False)
class Channel:
    """Another signal of the same series: a second detector, or the map of an element.

    Attributes
    ----------
    name
        As the user reads it; no two are alike.
    stack
        Projections, which go through every change of geometry with the series.
    reconstruction
        Its volume, or None.
    """

    name: str
    stack: TomoStack
    reconstruction: RecStack | None = None


@dataclass(frozen=True, eq=False)
class State:
    """What there is at one moment.

    Attributes
    ----------
    stack
        The tilt series, or None.
    reconstruction
        The volume, or None.
    stale
        Whether the stack changed after the volume was made.
    source
        Where the tilt series comes from, in words.
    channels
        Other signals of the same series.
    spectra
        The spectra ``(x, y, tilt | energy)`` of the same series as they were loaded, or None.
    measurements
        What was measured of the volumes that there are: :class:`~etwidgets.session.measuring.Measurement`.
    assessments
        How far series and volume can be trusted: :class:`~etwidgets.session.trust.Assessment`, one a subject.
    """

    stack: TomoStack | None = None
    reconstruction: RecStack | None = None
    stale: bool = False
    source: str = ""
    channels: tuple[Channel, ...] = ()
    spectra: Any = None
    measurements: tuple[Measurement, ...] = ()
    assessments: tuple[Assessment, ...] = ()

    @property
    def signals(self) -> list[Any]:
        """Everything that has data."""
        found: list[Any] = [self.stack, self.reconstruction, self.spectra]
        for channel in self.channels:
            found += [channel.stack, channel.reconstruction]
        return [signal for signal in found if signal is not None]

    def holds(self, data: Any) -> bool:
        """Whether an array is that of one of the signals."""
        return any(signal.data is data for signal in self.signals)

    def without_old_numbers(self) -> State:
        """The same without what was measured of data that are not there any more."""
        present = tuple(each for each in self.measurements if self.holds(each.subject.data))
        tilts = None if self.stack is None or not self.stack.has_tilts else self.stack.tilts_deg
        valid = tuple(
            each
            for each in self.assessments
            if self.holds(each.data) and tilts is not None and np.array_equal(each.tilts_deg, tilts)
        )
        if (present, valid) == (self.measurements, self.assessments):
            return self
        return replace(self, measurements=present, assessments=valid)


@dataclass(frozen=True, eq=False)
class Step:
    """What was done, enough to do it again.

    Attributes
    ----------
    operation
        Name in the table of operations.
    parameters
        Keywords, JSON-able; never changed.
    label
        The step as the user reads it.
    seconds
        How long it took.
    before, after
        Digests of what it was given and of what it gave; empty where there was nothing.
    when
        Time at which it ended, ISO 8601 in UTC.
    plan
        Of the last step of an automatic alignment: what was left out (``excluded``) and what was
        tried (``candidates``), as in its report; the steps do not find it again. None for other steps.
    """

    operation: str
    parameters: Mapping[str, Any]
    label: str
    seconds: float
    before: str
    after: str
    when: str
    plan: Mapping[str, Any] | None = None

    words = renamed_property("Step.words", "label")


@dataclass(eq=False)
class _Entry:
    step: Step
    state: State | None


class History:
    """A line of steps, and where on it we are.

    Parameters
    ----------
    start
        The state before the first step; always kept.
    memory_limit
        Bytes that the kept states may take together. The current state and the one before it are kept
        even if they alone take more.
    """

    def __init__(self, start: State, memory_limit: int) -> None:
        self._start = start
        self._entries: list[_Entry] = []
        self._position = 0
        self._limit = memory_limit

    @classmethod
    def restored(
        cls,
        start: State,
        steps: tuple[Step, ...],
        memory_limit: int,
        position: int = 0,
        present: State | None = None,
    ) -> History:
        """A history of steps, so many of them in effect, of whose states at most the present one is known."""
        history = cls(start, memory_limit)
        history._entries = [_Entry(step, None) for step in steps]
        history._position = position
        if position > 0:
            history._entries[position - 1].state = present
        return history

    def aside(self) -> History:
        """A copy that holds the first and the present state only."""
        present = self.state(self._position)
        return History.restored(self._start, self.steps, self._limit, self._position, present)

    @property
    def start(self) -> State:
        """The state before the first step."""
        return self._start

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, also those that were undone and can be done again."""
        return tuple(entry.step for entry in self._entries)

    @property
    def position(self) -> int:
        """How many of the steps are in effect."""
        return self._position

    def state(self, position: int) -> State | None:
        """The state after ``position`` steps, or None if it was let go."""
        return self._start if position == 0 else self._entries[position - 1].state

    def add(self, step: Step, state: State) -> None:
        """Append a step after the current position; undone steps are forgotten."""
        del self._entries[self._position :]
        self._entries.append(_Entry(step, state))
        self._position += 1
        self._let_go()

    def amend(self, state: State) -> None:
        """Put another state in place of the present one, which no step leads to: something was measured."""
        if self._position == 0:
            self._start = state
        else:
            self._entries[self._position - 1].state = state

    def check(self, position: int) -> None:
        """Refuse a position that there is not.

        Raises
        ------
        HistoryError
            With the number of steps that there are.
        """
        if is_whole(position) and 0 <= position <= len(self._entries):
            return
        ways = {self._position - 1: "to undo", self._position + 1: "to do again"}
        which = ways.get(position, repr(position)) if is_whole(position) else repr(position)
        raise HistoryError(f"there is no step {which}; {self._position} of {len(self._entries)} are done")

    def path_to(self, position: int) -> tuple[State, tuple[Step, ...]]:
        """The nearest kept state at or before ``position``, and the steps from it to there."""
        kept = next(i for i in range(position, -1, -1) if self.state(i) is not None)
        state = self.state(kept) or self._start
        return state, self.steps[kept:position]

    def move_to(self, position: int, state: State) -> None:
        """Go to a position, whose state is given (it may have been let go before)."""
        self.check(position)
        self._position = position
        if position > 0:
            self._entries[position - 1].state = state
        self._let_go()

    @property
    def memory(self) -> int:
        """Bytes that the kept states take; what several share counts once."""
        return memory_of(self)

    @property
    def held(self) -> list[State]:
        """The states that are held."""
        found = (self.state(position) for position in range(len(self._entries) + 1))
        return [state for state in found if state is not None]

    def _let_go(self) -> None:
        """Forget states, those farthest away first, until the rest fits."""
        near = {self._position, self._position - 1}
        far = sorted(
            (i for i in range(1, len(self._entries) + 1) if i not in near),
            key=lambda i: -abs(i - self._position),
        )
        for position in far:
            if self.memory <= self._limit:
                return
            self._entries[position - 1].state = None


def _arrays_of(state: State) -> list[Any]:
    """The data of all signals, and of volumes among what was assessed."""
    found = [signal.data for signal in state.signals]
    found += [each.found.data for each in state.assessments if hasattr(each.found, "data")]
    return [data for data in found if isinstance(data, np.ndarray)]


def memory_of(*histories: History) -> int:
    """Bytes that the kept states of all histories take; what several share counts once."""
    arrays: dict[int, int] = {}
    for history in histories:
        for state in history.held:
            for data in _arrays_of(state):
                owner = _owner(data)
                arrays[id(owner)] = owner.nbytes
    return sum(arrays.values())


def _owner(array: NDArray[Any]) -> NDArray[Any]:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
