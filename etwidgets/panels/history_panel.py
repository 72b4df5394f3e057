"""The steps that were done, with undo and redo, and what can be taken away; knows no operation."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.io import safe_new_path
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import Contrast, comparison_panes
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session import Snapshot
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Session
    from etwidgets.views import Pane

_NOTHING = -1
_SCRIPT, _NOTEBOOK, _SESSION = "script", "notebook", "session"
_PROJECTIONS, _VOLUME, _FIGURE = "projections", "volume", "figure of the slices"
_FILM, _TURNING, _THROUGH = "film of the projections", "film: turning", "film: along x"
_FILMS = {_FILM: "projections", _TURNING: "tilting", _THROUGH: "x"}
_KINDS = {
    _SCRIPT: ("steps.py", "The steps as a Python script; it gives the same arrays, bit for bit."),
    _NOTEBOOK: ("steps.ipynb", "The same as a notebook, one cell per step."),
    _SESSION: (
        "session.json",
        "All steps and where they began: to go on from, or to repeat on other series.",
    ),
    _PROJECTIONS: ("projections.hspy", "As they are now. .hspy keeps all; .mrc and .tif for other programs."),
    _VOLUME: ("volume.hspy", "As it is now. .hspy keeps all; .mrc and .tif for other programs."),
    _FILM: ("projections.gif", "The series as it is now, in order of tilt; .gif or .mp4."),
    _TURNING: ("turning.gif", "Projections of the volume while it turns about the tilt axis; .gif or .mp4."),
    _THROUGH: ("slices.gif", "The slices of the volume, one after the other; .gif or .mp4."),
    _FIGURE: ("slices.png", "The three slices of the step Volume, with scales; .png, .svg or .pdf."),
}


class HistoryPanel(Panel):
    """A list of steps to go back and forth in, and files to take away.

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
        self._filling = False
        self._about = text()
        layout = widgets.Layout(width="auto", height="150px")
        self.add("steps", widgets.Select(options=[], layout=layout)).add_class("etw-table")
        self.add("undo", button("Undo"))
        self.add("redo", button("Redo"))
        self._build_kept()
        self.add("kind", control(widgets.Dropdown, "what", options=list(_KINDS)))
        self.add("name", control(widgets.Text, "file name", value=_KINDS[_SCRIPT][0]))
        self.add("save", button("Save", primary=True))
        self.on_click("undo", self.session.undo)
        self.on_click("redo", self.session.redo)
        self.on_click("save", self._save)
        self.on_change("steps", self._go_to)
        self.on_change("kind", self._propose)
        self.refresh_on(self.model, ("history", "snapshots", "stack", "reconstruction"))
        self.refresh_on(self.display, ("voxel", "projection", "contrast", "color_map"))
        self.listen(self.model, ("can_undo", "can_redo", "busy", "reconstruction"), self.enable)
        words = text("<p class='etw-quiet'>Choose a line to go to the state after that step.</p>")
        buttons = row(self.controls["undo"], self.controls["redo"])
        pictures = [heading("What was done"), words, self.controls["steps"], buttons, *self._kept_part]
        form = [self.controls[name] for name in ("kind", "name", "save")]
        return pictures, [heading("Take away"), *form, self.hint, self._about]

    def _build_kept(self) -> None:
        """Results that were set aside, and how the present one differs from the chosen one."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=280).add_class("etw-grow"))
        self._no_picture = text()
        self.add("keep", button("Set this result aside"))
        self.add("kept", control(widgets.Dropdown, "compare with", options=[("nothing", _NOTHING)]))
        self.add("return", button("Go on from it"))
        self.add("forget", button("Forget it"))
        self.on_click("keep", self.session.save_snapshot)
        self.on_click("return", lambda: self.session.restore_snapshot(self.controls["kept"].value))
        self.on_click("forget", lambda: self.session.delete_snapshot(self.controls["kept"].value))
        self.on_change("kept", self.refresh)
        self.on_change("kept", self.enable)
        names = ("keep", "kept", "return", "forget")
        line = row(*(self.controls[name] for name in names))
        self._kept_part = [line, self._no_picture, self._images]

    def fresh(self) -> None:
        """Name the file that is proposed."""
        self._contrast.clear()
        self._propose()

    def redraw(self) -> None:
        """List the steps, and compare with what was set aside."""
        self._list_steps()
        self._list_kept()
        self._compare()

    def _list_kept(self) -> None:
        chooser, chosen = self.controls["kept"], self.controls["kept"].value
        options = [("nothing", _NOTHING)]
        options += [
            (f"{number + 1}: {kept.label}", number) for number, kept in enumerate(self.model.snapshots)
        ]
        if chooser.options != tuple(options):
            added = len(options) > len(chooser.options)
            chooser.options = options
            newest = len(options) - 2
            chooser.value = newest if added else min(chosen, newest)
        self.enable()

    def _compare(self) -> None:
        index = self.controls["kept"].value
        panes: list[Pane] = []
        words = ""
        if index is not None and 0 <= index < len(self.model.snapshots):
            kept = self.model.snapshots[index]
            now = Snapshot("now", self.model.stack, self.model.reconstruction)
            panes, words = comparison_panes(kept, now, self.display, self._contrast)
        self._no_picture.value = f"<p class='etw-quiet'>{words}</p>" if words else ""
        self._images.layout.display = "" if panes else "none"
        self._images.show(panes)

    def _list_steps(self) -> None:
        lines = [("  0  as it was in the beginning", 0)]
        for number, line in enumerate(self.model.history, 1):
            undone = "" if line.done else "  (undone)"
            lines.append((f"{number:3d}  {line.label}  ·  {line.seconds:.1f} s{undone}", number))
        self._filling = True
        try:
            self.controls["steps"].options = lines
            self.controls["steps"].value = self._position
        finally:
            self._filling = False

    def enable(self) -> None:
        """Undo and redo where there is something to, and save what there is."""
        self.controls["undo"].disabled = not self.model.can_undo or self.model.busy
        self.controls["redo"].disabled = not self.model.can_redo or self.model.busy
        self.controls["steps"].disabled = self.model.busy
        nothing = self.model.stack is None and self.model.reconstruction is None
        self.controls["keep"].disabled = self.model.busy or nothing
        for name in ("return", "forget"):
            self.controls[name].disabled = self.model.busy or self.controls["kept"].value == _NOTHING
        missing = self._missing()
        self.controls["save"].disabled = bool(missing)
        self.hint.value = missing

    @property
    def _position(self) -> int:
        return sum(line.done for line in self.model.history)

    def _missing(self) -> str:
        if self.model.busy:
            return self.reason()
        kind = self.controls["kind"].value
        if self._root is None:
            return "This panel was given no folder to write to: HistoryPanel(session, folder)."
        if kind in (_VOLUME, _FIGURE, _TURNING, _THROUGH) and self.model.reconstruction is None:
            return "Reconstruct a volume first (step Reconstruct)."
        if self.model.stack is None and self.model.reconstruction is None:
            return "Open a tilt series first (step Data)."
        return ""

    def _go_to(self) -> None:
        chosen = self.controls["steps"].value
        if not self._filling and chosen is not None and chosen != self._position:
            self.session.go_to(chosen)

    def _propose(self) -> None:
        name, about = _KINDS[self.controls["kind"].value]
        self.controls["name"].value = name
        where = "" if self._root is None else f" Into {self._root}; nothing there is replaced."
        self._about.value = f"<p class='etw-help'>{about}{where}</p>"
        self.enable()

    def _save(self) -> None:
        if self._root is None:
            return
        kind, session = self.controls["kind"].value, self.session
        path = safe_new_path(self._root, self.controls["name"].value.strip())
        exports: dict[str, Callable[[Path], Any]] = {
            _SCRIPT: session.export_script,
            _NOTEBOOK: session.export_notebook,
            _SESSION: session.save,
            _PROJECTIONS: partial(session.save_data, "projections"),
            _VOLUME: partial(session.save_data, "volume"),
            _FIGURE: partial(session.save_data, "figure"),
            **{name: partial(session.save_movie, what) for name, what in _FILMS.items()},
        }
        exports[kind](path)
        if kind in (_SCRIPT, _NOTEBOOK, _SESSION):
            session.tell(f"Wrote {path.name} into {self._root}.")
