"""Chooses an alignment of IMOD or AreTomo and applies it; knows no file format and not its owner."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.io import ALIGNMENT_ENDINGS
from etwidgets.panels.component import Component
from etwidgets.panels.file_list import FileList, Handlers
from etwidgets.panels.pieces import button, control, heading, help_text, text

if TYPE_CHECKING:
    from pathlib import Path

    from etwidgets.session import Session

_ROWS = [("bottom (MRC)", "bottom"), ("top (TIFF, DM)", "top")]
_HELP = """<p><b>.xf</b> IMOD; the tilts of the .tlt file come with it. <b>.prexg</b> IMOD,
coarse; the tilt axis stays where it is. <b>.aln</b> AreTomo; dark projections are removed. The tilt axis is
turned to x; the volume is never mirrored. <b>First row</b> Top only for series that were opened here as TIFF
or DM and converted to MRC by IMOD. To save an alignment: tab History, Export.</p>"""


class AlignmentFilePart(Component):
    """Files under a folder, where the first row of the images lies, and a button.

    Parameters
    ----------
    session
        That aligns the series.
    name
        Of the panel.
    root
        The folder that the list does not leave.
    """

    def __init__(self, session: Session, name: str, root: Path) -> None:
        super().__init__(session, name)
        self._root, self._chosen = root, ""
        self._about = text()
        handlers = Handlers(choose=lambda names: self._choose(names[0] if len(names) == 1 else ""))
        self._files = self.add_part(FileList(session, name, root, ALIGNMENT_ENDINGS, handlers))
        self.add("first-row", control(widgets.Dropdown, "first row", options=_ROWS))
        self.add("apply-file", button("Apply alignment file"))
        self.on_click("apply-file", self._apply)
        self.listen(self.model, "stack", self._files.list_again)
        shown = [self.controls[each] for each in ("first-row", "apply-file")]
        self.widget = widgets.VBox(
            [heading("Alignment file"), self._files.widget, self._about, *shown, help_text(_HELP)]
        )

    def fresh(self) -> None:
        """Choose nothing."""
        self._choose("")

    def enable(self) -> None:
        """Apply what is chosen, to what there is."""
        ready = self._chosen and self.model.stack is not None and not self.model.busy
        self.controls["apply-file"].disabled = not ready

    def _choose(self, path: str) -> None:
        self._chosen = path
        self._about.value = f"<p class='etw-quiet'>{escape(path) or 'no file selected'}</p>"
        self.enable()

    def _apply(self) -> None:
        options = {} if self.controls["first-row"].value == "bottom" else {"first_row": "top"}
        self.session.apply("apply_alignment_file", path=str(self._root / self._chosen), **options)
