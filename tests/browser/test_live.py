"""Live in the browser: the simulated microscope writes, slices come, the result becomes the series."""

import subprocess
import sys

PHANTOM = ("phantom:particles", "--size", "64", "--tilts", "13", "--interval", "0.5", "--bad", "9")


def test_a_series_is_reconstructed_while_it_is_acquired(visit, bare_server, root):
    folder = root / "monday"
    folder.mkdir()
    page = visit.page
    page.goto(bare_server.address)
    page.wait_for_selector(".etw-tab-live")
    visit.step("live")
    page.fill(".etw-live-folder input", "monday")
    page.fill(".etw-live-until input", "13")
    page.keyboard.press("Tab")
    page.click(".etw-live-start")
    command = [sys.executable, "-m", "etwidgets", "simulate-acquisition", *PHANTOM, "--into", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as microscope:
        visit.wait_for_panes("live", 4)
        shown = page.locator(".etw-panel-live")
        visit.until(lambda: "blurred: acquire again?" in shown.inner_text(), timeout_s=60)
        visit.keep("live")
        page.wait_for_selector(".etw-live-take:not([disabled])")
        page.click(".etw-live-take")
        visit.wait_for_series("12 projections")
        visit.keep("live-taken-over")
        assert microscope.wait(10) == 0
