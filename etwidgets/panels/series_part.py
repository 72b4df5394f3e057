"""Several files as one tilt series: what is in each is shown before they are opened; knows no panel."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.io import natural_order, preview_files
from etwidgets.panels.component import Component
from etwidgets.panels.pieces import Row, button, control, file_size, heading, row, table, text
from etwidgets.panels.typed_tilts import TYPED, typed_tilts
from etwidgets.session import allowed_file, with_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.io import FilePreview
    from etwidgets.session import Session

_MOST_ROWS = 400
_HEADS = ("file", "tilt", "from", "image (px)", "size")


class SeriesPart(Component):
    """A table of name, tilt found, size and what is wrong; tilts where none were found; the button.

    Parameters
    ----------
    session
        Whose series it will be.
    name
        Of the panel.
    root
        The folder that no file may lie outside of, by a link neither.
    open_series
        Called with the paths in order of tilt and, where they were given here, the tilts.
    on_found
        Called with what was found in the files; with nothing when they are looked at no more.

    Attributes
    ----------
    actions
        Tilts and buttons, to be placed by the owner.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        root: Path,
        open_series: Callable[[list[str], list[float] | None], None],
        on_found: Callable[[list[FilePreview]], None] = lambda _found: None,
    ) -> None:
        super().__init__(session, name)
        self._root, self._open_series, self._on_found = root, open_series, on_found
        self._names: list[str] = []
        self._paths: list[Path] = []
        self._found: list[FilePreview] = []
        self._head, self._said = heading(""), text("", "etw-strip")
        self._table = text("", "etw-preview")
        self.add("angles", control(widgets.Text, "tilts from", placeholder="automatic", tooltip=TYPED))
        self.add("open-series", button("Open as one tilt series", primary=True))
        self.add("leave-out", button("Exclude these files"))
        self.add("end-series", button("Close"))
        self._reading = self.preview(_read, self._show)
        self.on_change("angles", self._draw)
        self.on_click("open-series", self._open)
        self.on_click("leave-out", self._leave_out)
        self.on_click("end-series", self.fresh)
        self.listen(self.model, "busy", self.enable)
        ends = row(self.controls["open-series"], self.controls["end-series"])
        self.actions = widgets.VBox([self._said, self.controls["leave-out"], self.controls["angles"], ends])
        self.widget = widgets.VBox([self._head, self._table])

    def look_at(self, names: Sequence[str | Path], tilts: str = "") -> None:
        """Say what files hold; each must lie in the root.

        Parameters
        ----------
        names
            Of files, relative to the root or in it.
        tilts
            As they may be typed: first and increment, or the name of a file.
        """
        # tilts that are typed are given to them in this order, which is that of a folder in a script, too
        ranked = sorted(names, key=lambda name: natural_order(Path(name)))
        paths = [allowed_file(self._root, name) for name in ranked]
        self.fresh()
        self._names, self._paths = [str(name) for name in ranked], paths
        self.controls["angles"].value = tilts
        self._set_title(f"Reading {len(paths)} files …")
        self.widget.layout.display = self.actions.layout.display = ""
        self._reading.submit(paths)

    @property
    def shown(self) -> bool:
        """Whether files are looked at."""
        return bool(self._paths)

    def fresh(self) -> None:
        """Look at nothing."""
        self._names, self._paths, self._found = [], [], []
        self._table.value = self._said.value = ""
        self.controls["open-series"].disabled = True
        self.controls["leave-out"].layout.display = self._said.layout.display = "none"
        self.widget.layout.display = self.actions.layout.display = "none"
        self._on_found([])

    def enable(self) -> None:
        """Opening waits while an operation runs, and needs files that fit each other."""
        found = self._found
        unfit = not found or bool(self._problems()) or bool(self._tilts()[1])
        self.controls["open-series"].disabled = self.model.busy or unfit

    # -- what was found -----------------------------------------------------------------------------

    def _show(self, found: list[FilePreview]) -> None:
        if [each.path for each in found] == self._paths:  # otherwise others were chosen meanwhile
            self._found = found
            self._draw()
            self._on_found(found)

    def _draw(self) -> None:
        if not self._found:
            return
        self._set_title(f"{len(self._found)} files as one tilt series")
        tilts, unread = self._tilts()
        ranked = _by_tilt(tilts)
        typed = self._typed
        problems = self._problems()
        rows = []
        for each, tilt in ((self._found[i], tilts[i]) for i in ranked[:_MOST_ROWS]):
            rows += _rows(each, tilt, _problem(each) if each in problems else "", given_here=typed)
        more = len(ranked) - _MOST_ROWS
        rows += [Row([f"and {more} more"], spans=len(_HEADS))] if more > 0 else []
        self._table.value = table(rows, _HEADS, style="etw-files")
        words = [unread] if unread else []
        if problems:
            words.append(
                f"{len(problems)} of {len(self._found)} files do not fit the series: see the marked lines."
            )
        elif not unread and any(tilt is None for tilt in tilts):
            words.append(
                "No tilt was found for some of the files. Enter the first tilt and the increment, or the "
                "name of a file with all of them; or open the series without tilts and set them later."
            )
        self._said.value = "".join(f"<p>{escape(line)}</p>" for line in words)
        self._said.layout.display = "" if words else "none"
        self.controls["leave-out"].layout.display = "" if problems else "none"
        self.enable()

    def _set_title(self, words: str) -> None:
        self._head.value = f"<h3>{escape(words)}</h3>"

    def _tilts(self) -> tuple[list[float | None], str]:
        """One for each file, in their order, None where there is none; and why those given are not taken."""
        written, count = self.controls["angles"].value.strip(), len(self._found)
        found = [each.tilt_deg for each in self._found]
        if not written:
            return found, ""
        values, unread = typed_tilts(self._root, written, count)
        return (found, unread) if unread else (list(values), "")

    @property
    def _typed(self) -> bool:
        """Whether the tilts are given here, and can be read."""
        return bool(self.controls["angles"].value.strip()) and not self._tilts()[1]

    def _problems(self) -> list[FilePreview]:
        """Files that cannot be part of it; their own tilts do not matter where others are given."""
        return [each for each in self._found if _problem(each) and not (self._typed and each.tilt_problem)]

    # -- what is done -------------------------------------------------------------------------------

    def _leave_out(self) -> None:
        kept = [
            name for name, each in zip(self._names, self._found, strict=True) if each not in self._problems()
        ]
        if len(kept) < 2:
            raise ParameterError("fewer than two of these files fit together; select others")
        self.look_at(kept, self.controls["angles"].value)

    def _open(self) -> None:
        tilts, unread = self._tilts()
        if unread:
            raise ParameterError(unread)
        # looked at again: a link may have been put in a file's place meanwhile
        paths = [str(allowed_file(self._root, name)) for name in self._names]
        ranked = _by_tilt(tilts)
        typed = bool(self.controls["angles"].value.strip())
        chosen = [float(tilts[i]) for i in ranked if tilts[i] is not None] if typed else None  # type: ignore[arg-type]
        self._open_series([paths[i] for i in ranked], chosen)


