"""A session as a file: its steps, where it began, how it was looked at; runs nothing."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.atomic import atomic_path
from etwidgets.errors import FileFormatError
from etwidgets.session.history import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT, _VERSION = "etwidgets-session", 1
_SHOWN = (
    "projection",
    "column",
    "row",
    "contrast",
    "colour_map",
    "voxel",
    "channel_colours",
    "hidden_channels",
)


@dataclass(frozen=True)
class SavedBranch:
    """A result that was set aside: its label, its steps, and how many of them were in effect."""

    label: str
    steps: tuple[Step, ...]
    position: int


@dataclass(frozen=True)
class Saved:
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
    kept
        Results that were set aside.
    """

    steps: tuple[Step, ...]
    position: int
    start: str | None
    source: str
    display: Mapping[str, Any]
    kept: tuple[SavedBranch, ...] = ()


def write(path: str | Path, saved: Saved) -> None:
    """Write a session file; a crash leaves the old one."""
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "etwidgets": importlib.metadata.version("etwidgets"),
        "start": saved.start,
        "source": saved.source,
        "position": saved.position,
        "steps": [asdict(step) for step in saved.steps],
        "kept": [asdict(branch) for branch in saved.kept],
        "display": {name: saved.display[name] for name in _SHOWN if name in saved.display},
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def read(path: str | Path) -> Saved:
    """Read a session file.

    Raises
    ------
    FileFormatError
        If it is none, or of a later version.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        known = content["format"] == _FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{Path(path).name} is no session of etwidgets") from error
    if not known:
        raise FileFormatError(f"{Path(path).name} is no session of etwidgets")
    if content.get("version") != _VERSION:
        raise FileFormatError(
            f"{Path(path).name} is of version {content.get('version')}, this etwidgets reads {_VERSION}; "
            f"it was written by etwidgets {content.get('etwidgets')}: install that, or a later one"
        )
    try:
        steps, position = _line(content)
        kept = tuple(SavedBranch(str(each["label"]), *_line(each)) for each in content.get("kept", ()))
        shown = dict(content["display"])
        return Saved(steps, position, content["start"], str(content["source"]), shown, kept)
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{Path(path).name} is damaged: {error}") from error


def _line(content: Mapping[str, Any]) -> tuple[tuple[Step, ...], int]:
    steps = tuple(Step(**item) for item in content["steps"])
    position = content["position"]
    if type(position) is not int or not 0 <= position <= len(steps):
        raise ValueError(f"position {position} of {len(steps)} steps")
    return steps, position
