"""Reports of a session: one page that opens anywhere, and the same as JSON."""

from etwidgets.session.report.collect import ReportSource, collect
from etwidgets.session.report.content import Content, Doubt, Facts, from_json, to_json
from etwidgets.session.report.html import page
from etwidgets.session.report.overview import OVERVIEW_TITLE, overview_page, overview_rows
from etwidgets.session.report.writing import check_target, free_target, save_report

__all__ = [
    "OVERVIEW_TITLE",
    "Content",
    "Doubt",
    "Facts",
    "ReportSource",
    "check_target",
    "collect",
    "free_target",
    "from_json",
    "overview_page",
    "overview_rows",
    "page",
    "save_report",
    "to_json",
]
