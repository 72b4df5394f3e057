"""The rendered volume, on request, and its picture; knows no panel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import analysis
from etwidgets.atomic import atomic_path
from etwidgets.panels.component import Component
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button
from etwidgets.session import SERIES
from etwidgets.views import VolumeChannel, VolumeView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etwidgets.session import Session
    from etwidgets.signals import RecStack

_MOST_CHANNELS = 4


class RenderingPart(Component):
    """A button and a view that is hidden until it is pressed.

    Parameters
    ----------
    session
        Whose volume is rendered.
    name
        Of the panel.
    drawn
        Gives name, volume and color of each volume to be drawn together.
    on_shown
        Called when the view is shown or hidden.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        drawn: Callable[[], list[tuple[str, RecStack, str]]],
        on_shown: Callable[[], None],
    ) -> None:
        super().__init__(session, name)
        self._drawn, self._on_shown = drawn, on_shown
        self.view = self.add_view(VolumeView(width=520, height=270))
        self.view.layout.display = "none"
        self.widget = self.add("render", button("Render", primary=True))
        self.on_click("render", self._render)
        self.listen(self.model, "reconstruction", self.fresh)
        self.listen(self.display, ("channel_colors", "hidden_channels"), self.fresh)

    def fresh(self) -> None:
        """Nothing is rendered."""
        self.view.clear()
        self.view.layout.display = "none"
        self._on_shown()

    @property
    def shown(self) -> bool:
        """Whether a volume is rendered."""
        return self.view.layout.display != "none"

    def save_picture(self, path: Path) -> None:
        """Write the view as the browser shows it into a PNG file; it arrives later."""
        self.view.save_picture(lambda data: self.guard(partial(self._write, data, path)))

    def _write(self, picture: bytes, path: Path) -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(picture)
        self.session.tell(f"Saved {path.name} in {path.parent}.")

    def _render(self) -> None:
        volume = self.model.reconstruction
        if volume is not None:
            stack = self.model.stack
            seen = stack is not None and stack.has_tilts and not self.model.stale
            unseen = analysis.unseen_directions(stack.tilts_deg) if stack is not None and seen else None
            self.view.show(self._to_render(volume), pixel_size(volume, "x"), unseen=unseen)
            self.view.layout.display = ""
            self._on_shown()

    def _to_render(self, volume: RecStack) -> Any:
        """The volume, or with its channels in their colors, as many as can be drawn."""
        drawn = self._drawn()
        if [name for name, _, _ in drawn] == [SERIES]:
            return np.asarray(volume.data)
        if len(drawn) > _MOST_CHANNELS:
            left = ", ".join(name for name, _, _ in drawn[_MOST_CHANNELS:])
            self.session.tell(
                f"At most {_MOST_CHANNELS} volumes are drawn together; omitted: {left}.", "warning"
            )
        return [
            VolumeChannel(name, np.asarray(each.data), color) for name, each, color in drawn[:_MOST_CHANNELS]
        ]
