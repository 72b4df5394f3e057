"""Several files as one tilt series: what is in each is shown before they are opened; knows its panel only."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from etwidgets.errors import EtwidgetsError, ParameterError
from etwidgets.io import natural_order, preview_files, safe_path
from etwidgets.io.tilt_sources import given
from etwidgets.panels.pieces import button, control, file_size, heading, row, text
from etwidgets.session import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.io import FilePreview
    from etwidgets.panels.panel import Panel

_MOST_ROWS = 400
_FIRST_AND_STEP = re.compile(r"([-+]?\d*\.?\d+)[\s,;]+([-+]?\d*\.?\d+)")
_HEADS = "<tr><th>file</th><th>angle</th><th>from</th><th>image (px)</th><th>size</th></tr>"


class SeriesPart:
    """A table of name, angle found, size and what is wrong; angles where none were found; the button.

    Parameters
    ----------
    panel
        Whose controls and previews it adds to.
    root
        The folder that no file may lie outside of, by a link neither.
    open_series
        Called with the paths in order of angle and, where they were given here, the angles.
    """

    def __init__(
        self, panel: Panel, root: Path, open_series: Callable[[list[str], list[float] | None], None]
    ) -> None:
        self._panel, self._root, self._open_series = panel, root, open_series
        self._names: list[str] = []
        self._paths: list[Path] = []
        self._found: list[FilePreview] = []
        self._head, self._said = heading(""), text("", "etw-strip")
        self._table = text("", "etw-preview")
        panel.add("angles", control(widgets.Text, "angles", placeholder="first, step; or a .rawtlt file"))
        panel.add("open-series", button("Open as one tilt series", primary=True))
        panel.add("leave-out", button("Leave these files out"))
        panel.add("end-series", button("Close"))
        self._latest = panel.session.latest(preview_files, self._show)
        panel._undo.callback(self._latest.close)  # noqa: SLF001  (a part of the panel)
        panel.on_change("angles", self._draw)
        panel.on_click("open-series", self._open)
        panel.on_click("leave-out", self._leave_out)
        panel.on_click("end-series", self.forget)
        panel.on_fresh(self.forget)
        mend = row(self._said, panel.controls["leave-out"])
        buttons = row(*(panel.controls[name] for name in ("angles", "open-series", "end-series")))
        self.widget = widgets.VBox([self._head, buttons, mend, self._table])
        """All of it, from top to bottom; hidden until files are looked at."""

    def look_at(self, names: Sequence[str | Path], angles: str = "") -> None:
        """Say what files hold; each must lie in the root.

        Parameters
        ----------
        names
            Of files, relative to the root or in it.
        angles
            As they may be typed: first and step, or the name of a file.
        """
        # angles that are typed are given to them in this order, which is that of a folder in a script, too
        ranked = sorted(names, key=lambda name: natural_order(Path(name)))
        paths = [safe_path(self._root, name) for name in ranked]
        self.forget()
        self._names, self._paths = [str(name) for name in ranked], paths
        self._panel.controls["angles"].value = angles
        self._set_title(f"Looking at {len(paths)} files …")
        self.widget.layout.display = ""
        self._latest.submit(paths)

    def forget(self) -> None:
        """Look at nothing."""
        self._names, self._paths, self._found = [], [], []
        self._table.value = self._said.value = ""
        self._panel.controls["open-series"].disabled = True
        self._panel.controls["leave-out"].layout.display = self._said.layout.display = "none"
        self.widget.layout.display = "none"

    def enable(self) -> None:
        """Opening waits while a step runs, and needs files that fit each other."""
        found = self._found
        unfit = not found or bool(self._problems()) or bool(self._angles()[1])
        self._panel.controls["open-series"].disabled = self._panel.model.busy or unfit

    # -- what was found -----------------------------------------------------------------------------

    def _show(self, found: list[FilePreview]) -> None:
        if [each.path for each in found] == self._paths:  # otherwise others were chosen meanwhile
            self._found = found
            self._draw()

    def _draw(self) -> None:
        if not self._found:
            return
        self._set_title(f"{len(self._found)} files as one tilt series")
        angles, unread = self._angles()
        ranked = _by_angle(angles)
        typed = self._typed
        problems = self._problems()
        lines = [
            _line(each, angles[i], _problem(each) if each in problems else "", given_here=typed)
            for i in ranked[:_MOST_ROWS]
            for each in (self._found[i],)
        ]
        more = len(ranked) - _MOST_ROWS
        lines += [f"<tr><td colspan='5'>and {more} more</td></tr>"] if more > 0 else []
        self._table.value = f"<table>{_HEADS}{''.join(lines)}</table>"
        words = [unread] if unread else []
        if problems:
            words.append(
                f"{len(problems)} of {len(self._found)} files cannot be part of it: see the marked lines."
            )
        elif not unread and any(angle is None for angle in angles):
            words.append(
                "No angle was found for some of the files. Give the first and the step, or a file with all "
                "of them; or open the series without, and set them afterwards."
            )
        self._said.value = "".join(f"<p>{line}</p>" for line in words)
        self._said.layout.display = "" if words else "none"
        self._panel.controls["leave-out"].layout.display = "" if problems else "none"
        self._panel.enable()

    def _set_title(self, words: str) -> None:
        self._head.value = f"<h3>{escape(words)}</h3>"

    def _angles(self) -> tuple[list[float | None], str]:
        """One for each file, in their order, None where there is none; and why those given are not taken."""
        written, count = self._panel.controls["angles"].value.strip(), len(self._found)
        found = [each.tilt_deg for each in self._found]
        if not written:
            return found, ""
        pair = _FIRST_AND_STEP.fullmatch(written)
        try:
            if pair:
                first, step = (float(number) for number in pair.groups())
                return [round(first + step * number, 6) for number in range(count)], ""
            values = given(safe_path(self._root, written)).tilts_deg
        except (OSError, EtwidgetsError) as error:
            return found, (
                f"The angles cannot be read ({error_text(error)}). Give the first and the step, such as "
                "-72, 2, or the name of a file."
            )
        if len(values) != count:
            return found, f"{written} has {len(values)} angles, and there are {count} files."
        return [float(value) for value in values], ""

    @property
    def _typed(self) -> bool:
        """Whether the angles are given here, and can be read."""
        return bool(self._panel.controls["angles"].value.strip()) and not self._angles()[1]

    def _problems(self) -> list[FilePreview]:
        """Files that cannot be part of it; their own angles do not matter where others are given."""
        return [each for each in self._found if _problem(each) and not (self._typed and each.tilt_problem)]

    # -- what is done -------------------------------------------------------------------------------

    def _leave_out(self) -> None:
        kept = [
            name for name, each in zip(self._names, self._found, strict=True) if each not in self._problems()
        ]
        if len(kept) < 2:
            raise ParameterError("fewer than two of these files fit together; choose others")
        self.look_at(kept, self._panel.controls["angles"].value)

    def _open(self) -> None:
        angles, unread = self._angles()
        if unread:
            raise ParameterError(unread)
        # looked at again: a link may have been put in a file's place meanwhile
        paths = [str(safe_path(self._root, name)) for name in self._names]
        ranked = _by_angle(angles)
        typed = bool(self._panel.controls["angles"].value.strip())
        chosen = [float(angles[i]) for i in ranked if angles[i] is not None] if typed else None  # type: ignore[arg-type]
        self._open_series([paths[i] for i in ranked], chosen)


def _by_angle(angles: Sequence[float | None]) -> list[int]:
    """Places in order of angle; those without keep their order, at the end."""
    values = [np.inf if angle is None else angle for angle in angles]
    return [int(i) for i in np.argsort(values, kind="stable")]


def _problem(each: FilePreview) -> str:
    """Why a file cannot be one of several: the reason that was found, or that it is a series itself."""
    if each.problem:
        return each.problem
    if each.shape is not None and len(each.shape) > 2 and each.tilt_deg is None:
        return f"it holds {each.shape[0]} images; open it by itself"
    return ""


def _line(each: FilePreview, angle: float | None, problem: str, *, given_here: bool) -> str:
    shape = "" if each.shape is None else " x ".join(str(n) for n in reversed(each.shape))
    source = "given here" if given_here else each.tilt_source
    cells: list[Any] = [
        each.path.name,
        "none" if angle is None else f"{angle:+.1f}°",
        source,
        shape,
        file_size(each.bytes),
    ]
    marked = " class='etw-warning'" if problem else ""
    first, *rest = (f"<td>{escape(str(cell))}</td>" for cell in cells)
    said = f"<tr{marked}><td colspan='5' class='etw-problem'>{escape(problem)}</td></tr>" if problem else ""
    return f"<tr{marked}>{first}{''.join(rest)}</tr>{said}"
