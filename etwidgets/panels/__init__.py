"""Panels: each reads the model and asks the session; none knows another."""

from etwidgets.panels.analyze_panel import AnalyzePanel
from etwidgets.panels.axis_panel import AxisPanel
from etwidgets.panels.clean_panel import CleanPanel
from etwidgets.panels.data_panel import DataPanel
from etwidgets.panels.history_panel import HistoryPanel
from etwidgets.panels.inspect_panel import InspectPanel
from etwidgets.panels.live_panel import LivePanel
from etwidgets.panels.panel import Panel
from etwidgets.panels.reconstruct_panel import ReconstructPanel
from etwidgets.panels.register_panel import RegisterPanel
from etwidgets.panels.spectral_panel import SpectralPanel
from etwidgets.panels.status_line import StatusLine
from etwidgets.panels.style import style_sheet
from etwidgets.panels.tree import close_tree
from etwidgets.panels.trust_panel import TrustPanel
from etwidgets.panels.volume_panel import VolumePanel

__all__ = [
    "AnalyzePanel",
    "AxisPanel",
    "CleanPanel",
    "DataPanel",
    "HistoryPanel",
    "InspectPanel",
    "LivePanel",
    "Panel",
    "ReconstructPanel",
    "RegisterPanel",
    "SpectralPanel",
    "StatusLine",
    "TrustPanel",
    "VolumePanel",
    "close_tree",
    "style_sheet",
]
