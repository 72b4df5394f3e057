"""Which files a session read, with their digests; reads them and writes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.session.report.content import ReportedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etwidgets.session.history import Step

_NAMED = ("path", "tilts", "dark", "gain")
_BLOCK = 1 << 20


def files_of(steps: Iterable[Step], start: Path | None) -> tuple[ReportedFile, ...]:
    """The files that the steps name, and that of the series before the first step; each once.

    Parameters
    ----------
    steps
        In order.
    start
        The file with the tilt series that was there before the first step, if there is one.
    """
    named = [] if start is None else [str(start)]
    for step in steps:
        named += _paths(step.parameters)
    return tuple(_reported(Path(each)) for each in dict.fromkeys(named))


def _paths(parameters: Mapping[str, Any]) -> list[str]:
    """Paths among the parameters of a step; tilts and references may be numbers instead."""
    found = []
    for name in _NAMED:
        value = parameters.get(name)
        values = value if isinstance(value, list) else [value]
        found += [each for each in values if isinstance(each, str)]
    return found


def _reported(path: Path) -> ReportedFile:
    try:
        parts = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        known = hashlib.sha256()
        for part in parts:
            if path.is_dir():
                known.update(part.relative_to(path).as_posix().encode())
            with part.open("rb") as file:
                while block := file.read(_BLOCK):
                    known.update(block)
        return ReportedFile(str(path), sum(part.stat().st_size for part in parts), known.hexdigest())
    except OSError:  # moved or removed since: the report says so
        return ReportedFile(str(path), None, None)
