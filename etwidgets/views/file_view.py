"""A folder as a list: places to click, columns to sort by, rows to choose; knows names, not files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from etwidgets.views.parts import close_parts, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HERE = Path(__file__).parent
HEADS = ("name", "kind", "size", "changed")
"""Of the columns."""


@dataclass(frozen=True)
class FileRow:
    """A line of the list.

    Attributes
    ----------
    name
        Of the file or folder; unique in the list.
    kind, size, changed
        As they are written.
    folder
        Whether it is one.
    usable
        Whether it is of a kind that can be opened; others are gray.
    """

    name: str
    kind: str = ""
    size: str = ""
    changed: str = ""
    folder: bool = False
    usable: bool = True


@dataclass(frozen=True)
class RecentRow:
    """Something that was opened before.

    Attributes
    ----------
    label
        As it is written.
    about
        More of it, where the mouse rests.
    gone
        Whether it is not there any more.
    """

    label: str
    about: str = ""
    gone: bool = False


class FileView(anywidget.AnyWidget):
    """One folder; clicks and keys are reported to whoever shows it.

    Parameters
    ----------
    height
        CSS pixels of the list at least; it grows with its place.
    filters
        Names of the ways to filter; fewer than two: none is offered.
    """

    _esm = _HERE / "file_view.js"
    _css = _HERE / "file_view.css"
    height = traitlets.Int(160, min=60).tag(sync=True)
    """CSS pixels of the list at least. Written once."""
    filters = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """As given."""
    listing = traitlets.Dict().tag(sync=True)
    """Places, rows, and how they are sorted and filtered. Written here."""
    recent = traitlets.List().tag(sync=True)
    """What was opened before. Written here."""
    value = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Names of the rows that are chosen. Anybody may write it; names that are not listed are left out."""

    def __init__(self, height: int = 160, filters: Sequence[str] = ()) -> None:
        self._handlers: list[Callable[[str, Any], None]] = []
        self._rows: tuple[FileRow, ...] = ()
        super().__init__(height=height, filters=list(filters))
        self.on_msg(lambda _widget, content, buffers: self.receive(content, buffers))

    def show(
        self,
        rows: Sequence[FileRow],
        *,
        places: Sequence[tuple[str, str]] = (),
        sorted_by: int = 0,
        down: bool = False,
        filtered: int = 0,
        note: str = "",
        at: str = "",
    ) -> None:
        """Show these rows; none is chosen.

        Parameters
        ----------
        rows
            In their order.
        places
            Folders that lead here, the outermost first: what is written, and what is shown where the mouse
            rests.
        sorted_by, down
            The head by which they are sorted, and whether the last or largest comes first.
        filtered
            Which of the filters is in use.
        note
            What is said beneath the rows.
        at
            Name of the row at which the keys begin.
        """
        self._rows = tuple(rows)
        with self.hold_sync():
            self.value = []
            self.listing = {
                "rows": [asdict(row) for row in rows],
                "places": [list(place) for place in places],
                "heads": list(HEADS),
                "sorted": sorted_by,
                "down": down,
                "filter": filtered,
                "note": note,
                "at": at,
            }

    def show_recent(self, rows: Sequence[RecentRow]) -> None:
        """Show what was opened before, the newest first."""
        self.recent = [asdict(row) for row in rows]

    @property
    def names(self) -> list[str]:
        """Names of the rows, from top to bottom."""
        return [row.name for row in self._rows]

    def snapshot(self) -> tuple[FileRow, ...]:
        """The rows as they are shown."""
        return self._rows

    def on_ask(self, handler: Callable[[str, Any], None]) -> Callable[[], None]:
        """Call ``handler(kind, what)`` on a click or a key.

        ``"enter"`` with the name of a row; ``"place"``, ``"sort"``, ``"filter"``, ``"recent"`` and
        ``"open-recent"`` with the number of a folder, head, filter or recent file; ``"again"`` with None.

        Returns
        -------
        callable
            Undoes it.
        """
        return connect(self._handlers, handler)

    def receive(self, content: dict[str, Any], _buffers: Any = ()) -> None:
        """Act on a message as the browser sends it, which a test may send too; nonsense is not heard."""
        kind, what = content.get("type"), content.get("what")
        counts = {
            "place": len(self.listing.get("places", ())),
            "sort": len(HEADS),
            "filter": len(self.filters),
            "recent": len(self.recent),
            "open-recent": len(self.recent),
        }
        numbered = isinstance(what, int) and 0 <= what < counts.get(str(kind), 0)
        if kind == "again" or numbered or (kind == "enter" and what in self.names):
            for handler in list(self._handlers):
                handler(str(kind), what)

    def close(self) -> None:
        """Take it off the page and forget the handlers."""
        self._handlers.clear()
        close_parts(self)
        super().close()

    @traitlets.validate("value")  # type: ignore[untyped-decorator]
    def _listed(self, proposal: Any) -> list[str]:
        known = set(self.names)
        return [name for name in proposal["value"] if name in known]
