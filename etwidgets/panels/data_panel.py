"""Open a sample or a file, and say what it is; reads nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
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
from etwidgets.panels.pieces import button, control, facts, heading, row, table, text
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
The tabs at the left follow the order of the work, but can be used in any order; every step can be
undone.</p>"""
_SEVERAL = """<p class='etw-quiet'>Select the file of the series. If there is one file per tilt, open the
folder and use all of them, or select several with Shift or Ctrl.</p>"""
_TOUR = "<p>New here? The tour has seven stops and takes two minutes, with sample data.</p>"
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
        self._facts, self._metadata = text(), text()
        samples = [(title, name) for name, title in SAMPLES.items()]
        self.add("sample", control(widgets.Dropdown, "sample", options=samples))
        self.add("open-sample", button("Open sample", primary=True))
        self._strip = self.cure_strip(4)
        self._tilts = self.add_part(TiltsPart(self.session, self.name))
        self._pixel = self.add_part(PixelPart(self.session, self.name))
        self._check = self.preview(check_up, self._show_findings)
        self.refresh_on(self.model, ("stack", "source"))
        self.on_click("open-sample", self._open_sample)
        form = [heading("Open series"), self._facts, self._strip.widget]
        form += [self._tilts.widget, self._pixel.widget, self._metadata]
        sample = row(self.controls["sample"], self.controls["open-sample"])
        self.add("tour", button("Start tour"))
        self._tour = row(text(_TOUR), self.controls["tour"])
        self._tour.layout.display = "none"
        pictures = [text(_WELCOME), self._tour, heading("Sample data"), sample, *self._build_files()]
        if self._root is not None:
            form.insert(-1, self._channels.widget)
        return [*pictures, self.hint], form

    def _build_files(self) -> list[widgets.Widget]:
        """Files on this machine, and from the user's computer; where there is no root, none."""
        self.add("file", control(widgets.Text, "file", placeholder="name or path"))
        self.add("tilts-file", control(widgets.Text, "tilts from", placeholder="automatic"))
        self.add("open", button("Open file"))
        self.on_click("open", self._open_file)
        if self._root is None:
            return []
        owned = self.session, self.name
        self._channels = self.add_part(ChannelsPart(*owned, self._chosen_file))
        self._series = self.add_part(SeriesPart(*owned, self._root, self._open_series))
        self._files = self.add_part(
            FileList(*owned, self._root, EXTENSIONS, self._choose_file, self._series.look_at)
        )
        self._upload = self.add_view(UploadView(self._path_of_upload, [*EXTENSIONS, *_BESIDE], _LIMIT))
        self._upload.add_class("etw-data-upload")
        self.on_event(self._upload.on_files, self._open_uploaded)
        said = (
            f"<p class='etw-quiet'>At most {size_text(_LIMIT)} in total. Select a file with the tilts "
            f"({' '.join(_TILTS)}) together with the series. Files are saved in "
            f"{escape(str(self._root / _UPLOADS))}.</p>"
        )
        chosen = row(*(self.controls[name] for name in ("file", "tilts-file", "open")))
        listed = [heading("Files on this machine"), text(_SEVERAL), self._files.widget, chosen]
        brought = [heading("Upload files"), self._upload, text(said)]
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
        for name in ("open", "open-sample"):
            self.controls[name].disabled = self.model.busy
        self._strip.enable()

    def _choose_file(self, name: str) -> None:
        self.controls["file"].value = name

    def _path_of_upload(self, name: str) -> Path:
        """Where a file from the user's computer goes; never over another."""
        if Path(name).suffix.lower() not in (*EXTENSIONS, *_BESIDE):
            raise UnsafeFileError(f"{name}: this kind of file cannot be opened")
        root = self._root or Path.cwd()
        folder = root / _UPLOADS
        folder.mkdir(exist_ok=True)
        if not folder.resolve().is_relative_to(root):
            raise UnsafeFileError(f"{folder} is outside {root}")
        return safe_new_path(folder, name)

    def _open_uploaded(self, paths: list[Path]) -> None:
        """Open the series among what was uploaded, with the tilts that came with it."""
        self._files.list_again()
        series = [path for path in paths if path.suffix.lower() in EXTENSIONS]
        tilts = [path for path in paths if path.suffix.lower() in _TILTS]
        given = str(tilts[0]) if len(tilts) == 1 else ""
        if not series:
            names = ", ".join(path.name for path in paths)
            self.session.tell(f"None of the uploaded files is a tilt series: {names}.", "warning")
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
            raise ParameterError("Select a file in the list or enter its name.")
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
