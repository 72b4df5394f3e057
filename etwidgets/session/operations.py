"""The table of what can be done to a stack; each entry calls one method of it and keeps nothing.

An operation is pure: the same stack and parameters give the same result, and the stack is never written.
It knows no model, no job and no widget.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from etwidgets.align import AXIS_METHODS, METHODS, MethodParameters
from etwidgets.checks import checked_reals, is_whole
from etwidgets.errors import MissingTiltsError, ParameterError
from etwidgets.progress import NullProgress
from etwidgets.session.parameters import check_names, check_needed, parameters_text
from etwidgets.session.sources import open_file, open_sample, open_spectra
from etwidgets.signals import RecStack
from etwidgets.signals.engine_parameters import ParameterNames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack
    from etwidgets.spectral import JointReconstruction

Kind = Literal["source", "stack", "volume", "channel", "channels", "spectra", "joint"]


@dataclass(frozen=True)
class Operation:
    """One thing that can be done.

    Attributes
    ----------
    name
        How it is called in ``session.apply``.
    kind
        ``source``: nothing to stack; ``stack``: stack to stack; ``volume``: stack to volume; ``channel``:
        stack to another signal of the series, or to None where one is taken away; ``channels``: spectra to
        maps by name; ``spectra``: nothing to spectra of the series; ``joint``: series and channels
        to volumes of the channels.
    title
        A verb, as on the button.
    running
        What is said while it runs.
    function
        ``function(stack, progress, **parameters)``; of the kind ``channels`` with the spectra, too.
    parameters
        Names of the keywords it takes, with what each may be.
    needs_tilts
        Whether it refuses a stack without tilts.
    copies
        How many float32 copies of the stack it holds at its peak, its result among them.
    home
        The module of an operation of the user's own, from which a script imports it; empty for ours.
    """

    name: str
    kind: Kind
    title: str
    running: str
    function: Callable[..., Any]
    parameters: AbstractSet[str]
    needs_tilts: bool = False
    copies: float = 2.0
    home: str = ""

    def __call__(self, stack: TomoStack | None, /, **parameters: Any) -> Any:
        """Do it once, outside any session; returns what it gives."""
        return self.function(stack, NullProgress(), **parameters)

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that it does not take, and the lack of those that it needs.

        Raises
        ------
        ParameterError
            With the name that was probably meant, or with those that it needs beside.
        """
        check_names(parameters, self.parameters, self.name)
        check_needed(parameters, self.function, self.parameters, self.name)

    def check_stack(self, stack: TomoStack | None) -> None:
        """Refuse when there is nothing to work on.

        Raises
        ------
        ParameterError, MissingTiltsError
            With what to do first.
        """
        if self.kind == "source":
            return
        if stack is None:
            raise ParameterError(f"{self.title}: there is no tilt series yet; open one first")
        if self.needs_tilts and not stack.has_tilts:
            raise MissingTiltsError(
                f"{self.title}: the tilt series has no tilts; set them in the panel Data, "
                "or by session.apply('set_tilts', start=..., increment=...)"
            )

    def label(self, parameters: Mapping[str, Any]) -> str:
        """The step in words, as the history shows it."""
        return f"{self.title}: {parameters_text(parameters)}" if parameters else self.title


def _crop(
    stack: TomoStack, _progress: Progress, *, x_start: int, x_stop: int, y_start: int, y_stop: int
) -> TomoStack:
    height, width = stack.data.shape[-2:]
    for name, start, stop, size in (("x", x_start, x_stop, width), ("y", y_start, y_stop, height)):
        for edge, value in ((f"{name}_start", start), (f"{name}_stop", stop)):
            if not is_whole(value):
                raise ParameterError(f"{edge} must be a whole number of pixels, not {value!r}")
        if not 0 <= start < stop <= size:
            raise ParameterError(
                f"crop keeps {name} from {start} to {stop}, but the image has {name} 0 to {size}"
            )
    part = stack.isig[int(x_start) : int(x_stop), int(y_start) : int(y_stop)]
    return part._deepcopy_with_new_data(part.data.copy())  # noqa: SLF001  (HyperSpy's way; a view would keep the whole)


def _bin(stack: TomoStack, _progress: Progress, *, factor: int = 2) -> TomoStack:
    height, width = stack.data.shape[-2:]
    if not is_whole(factor) or not 1 <= factor <= min(height, width):
        raise ParameterError(
            f"factor must be a whole number between 1 and {min(height, width)}, not {factor!r}"
        )
    return stack.rebin(scale=[1] * (stack.data.ndim - 2) + [factor, factor])


def _remove_projections(stack: TomoStack, _progress: Progress, *, projections: list[int]) -> TomoStack:
    return stack.remove_projections(projections)


