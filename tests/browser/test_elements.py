"""From spectra to numbers in the browser: windows dragged, elements aligned, drawn together, measured."""

import json

import pytest

from etwidgets.samples import SAMPLES


def windows(page):
    return json.loads(page.locator(".etw-spectral-spectrum canvas").get_attribute("data-windows"))


def drag_edge(page, index, edge, by):
    """Drag an edge of a window by so many pixels."""
    canvas = page.locator(".etw-spectral-spectrum canvas")
    box, place = canvas.bounding_box(), json.loads(canvas.get_attribute("data-places"))[index][edge]
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + place, y)
    page.mouse.down()
    page.mouse.move(box["x"] + place + by / 2, y, steps=3)
    page.mouse.move(box["x"] + place + by, y, steps=3)
    page.mouse.up()


@pytest.mark.slow  # its steps are tested without a browser; it takes a minute and more
def test_from_spectra_to_volumes_and_numbers(visit, bare_server):
    page = visit.page
    page.goto(bare_server.address)
    page.select_option(".etw-data-sample select", label=SAMPLES["EDX needle"])
    page.click(".etw-data-open-sample")
    visit.wait_for_series("37 projections")
    visit.step("spectral")
    visit.wait_for_panes("spectral", 2)
    page.select_option(".etw-spectral-line select", label="Ni Ka")
    visit.until(lambda: windows(page) and abs(sum(windows(page)[0][:2]) / 2 - 7.478) < 0.05)
    before = windows(page)
    drag_edge(page, 2, 1, 60)  # the right edge of the right background, where nothing is
    visit.until(lambda: windows(page)[2][1] > before[2][1] + 0.5)
    page.wait_for_function(
        "document.querySelector('.etw-panel-spectral .etw-form').innerText.includes('lies on')"
    )
    visit.keep("spectrum")
    page.click(".etw-spectral-propose")
    visit.until(lambda: windows(page) == before)
    page.select_option(".etw-spectral-method select", label="NMF")
    page.click(".etw-spectral-decompose")
    visit.wait_for_status("Decompose the spectra", timeout_s=120)
    visit.wait_for_panes("spectral", 3)
    visit.keep("components")
    visit.step("register")
    page.select_option(".etw-register-method select", label="Center of mass (COM)")
    page.click(".etw-register-run")
    visit.wait_for_status("Register: COM")
    visit.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.fill(".etw-reconstruct-iterations input", "20")
    page.keyboard.press("Tab")
    page.click(".etw-reconstruct-run")
    visit.wait_for_status("Reconstruct: SIRT", timeout_s=120)
    visit.step("volume")
    visit.wait_for_panes("volume", 3)
    form = page.locator(".etw-panel-volume .etw-form").inner_text()
    assert all(name in form for name in ("Si", "Cr", "Ni", "Pt"))
    visit.wait_for_rendering()
    visit.keep("elements")
    visit.step("analyze")
    page.select_option(".etw-analyze-which select", "Ni")
    page.select_option(".etw-analyze-against select", "Cr")
    page.select_option(".etw-analyze-axis select", label="along x")
    page.wait_for_function("Number(document.querySelector('.etw-analyze-threshold input').value) > 0.1")
    page.click(".etw-analyze-run")
    visit.wait_for_status("Measure Ni", timeout_s=60)
    said = page.locator(".etw-panel-analyze .etw-results").inner_text()
    ratio = float(said.split("volumes Ni / Cr")[1].split()[0])
    assert abs(ratio / 1.6186 - 1) < 0.05  # the truth of the simulation
    assert page.locator(".etw-panel-analyze .etw-bodies tr").count() >= 3
    visit.keep("measured")
