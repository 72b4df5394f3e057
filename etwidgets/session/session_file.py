"""A session as a file: its steps, where it began, how it was looked at; runs nothing."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from etwidgets.atomic import atomic_path
from etwidgets.checks import is_number
from etwidgets.errors import FileFormatError
from etwidgets.session.display import Display
from etwidgets.session.history import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT, _VERSION = "etwidgets-session", 1
_MOST_BYTES = 64_000_000
_SHOWN = (
    "projection",
    "column",
    "row",
    "contrast",
    "limits",
    "gamma",
    "log_scale",
    "color_map",
    "voxel",
    "channel_colors",
    "hidden_channels",
)
_OLD_NAMES = {"colour_map": "color_map", "channel_colours": "channel_colors"}  # in files from before 2026-12


@dataclass(frozen=True)
class SavedSnapshot:
    """A snapshot: its label, its steps, and how many of them were in effect."""

    label: str
    steps: tuple[Step, ...]
    position: int


@dataclass(frozen=True)
class SavedSession:
    """What a session file holds.

    Attributes
    ----------
    steps
        All of them, also those that were undone.
    position
        How many of them were in effect.
    start
        File with the tilt series before the first step, as written; None if there was none.
    source
        Where that came from, in words.
    display
        Values of the display's traits.
    snapshots
        Results that were saved beside the present one.
    """

    steps: tuple[Step, ...]
    position: int
    start: str | None
    source: str
    display: Mapping[str, Any]
    snapshots: tuple[SavedSnapshot, ...] = ()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """Those of the history, and those of the snapshots."""
        return (*self.steps, *(step for each in self.snapshots for step in each.steps))


def write(path: str | Path, saved: SavedSession) -> None:
    """Write a session file; a crash leaves the old one."""
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "etwidgets": importlib.metadata.version("etwidgets"),
        "start": saved.start,
        "source": saved.source,
        "position": saved.position,
        "steps": [asdict(step) for step in saved.steps],
        "kept": [asdict(each) for each in saved.snapshots],  # so called since the first version
        "display": {name: saved.display[name] for name in _SHOWN if name in saved.display},
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read(path: str | Path) -> SavedSession:
    """Read a session file; whoever wrote it, what comes of it has the types that it should have.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is none, damaged, or of a later version.
    """
    source = Path(path)
    content = _content(source)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise FileFormatError(f"{source.name} is not a session of etwidgets")
    if content.get("version") != _VERSION:
        version, writer = (str(content.get(name))[:40] for name in ("version", "etwidgets"))
        raise FileFormatError(
            f"{source.name} is of version {version}, this etwidgets reads {_VERSION}; it was written by "
            f"etwidgets {writer}: install that, or a later one"
        )
    try:
        steps, position = _line(content)
        snapshots = tuple(
            SavedSnapshot(_text(each, "label"), *_line(each)) for each in _list_of_dicts(content, "kept", ())
        )
        shown = _display(content.get("display", {}))
        return SavedSession(steps, position, _start(content), _text(content, "source"), shown, snapshots)
    except ValueError as error:
        raise FileFormatError(f"{source.name} is damaged: {error}") from error


def _content(path: Path) -> Any:
    """What is in a file of JSON, which is none of ours where it cannot be read."""
    if path.is_dir():
        raise FileFormatError(f"{path} is a folder, and no session file")
    if not path.exists():
        raise FileNotFoundError(f"there is no session file {path}")
    if path.stat().st_size > _MOST_BYTES:
        raise FileFormatError(
            f"{path.name} has {path.stat().st_size / 1e6:.0f} MB; no session of etwidgets is larger than "
            f"{_MOST_BYTES / 1e6:.0f} MB"
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except _NotFiniteError as error:
        raise FileFormatError(f"{path.name} is damaged: it holds {error}") from error
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path.name} is not a session of etwidgets: {str(error)[:80]}") from error


class _NotFiniteError(ValueError):
    """NaN or an infinity, which is no JSON."""


def _no_constant(name: str) -> Any:
    raise _NotFiniteError(name)


def _line(content: Mapping[str, Any]) -> tuple[tuple[Step, ...], int]:
    steps = tuple(_step(item) for item in _list_of_dicts(content, "steps"))
    position = content.get("position")
    if type(position) is not int or not 0 <= position <= len(steps):
        raise _damage(f"{len(steps)} steps and position", position)
    return steps, position


def _step(item: Mapping[str, Any]) -> Step:
    texts = {name: _text(item, name) for name in ("operation", "before", "after", "when")}
    texts["label"] = _text(item, "words" if "words" in item else "label")  # as it was called before 2026-12
    seconds, parameters = item.get("seconds"), item.get("parameters")
    if seconds is None or not is_number(seconds):
        raise _damage(f"the seconds of the step {texts['label']!r} are", seconds)
    if not isinstance(parameters, dict):
        raise _damage(f"the parameters of the step {texts['label']!r} are", parameters)
    return Step(parameters=parameters, seconds=float(seconds), plan=_plan(item.get("plan")), **texts)


def _plan(given: Any) -> dict[str, Any] | None:
    """What an automatic alignment tried; none in files from before 2026-12."""
    if given is None:
        return None
    left_out, tried = (
        given.get(key) if isinstance(given, dict) else None for key in ("excluded", "candidates")
    )
    good = isinstance(left_out, list) and all(isinstance(each, str) for each in left_out)
    if not good or not isinstance(tried, list) or not all(_is_candidate(each) for each in tried):
        raise _damage("what an automatic alignment tried is", given)
    return {"excluded": left_out, "candidates": tried}


def _is_candidate(given: Any) -> bool:
    if not isinstance(given, list) or len(given) != 4:
        return False
    title, *misfits, reason = given
    texts = isinstance(title, str) and isinstance(reason, str)
    return texts and all(each is None or is_number(each) for each in misfits)


def _list_of_dicts(content: Mapping[str, Any], name: str, default: Any = None) -> list[Mapping[str, Any]]:
    found = content.get(name, default)
    if not isinstance(found, list | tuple) or not all(isinstance(each, dict) for each in found):
        raise _damage(f"its {name} are", found)
    return list(found)


def _text(content: Mapping[str, Any], name: str) -> str:
    found = content.get(name)
    if not isinstance(found, str):
        raise _damage(f"its {name} is", found)
    return found


def _start(content: Mapping[str, Any]) -> str | None:
    """The series before the first step; it lies beside the session file, and nowhere else."""
    start = content.get("start")
    if start is None:
        return None
    if not isinstance(start, str) or not start or Path(start).name != start or "\\" in start or "\0" in start:
        raise _damage("its start must be the name of a file beside it; it is", start)
    return start


def _display(given: Any) -> dict[str, Any]:
    """Values that the display can have."""
    if not isinstance(given, dict):
        raise _damage("its display is", given)
    trial = Display()
    given = {_OLD_NAMES.get(name, name): value for name, value in given.items()}
    for name, value in given.items():
        if name not in _SHOWN:
            raise _damage("its display has something called", name)
        try:
            setattr(trial, name, _as_tuples(value))
        except TraitError as error:
            raise _damage(f"the {name} of its display is", value) from error
    return {name: getattr(trial, name) for name in given}


def _as_tuples(value: Any) -> Any:
    """A value as the display has it: JSON knows lists only."""
    if isinstance(value, dict):
        return {name: _as_tuples(each) for name, each in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _damage(what: str, value: Any) -> ValueError:
    return ValueError(f"{what} {value!r:.60}")
