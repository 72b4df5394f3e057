"""Elements, their lines and the windows of each, before maps are made of them or of a fit; knows no panel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.panels.component import Component
from etwidgets.panels.line_windows import LineWindows, windows_text
from etwidgets.panels.pieces import button, control, text
from etwidgets.panels.spectral_parts import SEPARATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.session import Session
    from etwidgets.views import SpectrumWindow


class WindowsPart(Component):
    """Elements, the line whose windows are shown, and the button that maps all of them.

    Parameters
    ----------
    session
        That makes the maps.
    name
        Of the panel.
    on_new
        Called when other windows are to be shown.
    """

    def __init__(self, session: Session, name: str, on_new: Callable[[], None]) -> None:
        super().__init__(session, name)
        self._on_new, self._numbers = on_new, text()
        self._spectra: Any = None
        self._windows: LineWindows | None = None
        self._fits = False
        self.add("elements", control(widgets.Text, "elements", continuous_update=False))
        self.add("line", control(widgets.Dropdown, "line", options=[]))
        self.add("background", control(widgets.Checkbox, "subtract background", value=True, indent=False))
        self.add("propose", button("Reset to suggested windows"))
        self.add("run", button("Map elements", primary=True))
        self.on_change("elements", self._take_elements)
        for chooser in ("line", "background"):
            self.on_change(chooser, on_new)
        self.on_click("propose", self._propose)
        self.on_click("run", self._run)
        elements, run = self.controls["elements"], self.controls["run"]
        self._of_windows = [self.controls["line"], self.controls["background"], self._numbers]
        self._of_windows.append(self.controls["propose"])
        self.widget = widgets.VBox([elements, *self._of_windows, run])

    def fresh(self) -> None:
        """There are no spectra."""
        self._spectra = self._windows = None
        self._numbers.value = ""

    def take(self, spectra: Any, elements: Sequence[str]) -> None:
        """Suggest windows for the elements that the spectra name."""
        self._spectra = spectra
        with self.filling():
            self.controls["elements"].value = ", ".join(elements)
        self.guard(self._take_elements)

    def enable(self) -> None:
        """Maps need windows, and wait while an operation runs."""
        self.controls["run"].disabled = self.model.busy or self._windows is None

    def use(self, *, fits: bool) -> None:
        """Make maps of a fit, which needs no windows, or of windows."""
        self._fits = fits
        for part in self._of_windows:
            part.layout.display = "none" if fits else ""

    @property
    def known(self) -> bool:
        """Whether there are windows."""
        return self._windows is not None

    # -- the chosen line ----------------------------------------------------------------------------

    @property
    def line(self) -> str | None:
        """Name of the chosen line."""
        return self.controls["line"].value if self._windows is not None else None

    def chosen(self) -> tuple[list[float] | None, list[float] | None]:
        """The window of the chosen line and the two of its background, where there are any."""
        if self._windows is None or self.line is None or self._fits:
            return None, None
        background = self._windows.background(self.line) if self._with_background else None
        return self._windows.window(self.line), background

    def to_draw(self) -> tuple[list[SpectrumWindow], list[tuple[str, float]]]:
        """Windows to drag, and a mark at each line."""
        windows = self._windows
        if windows is None or self.line is None:
            return [], []
        marks = [(each.replace("_", " "), sum(windows.window(each)) / 2) for each in windows.lines]
        shown = [] if self._fits else windows.to_drag(self.line, with_background=self._with_background)
        return shown, marks

    def describe(self) -> None:
        """Show the energies of the chosen windows, and what is wrong with them."""
        window, background = self.chosen()
        if self._windows is None or self.line is None or window is None:
            return
        said = "".join(f"<p class='etw-strip'>{escape(words)}</p>" for words in self._warnings())
        self._numbers.value = f"<p class='etw-quiet'>{windows_text(window, background)}</p>{said}"

    def move(self, index: int, start: float, stop: float, done: bool) -> None:
        """A window was dragged; see :meth:`LineWindows.move`."""
        if self._windows is None or self.line is None:
            return
        self._windows.move(self.line, index, start, stop)
        self._on_new()
        if done and self._warnings():
            self.session.tell(self._warnings()[0], "warning")

    @property
    def _with_background(self) -> bool:
        return bool(self.controls["background"].value)

    def _warnings(self) -> list[str]:
        return [] if self._windows is None or self.line is None else self._windows.warnings(self.line)

    # -- what is done -------------------------------------------------------------------------------

    def _take_elements(self) -> None:
        elements = [name for name in SEPARATORS.split(self.controls["elements"].value.strip()) if name]
        self._windows = None
        with self.filling():
            self.controls["line"].options = []
        self.enable()  # if the elements are refused below, nothing can be made of them
        if is_x_ray(self._spectra) and elements:
            self._windows = LineWindows(self._spectra, elements)
            for words in [] if self._fits else self._windows.unclear:
                self.session.tell(words, "warning")
        lines = [] if self._windows is None else self._windows.lines
        with self.filling():
            self.controls["line"].options = [(line.replace("_", " "), line) for line in lines]
            if lines:
                self.controls["line"].value = lines[0]
        self.enable()
        self._on_new()

    def _propose(self) -> None:
        if self._windows is not None and self.line is not None:
            self._windows.propose(self.line)
            self._on_new()

    def _run(self) -> None:
        if self._windows is not None and self._fits:
            self.session.apply("map_elements", lines=self._windows.lines, method="fit")
        elif self._windows is not None:
            given = self._windows.parameters(self._windows.lines, with_background=self._with_background)
            self.session.apply("map_elements", **given)


def is_x_ray(spectra: Any) -> bool:
    """Whether these are X-ray spectra, whose lines have windows."""
    return spectra is not None and spectra.metadata.Signal.signal_type != "EELS"
