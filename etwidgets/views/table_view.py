"""A table of numbers that can be sorted by each column and of which a row is chosen; knows numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from etwidgets.views.parts import close_parts, connect
from etwidgets.views.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import ArrayLike, NDArray

_CSS = """
.etw-table { overflow: auto; font-size: 12px; color: var(--etw-fg); }
.etw-table table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.etw-table th { position: sticky; top: 0; background: var(--etw-bg2); font-weight: 600; cursor: pointer; }
.etw-table :is(th, td) { text-align: right; padding: 1px 5px; white-space: nowrap; }
.etw-table td { cursor: pointer; }
.etw-table tr:hover td { background: var(--etw-bg2); }
.etw-table tr.etw-odd td { color: #e8743b; }
.etw-table tr.etw-chosen td { background: var(--etw-accent); color: #fff; }
.etw-table p { color: var(--etw-quiet); }
"""


class TableView(anywidget.AnyWidget):
    """Rows of numbers.

    Parameters
    ----------
    height
        CSS pixels; more rows are scrolled.
    sorted_by
        Place of the column by which it is sorted at first, the largest value on top.
    signed
        Heads of columns whose sign says only a direction: they are sorted by their absolute values.
    """

    _esm = script("table_view.js")
    _css = _CSS
    height = traitlets.Int(200, min=60).tag(sync=True)
    """CSS pixels. Written once."""
    shown = traitlets.Dict().tag(sync=True)
    """Heads and rows as the browser shows them. Written here."""
    chosen = traitlets.Int(-1).tag(sync=True)
    """The place, among the rows as shown, of the one that is pointed out; -1: none. Written here."""

    def __init__(self, height: int = 200, sorted_by: int = 0, signed: Collection[str] = ()) -> None:
        super().__init__(height=height)
        self._columns: dict[str, tuple[NDArray[np.float64], str]] = {}
        self._odd = np.zeros(0, bool)
        self._first, self._signed = sorted_by, signed
        self._sorted, self._down = sorted_by, True
        self._handlers: list[Callable[[int], None]] = []
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def show(
        self, columns: Mapping[str, tuple[ArrayLike, str]], chosen: int, odd: NDArray[np.bool_] | None = None
    ) -> None:
        """Show these columns, in the order that was chosen.

        Parameters
        ----------
        columns
            Head, with its unit, to the values ``(N,)`` and how they are written, as ``format`` has it.
        chosen
            Index of the row to point out; -1: none.
        odd
            ``(N,)``: rows to look at; default: none.
        """
        self._columns = {head: (np.asarray(values, float), how) for head, (values, how) in columns.items()}
        count = len(next(iter(self._columns.values()))[0])
        self._odd = np.zeros(count, bool) if odd is None else odd
        self._sorted = min(self._sorted, len(self._columns) - 1)
        self._show_rows(chosen)

    def sort(self, column: int, *, down: bool) -> None:
        """Sort by a column, by its place; ``down``: the largest first."""
        chosen = -1 if self.chosen < 0 else int(self.order[self.chosen])
        self._sorted, self._down = column, down
        self._show_rows(chosen)

    @property
    def order(self) -> NDArray[np.intp]:
        """Indices of the rows as they are shown, from top to bottom."""
        if not self._columns:
            return np.zeros(0, np.intp)
        head, (values, _) = list(self._columns.items())[self._sorted]
        if head in self._signed:
            values = np.abs(values)
        return np.argsort(-values if self._down else values, kind="stable")

    def on_choose(self, handler: Callable[[int], None]) -> Callable[[], None]:
        """Call ``handler(index)`` on a click on a row.

        Returns
        -------
        callable
            Undoes it.
        """
        return connect(self._handlers, handler)

    def snapshot(self) -> list[list[str]]:
        """The rows as they are shown, without the heads."""
        return [list(row["cells"]) for row in self.shown.get("rows", ())]

    def clear(self, note: str = "") -> None:
        """Show nothing but a note that says why, and sort as at first."""
        self._columns, self._sorted, self._down = {}, self._first, True
        self.shown, self.chosen = {"note": note}, -1

    def receive(self, content: dict[str, Any], _buffers: Any = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too."""
        if content.get("type") == "sort" and 0 <= int(content["column"]) < len(self._columns):
            column = int(content["column"])
            self.sort(column, down=not self._down if column == self._sorted else True)
        elif content.get("type") == "choose" and 0 <= int(content["place"]) < len(self.order):
            index = int(self.order[int(content["place"])])
            for handler in list(self._handlers):
                handler(index)

    def close(self) -> None:
        """Take it off the page and forget the handlers."""
        self._handlers.clear()
        close_parts(self)
        super().close()

    def _show_rows(self, chosen: int) -> None:
        order = self.order
        rows = [
            {
                "cells": [format(values[i], how) for values, how in self._columns.values()],
                "odd": bool(self._odd[i]),
            }
            for i in order
        ]
        place = np.flatnonzero(order == chosen)
        self.shown = {"heads": list(self._columns), "rows": rows, "sorted": self._sorted, "down": self._down}
        self.chosen = int(place[0]) if place.size else -1
