"""Operations on the other signals of the series: add one from a file, remove it, rename it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from etwidgets.errors import ParameterError
from etwidgets.session.history import Channel
from etwidgets.session.operations.base import Changes, Operation, OperationResult
from etwidgets.session.operations.lines import absolute
from etwidgets.signals import RecStack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.history import State

BEGIN = "channels, volumes = {}, {}"


class _ChannelOperation(Operation):
    changes: ClassVar[Changes] = "channels"

    def _named(self, state: State, name: str) -> Channel:
        """The channel of that name."""
        self.usable(state.stack)
        names = {channel.name: channel for channel in state.channels}
        if name not in names:
            raise ParameterError(f"there is no channel {name!r}; there are: {', '.join(names) or 'none'}")
        return names[name]


class AddChannel(_ChannelOperation):
    """Another signal of the series, from a file; it replaces one of the same name."""

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Load it, and bring it to where the series is."""
        from etwidgets import io

        name, path = parameters["name"], parameters["path"]
        if not name.strip():
            raise ParameterError("give the channel a name, such as HAADF or Ni")
        other = io.load(path)
        if isinstance(other, RecStack):
            raise ParameterError(f"{path} holds a volume; a channel is a series of projections")
        aligned = parameters.get("aligned", False)
        stack = self.usable(state.stack).bring_along(other, aligned=aligned, progress=progress)
        kept = tuple(channel for channel in state.channels if channel.name != name)
        return OperationResult(replace(state, channels=(*kept, Channel(name, stack))), parameters)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """Load the file into ``channels``."""
        aligned = ", aligned=True" if parameters.get("aligned") else ""
        file = absolute(parameters["path"])
        line = f"channels[{parameters['name']!r}] = stack.bring_along(etw.load({file!r}){aligned})"
        return [*([] if channels else [BEGIN]), line]

    def channels_after(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> tuple[str, ...]:
        """With it."""
        return (*(each for each in channels if each != parameters["name"]), parameters["name"])


class RemoveChannel(_ChannelOperation):
    """The series without one of its other signals."""

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Leave it out."""
        progress.advance(0)
        gone = self._named(state, parameters["name"])
        kept = tuple(channel for channel in state.channels if channel is not gone)
        return OperationResult(replace(state, channels=kept), parameters)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Take it out of ``channels``."""
        return [f"channels.pop({parameters['name']!r}, None)"]

    def channels_after(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> tuple[str, ...]:
        """Without it."""
        return tuple(each for each in channels if each != parameters["name"])


class RenameChannel(_ChannelOperation):
    """Another name for one of the other signals."""

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Rename it, at its place."""
        progress.advance(0)
        name, new_name = parameters["name"], parameters["new_name"]
        if not new_name.strip():
            raise ParameterError("give the channel a name, such as Ni")
        renamed = self._named(state, name)
        if new_name != name and new_name in {channel.name for channel in state.channels}:
            raise ParameterError(f"there is a channel {new_name!r} already; choose another name")
        channels = tuple(replace(each, name=new_name) if each is renamed else each for each in state.channels)
        return OperationResult(replace(state, channels=channels), parameters)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Rename it in ``channels`` and ``volumes``."""
        renamed = f"{parameters['new_name']!r} if name == {parameters['name']!r} else name"
        return [
            f"{kept} = {{{renamed}: each for name, each in {kept}.items()}}"
            for kept in ("channels", "volumes")
        ]

    def channels_after(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> tuple[str, ...]:
        """With the new name."""
        return tuple(parameters["new_name"] if each == parameters["name"] else each for each in channels)


CHANNELS = (
    AddChannel(
        "add_channel", "Add a channel", "adding a channel",
        parameters=frozenset({"path", "name", "aligned"}), needed=frozenset({"path", "name"}),
    ),
    RemoveChannel(
        "remove_channel", "Remove the channel", "removing",
        parameters=frozenset({"name"}), needed=frozenset({"name"}), copies=0,
    ),
    RenameChannel(
        "rename_channel", "Rename the channel", "renaming",
        parameters=frozenset({"name", "new_name"}), needed=frozenset({"name", "new_name"}), copies=0,
    ),
)  # fmt: skip
