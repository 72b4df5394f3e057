"""Open a sample or a file, and say what it is; reads nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import Finding, check_up
from etwidgets.errors import ParameterError, UnsafeFileError
from etwidgets.io import EXTENSIONS, safe_new_path, safe_path
from etwidgets.panels.channels_part import ChannelsPart
from etwidgets.panels.cures import PixelPart, TiltsPart
from etwidgets.panels.file_list import FileList
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, facts, heading, row, text
from etwidgets.panels.series_part import SeriesPart
from etwidgets.session import SAMPLES, size_text
from etwidgets.session.findings import cure_of
from etwidgets.views import UploadView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_UPLOADS, _MOST_FACTS, _SHORT = "uploads", 300, 8
_LIMIT = 2_000_000_000  # bytes: what a page takes in a few minutes; larger files are better copied
_TILTS = (".rawtlt", ".tlt", ".mdoc", ".txt")
_BESIDE = (*_TILTS, ".json")
_WELCOME = """<h2>Open a tilt series</h2>
<p>A tilt series is a stack of projections of one specimen at many tilts. From it you reconstruct a volume.
The steps are at the left, in the order of the work; none is forbidden, and every one can be undone.</p>"""
_SEVERAL = """<p class='etw-quiet'>Choose the file of the series. Where it has one file for each tilt, go
into its folder and take all of them, or choose several with Shift or Ctrl.</p>"""
_TOUR = "<p>New here? A tour of seven stops takes two minutes, on sample data.</p>"
_WAY = """<p>Nothing yet. This is the way from projections to a volume:</p><table class='etw-facts etw-way'>
<tr><th>Inspect</th><td>look for drift and bad projections</td></tr>
<tr><th>Clean</th><td>crop, leave out, filter</td></tr>
<tr><th>Register</th><td>take the drift out</td></tr>
<tr><th>Tilt axis</th><td>put the axis in the middle, straight</td></tr>
<tr><th>Reconstruct</th><td>projections to volume</td></tr>
<tr><th>Volume</th><td>slices, rendering, films</td></tr>
<tr><th>Spectral</th><td>a volume for each element</td></tr>
<tr><th>Analyze</th><td>sizes and numbers, with errors</td></tr>
<tr><th>History</th><td>undo, compare, take a script away</td></tr></table>"""


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
        self._facts, self._metadata = text(), text()
        samples = [(title, name) for name, title in SAMPLES.items()]
        self.add("sample", control(widgets.Dropdown, "sample", options=samples))
        self.add("open-sample", button("Open the sample", primary=True))
        self._strip, self._tilts, self._pixel = (
            self.cure_strip(4),
            self.add_part(TiltsPart(self.session, self.name)),
            self.add_part(PixelPart(self.session, self.name)),
        )
        self._check = self.session.latest(check_up, self._show_findings)
        self._undo.callback(self._check.close)
        self.refresh_on(self.model, ("stack", "source"))
        self.listen(self.model, "busy", self.enable)
        self.on_click("open-sample", self._open_sample)
        form = [heading("What is open"), self._facts, self._strip.widget]
        form += [self._tilts.widget, self._pixel.widget, self._metadata]
        sample = row(self.controls["sample"], self.controls["open-sample"])
        self.add("tour", button("Show me around"))
        self._tour = row(text(_TOUR), self.controls["tour"])
        self._tour.layout.display = "none"
        pictures = [text(_WELCOME), self._tour, heading("A sample"), sample, *self._build_files()]
        if self._root is not None:
            form.insert(-1, self._channels.widget)
        return [*pictures, self.hint], form

    def _build_files(self) -> list[widgets.Widget]:
        """Files on this machine, and from the user's computer; where there is no root, none."""
        self.add("file", control(widgets.Text, "file", placeholder="name or path"))
        self.add("tilts-file", control(widgets.Text, "tilts from", placeholder="the file, or beside it"))
        self.add("open", button("Open the file"))
        self.on_click("open", self._open_file)
        if self._root is None:
            return []
        self._channels = ChannelsPart(self, self._chosen_file)
        self._series = SeriesPart(self, self._root, self._open_series)
        self._files = FileList(self, self._root, EXTENSIONS, self._choose_file, self._series.look_at)
        self._upload = self.add_view(UploadView(self._path_of_upload, [*EXTENSIONS, *_BESIDE], _LIMIT))
        self._upload.add_class("etw-data-upload")
        self._upload.on_files(lambda paths: self.guard(lambda: self._open_uploaded(paths)))
        said = (
            f"<p class='etw-quiet'>At most {size_text(_LIMIT)} together; a file with the tilts "
            f"({' '.join(_TILTS)}) may be chosen together with the series. They go into the folder "
            f"{_UPLOADS} of the one above.</p>"
        )
        chosen = row(*(self.controls[name] for name in ("file", "tilts-file", "open")))
        listed = [heading("Files on this machine"), text(_SEVERAL), self._files.widget, chosen]
        brought = [heading("Files from your computer"), self._upload, text(said)]
        return [*listed, self._series.widget, *brought]

    def offer_tour(self, start: Callable[[], None]) -> None:
        """Show the button that starts the tour."""
        self.on_click("tour", start)
        self._tour.layout.display = ""

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
        self._look_at(stack)
        self.enable()

    def _look_at(self, stack: TomoStack | None) -> None:
        """Check a new series in the background."""
        data = None if stack is None else stack.data
        if data is self._checked:
            return
        self._checked = data
        self._tell([])
        if stack is not None and stack.has_tilts and isinstance(data, np.ndarray) and data.ndim == 3:
            self._check.submit(data, stack.tilts_deg.copy(), _header_axis(stack))

    def _show_findings(self, findings: list[Finding]) -> None:
        stack = self.model.stack
        if stack is not None and stack.data is self._checked:
            self._tell(findings)
            self.session.note_findings(findings)
            words = tuple(finding.message for finding in findings)
            news, self._told = words != self._told, words
            if findings and news:
                first = findings[0]
                self.session.tell(f"Check of the series: {first.message}", "warning", action=cure_of(first))

    def _tell(self, findings: list[Finding]) -> None:
        self._strip.show([(finding.message, cure_of(finding)) for finding in findings])

    def enable(self) -> None:
        """Opening waits while a step runs."""
        super().enable()
        for name in ("open", "open-sample"):
            self.controls[name].disabled = self.model.busy
        self._strip.enable()
        if self._root is not None:
            self._series.enable()

    def _choose_file(self, name: str) -> None:
        self.controls["file"].value = name

    def _path_of_upload(self, name: str) -> Path:
        """Where a file from the user's computer goes; never over another."""
        if Path(name).suffix.lower() not in (*EXTENSIONS, *_BESIDE):
            raise UnsafeFileError(f"{name}: files of this kind are not read")
        root = self._root or Path.cwd()
        folder = root / _UPLOADS
        folder.mkdir(exist_ok=True)
        if not folder.resolve().is_relative_to(root):
            raise UnsafeFileError(f"{folder} leads out of {root}")
        return safe_new_path(folder, name)

    def _open_uploaded(self, paths: list[Path]) -> None:
        """Open the series among what was uploaded, with the tilts that came with it."""
        self._files.list_again()
        series = [path for path in paths if path.suffix.lower() in EXTENSIONS]
        tilts = [path for path in paths if path.suffix.lower() in _TILTS]
        given = str(tilts[0]) if len(tilts) == 1 else ""
        if not series:
            names = ", ".join(path.name for path in paths)
            self.session.tell(f"{names}: none of the uploaded files is a tilt series.", "warning")
        elif len(series) == 1:
            self.session.open(str(series[0]), **({"tilts": given} if given else {}))
        else:
            self._series.look_at(series, given)

    def _open_series(self, paths: list[str], tilts: list[float] | None) -> None:
        self.session.open(paths, **({} if tilts is None else {"tilts": tilts}))

    def _open_sample(self) -> None:
        self.session.apply("sample", name=self.controls["sample"].value)

    def _chosen_file(self) -> str:
        name = self.controls["file"].value.strip()
        if not name:
            raise ParameterError("Choose a file first: in the list, or by its name.")
        return str(safe_path(self._root or Path.cwd(), name))

    def _open_file(self) -> None:
        root, tilts = self._root or Path.cwd(), self.controls["tilts-file"].value.strip()
        options = {"tilts": str(safe_path(root, tilts))} if tilts else {}
        self.session.open(self._chosen_file(), **options)


