"""Two parts of the tab Spectral: files to open, and all elements with HAADF; neither knows the panel."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.errors import ParameterError
from etwidgets.io import safe_path
from etwidgets.panels.component import Component
from etwidgets.panels.line_windows import one_per_element
from etwidgets.panels.pieces import button, control, heading, text

if TYPE_CHECKING:
    from etwidgets.session import Session

SEPARATORS = re.compile(r"[\s,;]+")
"""Between words of a list that a person types."""

_JOINT = """<p class='etw-quiet'>Optional. Assumes that HAADF is a sum over the mapped elements, without
background, and that elements have sharp edges. The weights are chosen by how well map projections that are
left out are predicted.</p>"""


class OpeningPart(Component):
    """A file or a pattern, tilts where it has none, and buttons to open or add it; hidden with spectra.

    Parameters
    ----------
    session
        That opens them.
    name
        Of the panel.
    root
        The folder whose files may be opened; None: none.
    """

    def __init__(self, session: Session, name: str, root: Path | None) -> None:
        super().__init__(session, name)
        self._root = root
        names = "A file, or a pattern such as EDX_*.hspy for one file per tilt."
        self.add("file", control(widgets.Text, "file", placeholder="EDX_*.hspy", tooltip=names))
        tilts = "First tilt and increment in degrees, such as -70, 5; empty: from the file."
        self.add("tilts", control(widgets.Text, "tilts (deg)", placeholder="from file", tooltip=tilts))
        self.add("open", button("Open spectra"))
        self.add("add", button("Add to open series"))
        self.on_click("open", partial(self._open, "open_spectra"))
        self.on_click("add", partial(self._open, "add_spectra"))
        self.widget = widgets.VBox([self.controls[name] for name in ("file", "tilts", "open", "add")])

    def refresh(self) -> None:
        """Hide it where there is nothing to open, or it is open."""
        hidden = self._root is None or self.model.spectra is not None
        self.widget.layout.display = "none" if hidden else ""

    def enable(self) -> None:
        """Opening waits while an operation runs; adding needs a series."""
        self.controls["open"].disabled = self.model.busy
        self.controls["add"].disabled = self.model.busy or self.model.stack is None

    def _open(self, operation: str) -> None:
        given: dict[str, Any] = {"path": self._paths()}
        words = self.controls["tilts"].value.strip()
        if words:
            try:
                given["first_tilt"], given["tilt_step"] = (float(each) for each in SEPARATORS.split(words))
            except ValueError:
                raise ParameterError(
                    f"enter the first tilt and the increment in degrees, such as 0, 5, not {words!r}"
                ) from None
        self.session.apply(operation, **given)

    def _paths(self) -> str | list[str]:
        name, root = self.controls["file"].value.strip(), self._root or Path.cwd()
        if not name:
            raise ParameterError("Enter the name of a file.")
        if "*" not in name:
            return str(safe_path(root, name))
        if ".." in name or name.startswith("/"):
            raise ParameterError(f"patterns are searched in {root} only, not {name!r}")
        found = sorted(str(safe_path(root, path)) for path in root.glob(name))
        if not found:
            raise ParameterError(f"no file in {root} matches {name}")
        return found


class JointPart(Component):
    """All elements together with HAADF: what it assumes, the button, and why it is disabled.

    Parameters
    ----------
    session
        Whose maps and volume it uses.
    name
        Of the panel.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session, name)
        couplings = [("own edges", "tv"), ("shared edges", "tnv")]
        self.add("coupling", control(widgets.Dropdown, "coupling", options=couplings))
        self.add("together", button("Reconstruct with HAADF"))
        self.on_click("together", self._together)
        self.hint = text("", "etw-hint")
        parts = [text(_JOINT), self.controls["coupling"], self.controls["together"], self.hint]
        self.widget = widgets.VBox([heading("Elements with HAADF"), *parts])

    def refresh(self) -> None:
        """Hide it where there are no maps."""
        self.widget.layout.display = "" if self.model.channels else "none"

    def enable(self) -> None:
        """Say what is missing, if anything."""
        self.hint.value = self._reason()
        self.controls["together"].disabled = self.model.busy or bool(self.hint.value)

    def _reason(self) -> str:
        model = self.model
        if model.stack is not None and model.stack.metadata.get_item("Spectral.kind", default=None) == "sum":
            return "The series is the sum of these spectra. Open the HAADF series and add the spectra to it."
        if model.reconstruction is None:
            return "Align and reconstruct the series first (tabs Register to Reconstruct)."
        return ""

    def _together(self) -> None:
        names, coupling = one_per_element(self.model.channels), self.controls["coupling"].value
        self.session.apply("reconstruct_jointly", names=names, coupling=coupling)
