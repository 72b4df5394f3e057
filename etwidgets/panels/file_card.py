"""A card of what is chosen: picture, facts, warnings, its tilts, Open; reads nothing itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.io import safe_path
from etwidgets.panels.component import Component
from etwidgets.panels.file_look import (
    FileLook,
    caption_of,
    facts_of_file,
    facts_of_series,
    look_at_file,
    picture_html,
    warnings_of_file,
)
from etwidgets.panels.pieces import button, control, text
from etwidgets.panels.pieces import facts as facts_table
from etwidgets.panels.typed_tilts import TYPED, names_a_file, typed_tilts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from etwidgets.io import FilePreview
    from etwidgets.session import Session

_MOST_TILT_FILES = 50
_NO_TILTS = """<p><b>No tilts were found.</b> Choose a file at <b>Tilts from</b>, or enter the first tilt and
the increment, such as -60, 2; or set them after opening.</p>"""


class FileCard(Component):
    """One file, several as one series, or words about a folder; hidden where nothing is chosen.

    Parameters
    ----------
    session
        In whose threads files are looked at.
    name
        Of the panel.
    root
        The folder that no file may lie outside of.
    tilt_endings
        Of files that tilts can be taken from.
    on_open
        Called when the button is pressed.

    Attributes
    ----------
    facts
        What the file holds, to be placed by the owner below the rest.
    shown
        Whether something is chosen.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        root: Path,
        tilt_endings: tuple[str, ...],
        on_open: Callable[[], None],
    ) -> None:
        super().__init__(session, name)
        self._root, self._tilt_endings = root, tilt_endings
        self._title, self._picture, self.facts, self.shown = text(), text(), text(), False
        self._warned = text("", "etw-strip")
        tilts = {"placeholder": "automatic", "tooltip": TYPED, "options": [], "continuous_update": False}
        self.add("tilts-file", control(widgets.Combobox, "tilts from", **tilts))
        self.add("open", button("Open", primary=True))
        self._looking = self.preview(look_at_file, self._show)
        self.on_click("open", on_open)
        self.on_change("tilts-file", self._draw)
        self.listen(self.model, "busy", self.enable)
        self._opens = widgets.VBox([self.controls["tilts-file"], self.controls["open"]])
        self.widget = widgets.VBox([self._title, self._picture, self._warned, self._opens])
        self._path: Path | None = None
        self._look: FileLook | None = None
        self._series: list[FilePreview] = []
        self._clear()

    def fresh(self) -> None:
        """Nothing is chosen."""
        self._clear()

    def enable(self) -> None:
        """Opening waits while an operation runs."""
        self.controls["open"].disabled = self.model.busy

    # -- what is chosen -----------------------------------------------------------------------------

    def look_at(self, path: Path) -> None:
        """Show one file; the picture and the facts follow."""
        self._begin(path.name, path)
        self.controls["tilts-file"].options = self._tilt_files(path.parent)
        self._opens.layout.display = ""
        self._looking.submit(path)

    def look_at_series(self, found: Sequence[FilePreview]) -> None:
        """Show several files as one series, with a picture of the one nearest to 0 degrees."""
        readable = [each for each in found if each.shape is not None]
        if not readable:
            self.tell(f"{len(found)} files", "None of them can be read.")
            return
        tilts = [np.inf if each.tilt_deg is None else abs(each.tilt_deg) for each in readable]
        known = np.isfinite(tilts).any()
        middle = int(np.argmin(tilts)) if known else len(readable) // 2
        self._begin(f"{len(found)} files as one tilt series", readable[middle].path)
        self._series = list(found)
        self._looking.submit(readable[middle].path)

    def tell(self, title: str, words: str) -> None:
        """Say something about what is chosen."""
        self._begin(title, None)
        self.facts.value = f"<p>{escape(words)}</p>"

    def _begin(self, title: str, path: Path | None) -> None:
        self._clear()
        self._path = path
        self._title.value = f"<h3 title='{escape(title)}'>{escape(title)}</h3>"
        self.facts.value = "" if path is None else "<p class='etw-quiet'>Reading …</p>"
        self.shown = True

    def _clear(self) -> None:
        self._path, self._look, self._series = None, None, []
        self._picture.value = self.facts.value = self._warned.value = ""
        with self.filling():
            self.controls["tilts-file"].value = ""
        self._warned.layout.display = self._opens.layout.display = "none"
        self.shown = False

    def _tilt_files(self, folder: Path) -> list[str]:
        """Names of files of tilts beside, relative to the root."""
        found = [each for each in folder.iterdir() if each.suffix.lower() in self._tilt_endings]
        inside = [each for each in sorted(found) if each.resolve().is_relative_to(self._root)]
        return [str(each.relative_to(self._root)) for each in inside[:_MOST_TILT_FILES]]

    # -- what was found -----------------------------------------------------------------------------

    def _show(self, look: FileLook) -> None:
        if look.facts.path == self._path:  # otherwise another one was chosen meanwhile
            self._look = look
            self._draw()

    def _draw(self) -> None:
        look = self._look
        if look is None:
            return
        self._picture.value = picture_html(look, caption_of(look.facts, self._series))
        if self._series:
            self.facts.value = facts_table(facts_of_series(look, self._series))
            return
        typed, unread = self._typed(look)
        self.facts.value = facts_table(facts_of_file(look, typed))
        lines = [f"<p>{escape(words)}</p>" for words in warnings_of_file(look, typed)]
        found = look.facts
        if unread:
            lines = [f"<p>{escape(unread)}</p>"]
        elif found.count > 1 and found.tilts_deg is None and not typed:
            lines = [_NO_TILTS, *(line for line in lines if "no tilts were found" not in line)]
        self._warned.value = "".join(lines)
        self._warned.layout.display = "" if lines else "none"
        cannot = bool(found.problem)
        self._opens.layout.display = "none" if cannot else ""
        self.controls["tilts-file"].layout.display = "none" if found.is_volume else ""

    def _typed(self, look: FileLook) -> tuple[list[float], str]:
        written = self.controls["tilts-file"].value.strip()
        count = look.facts.count
        return typed_tilts(self._root, written, count, "projections") if written and count else ([], "")

    def options(self) -> dict[str, Any]:
        """How the chosen file is to be opened, as :meth:`etwidgets.session.Session.open` takes it.

        Raises
        ------
        ParameterError
            If the first tilt and the increment are given before it is known how many projections there are.
        UnsafeFileError, FileNotFoundError
            If the file of tilts is not there, or outside of the root.
        """
        written = self.controls["tilts-file"].value.strip()
        if not written:
            return {}
        if names_a_file(written):
            return {"tilts": str(safe_path(self._root, written))}
        if self._look is None:
            raise ParameterError("The file is still being read; try again in a moment.")
        return {"tilts": self._typed(self._look)[0]}
