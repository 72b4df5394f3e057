"""Register the projections to each other, and check and correct the result; computes nothing itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.align import METHODS, registration_residuals
from etwidgets.panels.alignment_file_part import AlignmentFilePart
from etwidgets.panels.markers_part import MarkersPart
from etwidgets.panels.method_chooser import MethodChooser
from etwidgets.panels.navigation import add_column_slider, add_play, add_tilt_slider, turn_play
from etwidgets.panels.panel import Panel
from etwidgets.panels.pictures import (
    Contrast,
    bare_projection,
    difference_pane,
    over_tilts_pane,
    projection_pane,
    sinogram_pane,
    tilt_text,
)
from etwidgets.panels.pieces import button, control, heading, row, text
from etwidgets.session.previews import nudged
from etwidgets.views import CurveView, ImageView

if TYPE_CHECKING:
    from etwidgets.align import Residuals
    from etwidgets.session import Session
    from etwidgets.signals import TomoStack
    from etwidgets.views import Pane


_AUTOMATIC = -1
_USUAL, _MOVIE = "projection, sinogram", "before beside after"
_MAXIMUM, _NEIGHBOR = "maximum over tilts", "neighbor (to nudge)"
_MARKERS = "markers (to place)"
_BEFORE, _AFTER, _CHANGE = "before", "after", "difference"
_NUDGE_PX = 0.25
_KEYS = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}
_CORRECTIONS = """<p class='etw-help'><b>Outliers</b> The list has the residual shift (px) of each projection
relative to its neighbors. <b>Nudge</b> Show the neighbor; with the pointer on the image, arrow keys move
the projection by 0.25 px (1 px with Shift). Stop when the difference is flat.</p>"""


class RegisterPanel(Panel):
    """Method, options, Register; pictures before and after; outliers, and how to correct them.

    Parameters
    ----------
    session
        Whose series is registered.
    root
        The folder whose alignment files are offered; None: none are.
    """

    name = "register"
    title = "Register"
    operations = frozenset({"register", "align_markers"})
    needs_tilts = True
    keys = (
        ("b", "before, after"),
        ("arrows", "nudge by 0.25 px, with Shift by 1 px (while the neighbor is shown)"),
        ("space", "play the tilts"),
    )

    def __init__(self, session: Session, root: str | Path | None = None) -> None:
        self._root = None if root is None else Path(root).resolve()
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._contrast = Contrast()
        self._images = self.add_view(ImageView(height=340).add_class("etw-grow"))
        self._curves = self.add_view(
            CurveView(x_label="tilt (deg)", y_label="shift applied (px)", height=170, width=760)
        )
        play, tilt, column = add_play(self), add_tilt_slider(self), add_column_slider(self)
        toggles = {"style": {"button_width": "80px"}, "layout": widgets.Layout(flex="0 0 auto")}
        options = [_BEFORE, _AFTER, _CHANGE]
        which = self.add("which", widgets.ToggleButtons(options=options, value=_AFTER, **toggles))
        looks = [_USUAL, _MOVIE, _MAXIMUM, _NEIGHBOR, _MARKERS]
        look = self.add("look", control(widgets.Dropdown, "show", options=looks))
        self._build_form()
        self._build_corrections()
        self._markers = self.add_part(MarkersPart(self.session, self.name, self._show_markers))
        root, own = self._root, (self.session, self.name)
        self._file = None if root is None else self.add_part(AlignmentFilePart(*own, root))
        self._wire()
        pictures = [self._images, row(play, tilt, column), row(look, which, self._nudge_row), self._curves]
        form = [self._chooser.widget, *(self.controls[name] for name in ("start", "crop", "run"))]
        corrections = [self._off, *(self.controls[name] for name in ("residuals", "pick", "exclude"))]
        return pictures, [
            heading("Register"),
            *form,
            self.hint,
            *corrections,
            self._markers.widget,
            self._chooser.help,
            text(_CORRECTIONS),
            *([] if self._file is None else [self._file.widget]),
        ]

    def _build_form(self) -> None:
        self._chooser = self.add_part(MethodChooser(self.session, self.name, METHODS))
        self.add("start", control(widgets.Dropdown, "reference", options=[("middle tilt", _AUTOMATIC)]))
        self.add("crop", control(widgets.Checkbox, "crop to common area", value=False, indent=False))
        self.add("run", button("Register", primary=True))

    def _build_corrections(self) -> None:
        self._off = text()
        layout = widgets.Layout(width="auto", height="116px")
        self.add("residuals", widgets.SelectMultiple(options=[], layout=layout)).add_class("etw-table")
        self.add("pick", button("Select outliers"))
        self.add("exclude", button("Exclude selected"))
        short = {"step": _NUDGE_PX}
        self.add("nudge_y", control(widgets.FloatText, "nudge y (px)", **short))
        self.add("nudge_x", control(widgets.FloatText, "nudge x (px)", **short))
        self.add("nudge", button("Apply nudge"))
        self._nudge_row = row(*(self.controls[name] for name in ("nudge_y", "nudge_x", "nudge")))

    def _wire(self) -> None:
        self._judge = self.preview(registration_residuals, self._show_residuals)
        self._trial = self.preview(nudged, self._show_nudged)
        self.refresh_on(self.model, ("stack", "before"))
        self.refresh_on(self.display, ("projection", "column", "contrast", "color_map"))
        self.listen(self.model, "stack", self._offer_starts)
        self.listen(self.display, "projection", self._forget_nudge)
        for name in ("which", "look", "nudge_y", "nudge_x"):
            self.on_change(name, self.refresh)
        self.on_change("look", self.enable)
        self.on_change("residuals", self._go_to_selected)
        self.on_click("run", self._run)
        self.on_click("pick", self._pick)
        self.on_click("exclude", self._exclude)
        self.on_click("nudge", self._apply_nudge)
        self.on_event(self._images.on_key, self._key)
        self.on_event(self._images.on_click, self._clicked)

    def fresh(self) -> None:
        """Nothing is known to be off."""
        self._contrast.clear()
        self._judged: Any = None  # the data whose residuals were asked for last
        self._outliers: tuple[int, ...] = ()
        self._off.value = ""
        self._nudge_row.layout.display = "none"
        self._offer_starts()

    def redraw(self) -> None:
        """Show the chosen pictures, before or after, the shifts that were applied, and what is off."""
        stack, now = self._chosen(), self.model.stack
        if stack is None or now is None or now.data.ndim != 3:
            self._images.show([])
            self._curves.show({})
            return
        nudging = self.controls["look"].value == _NEIGHBOR
        self._nudge_row.layout.display = "" if nudging else "none"
        if nudging and now.data.shape[0] > 1:
            index, neighbor = self._pair(now)
            self._trial.submit(np.asarray(now.data), index, neighbor, *self._nudge_by())
        else:
            self._images.show(self._panes(stack))
        self._draw_curves(now)
        if now.has_tilts and self._judged is not now.data:
            self._judged = now.data
            self._judge.submit(np.asarray(now.data), now.tilts_deg.copy())

    def enable(self) -> None:
        """Offer the picture before only where it is known, and act only on what is chosen."""
        super().enable()
        self.controls["which"].disabled = self.model.before is None or self.controls["look"].value != _USUAL
        idle = not self.reason()
        self.controls["pick"].disabled = not self._outliers
        self.controls["exclude"].disabled = not (idle and self.controls["residuals"].value)
        self.controls["nudge"].disabled = not (idle and any(self._nudge_by()))
        if self._file is not None:
            self._file.enable()

    # -- pictures -----------------------------------------------------------------------------------

    def _panes(self, stack: TomoStack) -> list[Pane]:
        limits = self._contrast.of(stack, self.display.contrast)
        if self.controls["look"].value == _MARKERS and self.model.stack is not None:
            shown = self.model.stack
            boxes = self._markers.boxes(min(self.display.projection, shown.data.shape[0] - 1))
            return [
                projection_pane(shown, self.display, limits, title="Click to place a marker", boxes=boxes)
            ]
        if self.controls["look"].value == _MAXIMUM:
            before, after = self.model.before, self.model.stack
            panes = (
                [] if before is None else [over_tilts_pane(before, self.display, "maximum", "Maximum before")]
            )
            return (
                panes
                if after is None
                else [
                    *panes,
                    over_tilts_pane(after, self.display, "maximum", "Maximum now"),
                ]
            )
        before, now = self.model.before, self.model.stack
        if before is not None and now is not None:
            if self.controls["look"].value == _MOVIE:
                return self._movie(before, now, limits)
            if self.controls["which"].value == _CHANGE:
                return self._change(before, now)
        return [projection_pane(stack, self.display, limits), sinogram_pane(stack, self.display, limits)]

    def _movie(self, before: TomoStack, now: TomoStack, limits: tuple[float, float]) -> list[Pane]:
        """The same tilt before and after; play it to see whether anything still jumps."""
        earlier = bare_projection(
            before, _same_tilt(before, now, self.display.projection), self.display, limits
        )
        later = projection_pane(now, self.display, limits, title="After")
        return [replace(earlier, title="Before"), later]

    def _change(self, before: TomoStack, now: TomoStack) -> list[Pane]:
        """After minus before, of projection and sinogram; where the sizes differ, why there is none."""
        if before.data.shape != now.data.shape:
            limits = self._contrast.of(now, self.display.contrast)
            return [projection_pane(now, self.display, limits, title="No difference: the sizes differ")]
        index = min(self.display.projection, now.data.shape[0] - 1)
        x = min(self.display.column, now.data.shape[-1] - 1)
        one, other = (np.asarray(each.data, dtype=np.float32) for each in (now, before))
        caption = f"after minus before, {tilt_text(now, index)}"
        return [
            difference_pane(one[index] - other[index], "Projection", caption),
            difference_pane(one[..., x] - other[..., x], "Sinogram", f"at x = {x}", axes=("y", "tilt")),
        ]

    def _draw_curves(self, stack: TomoStack) -> None:
        """The residuals of the markers while these are shown, or the shifts that were applied."""
        if self.controls["look"].value == _MARKERS and stack.has_tilts:
            self._curves.set_labels("tilt (deg)", "residual (px)")
            self._curves.show(self._markers.curves(stack))
            return
        x = stack.tilts_deg if stack.has_tilts else np.arange(stack.data.shape[0])
        order = np.argsort(x, kind="stable")
        curves = {name: (x[order], stack.shifts_px[order, axis]) for axis, name in enumerate(("y", "x"))}
        self._curves.set_labels("tilt (deg)" if stack.has_tilts else "projection", "shift applied (px)")
        self._curves.show(curves)

    def _chosen(self) -> TomoStack | None:
        before = self.model.before
        if self.controls["which"].value == _BEFORE and before is not None:
            return before
        return self.model.stack

    # -- markers ------------------------------------------------------------------------------------

    def _show_markers(self) -> None:
        if self.controls["look"].value != _MARKERS:
            self.controls["look"].value = _MARKERS
        else:
            self.refresh()

    def _clicked(self, event: dict[str, Any]) -> None:
        stack = self.model.stack
        if stack is not None and self.controls["look"].value == _MARKERS:
            self._markers.click(event, min(self.display.projection, stack.data.shape[0] - 1))

    # -- what is off --------------------------------------------------------------------------------

    def _show_residuals(self, found: Residuals) -> None:
        stack = self.model.stack
        if stack is None or len(found.outliers) != stack.data.shape[0]:
            return
        lines = []
        for i in np.argsort(stack.tilts_deg, kind="stable"):
            y, x = np.round(found.shifts_px[i], 1) + 0.0  # no -0.0
            mark = "  outlier" if found.outliers[i] else ""
            lines.append((f"{i + 1:3d} {tilt_text(stack, i):>7} y {y:+.1f} x {x:+.1f}{mark}", int(i)))
        table = self.controls["residuals"]
        table.options = lines
        self._outliers = tuple(int(i) for i in np.flatnonzero(found.outliers))
        said = f"{len(self._outliers)} of {len(lines)} projections are outliers:" if self._outliers else ""
        self._off.value = f"<p class='etw-quiet'>Residual shifts (px). {said}</p>"
        self.enable()

    def _pick(self) -> None:
        self.controls["residuals"].value = self._outliers

    def _go_to_selected(self) -> None:
        self.enable()
        chosen = self.controls["residuals"].value
        self.controls["exclude"].description = f"Exclude {len(chosen)}" if chosen else "Exclude selected"
        if chosen:
            self.display.projection = chosen[0]

    def _exclude(self) -> None:
        self.session.apply("remove_projections", projections=list(self.controls["residuals"].value))

    # -- nudging ------------------------------------------------------------------------------------

    def _pair(self, stack: TomoStack) -> tuple[int, int]:
        """The projection that is shown, and its neighbor nearer to 0 degrees."""
        index = min(self.display.projection, stack.data.shape[0] - 1)
        tilts = stack.tilts_deg if stack.has_tilts else np.arange(stack.data.shape[0], dtype=float)
        others = np.flatnonzero(np.arange(len(tilts)) != index)
        distance = np.abs(tilts[others] - tilts[index]) + 1e-3 * np.abs(tilts[others])
        return index, int(others[distance.argmin()])

    def _nudge_by(self) -> tuple[float, float]:
        return float(self.controls["nudge_y"].value), float(self.controls["nudge_x"].value)

    def _key(self, event: dict[str, Any]) -> None:
        if event.get("key") == " ":
            turn_play(self)
        elif event.get("key") == "b" and not self.controls["which"].disabled:
            which = self.controls["which"]
            which.value = _AFTER if which.value == _BEFORE else _BEFORE
        elif event.get("key") in _KEYS:
            self._nudge_by_key(event)

    def _nudge_by_key(self, event: dict[str, Any]) -> None:
        if self.controls["look"].value != _NEIGHBOR:
            return
        step = _NUDGE_PX * (4 if event.get("shift") else 1)
        for name, direction in zip(("nudge_y", "nudge_x"), _KEYS[event["key"]], strict=True):
            if direction:
                self.controls[name].value = round(self.controls[name].value + direction * step, 3)

    def _show_nudged(self, pictures: tuple[Any, Any]) -> None:
        stack = self.model.stack
        if stack is None or self.controls["look"].value != _NEIGHBOR:
            return
        _, neighbor = self._pair(stack)
        y, x = self._nudge_by()
        limits = self._contrast.of(stack, self.display.contrast)
        shown = projection_pane(stack, self.display, limits)
        caption = f"at {tilt_text(stack, neighbor)}; nudge y {y:+.2f} x {x:+.2f} px"
        difference = difference_pane(pictures[1], "Difference from neighbor", caption)
        self._images.show([shown, difference])
        self.enable()

    def _forget_nudge(self) -> None:
        for name in ("nudge_y", "nudge_x"):
            self.controls[name].value = 0.0

    def _apply_nudge(self) -> None:
        stack = self.model.stack
        if stack is not None:
            y, x = self._nudge_by()
            self.session.apply("shift_one", projection=self._pair(stack)[0], yshift=y, xshift=x)
            self._forget_nudge()

    # -- running -----------------------------------------------------------------------------------

    def _offer_starts(self) -> None:
        stack, chooser = self.model.stack, self.controls["start"]
        options = [("middle tilt", _AUTOMATIC)]
        if stack is not None:
            options += [(f"{i + 1}: {tilt_text(stack, i)}", i) for i in range(stack.data.shape[0])]
        if chooser.options != tuple(options):
            chooser.options = options

    def _run(self) -> None:
        parameters = self._chooser.parameters()
        if self.controls["start"].value != _AUTOMATIC:
            parameters["start"] = self.controls["start"].value
        if self.controls["crop"].value:
            parameters["crop"] = True
        self.session.apply("register", **parameters)


def _same_tilt(stack: TomoStack, other: TomoStack, index: int) -> int:
    """The projection of a stack whose tilt is nearest to one of another stack."""
    index = min(index, other.data.shape[0] - 1)
    if not (stack.has_tilts and other.has_tilts):
        return min(index, stack.data.shape[0] - 1)
    return int(np.abs(stack.tilts_deg - other.tilts_deg[index]).argmin())
