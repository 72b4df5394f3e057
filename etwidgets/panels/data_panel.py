"""Open a sample or a file, and say what it is; reads nothing itself."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from etwidgets.align import Finding, check_up
from etwidgets.io import EXTENSIONS, safe_path
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import pixel_size
from etwidgets.panels.pieces import button, control, facts, heading, row, text
from etwidgets.session import SAMPLES

if TYPE_CHECKING:
    from etwidgets.session import Session
    from etwidgets.signals import TomoStack

_MOST_FILES = 500
_WELCOME = """<h2>Open a tilt series</h2>
<p>A tilt series is a stack of projections of one specimen at many tilts. From it you reconstruct a volume:
register the projections, find the tilt axis, reconstruct, look. The steps are at the left.</p>"""


class DataPanel(Panel):
    """Samples, files under the root folder, and the facts of what is open.

    Parameters
    ----------
    session
        That opens what is chosen.
    root
        The folder whose files are offered; None: samples only.
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
        self._facts = text()
        samples = [(words, name) for name, words in SAMPLES.items()]
        wide = {"layout": widgets.Layout(width="520px"), "style": {"description_width": "60px"}}
        self.add("sample", widgets.Dropdown(description="sample", options=samples, **wide))
        self.add("open-sample", button("Open the sample", primary=True))
        self.add("file", widgets.Combobox(description="file", placeholder="name or path", **wide))
        self.add("open", button("Open the file"))
        self.add("fix", button("Fix"))
        self._findings: list[Finding] = []
        self._warning = text("", "etw-strip")
        self._check = self.session.latest(check_up, self._show_findings)
        self._undo.callback(self._check.close)
        self._checked: object = None  # the data that were looked at last
        self._told: tuple[str, ...] = ()
        self.refresh_on(self.model, ("stack", "source"))
        self.listen(self.model, "busy", self.enable)
        self.on_click("open-sample", self._open_sample)
        self.on_click("open", self._open_file)
        self.on_click("fix", self._fix)
        where = text("" if self._root is None else f"<p class='etw-quiet'>Files under {self._root}</p>")
        if self._root is None:
            self.controls["file"].layout.display = self.controls["open"].layout.display = "none"
        else:
            self.controls["file"].options = self._files()
        pictures = [
            text(_WELCOME),
            row(self.controls["sample"], self.controls["open-sample"]),
            row(self.controls["file"], self.controls["open"]),
            where,
            self.hint,
        ]
        form = [heading("What is open"), self._facts, self._warning, self.controls["fix"]]
        return pictures, [*form, self._build_tilt_form()]

    def _build_tilt_form(self) -> widgets.VBox:
        """What to do about a series without tilts; shown for such a one only."""
        degrees = {"step": 0.1, "min": -360, "max": 360}
        self.add("first-tilt", control(widgets.BoundedFloatText, "first tilt (deg)", value=-60, **degrees))
        self.add("tilt-step", control(widgets.BoundedFloatText, "step (deg)", value=1, **degrees))
        self.add("set-tilts", button("Set the tilts", primary=True))
        self.on_click("set-tilts", self._set_tilts)
        why = text("<p>This file has no tilts. If they were equally spaced, give the first and the step.</p>")
        names = ("first-tilt", "tilt-step", "set-tilts")
        self._tilt_form = widgets.VBox([why, *(self.controls[name] for name in names)])
        return self._tilt_form

    def redraw(self) -> None:
        """Say what is open."""
        stack = self.model.stack
        self._tilt_form.layout.display = "none" if stack is None or stack.has_tilts else ""
        self._facts.value = (
            "<p>Nothing yet.</p>" if stack is None else facts(_facts_of(stack, self.model.source))
        )
        self._look_at(stack)

    def _look_at(self, stack: TomoStack | None) -> None:
        """Check a new series in the background."""
        data = None if stack is None else stack.data
        if data is self._checked:
            return
        self._checked = data
        self._tell([])
        if stack is not None and stack.has_tilts and isinstance(data, np.ndarray) and data.ndim == 3:
            self._check.submit(data, stack.tilts_deg.copy())

    def _show_findings(self, findings: list[Finding]) -> None:
        stack = self.model.stack
        if stack is not None and stack.data is self._checked:
            self._tell(findings)
            words = tuple(finding.words for finding in findings)
            news, self._told = words != self._told, words
            if findings and news:
                self.session.tell(f"Check of the series: {findings[0].words}", "warning")

    def _tell(self, findings: list[Finding]) -> None:
        self._findings = findings
        lines = "".join(f"<p>{escape(finding.words)}</p>" for finding in findings)
        self._warning.value = lines
        self._warning.layout.display = "" if findings else "none"
        fixable = [finding for finding in findings if finding.fix]
        self.controls["fix"].layout.display = "" if fixable else "none"
        if fixable:
            self.controls["fix"].description = fixable[0].fix

    def _fix(self) -> None:
        fixable = [finding for finding in self._findings if finding.fix]
        if fixable:
            self.session.apply(fixable[0].operation, **fixable[0].parameters)

    def enable(self) -> None:
        """Opening waits while a step runs."""
        super().enable()
        for name in ("open", "open-sample", "set-tilts", "fix"):
            self.controls[name].disabled = self.model.busy

    def _files(self) -> list[str]:
        """Names of the files under the root that can be opened, two folders deep."""
        root = self._root
        if root is None:
            return []
        found = (path for pattern in ("*", "*/*") for path in root.glob(pattern))
        names = [str(p.relative_to(root)) for p in found if p.suffix.lower() in EXTENSIONS and p.exists()]
        return sorted(names)[:_MOST_FILES]

    def _set_tilts(self) -> None:
        first, step = self.controls["first-tilt"].value, self.controls["tilt-step"].value
        self.session.apply("set_tilts", start=first, increment=step)

    def _open_sample(self) -> None:
        self.session.apply("sample", name=self.controls["sample"].value)

    def _open_file(self) -> None:
        name = self.controls["file"].value.strip()
        if not name:
            self.session.tell("Choose a file first.", "warning")
            return
        self.session.open(str(safe_path(self._root or Path.cwd(), name)))


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
        lines.append(("tilts from", str(known.get_item("tilt_source", default="the stack"))))
    else:
        lines.append(("tilts", "none"))
    offset = known.get_item("intensity_offset", default=None)
    if offset is not None:
        lines.append(("offset removed", f"{offset:g}"))
    return lines


def _range(stack: TomoStack) -> str:
    sample = np.asarray(stack.data[:: max(1, stack.data.shape[0] // 20)])
    return f"{sample.min():.5g} to {sample.max():.5g}"
