"""What is wrong, and beside it the button or the field that fixes it; knows no panel."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, text
from etwidgets.session import Cure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.session import Session

NO_SERIES = Cure("Go to Data", panel="data")
NO_VOLUME = Cure("Go to Reconstruct", panel="reconstruct")
NOT_REGISTERED = Cure("Go to Register", panel="register")


class CureStrip(Component):
    """Lines, each with its button where there is one.

    Parameters
    ----------
    session
        Whose model tells when an operation runs.
    name
        Of the panel.
    mend
        Does what a line's button promises.
    leads
        Whether there are other panels to go to.
    lines
        How many there can be; what is more is added to the last one.
    prefix
        Of the names of the buttons, before their numbers: ``fix-1`` and so on.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        mend: Callable[[Cure], None],
        leads: Callable[[], bool],
        lines: int = 1,
        prefix: str = "fix",
    ) -> None:
        super().__init__(session, name)
        self._do, self._leads, self._said = mend, leads, [text() for _ in range(lines)]
        self._cures: list[Cure | None] = [None] * lines
        self._names = [f"{prefix}-{number}" for number in range(1, lines + 1)]
        self._lines = []
        for number, mender in enumerate(self._names):
            self.add(mender, button(""), keep=True)
            self.on_click(mender, partial(self._mend, number))
            self._lines.append(
                widgets.VBox([self._said[number], self.controls[mender]]).add_class("etw-strip")
            )
        self.widget = widgets.VBox(self._lines).add_class("etw-cures")
        self.show([])

    def show(self, lines: Sequence[tuple[str, Cure | None]]) -> None:
        """Show these lines instead of those before; a line without text is hidden."""
        most = len(self._said)
        if len(lines) > most:
            rest = " ".join(words for words, _ in lines[most - 1 :])
            lines = [*lines[: most - 1], (rest, None)]
        for number, name in enumerate(self._names):
            words, cure = lines[number] if number < len(lines) else ("", None)
            self._cures[number] = cure
            self._said[number].value = f"<p>{escape(words)}</p>" if words else ""
            self._lines[number].layout.display = "" if words else "none"
            self.controls[name].description = "" if cure is None else cure.label
        self.enable()

    def enable(self) -> None:
        """An operation waits while another one runs; a panel that stands alone has none to go to."""
        for name, cure in zip(self._names, self._cures, strict=True):
            leads = cure is not None and (bool(cure.operation) or self._leads())
            self.controls[name].layout.display = "" if leads else "none"
            self.controls[name].disabled = cure is not None and bool(cure.operation) and self.model.busy

    def _mend(self, number: int) -> None:
        cure = self._cures[number]
        if cure is not None:
            self._do(cure)


class TiltsPart(Component):
    """First tilt, increment and a button; shown for a series without tilts only.

    Parameters
    ----------
    session
        Whose series it is.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        degrees = {"step": 0.1, "min": -360, "max": 360}
        self.add("first-tilt", control(widgets.BoundedFloatText, "first tilt (deg)", value=-60, **degrees))
        self.add("tilt-step", control(widgets.BoundedFloatText, "increment (deg)", value=1, **degrees))
        self.add("set-tilts", button("Set tilts", primary=True))
        self.on_click("set-tilts", self._set)
        why = "This series has no tilts. If they are equally spaced, enter the first tilt and the increment."
        self.widget = widgets.VBox([text(f"<p>{why}</p>"), *self.controls.values()])
        self.listen(self.model, ("stack", "busy"), self.enable)

    def fresh(self) -> None:
        """Show it where it is needed."""
        self.enable()

    def enable(self) -> None:
        """Show it where it is needed; setting waits while an operation runs."""
        stack = self.model.stack
        self.widget.layout.display = "none" if stack is None or stack.has_tilts else ""
        self.controls["set-tilts"].disabled = self.model.busy

    def _set(self) -> None:
        first, step = (self.controls[name].value for name in ("first-tilt", "tilt-step"))
        self.session.apply("set_tilts", start=first, increment=step)


class PixelPart(Component):
    """The pixel size, to be given or corrected; the panel shows and hides it.

    Parameters
    ----------
    session
        Whose series it is.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        limits = {"min": 0, "max": 1e6, "step": 0.01}
        self.add("pixel", control(widgets.BoundedFloatText, "pixel size (nm)", value=1, **limits))
        self.add("set-pixel", button("Set pixel size"))
        self.on_click("set-pixel", self._set)
        self.on_change("pixel", self.enable)
        self.widget = widgets.VBox(list(self.controls.values()))
        self.listen(self.model, "stack", self.fresh)
        self.listen(self.model, "busy", self.enable)

    @property
    def known(self) -> float | None:
        """The pixel size of the series, nm."""
        stack = self.model.stack
        return None if stack is None else pixel_size(stack, "x")

    def fresh(self) -> None:
        """Show the pixel size of the series."""
        if self.known is not None:
            self.controls["pixel"].value = float(f"{self.known:.6g}")
        self.enable()

    def enable(self) -> None:
        """There must be something to set."""
        known, given = self.known, self.controls["pixel"].value
        same = known is not None and abs(given - known) <= 1e-5 * known
        nothing = self.model.stack is None
        self.controls["set-pixel"].disabled = self.model.busy or nothing or same or given <= 0

    def _set(self) -> None:
        self.session.apply("set_pixel_size", pixel_size=self.controls["pixel"].value)
