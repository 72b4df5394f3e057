"""The list of tabs of the page, in their order, and their panels; a new tab is its module and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etwidgets.panels.analyze_panel import AnalyzePanel
from etwidgets.panels.axis_panel import AxisPanel
from etwidgets.panels.clean_panel import CleanPanel
from etwidgets.panels.data_panel import DataPanel
from etwidgets.panels.history_panel import HistoryPanel
from etwidgets.panels.inspect_panel import InspectPanel
from etwidgets.panels.live_panel import LivePanel
from etwidgets.panels.reconstruct_panel import ReconstructPanel
from etwidgets.panels.register_panel import RegisterPanel
from etwidgets.panels.spectral_panel import SpectralPanel
from etwidgets.panels.trust_panel import TrustPanel
from etwidgets.panels.volume_panel import VolumePanel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
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
    Tab(LivePanel, has_files=True),
    Tab(HistoryPanel, has_files=True),
)
"""Data is the first and History the last of them."""


def with_own(panels: Iterable[type[Panel]]) -> tuple[Tab, ...]:
    """All tabs, with those of the user's own panels before History."""
    return (*TABS[:-1], *(Tab(panel) for panel in panels), TABS[-1])


class PanelsByName(Mapping[str, "Panel"]):
    """The panels of tabs by their names; each is made when it is first asked for.

    All of them together are more than 1500 widgets, and a browser waits 4 s for widgets before it asks for
    them one by one.

    Parameters
    ----------
    tabs
        In their order.
    make
        Makes the panel of a tab and places it.
    """

    def __init__(self, tabs: Iterable[Tab], make: Callable[[Tab], Panel]) -> None:
        self._tabs = {tab.panel.name: tab for tab in tabs}
        self._make = make
        self._made: dict[str, Panel] = {}

    def __getitem__(self, name: str) -> Panel:
        if name not in self._made:
            self._made[name] = self._make(self._tabs[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tabs)

    def __len__(self) -> int:
        return len(self._tabs)

    def __contains__(self, name: object) -> bool:
        return name in self._tabs

    @property
    def tabs(self) -> Mapping[str, Tab]:
        """The tabs by the names of their panels."""
        return self._tabs

    @property
    def made(self) -> Mapping[str, Panel]:
        """The panels that were made, in the order in which they were."""
        return self._made