def _set_tilts(stack: TomoStack, _progress: Progress, *, start: float, increment: float) -> TomoStack:
    result = stack._deepcopy_with_new_data(stack.data)  # noqa: SLF001  (the data are shared: nothing writes them)
    result.set_tilts(start, increment)
    return result


def _set_pixel_size(stack: TomoStack, _progress: Progress, *, pixel_size: float) -> TomoStack:
    result = stack._deepcopy_with_new_data(stack.data)  # noqa: SLF001  (the data are shared: nothing writes them)
    result.set_pixel_size(pixel_size)
    return result


def _sort_tilts(stack: TomoStack, _progress: Progress) -> TomoStack:
    return stack.select_projections(np.argsort(stack.tilts_deg, kind="stable"))


def _normalize(stack: TomoStack, _progress: Progress, *, width: float = 3.0) -> TomoStack:
    return stack.normalize(width)


def _filter(stack: TomoStack, progress: Progress, **parameters: Any) -> TomoStack:
    return stack.filter(progress=progress, **parameters)


def _register(stack: TomoStack, progress: Progress, **parameters: Any) -> TomoStack:
    return stack.stack_register(progress=progress, **parameters)


def _turn(stack: TomoStack, _progress: Progress, *, quarter_turns: int = 1) -> TomoStack:
    return stack.turn(quarter_turns)


def _tilt_align(stack: TomoStack, progress: Progress, **parameters: Any) -> TomoStack:
    return stack.tilt_align(progress=progress, **parameters)


def _transform(stack: TomoStack, progress: Progress, **parameters: Any) -> TomoStack:
    return stack.trans_stack(progress=progress, **parameters)


def _manual_align(stack: TomoStack, _progress: Progress, *, nslice: int, **shifts: Any) -> TomoStack:
    return stack.manual_align(nslice, **shifts)


def _shift_one(
    stack: TomoStack, progress: Progress, projection: int, yshift: float = 0.0, xshift: float = 0.0
) -> TomoStack:
    count = stack.data.shape[0]
    if not is_whole(projection):
        raise ParameterError(f"projection must be a whole number, 0 to {count - 1}, not {projection!r}")
    if not 0 <= projection < count:
        raise ParameterError(f"there is no projection {projection}; the last of {count} is {count - 1}")
    shifts = np.zeros((count, 2))
    shifts[int(projection)] = checked_reals("shifts", [yshift, xshift])
    return stack.shift_projections(shifts, progress=progress)


def _reconstruct(stack: TomoStack, progress: Progress, **parameters: Any) -> RecStack:
    return stack.reconstruct(show_progressbar=False, progress=progress, **parameters)


def _add_channel(
    stack: TomoStack, progress: Progress, *, path: str, name: str, aligned: bool = False
) -> TomoStack:
    if not name.strip():
        raise ParameterError("give the channel a name, such as HAADF or Ni")
    other = open_file(None, progress, path=path)
    if isinstance(other, RecStack):
        raise ParameterError(f"{path} holds a volume; a channel is a series of projections")
    return stack.bring_along(other, aligned=aligned, progress=progress)


def _remove_channel(_stack: TomoStack, _progress: Progress, *, name: str) -> None:  # noqa: ARG001  (its name is all)
    return None


def _need_spectra(spectra: Any) -> None:
    if spectra is None:
        raise ParameterError("there are no spectra yet; open them in the step Spectral")


def _map_elements(
    _stack: TomoStack, progress: Progress, *, spectra: Any, lines: list[str], **windows: Any
) -> dict[str, TomoStack]:
    from etwidgets import spectral

    _need_spectra(spectra)
    return spectral.element_maps(spectra, lines, **windows, progress=progress)


def _decompose(
    _stack: TomoStack, progress: Progress, *, spectra: Any, **parameters: Any
) -> Mapping[str, TomoStack]:
    from etwidgets import spectral

    _need_spectra(spectra)
    return spectral.decompose(spectra, **parameters, progress=progress).maps


def _reconstruct_jointly(
    stack: TomoStack,
    progress: Progress,
    *,
    channels: Mapping[str, TomoStack],
    names: list[str] | None = None,
    **parameters: Any,
) -> JointReconstruction:
    from etwidgets import spectral

    if stack.metadata.get_item("Spectral.kind", default=None) == "sum":
        raise ParameterError(
            "the series is the sum of the same spectra and says nothing new; open the HAADF series and add "
            "the spectra to it"
        )
    missing = [name for name in names or () if name not in channels]
    if missing:
        raise ParameterError(
            f"there is no channel {missing[0]!r}; there are: {', '.join(channels) or 'none'}"
        )
    chosen = {name: channels[name] for name in names or channels}
    return spectral.reconstruct_jointly(stack, chosen, **parameters, progress=progress)


