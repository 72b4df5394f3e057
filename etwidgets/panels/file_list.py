"""The files of a folder on this machine to choose from; never leads out of the folder it was given."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.pieces import text
from etwidgets.session import size_in_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.panels.panel import Panel

_MOST = 500


class FileList:
    """Folders to go into and files to choose.

    Parameters
    ----------
    panel
        Whose control ``files`` it is.
    root
        The folder that it does not leave.
    endings
        Of the files that are listed, with their dots.
    on_choice
        Called with a file's path relative to the root.
    """

    def __init__(
        self, panel: Panel, root: Path, endings: tuple[str, ...], on_choice: Callable[[str], None]
    ) -> None:
        self._panel, self._root, self._folder = panel, root, root
        self._endings, self._on_choice = endings, on_choice
        self._filling = False
        self._where = text()
        layout = widgets.Layout(width="auto", height="150px")
        chooser = panel.add("files", widgets.Select(options=[], layout=layout), keep=True)
        chooser.add_class("etw-table")
        panel.on_change("files", self._choose)
        self.widget = widgets.VBox([self._where, chooser])
        """The folder's name above the list."""
        self.list_again()

    def list_again(self) -> None:
        """Read the folder again."""
        inside = self._folder.relative_to(self._root)
        lines: list[tuple[str, str]] = [("..  the folder above", "..")] if self._folder != self._root else []
        entries = sorted(self._entries(), key=lambda path: (path.is_file(), path.name.lower()))
        lines += [(_line(path), path.name) for path in entries[:_MOST]]
        more = f": the first {_MOST} of {len(entries)}" if len(entries) > _MOST else ""
        nothing = "" if lines else ": no folder and no file of a known kind"
        self._where.value = f"<p class='etw-quiet'>{escape(str(self._root / inside))}{more}{nothing}</p>"
        chooser = self._panel.controls["files"]
        self._filling = True  # new options choose the first one for a moment
        try:
            chooser.options = lines
            chooser.value = None
        finally:
            self._filling = False

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

    def _choose(self) -> None:
        name = self._panel.controls["files"].value
        if name is None or self._filling:
            return
        path = self._folder.parent if name == ".." else self._folder / name
        if not self._is_inside(path):
            return
        if path.is_dir() and path.suffix.lower() not in self._endings:
            before, self._folder = self._folder, path
            try:
                self.list_again()
            except OSError:  # may not be read: stay, and have it told
                self._folder = before
                raise
        else:
            self._on_choice(str(path.relative_to(self._root)))


def _line(path: Path) -> str:
    if path.is_dir() and path.suffix != ".zspy":
        return f"{path.name}/"
    known = path.stat()
    day = datetime.fromtimestamp(known.st_mtime).astimezone()
    return f"{path.name[:60]:<60} {size_in_words(known.st_size):>9}  {day:%Y-%m-%d %H:%M}"
