"""Snapshots of the present result: saved, compared with the present one, restored; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.pictures import Contrast, comparison_panes
from etwidgets.panels.pieces import button, control, row, text
from etwidgets.session import Snapshot
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from etwidgets.session import Session
    from etwidgets.views import Pane

_NOTHING = -1


class SnapshotsPart(Component):
    """Buttons to save, restore and delete a snapshot, and how the present result differs from it.

    Parameters
    ----------
    session
        That keeps the snapshots.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        self._contrast, self._note = Contrast(), text()
        self._images = self.add_view(ImageView(height=280).add_class("etw-grow"))
        self.add("keep", button("Save snapshot"))
        self.add("kept", control(widgets.Dropdown, "compare with", options=[("nothing", _NOTHING)]))
        self.add("return", button("Restore snapshot"))
        self.add("forget", button("Delete snapshot"))
        self.on_click("keep", session.save_snapshot)
        self.on_click("return", self._restore)
        self.on_click("forget", self._delete)
        self.on_change("kept", self.refresh)
        self.parts = [row(*self.controls.values()), self._note, self._images]
        """From top to bottom; the pictures grow with the panel, so that no box may be around them."""

    def fresh(self) -> None:
        """Forget the contrast."""
        self._contrast.clear()

    def refresh(self) -> None:
        """List the snapshots, and compare the present result with the chosen one."""
        chooser, chosen = self.controls["kept"], self.controls["kept"].value
        options = [("nothing", _NOTHING)]
        options += [
            (f"{number + 1}: {kept.label}", number) for number, kept in enumerate(self.model.snapshots)
        ]
        with self.filling():
            if chooser.options != tuple(options):
                added = len(options) > len(chooser.options)
                chooser.options = options
                newest = len(options) - 2
                chooser.value = newest if added else min(chosen, newest)
        self.enable()
        self._compare()

    def enable(self) -> None:
        """Save what there is; restore and delete what is chosen."""
        nothing = self.model.stack is None and self.model.reconstruction is None
        self.controls["keep"].disabled = self.model.busy or nothing
        for name in ("return", "forget"):
            self.controls[name].disabled = self.model.busy or self.controls["kept"].value == _NOTHING

    def _compare(self) -> None:
        index = self.controls["kept"].value
        panes: list[Pane] = []
        words = ""
        if index is not None and 0 <= index < len(self.model.snapshots):
            now = Snapshot("now", self.model.stack, self.model.reconstruction)
            panes, words = comparison_panes(self.model.snapshots[index], now, self.display, self._contrast)
        self._note.value = f"<p class='etw-quiet'>{words}</p>" if words else ""
        self._images.layout.display = "" if panes else "none"
        self._images.show(panes)

    def _restore(self) -> None:
        self.session.restore_snapshot(self.controls["kept"].value)

    def _delete(self) -> None:
        self.session.delete_snapshot(self.controls["kept"].value)
