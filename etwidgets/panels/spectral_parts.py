"""Two parts of the step Spectral: files to open, and all elements with HAADF; each knows its panel only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.errors import ParameterError
from etwidgets.io import safe_path
from etwidgets.panels.line_windows import one_per_element
from etwidgets.panels.pieces import button, control, heading, text

if TYPE_CHECKING:
    from etwidgets.panels.panel import Panel

SEPARATORS = re.compile(r"[\s,;]+")
"""Between words of a list that a person types."""

_JOINT = """<p class='etw-quiet'>Off unless you press it. It assumes that HAADF is a sum over the mapped
elements, with no background, and that elements have sharp edges. Its weights are chosen by how well map
projections that are left out are foretold.</p>"""


class OpeningPart:
    """A file or a pattern, tilts where it has none, and the buttons to open or to add it.

    Parameters
    ----------
    panel
        Whose controls and wiring it adds to.
    root
        The folder whose files may be opened; None: none.
    """

    def __init__(self, panel: Panel, root: Path | None) -> None:
        self._panel, self._root = panel, root
        names = "name; or EDX_*.hspy, one per tilt"
        panel.add("file", control(widgets.Text, "file", placeholder=names))
        panel.add(
            "tilts", control(widgets.Text, "tilts (deg)", placeholder="first, step; if not in the file")
        )
        panel.add("open", button("Open the spectra"))
        panel.add("add", button("Add to the open series"))
        panel.on_click("open", lambda: self._open("open_spectra"))
        panel.on_click("add", lambda: self._open("add_spectra"))
        self.widget = widgets.VBox([panel.controls[name] for name in ("file", "tilts", "open", "add")])
        """All of it, from top to bottom; hidden when there are spectra."""

    def refresh(self) -> None:
        """Hide it where there is nothing to open, or it is open."""
        hidden = self._root is None or self._panel.model.spectra is not None
        self.widget.layout.display = "none" if hidden else ""

    def enable(self) -> None:
        """Opening waits while a step runs; adding needs a series."""
        model = self._panel.model
        self._panel.controls["open"].disabled = model.busy
        self._panel.controls["add"].disabled = model.busy or model.stack is None

    def _open(self, operation: str) -> None:
        given: dict[str, Any] = {"path": self._paths()}
        words = self._panel.controls["tilts"].value.strip()
        if words:
            try:
                given["first_tilt"], given["tilt_step"] = (float(each) for each in SEPARATORS.split(words))
            except ValueError:
                raise ParameterError(
                    f"give the first tilt and the step in degrees, such as 0, 5; not {words!r}"
                ) from None
        self._panel.session.apply(operation, **given)

    def _paths(self) -> str | list[str]:
        name, root = self._panel.controls["file"].value.strip(), self._root or Path.cwd()
        if not name:
            raise ParameterError("Give the name of a file first.")
        if "*" not in name:
            return str(safe_path(root, name))
        if ".." in name or name.startswith("/"):
            raise ParameterError(f"a pattern is looked for in {root} only, not {name!r}")
        found = sorted(str(safe_path(root, path)) for path in root.glob(name))
        if not found:
            raise ParameterError(f"no file in {root} is called {name}")
        return found


class JointPart:
    """All elements together with HAADF: what it assumes, a button, and why it cannot act.

    Parameters
    ----------
    panel
        Whose controls and wiring it adds to.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        couplings = [("own edges", "tv"), ("shared edges", "tnv")]
        panel.add("coupling", control(widgets.Dropdown, "prefer", options=couplings))
        panel.add("together", button("Reconstruct with HAADF"))
        panel.on_click("together", self._together)
        self.hint = text("", "etw-hint")
        parts = [text(_JOINT), panel.controls["coupling"], panel.controls["together"], self.hint]
        self.widget = widgets.VBox([heading("Elements with HAADF"), *parts])
        """All of it, from top to bottom; hidden without maps."""

    def refresh(self) -> None:
        """Hide it where there are no maps."""
        self.widget.layout.display = "" if self._panel.model.channels else "none"

    def enable(self) -> None:
        """Say what is missing, if anything."""
        self.hint.value = self._reason()
        self._panel.controls["together"].disabled = self._panel.model.busy or bool(self.hint.value)

    def _reason(self) -> str:
        model = self._panel.model
        if model.stack is not None and model.stack.metadata.get_item("Spectral.kind", default=None) == "sum":
            return "The series is the sum of these spectra. Open the HAADF series and add the spectra to it."
        if model.reconstruction is None:
            return "Align and reconstruct the series first (steps Register to Reconstruct)."
        return ""

    def _together(self) -> None:
        names, coupling = one_per_element(self._panel.model.channels), self._panel.controls["coupling"].value
        self._panel.session.apply("reconstruct_jointly", names=names, coupling=coupling)
