"""The steps that were done, with undo and redo, snapshots, and export; knows no operation."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.io import safe_new_path
from etwidgets.panels.cures import NO_SERIES, NO_SERIES_REASON, NO_VOLUME, NO_VOLUME_REASON
from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.panels.snapshots_part import SnapshotsPart
from etwidgets.session.report import free_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Cure, Session

_SCRIPT, _NOTEBOOK, _SESSION = "script", "notebook", "session"
_PROJECTIONS, _VOLUME, _FIGURE = "projections", "volume", "figure of slices"
_ALIGNMENT, _REPORT = "alignment", "report"
_MOVIE, _ROTATION, _THROUGH = "movie: projections", "movie: rotation", "movie: along x"
_MOVIES = {_MOVIE: "projections", _ROTATION: "tilting", _THROUGH: "x"}
_KINDS = {
    _SCRIPT: ("steps.py", "The steps as a Python script. It gives the same arrays, bit for bit."),
    _NOTEBOOK: ("steps.ipynb", "The steps as a notebook, one cell per step."),
    _SESSION: ("session.json", "All steps and the source, to continue later or to repeat on other series."),
    _REPORT: (
        "report.html",
        "A page to print or send: caveats, pictures, numbers, steps, and methods with references.",
    ),
    _PROJECTIONS: (
        "projections.hspy",
        "The projections as they are now. .hspy stores everything; .mrc and .tif are for other programs.",
    ),
    _ALIGNMENT: (
        "alignment.xf",
        "All that was done to the projections: .xf for IMOD, with the tilts as .tlt; .aln for AreTomo.",
    ),
    _VOLUME: (
        "volume.hspy",
        "The volume as it is now. .hspy stores everything; .mrc, .tif, .ome.zarr are for other programs.",
    ),
    _MOVIE: ("projections.gif", "The series as it is now, in order of tilt; .gif or .mp4."),
    _ROTATION: ("rotation.gif", "Projections of the volume rotating about the tilt axis; .gif or .mp4."),
    _THROUGH: ("slices.gif", "The slices of the volume, one after the other; .gif or .mp4."),
    _FIGURE: ("slices.png", "The three slices of tab Volume, with scale bars; .png, .svg or .pdf."),
}


class HistoryPanel(Panel):
    """A list of steps to go back and forth in, snapshots, and files to export.

    Parameters
    ----------
    session
        Whose steps are shown.
    root
        The folder into which files are written; None: nothing is written.
    """

    name = "history"
    title = "History"
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._about = text()
        layout = widgets.Layout(width="auto", height="150px")
        self.add("steps", widgets.Select(options=[], layout=layout)).add_class("etw-table")
        self.add("undo", button("Undo"))
        self.add("redo", button("Redo"))
        self._snapshots = self.add_part(SnapshotsPart(self.session, self.name))
        self.add("kind", control(widgets.Dropdown, "export", options=list(_KINDS)))
        self.add("name", control(widgets.Text, "file name", value=_KINDS[_SCRIPT][0]))
        self.add("save", button("Export", primary=True))
        self.on_click("undo", self.session.undo)
        self.on_click("redo", self.session.redo)
        self.on_click("save", self._save)
        self.on_change("steps", self._go_to)
        self.on_change("kind", self._propose)
        self.refresh_on(self.model, ("history", "snapshots", "stack", "reconstruction"))
        self.refresh_on(self.display, ("voxel", "projection", "contrast", "limits", "color_map"))
        self.listen(self.model, ("busy",), self._propose_report)
        self.listen(self.model, ("can_undo", "can_redo", "busy", "reconstruction"), self.enable)
        words = text("<p class='etw-quiet'>Select a step to go to the state after it.</p>")
        buttons = row(self.controls["undo"], self.controls["redo"])
        pictures = [heading("Steps"), words, self.controls["steps"], buttons, *self._snapshots.parts]
        form = [self.controls[name] for name in ("kind", "name", "save")]
        return pictures, [heading("Export"), *form, self.hint, self._about]

    def fresh(self) -> None:
        """Suggest a file name."""
        self._propose()

    def redraw(self) -> None:
        """List the steps, and compare with the chosen snapshot."""
        self._list_steps()
        self._snapshots.refresh()
        self.enable()

    def _list_steps(self) -> None:
        lines = [("  0  initial state", 0)]
        for number, line in enumerate(self.model.history, 1):
            undone = "" if line.done else "  (undone)"
            lines.append((f"{number:3d}  {line.label}  ·  {line.seconds:.1f} s{undone}", number))
        with self.filling():
            self.controls["steps"].options = lines
            self.controls["steps"].value = self._position

    def enable(self) -> None:
        """Undo and redo where there is something to, and save what there is."""
        super().enable()
        self.controls["undo"].disabled = not self.model.can_undo or self.model.busy
        self.controls["redo"].disabled = not self.model.can_redo or self.model.busy
        self.controls["steps"].disabled = self.model.busy
        self._snapshots.enable()
        missing = self._missing()
        self.controls["save"].disabled = bool(missing)
        self.hint.value = missing

    @property
    def _position(self) -> int:
        return sum(line.done for line in self.model.history)

    def _missing(self) -> str:
        if self.model.busy:
            return self.busy_reason()
        kind = self.controls["kind"].value
        if self._root is None:
            return "No folder to save in: create the panel as HistoryPanel(session, folder)."
        if kind in (_VOLUME, _FIGURE, _ROTATION, _THROUGH) and self.model.reconstruction is None:
            return NO_VOLUME_REASON
        if self.model.stack is None and self.model.reconstruction is None:
            return NO_SERIES_REASON
        return ""

    def way_out(self) -> Cure | None:
        """To where that is made which cannot be exported yet."""
        return {NO_SERIES_REASON: NO_SERIES, NO_VOLUME_REASON: NO_VOLUME}.get(self._missing())

    def _go_to(self) -> None:
        chosen = self.controls["steps"].value
        if chosen is not None and chosen != self._position:
            self.session.go_to(chosen)

    def _propose(self) -> None:
        name, about = _KINDS[self.controls["kind"].value]
        if self._root is not None and self.controls["kind"].value == _REPORT:
            name = free_target(self._root / name).name
        self.controls["name"].value = name
        where = (
            ""
            if self._root is None
            else f" Files are saved in {self._root}; existing files are never overwritten."
        )
        self._about.value = f"<p class='etw-quiet'>{about}{where}</p>"
        self.enable()

    def _propose_report(self) -> None:
        """After a report was saved: the next free name."""
        taken = self._root is not None and (self._root / self.controls["name"].value.strip()).is_file()
        if taken and self.controls["kind"].value == _REPORT and not self.model.busy:
            self._propose()

    def _save(self) -> None:
        if self._root is None:
            return
        kind, session = self.controls["kind"].value, self.session
        path = safe_new_path(self._root, self.controls["name"].value.strip())
        exports: dict[str, Callable[[Path], Any]] = {
            _SCRIPT: session.export_script,
            _NOTEBOOK: session.export_notebook,
            _SESSION: session.save,
            _REPORT: session.save_report,
            _ALIGNMENT: partial(session.save_data, "alignment"),
            _PROJECTIONS: partial(session.save_data, "projections"),
            _VOLUME: partial(session.save_data, "volume"),
            _FIGURE: partial(session.save_data, "figure"),
            **{name: partial(session.save_movie, what) for name, what in _MOVIES.items()},
        }
        exports[kind](path)
        if kind in (_SCRIPT, _NOTEBOOK, _SESSION):
            session.tell(f"Saved {path.name} in {self._root}.")
