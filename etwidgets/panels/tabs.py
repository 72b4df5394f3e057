"""The list of tabs of the page, in their order; a new tab is its module and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etwidgets.panels.analyze_panel import AnalyzePanel
from etwidgets.panels.axis_panel import AxisPanel
from etwidgets.panels.clean_panel import CleanPanel
from etwidgets.panels.data_panel import DataPanel
from etwidgets.panels.history_panel import HistoryPanel
from etwidgets.panels.inspect_panel import InspectPanel
from etwidgets.panels.reconstruct_panel import ReconstructPanel
from etwidgets.panels.register_panel import RegisterPanel
from etwidgets.panels.spectral_panel import SpectralPanel
from etwidgets.panels.trust_panel import TrustPanel
from etwidgets.panels.volume_panel import VolumePanel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from etwidgets.panels.panel import Panel
    from etwidgets.session import Session


@dataclass(frozen=True)
class Tab:
    """One tab.

    Attributes
    ----------
    panel
        The class of its panel, which has its name and title.
    suggested
        Whether the page marks it with a dot once the suggested tab before it is done.
    has_files
        Whether the panel is given the folder of the user's files.
    """

    panel: type[Panel]
    suggested: bool = False
    has_files: bool = False

    def make(self, session: Session, folder: str | Path) -> Panel:
        """Make its panel."""
        files: tuple[Any, ...] = (folder,) if self.has_files else ()
        return self.panel(session, *files)


TABS = (
    Tab(DataPanel, suggested=True, has_files=True),
    Tab(InspectPanel),
    Tab(CleanPanel),
    Tab(RegisterPanel, suggested=True, has_files=True),
    Tab(AxisPanel, suggested=True),
    Tab(ReconstructPanel, suggested=True),
    Tab(VolumePanel, suggested=True, has_files=True),
    Tab(TrustPanel),
    Tab(SpectralPanel, has_files=True),
    Tab(AnalyzePanel, has_files=True),
    Tab(HistoryPanel, has_files=True),
)
"""Data is the first and History the last of them."""


def with_own(panels: Iterable[type[Panel]]) -> tuple[Tab, ...]:
    """All tabs, with those of the user's own panels before History."""
    return (*TABS[:-1], *(Tab(panel) for panel in panels), TABS[-1])
