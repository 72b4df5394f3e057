"""Turn a state into the next one by an operation; works in any thread, for it touches only its arguments.

Longer than most files because all that a job runs is here, and what it may not touch is seen at once.
"""

from __future__ import annotations

import threading
import time
import warnings
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.engine import find_algorithm
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.session.digest import digest
from etwidgets.session.estimate import check_fits, estimate
from etwidgets.session.history import Channel, State, Step
from etwidgets.session.operations import find
from etwidgets.session.parameters import paths_text
from etwidgets.signals import RecStack, TomoStack
from etwidgets.signals.engine_parameters import iterations_name
from etwidgets.spectral import JointReconstruction, snr_warning, sum_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.session.autosaved_results import ResultsFolder
    from etwidgets.session.operations import Operation
    from etwidgets.session.session_file import SavedSession

_FIGURES = ("png", "svg", "pdf")
# Python's warning filters belong to the process: two sessions must not change them at the same time
_CATCHING = threading.Lock()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of an operation.

    Attributes
    ----------
    state
        What there is now.
    step
        What was done.
    warnings
        What the user should know about a file that was opened.
    """

    state: State
    step: Step
    warnings: tuple[str, ...] = ()


def run(operation: Operation, parameters: Mapping[str, Any], state: State, progress: Progress) -> Outcome:
    """Apply an operation to a state.

    Raises
    ------
    Cancelled
        If ``progress`` says so.
    Exception
        Whatever the operation raises.
    """
    operation.check(parameters)
    operation.check_stack(state.stack)
    started = time.monotonic()
    notes: tuple[str, ...] = ()
    if operation.kind == "source":
        result, notes = _opened(operation, parameters, progress)
    else:
        count = 1 + len(state.channels)
        share = progress.part(0, 1 / count, title=f"the series, 1 of {count}" if count > 1 else "")
        result = operation.function(state.stack, share, **_given(operation, state), **parameters)
        parameters = _as_done(parameters, share)
        if isinstance(result, JointReconstruction):
            parameters = {
                **parameters,
                "haadf_weight": result.haadf_weight,
                "tv_weight": list(result.tv_weight),
            }
            notes = (result.warning,) if result.warning else ()
        if operation.kind == "channels":
            notes = tuple(filter(None, (snr_warning(name, each) for name, each in result.items())))
    following = _next_state(operation, parameters, state, result, progress).without_old_numbers()
    step = Step(
        operation=operation.name,
        parameters=dict(parameters),
        label=operation.label(parameters),
        seconds=time.monotonic() - started,
        before="" if state.stack is None or operation.kind == "source" else digest(state.stack),
        after=_digest_of(operation, following),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Outcome(following, step, notes)


def _given(operation: Operation, state: State) -> dict[str, Any]:
    """What an operation is told beside the series."""
    if operation.kind == "channels":
        return {"spectra": state.spectra}
    if operation.kind == "joint":
        return {"channels": {channel.name: channel.stack for channel in state.channels}}
    return {}


def _digest_of(operation: Operation, state: State) -> str:
    """Of what the operation gave, its channels among it."""
    volume = operation.kind in ("volume", "joint") or state.stack is None
    parts = [state.reconstruction if volume else state.stack]
    parts += [channel.reconstruction if volume else channel.stack for channel in state.channels]
    return "-".join(digest(part) for part in parts if part is not None)


def _as_done(parameters: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The parameters that give the same result again, also where it was finished early."""
    if progress.iterations_done is None:
        return dict(parameters)
    return {**parameters, iterations_name(str(parameters.get("method", ""))): progress.iterations_done}


def repeat(
    state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress
) -> list[Outcome]:
    """Do the steps of another series on this one, one after the other; what they give is as it comes."""
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps):
        operation = find(step.operation, table)
        operation.check_stack(state.stack)
        check_fits(estimate(operation, state.stack, step.parameters), step.label)
        part = progress.part(number / len(steps), (number + 1) / len(steps), title=step.label)
        outcomes.append(run(operation, step.parameters, state, part))
        state = outcomes[-1].state
    return outcomes


def replay(state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress) -> State:
    """Do the steps again, one after the other.

    Raises
    ------
    HistoryError
        If a step gives another result than it did: a file was changed, or another version is installed.
    """
    for number, step in enumerate(steps):
        part = progress.part(number / len(steps), (number + 1) / len(steps))
        outcome = run(find(step.operation, table), step.parameters, state, part)
        if outcome.step.after != step.after:
            raise HistoryError(
                f"doing the step {step.label!r} again gave another result ({outcome.step.after} instead of "
                f"{step.after}); was a file changed since?"
            )
        state = outcome.state
    return state


