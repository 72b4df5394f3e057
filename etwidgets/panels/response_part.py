"""What the volume makes of a point at the cross-hair, on demand: a picture and a number; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.panels.component import Component
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import control, text
from etwidgets.session.previews import response_at
from etwidgets.views import Inset, to_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.analysis import PointResponse
    from etwidgets.session import Session
    from etwidgets.signals import RecStack

_REACH_PX = 7  # on either side of the point


class ResponsePart(Component):
    """A check box, and what is found for the voxel of the display.

    Parameters
    ----------
    session
        Whose volume it is about.
    name
        Of the panel.
    on_found
        Called when there is another picture, or none any more.
    """

    def __init__(self, session: Session, name: str, on_found: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_found = on_found
        self._job = self.preview(response_at, self._take)
        self.box = self.add(
            "response", control(widgets.Checkbox, "point response", value=False, indent=False)
        )
        self.note = text()
        self.widget = widgets.VBox([self.box, self.note])
        self.on_change("response", self._ask)
        self.listen(self.display, "voxel", self._ask)
        self.listen(self.model, ("reconstruction", "stale"), self._ask)

    def fresh(self) -> None:
        """Nothing is known."""
        self._found: PointResponse | None = None
        self._asked: RecStack | None = None
        self.note.value = ""

    def enable(self) -> None:
        """It needs a volume of the present series."""
        self.box.disabled = self.model.stack is None or self.model.reconstruction is None or self.model.stale

    @property
    def inset(self) -> Inset | None:
        """For the corner of the slice ``(Z, Y)``; None where it is not asked for or not there yet."""
        return None if self._found is None else _inset(self._found)

    def _ask(self) -> None:
        """Find it for the voxel, where it is asked for; what is shown stays until then."""
        stack, volume = self.model.stack, self.model.reconstruction
        if not self.box.value or stack is None or volume is None or self.model.stale:
            self.fresh()
            self._on_found()
            return
        place = tuple(min(i, n - 1) for i, n in zip(self.display.voxel, volume.data.shape, strict=True))
        self._asked = volume
        self._job.submit(stack, place, self.session.parameters_of_volume)

    def _take(self, found: PointResponse | str) -> None:
        if not self.box.value or self.model.stale or self.model.reconstruction is not self._asked:
            return
        if isinstance(found, str):
            self.fresh()
            self.note.value = f"<p class='etw-quiet'>{escape(found)}</p>"
        else:
            self._found = found
            self.note.value = self._words(found)
        self._on_found()

    def _words(self, found: PointResponse) -> str:
        volume = self.model.reconstruction
        size = None if volume is None else pixel_size(volume, "x")
        if not np.isfinite(found.elongation):
            return "<p>A point at the cross-hair becomes a line along the beam (z) without an end.</p>"
        along, across = (width * (size or 1) for width in (found.along_beam_px, found.across_px))
        return (
            f"<p>A point at the cross-hair is <b>{found.elongation:.2f} times</b> as long along the beam (z) "
            f"as across: {along:.3g} and {across:.3g} {'px' if size is None else 'nm'} (full width at half "
            "maximum).</p>"
        )


def _inset(found: PointResponse) -> Inset:
    z, y = found.voxel
    padded = np.pad(found.image, _REACH_PX)
    side = 2 * _REACH_PX + 1
    image: Any = padded[z : z + side, y : y + side]
    widths = found.across_px, found.along_beam_px  # infinite where the response does not end
    return Inset(
        to_plane(image, (0.0, found.peak)),
        (min(widths[0], 2.0 * side), min(widths[1], 2.0 * side)),
        f"{found.elongation:.2f} : 1",
    )
