"""Turn a state into the next one by an operation; works in any thread, for it touches only its arguments."""

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
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.session.digest import digest
from etwidgets.session.history import Channel, State, Step
from etwidgets.session.operations import find
from etwidgets.signals import RecStack
from etwidgets.signals.reconstruction import iterations_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.operations import Operation
    from etwidgets.session.saving import Saved
    from etwidgets.signals import TomoStack

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
    started = time.monotonic()
    notes: tuple[str, ...] = ()
    if operation.kind == "source":
        result, notes = _opened(operation, parameters, progress)
    else:
        share = progress.part(0, 1 / (1 + len(state.channels)))
        result = operation.function(state.stack, share, **parameters)
        parameters = _as_done(parameters, share)
    following = _next_state(operation, parameters, state, result, progress)
    step = Step(
        operation=operation.name,
        parameters=dict(parameters),
        words=operation.words(parameters),
        seconds=time.monotonic() - started,
        before="" if state.stack is None or operation.kind == "source" else digest(state.stack),
        after=_digest_of(operation, following),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Outcome(following, step, notes)


def _digest_of(operation: Operation, state: State) -> str:
    """Of what the operation gave, its channels among it."""
    volume = operation.kind == "volume" or state.stack is None
    parts = [state.reconstruction if volume else state.stack]
    parts += [channel.reconstruction if volume else channel.stack for channel in state.channels]
    return "-".join(digest(part) for part in parts if part is not None)


def _as_done(parameters: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The parameters that give the same result again, also where it was finished early."""
    if progress.iterations_done is None:
        return dict(parameters)
    return {**parameters, iterations_name(str(parameters.get("method", ""))): progress.iterations_done}


def replay(state: State, steps: Sequence[Step], progress: Progress) -> State:
    """Do the steps again, one after the other.

    Raises
    ------
    HistoryError
        If a step gives another result than it did: a file was changed, or another version is installed.
    """
    for number, step in enumerate(steps):
        part = progress.part(number / len(steps), (number + 1) / len(steps))
        outcome = run(find(step.operation), step.parameters, state, part)
        if outcome.step.after != step.after:
            raise HistoryError(
                f"doing the step {step.words!r} again gave another result ({outcome.step.after} instead of "
                f"{step.after}); was a file changed since?"
            )
        state = outcome.state
    return state


def reopen(saved: Saved, folder: Path, progress: Progress) -> tuple[State, State]:
    """The state before the first step of a saved session, and the one that it was left in.

    Parameters
    ----------
    saved
        From a session file.
    folder
        Where that file lies, and beside it the tilt series that came from no file.
    progress
        Told how far the work is, and may stop it.
    """
    stack = None
    if saved.start is not None:
        from etwidgets import io

        stack = io.load(folder / Path(saved.start).name)
    start = State(stack, source=saved.source)
    return start, replay(start, saved.steps[: saved.position], progress)


def save_signal(signal: TomoStack | RecStack, path: Path, _progress: Progress) -> None:
    """Save a tilt series or a volume to a file that there is not yet; the ending gives the format."""
    from etwidgets import io

    io.save(signal, path)


def save_figure(volume: RecStack, voxel: tuple[int, int, int], path: Path, _progress: Progress) -> None:
    """Save the three slices through a voxel (x, z, y) as a figure with scales (png, svg, pdf)."""
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


def _next_state(
    operation: Operation, parameters: Mapping[str, Any], state: State, result: Any, progress: Progress
) -> State:
    if operation.kind == "source":
        source = Path(parameters["path"]).name if operation.name == "open" else f"sample {parameters['name']}"
        if isinstance(result, RecStack):
            return State(None, result, stale=False, source=source)
        return State(result, None, stale=False, source=source)
    if operation.kind == "channel":
        if result is None and parameters["name"] not in {channel.name for channel in state.channels}:
            known = ", ".join(channel.name for channel in state.channels) or "none"
            raise ParameterError(f"there is no channel {parameters['name']!r}; there are: {known}")
        others = tuple(channel for channel in state.channels if channel.name != parameters["name"])
        added = () if result is None else (Channel(parameters["name"], result),)
        return replace(state, channels=(*others, *added))
    count = 1 + len(state.channels)
    parts = [progress.part(i / count, (i + 1) / count, may_finish=False) for i in range(1, count)]
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
    return State(result, state.reconstruction, stale=stale, source=state.source, channels=tuple(moved))


def _reconstructed(
    operation: Operation, parameters: Mapping[str, Any], state: State, channel: Channel, progress: Progress
) -> RecStack:
    """A channel's volume, made as that of the series; what is in units of the data is brought to its own."""
    method = str(parameters.get("method", "FBP")).upper()
    if method == "DART":
        raise ParameterError(
            "DART takes the grey levels of one signal; remove the channels, or choose another method"
        )
    own = dict(parameters)
    if method == "FISTA-TV" and state.stack is not None:
        largest = float(np.abs(state.stack.data).max()) or 1.0
        own["tv_weight"] = float(parameters["tv_weight"]) * float(np.abs(channel.stack.data).max()) / largest
    for limit in ("maximum", "thresh"):
        if own.get(limit):
            raise ParameterError(f"{limit} is in units of the series and not of its channels; leave it out")
    return operation.function(channel.stack, progress, **own)  # type: ignore[return-value]


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
