"""Windows of X-ray lines as they are being chosen, before a map is made with them; wires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets import spectral
from etwidgets.errors import ParameterError
from etwidgets.views import SpectrumWindow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etwidgets.session import Channel


class LineWindows:
    """For each line its window and the two of its background, keV.

    Parameters
    ----------
    spectra
        X-ray spectra, of which names and widths are asked.
    elements
        Symbols.

    Attributes
    ----------
    lines
        Names, one per element.
    unclear
        What there is to say of lines beside which no window is clear of others.
    """

    def __init__(self, spectra: Any, elements: Sequence[str]) -> None:
        self._spectra, self._elements = spectra, list(elements)
        self.lines = spectral.lines_of(spectra, elements)
        self.unclear: list[str] = []
        self._line: dict[str, list[float]] = {}
        self._background: dict[str, list[float] | None] = {}
        for line in self.lines:
            self.propose(line)

    def propose(self, line: str) -> None:
        """Put the windows of a line where they are best."""
        (self._line[line],) = spectral.line_windows(self._spectra, [line])
        try:
            (self._background[line],) = spectral.background_windows(self._spectra, [line], self._elements)
        except ParameterError as error:
            self._background[line] = None
            self.unclear = [*(words for words in self.unclear if not words.startswith(line)), str(error)]

    def window(self, line: str) -> list[float]:
        """Start and stop of the line."""
        return self._line[line]

    def background(self, line: str) -> list[float] | None:
        """The two windows beside it, or None where there is no clear place."""
        return self._background[line]

    def to_drag(self, line: str, *, with_background: bool) -> list[SpectrumWindow]:
        """The windows as a spectrum view shows them: the line's first."""
        start, stop = self._line[line]
        shown = [SpectrumWindow(start, stop)]
        row = self._background[line]
        if with_background and row is not None:
            shown += [SpectrumWindow(row[i], row[i + 1], "background") for i in (0, 2)]
        return shown

    def move(self, line: str, index: int, start: float, stop: float) -> None:
        """A window was dragged: 0 is the line's, 1 and 2 are beside it."""
        start, stop = round(start, 4), round(stop, 4)
        row = self._background[line]
        if index == 0:
            self._line[line] = [start, stop]
        elif row is not None:
            self._background[line] = [start, stop, *row[2:]] if index == 1 else [*row[:2], start, stop]

    def parameters(self, lines: Sequence[str], *, with_background: bool) -> dict[str, Any]:
        """The parameters of the operation for these lines.

        Raises
        ------
        ParameterError
            If a line has no background windows and is to have them.
        """
        given: dict[str, Any] = {"lines": list(lines), "windows": [self._line[line] for line in lines]}
        without = [line for line in lines if self._background[line] is None]
        if with_background and without:
            raise ParameterError(
                f"{', '.join(without)}: no place for a background window is clear of other lines; leave the "
                "element out, do not subtract the background, or decompose the spectra"
            )
        given["background_windows"] = [self._background[line] for line in lines] if with_background else None
        return given

    def warnings(self, line: str) -> list[str]:
        """What is wrong with the windows of a line, in words."""
        row = self._background[line]
        if row is None:
            return [words for words in self.unclear if words.startswith(line)]
        try:
            return spectral.check_windows(self._spectra, [line], [row])
        except ParameterError as error:
            return [str(error)]


def one_per_element(channels: Sequence[Channel]) -> list[str]:
    """Names of the maps of elements, one for each: of a fit, else of a component, else of windows."""
    chosen: dict[str, str] = {}
    for kind in ("windows", "component", "fit"):
        for channel in channels:
            symbol = channel.name.replace("_", " ").split(" ")[0]
            known = channel.stack.metadata.get_item("Spectral.kind", default=None) == kind
            if known and symbol != "background":
                chosen[symbol] = channel.name
    return list(chosen.values())


def windows_text(window: Sequence[float], background: Sequence[float] | None) -> str:
    """The energies of a line and of what is beside it, as a person reads them."""
    words = f"line {window[0]:.2f} to {window[1]:.2f} keV"
    if background is None:
        return f"{words}; nothing is subtracted"
    left, right = f"{background[0]:.2f} to {background[1]:.2f}", f"{background[2]:.2f} to {background[3]:.2f}"
    return f"{words}; background {left} and {right}"