def reopen(
    saved: SavedSession,
    folder: Path,
    table: Mapping[str, Operation],
    progress: Progress,
    results: ResultsFolder | None = None,
) -> tuple[State, State]:
    """The state before the first step of a saved session, and the one that it was left in.

    Parameters
    ----------
    saved
        From a session file.
    folder
        Where that file lies, and beside it the tilt series that came from no file.
    table
        The operations that there are.
    progress
        Told how far the work is, and may stop it.
    results
        What is kept of the session beside its steps; default: nothing, and all steps are done again.
    """
    stack = None
    if saved.start is not None:
        from etwidgets import io

        stack = io.load(folder / Path(saved.start).name)
    start = State(stack, source=saved.source)
    steps = saved.steps[: saved.position]
    found = None if results is None else results.find(steps)
    if found is None:
        return start, replay(start, steps, table, progress)
    state = found.state
    if found.had_spectra:
        state = _with_spectra(state, steps[: found.count], table, progress.part(0, 0.5))
    return start, replay(state, steps[found.count :], table, progress.part(0.5, 1))


def _with_spectra(
    state: State, steps: Sequence[Step], table: Mapping[str, Operation], progress: Progress
) -> State:
    """The state with the spectra that its steps opened; they are not kept, for they are in their file."""
    for step in reversed(steps):
        operation = find(step.operation, table)
        if operation.kind in ("source", "spectra"):
            given = State() if operation.kind == "source" else state
            return replace(state, spectra=run(operation, step.parameters, given, progress).state.spectra)
    return state


def save_signal(signal: TomoStack | RecStack, path: Path, _progress: Progress) -> None:
    """Save a tilt series or a volume to a file that there is not yet; the ending gives the format."""
    from etwidgets import io

    io.save(signal, path)


def save_figure(volume: RecStack, voxel: tuple[int, int, int], path: Path, _progress: Progress) -> None:
    """Save the three slices through a voxel (x, z, y) as a figure with scales (png, svg, pdf)."""
    ending = path.suffix.lower().lstrip(".")
    if ending not in _FIGURES:
        raise ParameterError(f"a figure is saved as {', '.join(_FIGURES)}, not as {path.name}")
    x, z, y = voxel
    figure = volume.slices_figure(x, y, z)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=200)


def save_stack(stack: TomoStack, path: Path) -> None:
    """Save a tilt series where there is no other one; if it is there already, nothing is written.

    Raises
    ------
    FileExistsError
        If there is another file.
    """
    from etwidgets import io

    if path.exists():
        if digest(io.load(path)) == digest(stack):
            return
        raise FileExistsError(f"{path} is another tilt series; choose another name for the export")
    io.save(stack, path)


def _opened(
    operation: Operation, parameters: Mapping[str, Any], progress: Progress
) -> tuple[Any, tuple[str, ...]]:
    with _CATCHING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        result = operation.function(None, progress, **parameters)
    # other categories are for programmers
    return result, tuple(dict.fromkeys(str(item.message) for item in caught if item.category is UserWarning))


def _source_text(operation: Operation, parameters: Mapping[str, Any]) -> str:
    if operation.name == "sample":
        return f"sample {parameters['name']}"
    return paths_text(parameters["path"])


def _begun(source: str, opened: Any) -> State:
    """The state after something was opened; of spectra their sum is the series."""
    if isinstance(opened, RecStack):
        return State(None, opened, source=source)
    if isinstance(opened, TomoStack):
        return State(opened, source=source)
    if isinstance(opened, tuple):
        return State(opened[0], source=source, spectra=opened[1])
    return State(sum_image(opened), source=source, spectra=opened)


def _next_state(
    operation: Operation, parameters: Mapping[str, Any], state: State, result: Any, progress: Progress
) -> State:
    if operation.kind == "source":
        return _begun(_source_text(operation, parameters), result)
    if operation.kind == "spectra":
        _check_same_series(state, result)
        return replace(state, spectra=result)
    if operation.kind == "joint":
        if state.reconstruction is None:
            raise ParameterError("reconstruct the series first; the elements are laid over its volume")
        volumes = result.volumes
        return replace(
            state,
            channels=tuple(
                replace(each, reconstruction=volumes.get(each.name, each.reconstruction))
                for each in state.channels
            ),
        )
    if operation.kind in ("channel", "channels"):
        several = operation.kind == "channels"
        changed = _with_maps(state, result) if several else _changed_channels(state, parameters, result)
        return replace(state, channels=changed)
    count = 1 + len(state.channels)
    parts = [
        progress.part(
            i / count, (i + 1) / count, may_finish=False, title=f"{channel.name}, {i + 1} of {count}"
        )
        for i, channel in enumerate(state.channels, 1)
    ]
    if operation.kind == "volume":
        volumes = [
            replace(channel, reconstruction=_reconstructed(operation, parameters, state, channel, part))
            for channel, part in zip(state.channels, parts, strict=True)
        ]
        return replace(state, reconstruction=result, stale=False, channels=tuple(volumes))
    moved = [
        replace(channel, stack=result.bring_along(channel.stack, progress=part))
        for channel, part in zip(state.channels, parts, strict=True)
    ]
    stale = state.reconstruction is not None
    return replace(state, stack=result, stale=stale, channels=tuple(moved))


