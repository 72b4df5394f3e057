"""The files of a folder on this machine to choose from; never leaves the folder it was given."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.atomic import is_data_folder
from etwidgets.io import natural_order, reader_of
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, file_size, row
from etwidgets.views import FileRow, FileView, RecentRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import RecentFile, Session

_MOST = 2000
_FILTERS = ("tilt series only", "all files")


@dataclass(frozen=True)
class Handlers:
    """What is called with names relative to the root.

    Attributes
    ----------
    choose
        With the files that are chosen: none, one, or several.
    folder
        With a folder, where that alone is chosen; None: it is not heard.
    enter
        With a file that is to be opened at once; None: no file is.
    several
        With all files of one kind in a folder; None: only one file is chosen.
    recent
        With the name of the file of tilts that goes with what was chosen from the recent files, or none.
    """

    choose: Callable[[list[str]], None]
    folder: Callable[[str], None] | None = None
    enter: Callable[[str], None] | None = None
    several: Callable[[list[str]], None] | None = None
    recent: Callable[[str], None] = lambda _tilts: None


@dataclass(frozen=True)
class _Entry:
    path: Path
    folder: bool
    usable: bool
    size: int
    changed: float


class FileList(Component):
    """Folders to go into and files to choose: one, several, or all of a kind; and what was opened last.

    Parameters
    ----------
    session
        To which errors are reported, and which knows what was opened last.
    name
        Of the panel.
    root
        The folder that it does not leave.
    endings
        Of the files that are listed, with their dots.
    on
        What is called.
    height
        CSS pixels of the list at least.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        root: Path,
        endings: tuple[str, ...],
        on: Handlers,
        height: int = 110,
    ) -> None:
        super().__init__(session, name)
        self._root = self._folder = root
        self._endings, self._on = endings, on
        self._sorted, self._down, self._filter = 0, False, 0
        self._alike: list[str] = []
        self._recent: list[RecentFile] = []
        opens = on.enter is not None
        self._view = self.add("files", FileView(height, _FILTERS if opens else ()), keep=True)
        self.add("all-files", button("All files here as one series"), keep=True)
        self.on_change("files", self._choose)
        self.on_click("all-files", self._choose_all)
        self.on_event(self._view.on_ask, self._answer)
        self.foot = row(self.controls["all-files"])
        self.widget = widgets.VBox([self._view, self.foot]).add_class("etw-chooser")
        self.list_again()

    def fresh(self) -> None:
        """Select nothing; what was opened is among the recent files now."""
        self._view.value = []
        self._list_recent()

    # -- what is listed -----------------------------------------------------------------------------

    def list_again(self, at: str = "", *, keep: bool = True) -> None:
        """Read the folder again.

        Parameters
        ----------
        at
            The name at which the keys begin.
        keep
            What is chosen stays chosen.
        """
        entries = self._in_order(self._entries(self._checked_folder()))
        more = f"The first {_MOST} of {len(entries)}." if len(entries) > _MOST else ""
        nothing = "" if entries else "No folders and no files that can be opened."
        self._offer_all(entries)
        chosen = self._view.value if keep else []
        with self.filling():
            self._view.show(
                [_row(entry) for entry in entries[:_MOST]],
                places=[(place.name or str(place), str(place)) for place in self._places()],
                sorted_by=self._sorted,
                down=self._down,
                filtered=self._filter,
                note=more + nothing,
                at=at,
            )
            self._view.value = chosen

    def files_in(self, folder: str) -> list[str]:
        """The files of a folder that can be opened; 2 comes before 10."""
        path = self._root / folder
        entries = self._entries(path) if self._is_inside(path) else []
        files = sorted((each.path for each in entries if each.usable and not each.folder), key=natural_order)
        return [self._name(each) for each in files]

    def _checked_folder(self) -> Path:
        if not (self._is_inside(self._folder) and self._folder.is_dir()):  # gone, or a link took its place
            self._folder = self._root
        return self._folder

    def _places(self) -> list[Path]:
        """The folders that lead here, from the root."""
        inside = self._folder.relative_to(self._root).parts
        return [self._root.joinpath(*inside[:depth]) for depth in range(len(inside) + 1)]

    def _in_order(self, entries: list[_Entry]) -> list[_Entry]:
        """Folders first; what is equal in the order of the names."""
        keys: list[Callable[[_Entry], Any]] = [
            lambda entry: natural_order(entry.path),
            _kind,
            lambda entry: entry.size,
            lambda entry: entry.changed,
        ]
        named = sorted(entries, key=keys[0])
        ranked = sorted(named, key=keys[self._sorted], reverse=self._down)
        return sorted(ranked, key=lambda entry: not entry.folder)

    def _offer_all(self, entries: list[_Entry]) -> None:
        """All files of the commonest kind, where there are several."""
        files = [entry.path for entry in entries if entry.usable and not entry.folder]
        kinds = Counter(path.suffix.lower() for path in files)
        kind, count = kinds.most_common(1)[0] if kinds else ("", 0)
        alike = sorted((path for path in files if path.suffix.lower() == kind), key=natural_order)
        wanted = self._on.several is not None and count > 1
        self._alike = [self._name(path) for path in alike] if wanted else []
        offer = self.controls["all-files"]
        offer.description = f"All {count} {kind} files here as one series"
        offer.layout.display = "" if self._alike else "none"

    def _entries(self, folder: Path) -> list[_Entry]:
        with os.scandir(folder) as found:
            known = [self._entry(each) for each in found if not each.name.startswith(".")]
        return [each for each in known if each is not None]

    def _entry(self, found: os.DirEntry[str]) -> _Entry | None:
        """None of what is not listed."""
        path = Path(found.path)
        try:
            if found.is_symlink() and not self._is_inside(path):
                return None
            about, is_folder = found.stat(), found.is_dir()
        except OSError:  # a link to nothing, or it was removed meanwhile
            return None
        usable = path.suffix.lower() in self._endings
        folder = is_folder and not usable
        if not (usable or folder or self._filter):
            return None
        return _Entry(path, folder, usable or folder, 0 if is_folder else about.st_size, about.st_mtime)

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))

    # -- what is done -------------------------------------------------------------------------------

    def _answer(self, kind: str, what: Any) -> None:
        actions: dict[str, Callable[[], None]] = {
            "again": self.list_again,
            "enter": lambda: self._enter(str(what)),
            "place": lambda: self._go_to(self._places()[what]),
            "sort": lambda: self._sort(what),
            "filter": lambda: self._set_filter(what),
            "recent": lambda: self._choose_recent(what),
            "open-recent": lambda: self._open_recent(what),
        }
        actions[kind]()

    def _sort(self, column: int) -> None:
        # names begin with the first, sizes and days with the largest
        self._down = not self._down if column == self._sorted else column > 1
        self._sorted = column
        self.list_again()

    def _set_filter(self, place: int) -> None:
        self._filter = place
        self.list_again()

    def _choose_all(self) -> None:
        if self._on.several is not None:
            self._on.several(self._alike)

    def _choose(self) -> None:
        paths = [path for path in map(self._folder.joinpath, self._view.value) if self._is_inside(path)]
        files = [path for path in paths if not self._is_folder(path)]
        if self._on.folder is not None and len(paths) == 1 and not files:
            self._on.folder(self._name(paths[0]))
        else:
            self._on.choose([self._name(path) for path in files])

    def _is_folder(self, path: Path) -> bool:
        return path.is_dir() and not is_data_folder(path) and path.suffix.lower() not in self._endings

    def _enter(self, name: str) -> None:
        path = self._folder / name
        if not self._is_inside(path):
            return
        if self._is_folder(path):
            self._go_to(path)
        elif self._on.enter is not None:
            self._on.enter(self._name(path))

    def _go_to(self, path: Path, at: str = "") -> None:
        before, self._folder = self._folder, path
        came_from = before.relative_to(path).parts[:1] if before.is_relative_to(path) else ()
        try:
            self.list_again(at or "".join(came_from), keep=False)
        except OSError:  # may not be read: stay, and have it reported
            self._folder = before
            raise
        self._choose()

    # -- what was opened last -----------------------------------------------------------------------

    def _list_recent(self) -> None:
        known = self.session.recent
        self._recent = [] if known is None or self._on.enter is None else known.below(self._root)
        self._view.show_recent([self._recent_row(each) for each in self._recent])

    def _recent_row(self, each: RecentFile) -> RecentRow:
        more = f" and {len(each.paths) - 1} more" if len(each.paths) > 1 else ""
        return RecentRow(each.paths[0].name + more, self._name(each.paths[0]) + more, gone=not each.there)

    def _choose_recent(self, place: int) -> None:
        """Go to its folder and choose it there."""
        each = self._recent[place]
        folder = each.paths[0].parent
        if not (each.there and each.inside(self._root)):
            self._list_recent()
            return
        if self._folder != folder:
            self._go_to(folder, each.paths[0].name)
        self._view.value = [path.name for path in each.paths if path.parent == folder]
        if each.tilts and Path(each.tilts).is_file():
            self._on.recent(self._name(Path(each.tilts)))

    def _open_recent(self, place: int) -> None:
        each = self._recent[place]
        if len(each.paths) == 1 and each.there and self._on.enter is not None:
            self._on.enter(self._name(each.paths[0]))


def _kind(entry: _Entry) -> str:
    if entry.folder:
        return "folder"
    return reader_of(entry.path) or entry.path.suffix.lower()[1:]


def _row(entry: _Entry) -> FileRow:
    day = datetime.fromtimestamp(entry.changed).astimezone()
    return FileRow(
        name=entry.path.name,
        kind=_kind(entry),
        size="" if entry.folder or not entry.size else file_size(entry.size),
        changed=f"{day:%Y-%m-%d %H:%M}",
        folder=entry.folder,
        usable=entry.usable,
    )