def _facts_of(stack: TomoStack, source: str) -> list[tuple[str, str]]:
    height, width = stack.data.shape[-2:]
    pixel = pixel_size(stack, "x")
    known = stack.metadata.Tomography
    lines = [
        ("from", source),
        ("projections", f"{stack.data.shape[0]} of {width} x {height} px"),
        ("pixel size", "not known" if pixel is None else f"{pixel:.4g} nm"),
        ("values", f"{stack.data.dtype}, {_range(stack)}"),
    ]
    if stack.has_tilts:
        tilts = np.sort(stack.tilts_deg)
        steps = np.diff(tilts)
        step = f"step {steps.mean():.2f}°" if np.ptp(steps) < 0.05 else "steps differ"
        lines.append(("tilts", f"{tilts[0]:.1f}° to {tilts[-1]:.1f}°, {step}"))
        source = str(known.get_item("tilt_source", default="the stack"))
        lines.append(("tilts from", "given by you" if source == "argument" else source))
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
    """What else the file says, folded."""
    pairs = list(_flat("", stack.original_metadata.as_dictionary()))
    if not pairs:
        return ""
    more = [("…", f"{len(pairs) - _MOST_FACTS} more")] if len(pairs) > _MOST_FACTS else []
    table = facts([*pairs[:_MOST_FACTS], *more])
    summary = f"<summary>All that the file says ({len(pairs)})</summary>"
    return f"<details class='etw-metadata'>{summary}{table}</details>"


def _flat(prefix: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            shown = str(value) if np.size(value) <= _SHORT else f"{np.size(value)} values"
            yield f"{prefix}{name}", shown[:200]
