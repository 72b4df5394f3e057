"""The operation that reconstructs the series and its channels, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.session.operations.base import Changes, Operation, OperationResult, shares
from etwidgets.session.operations.lines import Code, call
from etwidgets.signals.reconstruction import iterations_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.history import Channel, State
    from etwidgets.signals import RecStack, TomoStack

_PARAMETERS = frozenset(
    {"method", "iterations", "constrain", "thresh", "thickness", "cuda", "p", "ncores", "sino_filter"}
    | {"dart_iterations", "gray_levels", "weight_tilts", "seed"}
    | {"maximum", "n_subsets", "tv_weight", "model", "backend"}
)
_LARGEST = "largest = lambda signal: float(np.abs(signal.data).max())"


@dataclass(frozen=True)
class VolumeOperation(Operation):
    """Makes a volume of the series, and one of each channel in the same way.

    Attributes
    ----------
    function
        ``function(stack, progress, **parameters)`` gives the volume.
    expression
        ``expression(signal, parameters)`` gives what a script calls for it; ``signal`` is a name there.
    """

    function: Callable[..., RecStack]
    expression: Callable[[str, Mapping[str, Any]], str]

    changes: ClassVar[Changes] = "volumes"
    reconstructs: ClassVar[bool] = True

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Reconstruct the series and its channels."""
        if state.channels:
            _check_for_channels(parameters)
        first, *others = shares(state, progress)
        volume = self.volume(state, parameters, first)
        done = _as_done(parameters, first)
        channels = tuple(
            replace(channel, reconstruction=self.volume(state, done, part, channel))
            for channel, part in zip(state.channels, others, strict=True)
        )
        return OperationResult(replace(state, reconstruction=volume, stale=False, channels=channels), done)

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
        if _is_in_units_of_data(parameters):
            largest = _largest(stack) or 1.0
            own["tv_weight"] = float(parameters["tv_weight"]) * _largest(channel.stack) / largest
        return self.function(channel.stack, progress, **own)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """Make ``volume``, and ``volumes`` of the channels."""
        lines = [f"volume = {self.expression('stack', parameters)}"]
        if not channels:
            return lines
        own = dict(parameters)
        if _is_in_units_of_data(parameters):
            lines.append(_LARGEST)
            own["tv_weight"] = Code(f"{parameters['tv_weight']!r} * largest(other) / largest(stack)")
        each = self.expression("other", own)
        return [*lines, f"volumes = {{name: {each} for name, other in channels.items()}}"]


def _is_in_units_of_data(parameters: Mapping[str, Any]) -> bool:
    """Whether a weight is among the parameters that has to go with the intensities of a signal."""
    return str(parameters.get("method", "")).upper() == "FISTA-TV" and parameters.get("tv_weight") is not None


def _largest(stack: TomoStack) -> float:
    return float(np.abs(stack.data).max())


def _as_done(parameters: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The parameters that give the same result again, also where it was finished early."""
    if progress.iterations_done is None:
        return dict(parameters)
    return {**parameters, iterations_name(str(parameters.get("method", ""))): progress.iterations_done}


def _check_for_channels(parameters: Mapping[str, Any]) -> None:
    if str(parameters.get("method", "")).upper() == "DART":
        raise ParameterError(
            "DART takes the gray levels of one signal; remove the channels, or choose another method"
        )
    for limit in ("maximum", "thresh"):
        if parameters.get(limit):
            raise ParameterError(f"{limit} is in units of the series and not of its channels; leave it out")


def _reconstruct(stack: TomoStack, progress: Progress, **parameters: Any) -> RecStack:
    return stack.reconstruct(show_progressbar=False, progress=progress, **parameters)


def _expression(signal: str, parameters: Mapping[str, Any]) -> str:
    return call(f"{signal}.reconstruct", **parameters, show_progressbar=False)


RECONSTRUCT = VolumeOperation(
    "reconstruct", "Reconstruct", "reconstructing", _reconstruct, _expression,
    parameters=_PARAMETERS, needs_tilts=True,
)  # fmt: skip
