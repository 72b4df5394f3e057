"""What a quick volume predicts of each projection, computed once for each series; knows no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.panels import register_looks as looks
from etwidgets.panels.component import Component
from etwidgets.panels.pictures import projection_pane
from etwidgets.session.reprojection_preview import Reprojections, reprojections

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack
    from etwidgets.views import Pane


class ReprojectionPart(Component):
    """Projection, reprojection and difference as panes.

    Parameters
    ----------
    session
        Whose series it is about.
    name
        Of the panel.
    on_found
        Called when the quick volume is there.
    """

    def __init__(self, session: Session, name: str, on_found: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_found = on_found
        self._job = self.preview(reprojections, self._take)

    def fresh(self) -> None:
        """Nothing is known of the series."""
        self._known: tuple[Any, Reprojections | None] = (None, None)  # of which data, and what came

    def panes(self, stack: TomoStack, limits: tuple[float, float]) -> list[Pane]:
        """Of the projection that the display points at; of the projection alone until the volume is there."""
        data, found = self._known
        if data is not stack.data:
            self._known = (stack.data, None)
            self._job.submit(np.asarray(stack.data), stack.tilts_deg.copy())
            data, found = self._known  # an inline runner has it by now
        if found is None:
            return [projection_pane(stack, self.display, limits, title="Reconstructing a quick volume …")]
        return looks.reprojected(stack, found, self.display)

    def _take(self, found: Reprojections) -> None:
        stack = self.model.stack
        if stack is not None and self._known[0] is stack.data:
            self._known = (stack.data, found)
            self._on_found()
