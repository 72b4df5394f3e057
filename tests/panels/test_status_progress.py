"""The status line shows a job only while it runs."""

import seen

from etwidgets.panels import (
    StatusLine,
)
from etwidgets.session import JobStatus


def test_status_shows_progress_time_left_and_cancel_only_while_a_job_runs(open_panel, stack):
    panel = open_panel(StatusLine, stack)
    panel.session.tell("an older message")
    panel.model.busy = True
    panel.model.job = JobStatus("reconstruct", "Reconstruct: SIRT", "running", 0.34, "", 6.0, 11.6)
    assert panel.controls["cancel"].layout.display == ""
    assert panel.controls["bar"].value == 0.34
    lines = seen.text(panel).split("\n")
    assert "Reconstruct: SIRT" in lines
    assert "34 % · 12 s left" in lines
    assert "an older message" not in seen.text(panel)
    panel.model.busy = False
    assert panel.controls["cancel"].layout.display == "none"
    assert panel.controls["cancel"].disabled
    assert "an older message" in seen.text(panel)
