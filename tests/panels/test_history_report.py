"""A report is exported from the History panel like any other file."""

from etwidgets.panels import HistoryPanel
from etwidgets.session.report import from_json, pictures


def test_the_report_is_exported(made, session, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_png", lambda _figure: "iVBOR")
    panel = made(HistoryPanel(session, tmp_path))
    panel.controls["kind"].value = "report"
    assert panel.controls["name"].value == "report.html"
    panel.controls["save"].click()
    assert "<h2>Caveats</h2>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    found = from_json((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert any("no volume" in each.text for each in found.doubts)
    assert "report.html" in session.model.message.text
    assert "report.html and report.json in " + str(tmp_path) in session.model.message.text
    assert panel.controls["name"].value == "report-2.html"
    panel.controls["save"].click()
    assert (tmp_path / "report-2.json").is_file()
    assert panel.controls["name"].value == "report-3.html"
