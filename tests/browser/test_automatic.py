"""The needle, raw, to its volume in three clicks: Align automatically, Reconstruct, tab Volume."""

import re


def test_three_clicks_from_the_raw_needle_to_its_volume(visit, server):
    page = visit.page
    visit.open_needle(server)
    visit.step("register")
    page.click(".etw-register-auto")
    visit.wait_for_status("Good to", timeout_s=200)
    told = page.locator(".etw-panel-register .etw-report").inner_text()
    assert float(re.search(r"Good to (?:about )?([\d.]+) px", told).group(1)) < 1
    bars = page.locator(".etw-panel-register .etw-bars")
    visit.until(lambda: int(bars.get_attribute("data-bars")) > 70)
    box = bars.bounding_box()
    page.mouse.click(box["x"] + 52 + 0.5 * (box["width"] - 60) / 77, box["y"] + 60)  # the first bar
    visit.until(lambda: bars.get_attribute("data-chosen") == "0")
    visit.keep("automatic")
    visit.step("reconstruct")
    page.click(".etw-reconstruct-run")
    form = page.locator(".etw-panel-reconstruct .etw-form")
    visit.until(lambda: "Chosen: " in form.inner_text(), timeout_s=200)
    (method,) = re.findall(r"Chosen: ([\w-]+)", form.inner_text())
    assert method in ("OS-SIRT", "FISTA-TV")  # which predict the needle nearly as well as each other
    visit.wait_for_status(f"Reconstruct: {method}", timeout_s=200)
    visit.step("volume")
    visit.wait_for_rendering()
    visit.keep("automatic-volume")