def _rename_channel(_stack: TomoStack, _progress: Progress, *, name: str, new_name: str) -> None:  # noqa: ARG001
    if not new_name.strip():
        raise ParameterError("give the channel a name, such as Ni")


_TABLE = (
    Operation("open", "source", "Open", "opening", open_file, frozenset({"path", "tilts", "offset"})),
    Operation("sample", "source", "Open the sample", "opening", open_sample, frozenset({"name"})),
    Operation(
        "open_spectra", "source", "Open the spectra", "opening", open_spectra,
        frozenset({"path", "first_tilt", "tilt_step"}),
    ),
    Operation(
        "add_spectra", "spectra", "Add the spectra of this series", "opening", open_spectra,
        frozenset({"path", "first_tilt", "tilt_step"}), copies=0,
    ),
    Operation(
        "set_tilts", "stack", "Set tilts", "setting the tilts", _set_tilts, frozenset({"start", "increment"}),
        copies=0,
    ),
    Operation(
        "set_pixel_size", "stack", "Set the pixel size", "setting the pixel size", _set_pixel_size,
        frozenset({"pixel_size"}), copies=0,
    ),
    Operation(
        "sort_tilts", "stack", "Sort by tilt", "sorting", _sort_tilts, frozenset(),
        needs_tilts=True, copies=1,
    ),
    Operation(
        "crop", "stack", "Crop", "cropping", _crop, frozenset({"x_start", "x_stop", "y_start", "y_stop"}),
        copies=1,
    ),
    Operation("turn", "stack", "Turn by 90°", "turning", _turn, frozenset({"quarter_turns"}), copies=1),
    Operation("bin", "stack", "Bin", "binning", _bin, frozenset({"factor"}), copies=1),
    Operation(
        "remove_projections", "stack", "Remove projections", "removing projections", _remove_projections,
        frozenset({"projections"}), copies=1,
    ),
    Operation(
        "filter", "stack", "Filter", "filtering", _filter, frozenset({"method", "size", "taper"}),
    ),
    Operation("normalize", "stack", "Normalize", "normalizing", _normalize, frozenset({"width"})),
    Operation(
        "register", "stack", "Register", "registering", _register,
        MethodParameters({"method", "start", "crop", "shift_type"}, METHODS),
        needs_tilts=True, copies=3,
    ),
    Operation(
        "manual_align", "stack", "Shift from a projection on", "shifting", _manual_align,
        frozenset({"nslice", "xshift", "yshift"}),
    ),
    Operation(
        "shift_one", "stack", "Shift one projection", "shifting", _shift_one,
        frozenset({"projection", "yshift", "xshift"}),
    ),
    Operation(
        "tilt_align", "stack", "Find the tilt axis", "finding the tilt axis", _tilt_align,
        MethodParameters({"method"}, AXIS_METHODS), needs_tilts=True,
    ),
    Operation(
        "transform", "stack", "Move the tilt axis", "rotating and shifting", _transform,
        frozenset({"xshift", "yshift", "angle", "interpolation"}),
    ),
    Operation(
        "add_channel", "channel", "Add a channel", "adding a channel", _add_channel,
        frozenset({"path", "name", "aligned"}),
    ),
    Operation(
        "remove_channel", "channel", "Remove the channel", "removing", _remove_channel, frozenset({"name"}),
        copies=0,
    ),
    Operation(
        "rename_channel", "channel", "Rename the channel", "renaming", _rename_channel,
        frozenset({"name", "new_name"}), copies=0,
    ),
    Operation(
        "map_elements", "channels", "Map elements", "mapping elements", _map_elements,
        frozenset({"lines", "background_windows", "windows"}),
    ),
    Operation(
        "decompose", "channels", "Decompose the spectra", "decomposing", _decompose,
        frozenset({"components", "method", "seed"}),
    ),
    Operation(
        "reconstruct_jointly", "joint", "Reconstruct elements with HAADF", "reconstructing",
        _reconstruct_jointly,
        frozenset({"names", "coupling", "iterations", "haadf_weight", "tv_weight"}), needs_tilts=True,
        copies=12,
    ),
    Operation(
        "reconstruct", "volume", "Reconstruct", "reconstructing", _reconstruct, ParameterNames(),
        needs_tilts=True,
    ),
)  # fmt: skip

OPERATIONS: Mapping[str, Operation] = MappingProxyType({operation.name: operation for operation in _TABLE})


def find(name: str, table: Mapping[str, Operation] = OPERATIONS) -> Operation:
    """The operation of that name.

    Raises
    ------
    ParameterError
        If there is none; the message lists them.
    """
    if name not in table:
        raise ParameterError(
            f"there is no operation {name!r}; there are: {', '.join(table)}. One of your own is given to the "
            "session: Session(operations=[...])"
        )
    return table[name]
