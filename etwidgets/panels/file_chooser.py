"""All files that can be opened, in one place: recent ones, a folder of this machine, uploads, and a card.

Knows no panel. What is in a file is read by its parts, in their threads.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.errors import ParameterError, UnsafeFileError
from etwidgets.io import EXTENSIONS, reader_of, safe_new_path
from etwidgets.panels.component import Component
from etwidgets.panels.file_card import FileCard
from etwidgets.panels.file_list import FileList, Handlers
from etwidgets.panels.pieces import control
from etwidgets.panels.series_part import SeriesPart
from etwidgets.session import allowed_file, size_text
from etwidgets.views import UploadView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.io import FilePreview
    from etwidgets.session import Session

_UPLOADS = "uploads"
_LIMIT = 2_000_000_000  # bytes: what a page takes in a few minutes; larger files are better copied
_TILTS = (".rawtlt", ".tlt", ".mdoc", ".txt")
_BESIDE = (*_TILTS, ".json")
_MOST_LOOKED_AT = 500  # files of a folder that is only pointed at
_LIST_PX = 140
_INVITATION = f"or drop files or a folder here: at most {size_text(_LIMIT)}, saved in {_UPLOADS}"


class FileChooser(Component):
    """A list of files, what is chosen in it, and the ways to open that.

    Parameters
    ----------
    session
        That opens what is chosen.
    name
        Of the panel.
    root
        The folder whose files are offered, and to whose folder ``uploads`` files are brought.
    on_shown
        Called when something else is chosen, or nothing.
    busy_reason
        Says why nothing can be opened now; empty if something can.

    Attributes
    ----------
    card
        What is chosen, to be placed by the owner.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        root: Path,
        on_shown: Callable[[], None],
        busy_reason: Callable[[], str],
    ) -> None:
        super().__init__(session, name)
        self._root, self._on_shown, self._busy_reason = root, on_shown, busy_reason
        self._from_folder = ""  # whose files are looked at, because it was pointed at
        typed = {"placeholder": "name or path", "continuous_update": False}
        self.add("file", control(widgets.Text, "file", **typed)).style.description_width = "32px"
        self.on_change("file", self._look_at_file)
        self._look = self.add_part(FileCard(session, name, root, _TILTS, self._open_file))
        self._series = self.add_part(SeriesPart(session, name, root, self._open_series, self._show_series))
        self._files = self.add_part(FileList(session, name, root, EXTENSIONS, self._handlers(), _LIST_PX))
        endings = [*EXTENSIONS, *_BESIDE]
        self._upload = self.add_view(
            UploadView(self._path_of_upload, endings, _LIMIT, area="etw-chooser", invitation=_INVITATION)
        )
        self._upload.add_class(f"etw-{name}-upload")
        self.on_event(self._upload.on_files, self._open_uploaded)
        self._files.widget.children = [*self._files.widget.children, self._upload]
        self._files.foot.children = [*self._files.foot.children, self.controls["file"]]
        chosen = [self._look.widget, self._series.actions, self._look.facts]
        self.card = widgets.VBox(chosen).add_class("etw-card")
        shown = [self._files.widget, self._series.widget]
        self.widget = widgets.VBox(shown).add_class("etw-bring").add_class("etw-grow")

    def _handlers(self) -> Handlers:
        return Handlers(
            choose=self._choose,
            folder=self._choose_folder,
            enter=self._enter,
            several=self._choose_several,
            recent=self._take_tilts,
        )

    def fresh(self) -> None:
        """Nothing is chosen."""
        self._from_folder = ""
        self._changed()

    def _changed(self) -> None:
        """Something else is chosen, or nothing."""
        self.card.layout.display = "" if self.shows else "none"
        self._on_shown()

    @property
    def shows(self) -> bool:
        """Whether something is chosen."""
        return self._look.shown or self._series.shown

    def chosen_file(self) -> str:
        """The path of the one file that is chosen.

        Raises
        ------
        ParameterError
            If none is.
        UnsafeFileError, FileNotFoundError
            If it is not there, or outside of the root.
        """
        name = self.controls["file"].value.strip()
        if not name:
            raise ParameterError("Select a file in the list or enter its name.")
        return str(allowed_file(self._root, name))

    # -- what is chosen -----------------------------------------------------------------------------

    def _choose(self, names: list[str]) -> None:
        """Files of the list: none, one, or several."""
        if len(names) > 1:
            self._choose_several(names)
        else:
            self._set_file("".join(names))
            self._look_at_file()

    def _choose_several(self, names: Sequence[str | Path], tilts: str = "", folder: str = "") -> None:
        """Look at files as one series; ``folder`` is the one that was pointed at instead of them."""
        self._set_file("")
        self._from_folder = folder
        self._series.look_at(names, tilts)
        self._changed()

    def _choose_folder(self, name: str) -> None:
        """Look at the files of a folder as one series, if they are of one kind and not too many."""
        files = self._files.files_in(name)
        kinds = Counter(reader_of(Path(each)) for each in files)
        if len(kinds) == 1 and 1 < len(files) <= _MOST_LOOKED_AT:
            self._choose_several(files, folder=name)
            return
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        holds = f"Files that can be opened: {counts}." if files else "No files that can be opened."
        self._tell_of_folder(name, holds)

    def _tell_of_folder(self, name: str, words: str) -> None:
        self._choose([])
        self._look.tell(Path(name).name, f"{words} Double-click to go into the folder.")
        self._changed()

    def _show_series(self, found: list[FilePreview]) -> None:
        """Show what was found in several files; in a folder they may be a series each."""
        if not found:
            self._look.fresh()
        elif self._from_folder and not any(_may_be_part(each) for each in found):
            self._tell_of_folder(self._from_folder, f"{len(found)} files, each a series by itself.")
        else:
            self._look.look_at_series(found)
        self._changed()

    def _set_file(self, name: str) -> None:
        with self.filling():
            self.controls["file"].value = name

    def _look_at_file(self) -> None:
        """Show what the chosen file holds."""
        self._series.fresh()
        if self.controls["file"].value.strip():
            self._look.look_at(Path(self.chosen_file()))
        self._changed()

    def _take_tilts(self, name: str) -> None:
        self.controls["tilts-file"].value = name

    # -- what is opened -----------------------------------------------------------------------------

    def _enter(self, name: str) -> None:
        """Open a file of the list at once."""
        if self._busy_reason():
            raise ParameterError(self._busy_reason())
        if self.controls["file"].value != name:
            self._choose([name])
        self._open_file()

    def _open_file(self) -> None:
        self.session.open(self.chosen_file(), **self._look.options())

    def _open_series(self, paths: list[str], tilts: list[float] | None) -> None:
        self.session.open(paths, **({} if tilts is None else {"tilts": tilts}))

    # -- what is brought ----------------------------------------------------------------------------

    def _path_of_upload(self, name: str) -> Path:
        """Where a file from the user's computer goes; never over another."""
        if Path(name).suffix.lower() not in (*EXTENSIONS, *_BESIDE):
            raise UnsafeFileError(f"{name}: this kind of file cannot be opened")
        folder = self._root / _UPLOADS
        folder.mkdir(exist_ok=True)
        if not folder.resolve().is_relative_to(self._root):
            raise UnsafeFileError(f"{folder} is outside {self._root}")
        return safe_new_path(folder, name)

    def _open_uploaded(self, paths: list[Path]) -> None:
        """Open the series among what was uploaded, with the tilts that came with it."""
        self._files.list_again()
        series = [path for path in paths if path.suffix.lower() in EXTENSIONS]
        tilts = [path for path in paths if path.suffix.lower() in _TILTS]
        given = str(tilts[0]) if len(tilts) == 1 else ""
        if not series:
            names = ", ".join(path.name for path in paths)
            self.session.tell(f"None of the uploaded files is a tilt series: {names}.", "warning")
        elif len(series) == 1:
            self.session.open(str(series[0]), **({"tilts": given} if given else {}))
        else:
            self._choose_several(series, given)


def _may_be_part(each: FilePreview) -> bool:
    """Whether a file holds one projection, or the frames of one, or cannot be read."""
    return each.shape is None or len(each.shape) == 2 or each.tilt_deg is not None
