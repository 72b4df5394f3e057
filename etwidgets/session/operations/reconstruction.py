"""The operation that reconstructs the series and its channels, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from etwidgets import engine
from etwidgets.errors import ParameterError
from etwidgets.session.operations.base import Changes, Operation, OperationResult, shares
from etwidgets.session.operations.lines import Code, call
from etwidgets.signals import trust
from etwidgets.signals.engine_parameters import ParameterNames, iterations_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.engine import Algorithm
    from etwidgets.progress import Progress
    from etwidgets.session.history import Channel, State
    from etwidgets.signals import RecStack, TomoStack

_LARGEST = "largest = lambda signal: float(np.abs(signal.data).max())"


@dataclass(frozen=True, eq=False)
class VolumeOperation(Operation):
    """Makes a volume of the series, and one of each channel in the same way.

    Attributes
    ----------
    function
        ``function(stack, progress, **parameters)`` gives the volume.
    expression
        ``expression(signal, parameters)`` gives what a script calls for it; ``signal`` is a name there.
    chooses
        Whether ``"auto"`` among the parameters is replaced by what predicts left-out projections best.
    """

    function: Callable[..., RecStack]
    expression: Callable[[str, Mapping[str, Any]], str]

    chooses: bool = False

    changes: ClassVar[Changes] = "volumes"
    reconstructs: ClassVar[bool] = True

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Reconstruct the series and its channels."""
        if state.channels:
            _check_for_channels(parameters)
        first, *others = shares(state, progress)
        choice = None
        if self.chooses and trust.is_automatic(parameters):
            choice = trust.choose(self.usable(state.stack), parameters, first.part(0, 0.5, may_finish=False))
            parameters, first = choice.parameters, first.part(0.5, 1)
        volume = self.volume(state, parameters, first)
        done = _as_done(parameters, first)
        if choice is not None:
            trust.note(volume, choice)
        channels = tuple(
            replace(channel, reconstruction=self.volume(state, done, part, channel))
            for channel, part in zip(state.channels, others, strict=True)
        )
        after = replace(state, reconstruction=volume, stale=False, channels=channels)
        return OperationResult(after, done)

    def volume(
        self,
        state: State,
        parameters: Mapping[str, Any],
        progress: Progress,
        channel: Channel | None = None,
    ) -> RecStack:
        """The volume of the series, or of a channel: what is in units of the data is then scaled.

        Raises
        ------
        ParameterError
            If a parameter means nothing for a channel.
        """
        stack = self.usable(state.stack)
        if channel is None:
            return self.function(stack, progress, **parameters)
        _check_for_channels(parameters)
        own = dict(parameters)
        for name in _in_data_units(parameters):
            own[name] = float(parameters[name]) * _largest(channel.stack) / (_largest(stack) or 1.0)
        return self.function(channel.stack, progress, **own)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """Make ``volume``, and ``volumes`` of the channels."""
        lines = [f"volume = {self.expression('stack', parameters)}"]
        if not channels:
            return lines
        own = dict(parameters)
        scaled = _in_data_units(parameters)
        own |= {name: Code(f"{own[name]!r} * largest(other) / largest(stack)") for name in scaled}
        each = self.expression("other", own)
        volumes = f"volumes = {{name: {each} for name, other in channels.items()}}"
        return [*lines, *([_LARGEST] if scaled else []), volumes]


def _algorithm(parameters: Mapping[str, Any]) -> Algorithm | None:
    """The record of the method; None where an operation of the user's own means something else by it."""
    return engine.algorithms().get(str(parameters.get("method", "")).upper())


def _in_data_units(parameters: Mapping[str, Any]) -> list[str]:
    """Those of the parameters that go with the intensities of a signal."""
    algorithm = _algorithm(parameters)
    names = () if algorithm is None else algorithm.in_data_units
    return [name for name in names if parameters.get(name) is not None]


def _largest(stack: TomoStack) -> float:
    return float(np.abs(stack.data).max())


def _as_done(parameters: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The parameters that give the same result again, also where it was finished early."""
    if progress.iterations_done is None:
        return dict(parameters)
    return {**parameters, iterations_name(str(parameters.get("method", ""))): progress.iterations_done}


def _check_for_channels(parameters: Mapping[str, Any]) -> None:
    algorithm = _algorithm(parameters)
    if algorithm is not None and algorithm.one_signal:
        raise ParameterError(
            f"{algorithm.name} takes the {' and '.join(algorithm.one_signal)} of one signal; remove the "
            "channels, or choose another method"
        )
    for limit in ("maximum", "thresh"):
        if parameters.get(limit):
            raise ParameterError(f"{limit} is in units of the series and not of its channels; omit it")


def _reconstruct(stack: TomoStack, progress: Progress, **parameters: Any) -> RecStack:
    return stack.reconstruct(show_progressbar=False, progress=progress, **parameters)


def _expression(signal: str, parameters: Mapping[str, Any]) -> str:
    return call(f"{signal}.reconstruct", **parameters, show_progressbar=False)


RECONSTRUCT = VolumeOperation(
    "reconstruct", "Reconstruct", "reconstructing", _reconstruct, _expression,
    parameters=ParameterNames(), needs_tilts=True, chooses=True,
)  # fmt: skip
