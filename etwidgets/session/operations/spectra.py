"""Operations on the spectra of the series: add them, make maps of them, reconstruct the maps together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from etwidgets.errors import ParameterError
from etwidgets.session.history import Channel
from etwidgets.session.operations.base import Changes, Operation, OperationResult
from etwidgets.session.operations.channels import BEGIN
from etwidgets.session.operations.lines import Code, call, without
from etwidgets.session.operations.opening import SPECTRA_PARAMETERS, open_spectra, spectra_lines
from etwidgets.spectral import fit_warning, snr_warning, sum_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.history import State
    from etwidgets.signals import TomoStack


class AddSpectra(Operation):
    """The spectra of the series in view."""

    changes: ClassVar[Changes] = "spectra"

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Open them; those that the series cannot take along are refused."""
        progress.advance(0)
        stack = self.usable(state.stack)
        spectra = open_spectra(**parameters)
        stack.bring_along(sum_image(spectra))
        return OperationResult(replace(state, spectra=spectra), parameters)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Open them as ``spectra``."""
        return spectra_lines(parameters)


@dataclass(frozen=True, eq=False)
class MapsOperation(Operation):
    """Makes maps of the spectra, each a channel of the series.

    Attributes
    ----------
    function
        ``function(spectra, progress, **parameters)`` gives the maps by name.
    lines
        ``lines(parameters)`` gives what a script does to have them as ``maps``.
    """

    function: Callable[..., Mapping[str, TomoStack]]
    lines: Callable[[Mapping[str, Any]], list[str]]

    changes: ClassVar[Changes] = "channels"

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Make the maps and bring them to where the series is; they replace channels of the same names."""
        stack = self.usable(state.stack)
        if state.spectra is None:
            raise ParameterError("there are no spectra yet; open them in the Spectral tab")
        maps = self.function(state.spectra, progress, **parameters)
        others = tuple(channel for channel in state.channels if channel.name not in maps)
        moved = tuple(Channel(name, stack.bring_along(each)) for name, each in maps.items())
        notes = tuple(filter(None, (fit_warning(maps), *(snr_warning(*each) for each in maps.items()))))
        return OperationResult(replace(state, channels=(*others, *moved)), parameters, notes)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """Make ``maps``, and add them to ``channels``."""
        bring = "channels |= {name: stack.bring_along(each) for name, each in maps.items()}"
        return [*self.lines(parameters), *([] if channels else [BEGIN]), bring]

    def channels_after(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002
        """With one that stands for all maps: how a decomposition names them is not known before."""
        return (*(each for each in channels if each != self.name), self.name)


class ReconstructJointly(Operation):
    """Volumes of the channels, made together with the volume of the series."""

    changes: ClassVar[Changes] = "volumes"

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Reconstruct them; the weights that were chosen are among the parameters afterwards."""
        from etwidgets import spectral

        stack = self.usable(state.stack)
        if stack.metadata.get_item("Spectral.kind", default=None) == "sum":
            raise ParameterError(
                "the series is the sum of the same spectra and adds no independent data; open the HAADF "
                "series and add the spectra to it"
            )
        if state.reconstruction is None:
            raise ParameterError("reconstruct the series first; the elements are laid over its volume")
        chosen = _chosen(state, parameters.get("names"))
        found = spectral.reconstruct_jointly(stack, chosen, **without(parameters, "names"), progress=progress)
        done = {**parameters, "haadf_weight": found.haadf_weight, "tv_weight": list(found.tv_weight)}
        channels = tuple(
            replace(each, reconstruction=found.volumes.get(each.name, each.reconstruction))
            for each in state.channels
        )
        notes = (found.warning,) if found.warning else ()
        return OperationResult(replace(state, channels=channels), done, notes)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Reconstruct them into ``volumes``."""
        names, rest = parameters.get("names"), without(parameters, "names")
        maps = Code(f"{{name: channels[name] for name in {names!r}}}" if names else "channels")
        joint = call("etw.spectral.reconstruct_jointly", Code("stack"), maps, **rest)
        return [f"joint = {joint}", "volumes |= joint.volumes"]


def _chosen(state: State, names: Sequence[str] | None) -> dict[str, TomoStack]:
    """The channels of these names; by default all."""
    channels = {channel.name: channel.stack for channel in state.channels}
    missing = [name for name in names or () if name not in channels]
    if missing:
        raise ParameterError(
            f"there is no channel {missing[0]!r}; there are: {', '.join(channels) or 'none'}"
        )
    return {name: channels[name] for name in names or channels}


def _map_elements(
    spectra: Any, progress: Progress, *, lines: list[str], **how: Any
) -> Mapping[str, TomoStack]:
    from etwidgets import spectral

    return spectral.element_maps(spectra, lines, **how, progress=progress)


def _map_lines(parameters: Mapping[str, Any]) -> list[str]:
    rest = without(parameters, "lines")
    return [f"maps = {call('etw.spectral.element_maps', Code('spectra'), parameters['lines'], **rest)}"]


def _decompose(spectra: Any, progress: Progress, **parameters: Any) -> Mapping[str, TomoStack]:
    from etwidgets import spectral

    return spectral.decompose(spectra, **parameters, progress=progress).maps


def _decompose_lines(parameters: Mapping[str, Any]) -> list[str]:
    return [f"maps = {call('etw.spectral.decompose', Code('spectra'), **parameters)}.maps"]


SPECTRA = (
    AddSpectra(
        "add_spectra", "Add the spectra of this series", "opening",
        parameters=SPECTRA_PARAMETERS, needed=frozenset({"path"}), copies=0,
    ),
    MapsOperation(
        "map_elements", "Map elements", "mapping elements", _map_elements, _map_lines,
        parameters=frozenset({"lines", "background_windows", "windows", "method"}),
        needed=frozenset({"lines"}),
    ),
    MapsOperation(
        "decompose", "Decompose the spectra", "decomposing", _decompose, _decompose_lines,
        parameters=frozenset({"components", "method", "seed"}),
    ),
    ReconstructJointly(
        "reconstruct_jointly", "Reconstruct elements with HAADF", "reconstructing",
        parameters=frozenset({"names", "coupling", "iterations", "haadf_weight", "tv_weight"}),
        needs_tilts=True, copies=12,
    ),
)  # fmt: skip
