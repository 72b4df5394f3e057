"""Open a sample or a file, and say what it is; reads nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import Finding, check_up
from etwidgets.panels.channels_part import ChannelsPart
from etwidgets.panels.cures import PixelPart, TiltsPart
from etwidgets.panels.file_chooser import FileChooser
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, facts, heading, row, table, text
from etwidgets.session import SAMPLES
from etwidgets.session.findings import cure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_MOST_FACTS, _SHORT = 300, 8
_WELCOME = """<h2>Open a tilt series</h2>
<p>A tilt series: projections of one specimen at many tilts, from which you reconstruct a volume.</p>"""
_NO_FOLDER = "<p class='etw-quiet'>No folder of files was given; only sample data can be opened here.</p>"
_WORKFLOW = (
    ("Inspect", "find drift and bad projections"),
    ("Clean", "crop, exclude projections, filter, bin"),
    ("Register", "correct the drift"),
    ("Tilt axis", "center and straighten the tilt axis"),
    ("Reconstruct", "from projections to a volume"),
    ("Volume", "slices, rendering, movies"),
    ("Spectral", "a volume for each element"),
    ("Analyze", "sizes and shapes, with errors"),
    ("History", "undo, compare, export a script"),
)
_WAY = "<p>Nothing open yet. The workflow:</p>" + table(_WORKFLOW, style="etw-facts etw-way", named=True)


class DataPanel(Panel):
    """Samples, files under the root folder, uploads, and the facts of what is open.

    Parameters
    ----------
    session
        That opens what is chosen.
    root
        The folder whose files are offered, and to whose folder ``uploads`` files are brought; None: samples
        only.
    """

    name = "data"
    title = "Data"
    operations = frozenset({"open", "sample"})
    needs_stack = False

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._facts, self._metadata, self._heading = text(), text(), heading("Open series")
        samples = [(title, name) for name, title in SAMPLES.items()]
        self.add("sample", control(widgets.Dropdown, "sample", options=samples))
        self.add("open-sample", button("Open sample", primary=True))
        self.add("tour", button("Start tour", tooltip="Seven stops, two minutes, with sample data"))
        self.controls["tour"].layout.display = "none"
        self._strip = self.cure_strip(4)
        self._tilts = self.add_part(TiltsPart(self.session, self.name))
        self._pixel = self.add_part(PixelPart(self.session, self.name))
        self._check = self.preview(check_up, self._show_findings)
        self.refresh_on(self.model, ("stack", "source"))
        self.on_click("open-sample", self._open_sample)
        form = [self._heading, self._facts, self._strip.widget]
        form += [self._tilts.widget, self._pixel.widget]
        sample = row(*(self.controls[name] for name in ("sample", "open-sample", "tour")))
        pictures = [text(_WELCOME), sample]
        if self._root is None:
            return [*pictures, text(_NO_FOLDER), self.hint], [*form, self._metadata]
        self._chooser = self.add_part(
            FileChooser(self.session, self.name, self._root, self._make_room, self.busy_reason)
        )
        self._channels = self.add_part(ChannelsPart(self.session, self.name, self._chooser.chosen_file))
        form = [self._chooser.card, *form, self._channels.widget, self._metadata]
        return [*pictures, self._chooser.widget, self.hint], form

    def offer_tour(self, start: Callable[[], None]) -> None:
        """Show the button that starts the tour."""
        self.on_click("tour", start)
        self.controls["tour"].layout.display = ""

    def fresh(self) -> None:
        """Nothing was looked at, and nothing was found."""
        self._checked: object = None  # the data that were looked at last
        self._told: tuple[str, ...] = ()
        self._tell([])

    def redraw(self) -> None:
        """Say what is open."""
        stack = self.model.stack
        self._pixel.widget.layout.display = "none" if stack is None else ""
        if stack is None:
            self._facts.value, self._metadata.value = _WAY, ""
        else:
            self._facts.value = facts(_facts_of(stack, self.model.source))
            self._metadata.value = _metadata_of(stack)
        self._make_room()
        self._look_at(stack)
        self.enable()

    def _make_room(self) -> None:
        """What is chosen takes the place of what is said where nothing is open."""
        chosen = self._root is not None and self._chooser.shows
        for part in (self._heading, self._facts):
            part.layout.display = "none" if chosen and self.model.stack is None else ""

    def _look_at(self, stack: TomoStack | None) -> None:
        """Check a new series in the background."""
        data = None if stack is None else stack.data
        if data is self._checked:
            return
        self._checked = data
        self._tell([])
        if stack is not None and stack.has_tilts and isinstance(data, np.ndarray) and data.ndim == 3:
            angle = stack.metadata.get_item("Tomography.tilt_axis_angle_deg", default=None)
            self._check.submit(data, stack.tilts_deg.copy(), angle)

    def _show_findings(self, findings: list[Finding]) -> None:
        stack = self.model.stack
        if stack is not None and stack.data is self._checked:
            self._tell(findings)
            self.session.note_findings(findings)
            words = tuple(finding.message for finding in findings)
            news, self._told = words != self._told, words
            if findings and news:
                first = findings[0]
                self.session.tell(f"Series check: {first.message}", "warning", action=cure_of(first))

    def _tell(self, findings: list[Finding]) -> None:
        self._strip.show([(finding.message, cure_of(finding)) for finding in findings])

    def enable(self) -> None:
        """Opening waits while an operation runs."""
        super().enable()
        self.controls["open-sample"].disabled = self.model.busy
        self._strip.enable()

    def _open_sample(self) -> None:
        self.session.apply("sample", name=self.controls["sample"].value)


def _facts_of(stack: TomoStack, source: str) -> list[tuple[str, str]]:
    height, width = stack.data.shape[-2:]
    pixel = pixel_size(stack, "x")
    known = stack.metadata.Tomography
    lines = [
        ("from", source),
        ("projections", f"{stack.data.shape[0]} of {width} x {height} px"),
        ("pixel size", "unknown" if pixel is None else f"{pixel:.4g} nm"),
        ("values", f"{stack.data.dtype}, {_range(stack)}"),
    ]
    if stack.has_tilts:
        tilts = np.sort(stack.tilts_deg)
        steps = np.diff(tilts)
        step = f"increment {steps.mean():.2f}°" if np.ptp(steps) < 0.05 else "uneven increments"
        lines.append(("tilts", f"{tilts[0]:.1f}° to {tilts[-1]:.1f}°, {step}"))
        source = str(known.get_item("tilt_source", default="the stack"))
        lines.append(("tilts from", "entered by you" if source == "argument" else source))
    else:
        lines.append(("tilts", "none"))
    axis = _header_axis(stack)
    if axis is not None:
        lines.append(("tilt axis in the header", f"{axis:.1f}°"))
    offset = known.get_item("intensity_offset", default=None)
    if offset is not None:
        lines.append(("offset removed", f"{offset:g}"))
    return lines


def _header_axis(stack: TomoStack) -> float | None:
    """Direction of the tilt axis in degrees as the file has it; conventions differ between programs."""
    axis = stack.metadata.get_item("Tomography.header_tiltaxis", default=None)
    return None if axis is None else float(axis)


def _range(stack: TomoStack) -> str:
    sample = np.asarray(stack.data[:: max(1, stack.data.shape[0] // 20)])
    return f"{sample.min():.5g} to {sample.max():.5g}"


def _metadata_of(stack: TomoStack) -> str:
    """The metadata of the file, folded."""
    pairs = list(_flat("", stack.original_metadata.as_dictionary()))
    if not pairs:
        return ""
    more = [("…", f"{len(pairs) - _MOST_FACTS} more")] if len(pairs) > _MOST_FACTS else []
    table = facts([*pairs[:_MOST_FACTS], *more])
    summary = f"<summary>File metadata ({len(pairs)})</summary>"
    return f"<details class='etw-metadata'>{summary}{table}</details>"


def _flat(prefix: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            shown = str(value) if np.size(value) <= _SHORT else f"{np.size(value)} values"
            yield f"{prefix}{name}", shown[:200]
