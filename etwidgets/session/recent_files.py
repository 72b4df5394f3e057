"""Which files were opened last, kept on disk for the pages that follow; opens none of them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)
_MOST = 12
_MOST_PATHS = 2000  # of one series


@dataclass(frozen=True)
class RecentFile:
    """A series that was opened.

    Attributes
    ----------
    paths
        Its file, or its files in the order in which they were given; absolute.
    tilts
        The file that its tilts were taken from, where one was given; empty otherwise.
    """

    paths: tuple[Path, ...]
    tilts: str = ""

    def inside(self, root: Path) -> bool:
        """Whether all of it lies in a folder, also where links lead; what is missing may lie there."""
        given = [*self.paths, *([Path(self.tilts)] if self.tilts else [])]
        return all(_resolved(path).is_relative_to(root) for path in given)

    @property
    def there(self) -> bool:
        """Whether all its files are there."""
        return all(path.exists() for path in self.paths)


class RecentFiles:
    """The last twelve, the newest first.

    Parameters
    ----------
    path
        Of the file that they are kept in; its folder is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[RecentFile]:
        """What was opened last; what is damaged is passed over."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        entries = content if isinstance(content, list) else []
        return [each for each in map(_read, entries) if each is not None][:_MOST]

    def below(self, root: Path) -> list[RecentFile]:
        """Those in a folder."""
        return [each for each in self.read() if each.inside(root)]

    def add(self, parameters: Mapping[str, Any]) -> None:
        """Note what the operation ``open`` has opened, by its parameters; a full disk does not stop it."""
        given = parameters["path"]
        paths = [given] if isinstance(given, str) else list(given)
        tilts = parameters.get("tilts")
        found = tuple(_resolved(Path(each).expanduser()) for each in paths[:_MOST_PATHS])
        new = RecentFile(found, str(_resolved(Path(tilts).expanduser())) if isinstance(tilts, str) else "")
        kept = [new, *(each for each in self.read() if each.paths != new.paths)][:_MOST]
        content = [{"paths": [str(path) for path in each.paths], "tilts": each.tilts} for each in kept]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(self._path) as temporary:
                temporary.write_text(json.dumps(content), encoding="utf-8")
        except OSError:
            _log.warning("what was opened cannot be noted in %s", self._path, exc_info=True)


def _read(entry: Any) -> RecentFile | None:
    if not isinstance(entry, dict):
        return None
    paths, tilts = entry.get("paths"), entry.get("tilts", "")
    if not isinstance(paths, list) or not paths or not all(map(_is_name, [*paths, tilts])):
        return None
    return RecentFile(tuple(map(Path, paths)), tilts)


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and "\0" not in text


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links that lead round in a circle
        return Path("/")