def _changed_channels(
    state: State, parameters: Mapping[str, Any], added: TomoStack | None
) -> tuple[Channel, ...]:
    """The channels with one more, one less, or one of another name."""
    name, names = parameters["name"], [channel.name for channel in state.channels]
    if added is not None:
        return (*(channel for channel in state.channels if channel.name != name), Channel(name, added))
    if name not in names:
        raise ParameterError(f"there is no channel {name!r}; there are: {', '.join(names) or 'none'}")
    if "new_name" not in parameters:
        return tuple(channel for channel in state.channels if channel.name != name)
    if parameters["new_name"] in names and parameters["new_name"] != name:
        raise ParameterError(f"there is a channel {parameters['new_name']!r} already; choose another name")
    return tuple(
        replace(channel, name=parameters["new_name"]) if channel.name == name else channel
        for channel in state.channels
    )


def _with_maps(state: State, maps: Mapping[str, TomoStack]) -> tuple[Channel, ...]:
    """The channels and these maps, brought to where the series is."""
    if state.stack is None:
        raise ParameterError("there is no tilt series that the maps could go with")
    others = tuple(channel for channel in state.channels if channel.name not in maps)
    return (*others, *(Channel(name, state.stack.bring_along(each)) for name, each in maps.items()))


def _check_same_series(state: State, spectra: Any) -> None:
    """Refuse spectra that the series cannot take along."""
    if state.stack is None:
        raise ParameterError("there is no tilt series that the spectra could belong to")
    state.stack.bring_along(sum_image(spectra))


def _reconstructed(
    operation: Operation, parameters: Mapping[str, Any], state: State, channel: Channel, progress: Progress
) -> RecStack:
    """A channel's volume, made as that of the series; what is in units of the data is brought to its own."""
    algorithm = find_algorithm(parameters.get("method", "FBP"))
    if algorithm.one_signal:
        raise ParameterError(
            f"{algorithm.name} takes the {' and '.join(algorithm.one_signal)} of one signal; remove the "
            "channels, or choose another method"
        )
    own = dict(parameters)
    scaled = [name for name in algorithm.in_data_units if parameters.get(name) is not None]
    if scaled and state.stack is not None:
        largest = float(np.abs(state.stack.data).max()) or 1.0
        for name in scaled:
            own[name] = float(parameters[name]) * float(np.abs(channel.stack.data).max()) / largest
    for limit in ("maximum", "thresh"):
        if own.get(limit):
            raise ParameterError(f"{limit} is in units of the series and not of its channels; leave it out")
    return operation.function(channel.stack, progress, **own)


def again_with(state: State, steps: Sequence[Step], name: str) -> Callable[[int, Progress], NDArray[Any]]:
    """A function that makes the volume of the series or of a channel with so many iterations more or less.

    Raises
    ------
    ParameterError
        If the volume was not made by iterations.
    """
    made = [step for step in steps if step.operation == "reconstruct"]
    keyword = iterations_name(str(made[-1].parameters.get("method", ""))) if made else ""
    if not made or keyword not in made[-1].parameters:
        raise ParameterError("this volume was not made by iterations; there is none to add or to leave out")
    operation, parameters = find("reconstruct"), made[-1].parameters
    volume = next((c.reconstruction for c in state.channels if c.name == name), state.reconstruction)
    how = (
        None
        if volume is None
        else volume.metadata.get_item("Tomography.reconstruction.algorithm", default=None)
    )
    if how == "joint":
        raise ParameterError(
            f"{name} was reconstructed with HAADF, whose iterations belong to all elements together"
        )

    def make(change: int, progress: Progress) -> NDArray[Any]:
        given = {**parameters, keyword: max(1, int(parameters[keyword]) + change)}
        channel = next((channel for channel in state.channels if channel.name == name), None)
        if channel is not None:
            return np.asarray(_reconstructed(operation, given, state, channel, progress).data)
        return np.asarray(operation.function(state.stack, progress, **given).data)

    return make


def save_movie(
    signal: TomoStack | RecStack,
    what: str,
    path: Path,
    frames_per_second: float,
    look: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Write a film, as ``Session.save_movie`` says.

    Raises
    ------
    FileExistsError
        If there is such a file.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another name")
    if isinstance(signal, RecStack):
        signal.save_movie(path, what, frames_per_second=frames_per_second, progress=progress, **look)
    else:
        signal.save_movie(path, frames_per_second=frames_per_second, progress=progress, **look)
