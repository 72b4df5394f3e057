"""What screen readers and keys need beyond what ipywidgets draws, on the whole page; knows no panel."""

from __future__ import annotations

from pathlib import Path

import anywidget

from etwidgets.views.parts import close_parts


class Accessibility(anywidget.AnyWidget):
    """Shows nothing; names controls, marks landmarks and moves between tabs with arrow keys."""

    _esm = Path(__file__).parent / "accessibility.js"

    def close(self) -> None:
        """Take it off the page."""
        close_parts(self)
        super().close()
