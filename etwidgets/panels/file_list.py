"""The files of a folder on this machine to choose from; never leaves the folder it was given."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.atomic import is_data_folder
from etwidgets.io import natural_order
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import button, file_size, row, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.session import Session

_MOST = 500
_ABOVE = ".."


class FileList(Component):
    """Folders to go into and files to choose: one, several, or all of a kind.

    Parameters
    ----------
    session
        To which errors are reported.
    name
        Of the panel.
    root
        The folder that it does not leave.
    endings
        Of the files that are listed, with their dots.
    on_choice
        Called with a file's path relative to the root.
    on_several
        Called with the paths of two or more files; None: only one is chosen.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        root: Path,
        endings: tuple[str, ...],
        on_choice: Callable[[str], None],
        on_several: Callable[[list[str]], None] | None = None,
    ) -> None:
        super().__init__(session, name)
        self._root, self._folder = root, root
        self._endings, self._on_choice, self._on_several = endings, on_choice, on_several
        self._alike: list[str] = []
        self._where = text()
        layout = widgets.Layout(width="auto", height="150px")
        chooser = self.add("files", widgets.SelectMultiple(options=[], layout=layout), keep=True)
        chooser.add_class("etw-table")
        self.add("all-files", button("All files here as one series"), keep=True)
        self.on_change("files", self._choose)
        self.on_click("all-files", self._choose_all)
        self.widget = widgets.VBox([self._where, chooser, row(self.controls["all-files"])])
        self.list_again()

    def fresh(self) -> None:
        """Select nothing."""
        self.controls["files"].value = ()

    def list_again(self) -> None:
        """Read the folder again."""
        inside = self._folder.relative_to(self._root)
        lines: list[tuple[str, str]] = []
        if self._folder != self._root:
            lines.append(("..  parent folder", _ABOVE))
        entries = sorted(self._entries(), key=lambda path: (path.is_file(), natural_order(path)))
        lines += [(_line(path), path.name) for path in entries[:_MOST]]
        more = f": the first {_MOST} of {len(entries)}" if len(entries) > _MOST else ""
        nothing = "" if lines else ": no folders and no readable files"
        self._where.value = f"<p class='etw-quiet'>{escape(str(self._root / inside))}{more}{nothing}</p>"
        self._offer_all(entries)
        chooser = self.controls["files"]
        with self.filling():
            chooser.options = lines
            chooser.value = ()

    def _offer_all(self, entries: list[Path]) -> None:
        """All files of the commonest kind, where there are several."""
        kinds = Counter(path.suffix.lower() for path in entries if path.is_file())
        kind, count = kinds.most_common(1)[0] if kinds else ("", 0)
        alike = [path for path in entries if path.is_file() and path.suffix.lower() == kind]
        self._alike = (
            [str(path.relative_to(self._root)) for path in alike] if self._on_several and count > 1 else []
        )
        offer = self.controls["all-files"]
        offer.description = f"All {count} {kind} files here as one series"
        offer.layout.display = "" if self._alike else "none"

    def _entries(self) -> list[Path]:
        found = []
        for path in self._folder.iterdir():
            if path.name.startswith(".") or not path.exists() or not self._is_inside(path):
                continue
            known = path.suffix.lower() in self._endings
            if known or path.is_dir():
                found.append(path)
        return found

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)

    def _choose_all(self) -> None:
        if self._on_several is not None:
            self._on_several(self._alike)

    def _choose(self) -> None:
        names = self.controls["files"].value
        paths = [self._folder.parent if name == _ABOVE else self._folder / name for name in names]
        if not all(self._is_inside(path) for path in paths):
            return
        if len(paths) == 1 and self._is_folder(paths[0]):
            self._go_into(paths[0])
            return
        files = [str(path.relative_to(self._root)) for path in paths if not self._is_folder(path)]
        if len(files) == 1:
            self._on_choice(files[0])
        elif files and self._on_several is not None:
            self._on_several(files)

    def _is_folder(self, path: Path) -> bool:
        return path.is_dir() and path.suffix.lower() not in self._endings

    def _go_into(self, path: Path) -> None:
        before, self._folder = self._folder, path
        try:
            self.list_again()
        except OSError:  # may not be read: stay, and have it reported
            self._folder = before
            raise


def _line(path: Path) -> str:
    if path.is_dir() and not is_data_folder(path):
        return f"{path.name}/"
    known = path.stat()
    day = datetime.fromtimestamp(known.st_mtime).astimezone()
    return f"{path.name[:60]:<60} {file_size(known.st_size):>9}  {day:%Y-%m-%d %H:%M}"
