"""A guided tour: one strip that says what to do next and points at the control; runs nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from etwidgets.panels.pieces import button, row, text
from etwidgets.panels.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets as widgets

    from etwidgets.session import Session


@dataclass(frozen=True)
class Stop:
    """One stop of the tour.

    Attributes
    ----------
    panel
        The tab that it is about.
    text
        What to do there, and what to look for.
    control
        Name of the control that it points at.
    done_by
        Operations that make it done; none: there is nothing to do but look.
    """

    panel: str
    text: str
    control: str
    done_by: frozenset[str] = frozenset()


STOPS = (
    Stop(
        "data",
        "Press <b>Open sample</b>: the needle, 77 projections recorded at NIST. Your own files work the same "
        "way.",
        "open-sample",
        frozenset({"open", "sample", "open_spectra"}),
    ),
    Stop(
        "inspect",
        "Move <b>tilt</b>. At the right is the sinogram, one row per projection. Where its rows jump, the "
        "specimen drifted.",
        "tilt",
    ),
    Stop(
        "register",
        "Press <b>Align automatically</b>: it registers, finds the tilt axis, refines both, and says how far "
        "to trust the result. <b>Register</b>, below, is faster and does the first of these. Then the "
        "sinogram is smooth; <kbd>b</kbd> switches between before and after.",
        "auto",
        frozenset({"register", "refine_alignment"}),
    ),
    Stop(
        "axis",
        "Aligned automatically, the tilt axis is in its place; otherwise press <b>Find axis</b>. Move "
        "<b>shift</b> by hand and watch the three slices: arcs mean that the shift is wrong. Double-click a "
        "slider to reset it.",
        "auto",
        frozenset({"tilt_align", "transform", "refine_alignment"}),
    ),
    Stop(
        "reconstruct",
        "Press <b>Reconstruct</b>. Filtered back-projection takes a few seconds; SIRT is better but slower, "
        "and <b>Follow one slice</b> shows how many iterations are enough.",
        "run",
        frozenset({"reconstruct", "reconstruct_jointly"}),
    ),
    Stop(
        "volume",
        "Three slices through one voxel, and the volume in 3-D. Click to move the voxel, drag to rotate the "
        "volume, double-click to see one picture alone; these sliders cut the volume open.",
        "clip-x",
    ),
    Stop(
        "history",
        "Everything you did is a step here: undo steps, save and compare snapshots, or export a script that "
        "gives the same arrays. This is the end of the tour.",
        "undo",
    ),
)


class Tour(Strip):
    """The strip of the tour: where we are, what to do, Back, Next, End.

    Parameters
    ----------
    session
        Whose model tells when a stop is done.
    point
        Is given a stop, whose panel it brings to the front and whose control it marks; None: marks nothing.
    """

    name = "tour"
    title = "Tour"

    def __init__(self, session: Session, point: Callable[[Stop | None], None]) -> None:
        self._point, self._at = point, -1
        super().__init__(session)

    def build(self) -> list[widgets.Widget]:
        """Make and wire the controls."""
        self._note = text("", "etw-strip")
        self.add("back", button("Back"))
        self.add("next", button("Next"))
        self.add("end", button("End tour"))
        self.on_click("back", partial(self._move, -1))
        self.on_click("next", partial(self._move, 1))
        self.on_click("end", self.end)
        self.listen(self.model, "done_operations", self.redraw)
        self.listen(self.model, "stack", self._leave_data)
        names = ("back", "next", "end")
        return [row(self._note, *(self.controls[name] for name in names))]

    def start(self) -> None:
        """Begin at the first stop that is not done."""
        self._go(0 if self.model.stack is None else 1)

    def end(self) -> None:
        """Take the strip away; it can be started again."""
        self._go(-1)

    @property
    def stop(self) -> Stop | None:
        """Where the tour is; None when there is none."""
        return STOPS[self._at] if self._at >= 0 else None

    def redraw(self) -> None:
        """Say what to do here, and whether it is done."""
        stop = self.stop
        self.widget.layout.display = "none" if stop is None else ""
        if stop is None:
            return
        done = bool(stop.done_by & (self.model.done_operations or frozenset()))
        number = f"<span class='etw-quiet'>Tour, {self._at + 1} of {len(STOPS)}</span>"
        sign = " <b class='etw-done'>✓ Done. Press Next.</b>" if done else ""
        self._note.value = f"<p>{number} &nbsp; {stop.text}{sign}</p>"
        last = self._at == len(STOPS) - 1
        self.controls["back"].disabled = self._at == 0
        self.controls["next"].layout.display = "none" if last else ""
        (self.controls["next"].add_class if done else self.controls["next"].remove_class)("etw-ready")

    def _move(self, by: int) -> None:
        self._go(self._at + by)

    def _go(self, place: int) -> None:
        self._at = place if place < len(STOPS) else -1
        self._point(self.stop)
        self.redraw()

    def _leave_data(self) -> None:
        """The page goes on by itself when a series was opened, and the tour with it."""
        if self._at == 0 and self.model.stack is not None:
            self._go(1)
