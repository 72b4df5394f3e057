"""A guided tour: one strip that says what to do next, and points at it; does nothing of it itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etwidgets.panels.panel import Panel
from etwidgets.panels.pieces import button, row, text

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
        The step of the work that it is about.
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
        "Press <b>Open the sample</b>: the needle, 77 projections recorded at NIST. With a file of yours the "
        "way is the same.",
        "open-sample",
        frozenset({"open", "sample", "open_spectra"}),
    ),
    Stop(
        "inspect",
        "Move <b>tilt</b>. At the right is the sinogram, one row for each projection. Where its rows jump, "
        "the specimen drifted.",
        "tilt",
    ),
    Stop(
        "register",
        "Press <b>Register</b>. Phase correlation moves each projection to fit its neighbor. Afterwards the "
        "sinogram is smooth; <kbd>b</kbd> blinks between before and after.",
        "run",
        frozenset({"register"}),
    ),
    Stop(
        "axis",
        "Press <b>Find the axis</b>, then move <b>shift</b> by hand and watch the three slices: arcs mean "
        "that the shift is wrong. A double click takes the slider back.",
        "auto",
        frozenset({"tilt_align", "transform"}),
    ),
    Stop(
        "reconstruct",
        "Press <b>Reconstruct</b>. Filtered back-projection takes a few seconds; SIRT is better and takes "
        "longer, and <b>Follow one slice</b> shows how many iterations are enough.",
        "run",
        frozenset({"reconstruct", "reconstruct_jointly"}),
    ),
    Stop(
        "volume",
        "Three slices through one voxel: click to move it. Press <b>Render</b> for the volume in 3-D, and "
        "turn it with the mouse.",
        "render",
    ),
    Stop(
        "history",
        "Everything you did is a step here: undo it, set it aside, compare, or take it away as a script that "
        "gives the same arrays. That was the tour.",
        "undo",
    ),
)


class Tour(Panel):
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
    needs_stack = False

    def __init__(self, session: Session, point: Callable[[Stop | None], None]) -> None:
        self._point, self._at = point, -1
        super().__init__(session)

    def build(self) -> tuple[list[widgets.Widget], list[widgets.Widget]]:
        """Make and wire the controls."""
        self._note = text("", "etw-strip")
        self.add("back", button("Back"))
        self.add("next", button("Next"))
        self.add("end", button("End the tour"))
        self.on_click("back", lambda: self._go(self._at - 1))
        self.on_click("next", lambda: self._go(self._at + 1))
        self.on_click("end", self.end)
        self.refresh_on(self.model, ("done_operations",))
        self.listen(self.model, "stack", self._leave_data)
        names = ("back", "next", "end")
        return [row(self._note, *(self.controls[name] for name in names))], []

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
        sign = " <b class='etw-done'>✓ Done; press Next.</b>" if done else ""
        self._note.value = f"<p>{number} &nbsp; {stop.text}{sign}</p>"
        last = self._at == len(STOPS) - 1
        self.controls["back"].disabled = self._at == 0
        self.controls["next"].layout.display = "none" if last else ""
        (self.controls["next"].add_class if done else self.controls["next"].remove_class)("etw-ready")

    def enable(self) -> None:
        """Nothing here can be out of order."""

    def _go(self, place: int) -> None:
        self._at = place if place < len(STOPS) else -1
        self._point(self.stop)
        self.refresh()

    def _leave_data(self) -> None:
        """The page goes on by itself when a series was opened, and the tour with it."""
        if self._at == 0 and self.model.stack is not None:
            self._go(1)