def _read(paths: list[Path]) -> list[FilePreview]:
    return with_notes(preview_files, paths)[0]


def _by_tilt(tilts: Sequence[float | None]) -> list[int]:
    """Places in order of tilt; those without keep their order, at the end."""
    values = [np.inf if tilt is None else tilt for tilt in tilts]
    return [int(i) for i in np.argsort(values, kind="stable")]


def _problem(each: FilePreview) -> str:
    """Why a file cannot be one of several: the reason that was found, or that it is a series itself."""
    if each.problem:
        return each.problem
    if each.shape is not None and len(each.shape) > 2 and each.tilt_deg is None:
        return f"it holds {each.shape[0]} images; open it by itself"
    return ""


def _rows(each: FilePreview, tilt: float | None, problem: str, *, given_here: bool) -> list[Row]:
    """What is in a file, and under it what is wrong with it."""
    cells = (
        each.path.name,
        "none" if tilt is None else f"{tilt:+.1f}°",
        "given here" if given_here else each.tilt_source,
        "" if each.shape is None else " x ".join(str(n) for n in reversed(each.shape)),
        file_size(each.bytes),
    )
    if not problem:
        return [Row(cells)]
    return [Row(cells, "etw-warning"), Row([problem], "etw-warning etw-problem", len(_HEADS))]
