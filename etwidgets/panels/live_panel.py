"""Reconstruction while the microscope still runs: what has come, what it shows, what more would add."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from etwidgets.io import EXTENSIONS, natural_order, safe_place
from etwidgets.live import LiveRun, default_folder, forecast
from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, control, facts, heading, help_text, row, table, text
from etwidgets.session import error_text
from etwidgets.views import CurveView, ImageView, Pane

if TYPE_CHECKING:
    from etwidgets.live import LiveProjection
    from etwidgets.session import Session

_MOST_ROWS = 60
_HEADS = ("no.", "tilt", "predicted to", "lag", "doubts")
_HELP = """<p><b>For</b> Deciding at the microscope: is it aligned, is it sharp, is it enough?</p>
<p><b>When</b> Projections arrive one after another: one file each, or a SerialEM stack with its mdoc. The
tilt axis must be along x.</p>
<p><b>Caution</b> The axis is not searched: take the series over and look at <b>Tilt axis</b>. A projection
that looks bad is left out; acquire it again at the same tilt.</p>
<p>The curve says how well each projection was known before it came. Where it no longer falls, more tilts of
this kind add little.</p>
<p class='etw-quiet'>End after 0 projections: it goes on until Stop. What was done is kept in a folder beside
the watched one: Start goes on from there.</p>"""


class LivePanel(Panel):
    """A folder is watched; newest projection, three slices, and how well each tilt was predicted."""

    name = "live"
    title = "Live"
    promise = "Slices of the specimen while the microscope still records it. Choose a folder and press Start."
    operations = frozenset({"take_over"})
    needs_stack = False

    def __init__(self, session: Session, root: str | Path) -> None:
        self._root = Path(root).resolve()
        self._run: LiveRun | None = None
        self._works, self._announced, self._failed = False, False, ""
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._images = self.add_view(ImageView(height=300).add_class("etw-grow"))
        self._curve = self.add_view(CurveView("projection", "predicted to (%)", 170, 760, whole_x=True))
        self._rows, self._state = text(), text()
        folder = control(widgets.Combobox, "folder", options=self._places(), placeholder="folder to watch")
        self.add("folder", folder, keep=True)
        self.add("until", control(widgets.BoundedIntText, "end after", min=0, max=10_000), keep=True)
        self.add("start", button("Start", primary=True), keep=True)
        self.add("stop", button("Stop"), keep=True)
        self.add("take", button("Take over"), keep=True)
        for name, act in (("start", self._start), ("stop", self._stop), ("take", self._take)):
            self.on_click(name, act)
        self.on_change("folder", self.enable)
        self.refresh_on(self.display, "color_map")
        self.on_close(self._abandon)
        pictures = [self._images, self._curve, self._rows]
        form = [heading("Live"), self.controls["folder"], self.controls["until"]]
        form += [row(self.controls["start"], self.controls["stop"]), self.hint, self._state]
        return pictures, [*form, self.controls["take"], help_text(_HELP)]

    def _places(self) -> list[str]:
        """Folders and stacks under the root, one level deep; the root itself is a dot."""
        found = sorted(self._root.iterdir(), key=natural_order) if self._root.is_dir() else []
        seen = [each for each in found if not each.name.startswith(".")]
        folders = [each.name for each in seen if each.is_dir() and each.suffix != ".zspy"]
        stacks = [each.name for each in seen if each.is_file() and each.suffix.lower() in EXTENSIONS]
        return [".", *folders, *stacks]

    # -- what can be done ---------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Until something is watched."""
        return self._run is None

    def reason(self) -> str:
        """What is missing before it can start; other steps may run meanwhile."""
        if self._works:
            return ""
        return (
            "" if self.controls["folder"].value.strip() else "Choose the folder in which projections arrive."
        )

    def enable(self) -> None:
        """Start and stop by turns; what was written can be taken over."""
        super().enable()
        self.controls["start"].disabled = self._works or bool(self.reason())
        self.controls["stop"].disabled = not self._works
        self.controls["folder"].disabled = self.controls["until"].disabled = self._works
        written = self._run is not None and bool(self._run.written)
        self.controls["take"].disabled = self._works or not written or self.model.busy

    def _start(self) -> None:
        place = safe_place(self._root, self.controls["folder"].value.strip())
        out = default_folder(place)
        if not out.resolve().is_relative_to(self._root):  # the root itself is watched
            out = place / out.name
        until = int(self.controls["until"].value) or None
        run = LiveRun(place, out, until=until, on_change=self._announce)
        self._run, self._works, self._failed = run, True, ""
        self.enable()
        self.session.runner.start(lambda: self._work(run))

    def _work(self, run: LiveRun) -> None:
        """In a thread of its own, to the end."""
        try:
            run.run()
        except Exception as error:  # noqa: BLE001  (the border: it is shown)
            self._failed = error_text(error)
        self.session.runner.post(self._ended)

    def _stop(self) -> None:
        if self._run is not None:
            self._run.stop()
            self.controls["stop"].disabled = True

    def _take(self) -> None:
        if self._run is not None:
            self.session.apply("take_over", path=[str(path) for path in self._run.written])

    def _abandon(self) -> None:
        if self._run is not None:
            self._run.stop()

    # -- what is shown ------------------------------------------------------------------------------

    def _announce(self) -> None:
        """From the worker: there is something new; once until it is drawn."""
        if not self._announced:
            self._announced = True
            self.session.runner.post(self._changed)

    def _changed(self) -> None:
        self._announced = False
        if not self._closed:
            self.refresh()

    def _ended(self) -> None:
        self._works = False
        if self._closed:
            return
        if self._failed:
            self.session.tell(self._failed, "error")
        self.enable()
        self.refresh()

    def redraw(self) -> None:
        """Draw what has come so far."""
        run = self._run
        if run is None:
            return
        known = list(run.live.projections)
        self._state.value = self._words(run, known)
        if not known:
            self._images.show([])
            return
        self._images.show(self._panes(run, known))
        self._draw_curve(known)
        first = max(0, len(known) - _MOST_ROWS)
        rows = [_row(number, each) for number, each in enumerate(known[first:], first + 1)]
        self._rows.value = table(rows[::-1], _HEADS, style="etw-bodies")

    def _panes(self, run: LiveRun, known: list[LiveProjection]) -> list[Pane]:
        newest, color = known[-1], self.display.color_map
        caption = f"{len(known)}, {newest.tilt_deg:+.1f}°"
        panes = [Pane(newest.image, cmap=color, title="Newest projection", caption=caption, axes=("x", "y"))]
        for column, image in zip(run.live.columns, run.live.slices.volume, strict=True):
            panes.append(Pane(image, cmap=color, title="Slice", caption=f"at x = {column}", axes=("y", "z")))
        return panes

    def _draw_curve(self, known: list[LiveProjection]) -> None:
        misfits = np.array([each.told_misfit for each in known])
        there = np.flatnonzero(np.isfinite(misfits))
        if not there.size:
            self._curve.clear()
            return
        ahead = forecast(misfits).misfits
        curves = {"acquired": (there + 1, 100 * misfits[there])}
        if ahead.size:
            curves["next"] = (len(known) + 1 + np.arange(ahead.size), 100 * ahead)
        self._curve.show(curves)

    def _words(self, run: LiveRun, known: list[LiveProjection]) -> str:
        if not known:
            waits = "".join(f"<p>{escape(name)}: {escape(why)}</p>" for name, why in run.waiting.items())
            return f"<p>{escape(run.message)}</p><div class='etw-quiet'>{waits}</div>"
        now = [each for each in known[run.n_restored :] if each.done_at]
        lags = np.array([each.lag_s for each in now]) if now else np.zeros(1)
        pairs = [
            ("projections", f"{len(known)}, {len(run.live.used)} used"),
            ("lag", f"{lags[-1]:.1f} s now, {np.median(lags):.1f} s usually, {lags.max():.1f} s at most"),
        ]
        said = forecast([each.told_misfit for each in known]).sentence
        return f"{facts(pairs)}<p>{escape(run.message)}</p><p>{escape(said)}</p>"


def _row(number: int, each: LiveProjection) -> tuple[str, ...]:
    known = np.isfinite(each.predicted_misfit)
    predicted = f"{100 * each.predicted_misfit:.1f} %" if known else "-"
    return f"{number}", f"{each.tilt_deg:+.1f}°", predicted, f"{each.lag_s:.1f} s", each.doubts
