"""What is wrong, and beside it the button or the field that mends it; each part knows its panel only."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, text
from etwidgets.session import Cure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.panels.panel import Panel

NO_SERIES = Cure("Go to Data", panel="data")
NO_VOLUME = Cure("Go to Reconstruct", panel="reconstruct")
NOT_REGISTERED = Cure("Go to Register", panel="register")


class CureStrip:
    """Lines, each with its button where there is one.

    Parameters
    ----------
    panel
        Whose controls its buttons are, by the name ``fix-1`` and so on.
    lines
        How many there can be; what is more is told in the last one.
    name
        Of its buttons, before their numbers.
    """

    def __init__(self, panel: Panel, lines: int = 1, name: str = "fix") -> None:
        self._panel, self._said = panel, [text() for _ in range(lines)]
        self._cures: list[Cure | None] = [None] * lines
        self._names = [f"{name}-{number}" for number in range(1, lines + 1)]
        self._lines = []
        for number, mend in enumerate(self._names):
            panel.add(mend, button("Mend"), keep=True)
            panel.on_click(mend, partial(self._mend, number))
            self._lines.append(
                widgets.VBox([self._said[number], panel.controls[mend]]).add_class("etw-strip")
            )
        self.widget = widgets.VBox(self._lines).add_class("etw-cures")
        """The lines under each other; hidden where there are none."""
        self.show([])

    def show(self, lines: Sequence[tuple[str, Cure | None]]) -> None:
        """Say these instead of what was said."""
        most = len(self._said)
        if len(lines) > most:
            rest = " ".join(words for words, _ in lines[most - 1 :])
            lines = [*lines[: most - 1], (rest, None)]
        for number, name in enumerate(self._names):
            words, cure = lines[number] if number < len(lines) else ("", None)
            self._cures[number] = cure
            self._said[number].value = f"<p>{escape(words)}</p>" if words else ""
            self._lines[number].layout.display = "" if words else "none"
            self._panel.controls[name].description = "" if cure is None else cure.label
        self.enable()

    def enable(self) -> None:
        """A step waits while another one runs; a panel that stands alone has none to go to."""
        for name, cure in zip(self._names, self._cures, strict=True):
            leads = cure is not None and (bool(cure.operation) or self._panel.go is not None)
            self._panel.controls[name].layout.display = "" if leads else "none"
            self._panel.controls[name].disabled = (
                cure is not None and bool(cure.operation) and self._panel.model.busy
            )

    def _mend(self, number: int) -> None:
        cure = self._cures[number]
        if cure is not None:
            self._panel.mend(cure)


class TiltsPart:
    """First tilt, step and a button; shown for a series without tilts only.

    Parameters
    ----------
    panel
        Whose controls ``first-tilt``, ``tilt-step`` and ``set-tilts`` they are.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        degrees = {"step": 0.1, "min": -360, "max": 360}
        panel.add("first-tilt", control(widgets.BoundedFloatText, "first tilt (deg)", value=-60, **degrees))
        panel.add("tilt-step", control(widgets.BoundedFloatText, "step (deg)", value=1, **degrees))
        panel.add("set-tilts", button("Set the tilts", primary=True))
        panel.on_click("set-tilts", self._set)
        why = text(
            "<p>This series has no tilts. If they are equally spaced, give the first and the step.</p>"
        )
        names = ("first-tilt", "tilt-step", "set-tilts")
        self.widget = widgets.VBox([why, *(panel.controls[name] for name in names)])
        """All of it, from top to bottom."""
        panel.listen(panel.model, ("stack", "busy"), self.enable)
        panel.on_fresh(self.enable)

    def enable(self) -> None:
        """Show it where it is needed; setting waits while a step runs."""
        stack = self._panel.model.stack
        self.widget.layout.display = "none" if stack is None or stack.has_tilts else ""
        self._panel.controls["set-tilts"].disabled = self._panel.model.busy

    def _set(self) -> None:
        first, step = (self._panel.controls[name].value for name in ("first-tilt", "tilt-step"))
        self._panel.session.apply("set_tilts", start=first, increment=step)


class PixelPart:
    """The pixel size, to be given or mended.

    Parameters
    ----------
    panel
        Whose controls ``pixel`` and ``set-pixel`` they are.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        limits = {"min": 0, "max": 1e6, "step": 0.01}
        panel.add("pixel", control(widgets.BoundedFloatText, "pixel (nm)", value=1, **limits))
        panel.add("set-pixel", button("Set the pixel size"))
        panel.on_click("set-pixel", self._set)
        panel.on_change("pixel", self.enable)
        self.widget = widgets.VBox([panel.controls["pixel"], panel.controls["set-pixel"]])
        """Field and button; the panel shows and hides it."""
        panel.listen(panel.model, "stack", self._follow)
        panel.listen(panel.model, "busy", self.enable)
        panel.on_fresh(self._follow)

    @property
    def known(self) -> float | None:
        """The pixel size of the series, nm."""
        stack = self._panel.model.stack
        return None if stack is None else pixel_size(stack, "x")

    def _follow(self) -> None:
        if self.known is not None:
            self._panel.controls["pixel"].value = float(f"{self.known:.6g}")
        self.enable()

    def enable(self) -> None:
        """There must be something to set."""
        known, given = self.known, self._panel.controls["pixel"].value
        same = known is not None and abs(given - known) <= 1e-5 * known
        nothing = self._panel.model.stack is None
        self._panel.controls["set-pixel"].disabled = self._panel.model.busy or nothing or same or given <= 0

    def _set(self) -> None:
        self._panel.session.apply("set_pixel_size", pixel_size=self._panel.controls["pixel"].value)
