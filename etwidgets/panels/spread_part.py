"""The standard deviation of each voxel, on demand: slices beside those of the volume; knows no panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from etwidgets.panels.component import Component
from etwidgets.panels.navigation import go_to_voxel, slide_voxel
from etwidgets.panels.pictures import Contrast, slice_panes
from etwidgets.panels.pieces import button, text
from etwidgets.session import trust
from etwidgets.views import ImageView

if TYPE_CHECKING:
    from collections.abc import Callable

    from etwidgets.session import Session
    from etwidgets.session.jobs import Job
    from etwidgets.signals import RecStack

_HEIGHT_PX = 232
_PERCENTILES = (0.0, 99.9)
_GIVEN_UP = ("cancelled", "failed", "stale")
_COMPUTE, _SHOW, _HIDE = "Standard deviation", "Show standard deviation", "Hide standard deviation"


class SpreadPart(Component):
    """A button, a view that is hidden until it is pressed, and the numbers at the cross-hair.

    Parameters
    ----------
    session
        Whose volume it is about.
    name
        Of the panel.
    on_shown
        Called when the view is shown or hidden.
    """

    def __init__(self, session: Session, name: str, on_shown: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_shown, self._contrast = on_shown, Contrast()
        self.view = self.add_view(ImageView(height=_HEIGHT_PX).add_class("etw-grow"))
        self.view.layout.display = "none"
        self.on_event(self.view.on_click, self._clicked)
        self.on_event(self.view.on_slide, lambda event: slide_voxel(self.display, event))
        self.widget = self.add("spread", button(_COMPUTE))
        self.note = text()
        self.on_click("spread", self._press)
        self.listen(self.model, "assessments", self._follow)

    def fresh(self) -> None:
        """Nothing is shown, and nothing is waited for."""
        self._job: Job | None = None
        self._contrast.clear()
        self._turn(shown=False)

    @property
    def shown(self) -> bool:
        """Whether the standard deviation is shown."""
        return self.view.layout.display != "none"

    @property
    def found(self) -> RecStack | None:
        """The standard deviations of the present volume; None where they were not computed."""
        found: Any = [each.found for each in self.model.assessments if each.subject == trust.SPREAD]
        return found[0] if found else None

    def enable(self) -> None:
        """It can be computed of a volume of the present series."""
        lacks = self.model.reconstruction is None or self.model.stale or self.model.stack is None
        self.widget.disabled = self.found is None and (lacks or self.model.busy)
        self.widget.description = _COMPUTE if self.found is None else _HIDE if self.shown else _SHOW

    def draw(self) -> None:
        """Show the slices through the voxel, and what is there."""
        volume, spread = self.model.reconstruction, self.found
        if not self.shown or volume is None or spread is None:
            return
        limits = (0.0, self._contrast.of(spread, _PERCENTILES)[1])
        panes = slice_panes(spread, self.display, limits)
        panes = [replace(pane, title=f"Std. dev. {pane.title[6:]}", cmap="inferno") for pane in panes]
        self.view.show([replace(panes[0], color_bar="intensity"), *panes[1:]])
        place = tuple(min(i, n - 1) for i, n in zip(self.display.voxel, spread.data.shape, strict=True))
        value, error = float(volume.data[place]), float(spread.data[place])
        part = f" ({100 * error / abs(value):.1f} %)" if abs(value) > error else ""
        self.note.value = (
            f"<p>At the cross-hair: <b>{value:.4g} ± {error:.3g}</b>{part}</p><p class='etw-quiet'>One "
            "standard deviation, from noise and errors of single projections. Not in it: tilt axis, missing "
            "wedge, too few iterations. It is not saved with the session.</p>"
        )

    def _press(self) -> None:
        if self.found is None:
            self._job = self.session.assess(trust.SPREAD)
            if self.found is not None:  # it was done at once
                self._follow()
        else:
            self._turn(shown=not self.shown)

    def _follow(self) -> None:
        """It was computed, or the volume that it is about is gone."""
        wanted = self._job is not None and self._job.state not in _GIVEN_UP
        if self.found is None or (wanted and not self.shown):
            self._turn(shown=self.found is not None)
        if self.found is not None:
            self._job = None

    def _turn(self, *, shown: bool) -> None:
        self.view.layout.display = "" if shown else "none"
        if not shown:
            self.note.value = ""
            self.view.clear()
        self._on_shown()
        self.draw()

    def _clicked(self, event: dict[str, Any]) -> None:
        if self.model.reconstruction is not None:
            go_to_voxel(self.display, self.model.reconstruction, event)
