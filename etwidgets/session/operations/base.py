"""What an operation is: it makes the next state of a session from the present one, and writes its own script.

It knows no model, no job and no widget; what there is in particular is in the files beside this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from etwidgets.errors import MissingTiltsError, ParameterError
from etwidgets.options import check_names
from etwidgets.progress import NullProgress
from etwidgets.session.history import State
from etwidgets.session.parameters import check_needed, parameters_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from etwidgets.progress import Progress
    from etwidgets.signals import RecStack, TomoStack

Changes = Literal["series", "volumes", "channels", "spectra"]


@dataclass(frozen=True, eq=False)
class OperationResult:
    """What came of an operation.

    Attributes
    ----------
    state
        What there is now.
    parameters
        Those that give the same result again: also what the operation chose itself, and the iterations that
        were done where it was finished early.
    notes
        What the user should know about it.
    """

    state: State
    parameters: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Operation(ABC):
    """One thing that can be done.

    An operation is pure: the same state and parameters give the same result, and no signal is written.

    Attributes
    ----------
    name
        How it is called in ``session.apply``.
    title
        A verb, as on the button.
    running
        What is said while it runs.
    parameters
        Names of the keywords it takes.
    needed
        Those of them that have no default.
    needs_tilts
        Whether it refuses a series without tilts.
    copies
        How many float32 copies of the series it holds at its peak, its result among them. Not used where it
        ``reconstructs``.
    finishes
        Whether it can be finished early although it reconstructs nothing; it takes ``finish_after`` then.
    tells
        Whether its notes say how well it went, and do not warn.
    home
        The module of an operation of the user's own, from which a script imports it; empty for ours.
    changes
        What it makes anew: the ``series`` (its channels follow), ``volumes``, ``channels`` or ``spectra``.
    opens
        Whether it begins another series, and needs none.
    reconstructs
        Whether it makes volumes slice by slice, of which the engine knows the memory and the time.
    """

    name: str
    title: str
    running: str
    _: KW_ONLY
    parameters: AbstractSet[str] = frozenset()
    needed: frozenset[str] = frozenset()
    needs_tilts: bool = False
    copies: float = 2.0
    finishes: bool = False
    tells: bool = False
    home: str = ""

    changes: ClassVar[Changes]
    opens: ClassVar[bool] = False
    reconstructs: ClassVar[bool] = False

    @abstractmethod
    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Make the next state; ``state`` is left as it is."""

    @abstractmethod
    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """The lines of a script that do the same.

        Parameters
        ----------
        parameters
            Of a step.
        channels
            Names of the other signals that the script has so far, in ``channels``.

        Returns
        -------
        list
            They work on ``stack`` and ``spectra``, and leave ``volume`` and ``volumes``, by name of channel.
        """

    def channels_after(
        self,
        parameters: Mapping[str, Any],  # noqa: ARG002  (those that change channels use it)
        channels: Sequence[str],
    ) -> tuple[str, ...]:
        """Names of the other signals that the script has after :meth:`write`."""
        return tuple(channels)

    def __call__(self, stack: TomoStack | None, /, **parameters: Any) -> TomoStack | RecStack | None:
        """Do it once, outside any session; returns the new series, or the volume."""
        state = self.apply(State(stack), parameters, NullProgress()).state
        return state.reconstruction if self.changes == "volumes" or state.stack is None else state.stack

    @property
    def repeats_on_channels(self) -> bool:
        """Whether it does to every other signal of the series what it does to the series."""
        return self.changes in ("series", "volumes") and not self.opens

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that it does not take, and the lack of those that it needs.

        Raises
        ------
        ParameterError
            With the name that was probably meant, or with those that it needs beside.
        """
        check_names(parameters, sorted(self.parameters), self.name)
        check_needed(parameters, self.needed, self.name)

    def check_stack(self, stack: TomoStack | None) -> None:
        """Refuse when there is nothing to work on.

        Raises
        ------
        ParameterError, MissingTiltsError
            With what to do first.
        """
        if not self.opens:
            self.usable(stack)

    def usable(self, stack: TomoStack | None) -> TomoStack:
        """The series, if it can be worked on; raises as :meth:`check_stack`."""
        if stack is None:
            raise ParameterError(f"{self.title}: there is no tilt series yet; open one first")
        if self.needs_tilts and not stack.has_tilts:
            raise MissingTiltsError(
                f"{self.title}: the tilt series has no tilts; set them in the Data tab, "
                "or by session.apply('set_tilts', start=..., increment=...)"
            )
        return stack

    def label(self, parameters: Mapping[str, Any]) -> str:
        """The step in words, as the history shows it."""
        return f"{self.title}: {parameters_text(parameters)}" if parameters else self.title


def shares(state: State, progress: Progress) -> list[Progress]:
    """Progress of the series and of each of its channels in turn; only the series may be finished early."""
    names = ["the series", *(channel.name for channel in state.channels)]
    count = len(names)
    return [
        progress.part(
            i / count,
            (i + 1) / count,
            may_finish=i == 0,
            title=f"{name}, {i + 1} of {count}" if count > 1 else "",
        )
        for i, name in enumerate(names)
    ]
