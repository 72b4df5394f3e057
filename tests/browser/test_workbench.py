"""The needle, from open to rendered volume, as a user would do it; nothing open; two pages at once."""

import io
import json
import re
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

CURVES = "document.querySelector('.etw-curve canvas').toDataURL()"


def pixels(page, selector):
    """The pixels of an element as an array (rows, columns, 3)."""
    shot = page.locator(selector).first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


@pytest.mark.slow
def test_from_the_needle_to_a_rendered_volume(visit, server):
    page = visit.page
    visit.open_needle(server)
    assert "77 projections 256 x 256 · -76° to 76° · 3.36 nm" in page.locator(".etw-header").inner_text()
    visit.keep("inspect")

    visit.step("data")
    facts = page.locator(".etw-panel-data .etw-facts").first.inner_text()
    assert "HAADF.rawtlt" in facts
    assert "-31908" in facts
    visit.keep("data")

    visit.step("clean")
    visit.wait_for_panes("clean", 1)
    place = json.loads(page.locator(".etw-panel-clean .etw-image canvas").get_attribute("data-places"))[0]
    box = page.locator(".etw-panel-clean .etw-image canvas").bounding_box()
    across, down = box["x"] + place["x"], box["y"] + place["y"] + place["h"] / 2
    page.mouse.move(across + place["w"], down)
    page.mouse.down()
    page.mouse.move(across + 0.9 * place["w"], down, steps=4)
    page.mouse.move(across + 0.75 * place["w"], down, steps=4)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.etw-clean-x_stop input').value === '192'")
    assert page.locator(".etw-clean-y_stop input").input_value() == "256"
    visit.keep("clean")

    visit.step("register")
    visit.wait_for_panes("register", 2)
    page.click(".etw-register-chart button:has-text('shifts')")
    page.wait_for_selector(".etw-panel-register .etw-curve canvas", state="visible")
    flat = page.evaluate(CURVES)
    page.click(".etw-register-run")
    visit.wait_for_status("Register: PC")
    page.wait_for_function("document.querySelector('.etw-tab-register').innerText.includes('✓')")
    page.wait_for_function(f"flat => {CURVES} !== flat", arg=flat)
    visit.keep("register")

    visit.step("axis")
    visit.wait_for_panes("axis", 3, view=1)
    page.click(".etw-axis-auto")
    visit.wait_for_status("Find the tilt axis")
    found = page.locator(".etw-panel-axis .etw-form").inner_text()
    rotation = float(re.search(r"rotation (-?[\d.]+)", found).group(1))
    assert rotation == pytest.approx(-2.7, abs=0.5)
    visit.wait_for_panes("axis", 3, view=1)
    visit.keep("axis")

    visit.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Filtered back projection (FBP)")
    page.click(".etw-reconstruct-run")
    visit.wait_for_status("Reconstruct: FBP")
    visit.wait_for_panes("reconstruct", 2)
    visit.keep("reconstruct")

    visit.step("volume")
    visit.wait_for_panes("volume", 3)
    visit.wait_for_rendering()
    rendered = pixels(page, ".etw-rays-picture")
    # only the transfer function paints in colors; box, frame and background are gray
    colored = (np.ptp(rendered, axis=-1) > 25).mean()
    assert colored > 0.01
    visit.keep("volume")

    visit.step("history")
    page.wait_for_function("document.querySelector('.etw-history-steps').innerText.includes('Reconstruct')")
    steps = (
        page.locator(".etw-history-steps select").evaluate("list => list.textContent").replace("\xa0", " ")
    )
    assert [word in steps for word in ("Register", "Find the tilt axis", "Reconstruct")] == [True] * 3, steps
    visit.keep("history")
    page.click(".etw-history-undo")
    page.wait_for_function(
        "document.querySelector('.etw-history-steps select').textContent.split('(undone)').length === 2"
    )


def test_sliders_move_the_pictures(looking):
    page = looking.page
    looking.step("inspect")
    canvas = ".etw-panel-inspect .etw-image canvas"
    before = pixels(page, canvas)
    handle = page.locator(".etw-inspect-tilt .noUi-handle, .etw-inspect-tilt input").first
    handle.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.etw-inspect-tilt').innerText.includes('+20.0')")
    looking.until(lambda: np.abs(pixels(page, canvas) - before).mean() > 1)
    box = page.locator(canvas).bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 220)
    page.mouse.wheel(0, -400)
    page.wait_for_function("s => Number(document.querySelector(s).dataset.zoom) > 1.5", arg=canvas)
    zoom = page.locator(canvas).get_attribute("data-zoom")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.etw-inspect-tilt').innerText.includes('+22.0')")
    assert page.locator(canvas).get_attribute("data-zoom") == zoom


def test_nothing_open_offers_samples_and_files(visit, bare_server, root):
    (root / "broken.mrc").write_bytes(b"no MRC file")
    page = visit.page
    page.goto(bare_server.address)
    page.wait_for_selector(".etw-data-open-sample")
    visit.keep("welcome")
    page.fill(".etw-data-file input", "broken.mrc")
    page.keyboard.press("Tab")
    page.wait_for_function(
        "/an MRC header alone has 1024/.test(document.querySelector('.etw-card').innerText)"
    )
    assert page.locator(".etw-data-open").is_hidden()
    page.fill(".etw-data-file input", "../outside.mrc")
    page.keyboard.press("Tab")
    page.wait_for_function(
        "/outside/.test(document.querySelector('.etw-status-message').innerText)",
    )
    visit.keep("failed")
    page.click(".etw-data-open-sample")
    visit.wait_for_panes("inspect", 2)


def test_the_page_fits_its_window(looking):
    for name in ("data", "inspect", "register", "axis", "reconstruct", "volume", "history"):
        looking.step(name)
        wide = looking.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name


def test_without_the_token_there_is_no_page_and_never_a_file(server):
    def get(path):
        try:
            with urllib.request.urlopen(server.origin + path) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")

    status, text = get("/")
    assert "etw-workbench" not in text
    assert "password" in text.lower() or status in (401, 403)
    token = server.address.split("token=")[1]
    for path in ("/voila/files/workbench.ipynb", "/voila/files/../serve.py", "/voila/files/%2e%2e/serve.py"):
        for query in ("", f"?token={token}"):
            status, text = get(path + query)
            assert status in (400, 403, 404) or "password" in text.lower(), path
            assert "etwidgets" not in text.replace(server.origin, "") or "password" in text.lower()
    status, text = get("/api/kernels")
    assert status in (401, 403) or "password" in text.lower()
    assert '"kernel_name"' not in text


def test_one_line_is_printed_when_it_is_ready(server):
    ready = [line for line in server.lines if line.startswith("etwidgets is ready: ")]
    assert len(ready) == 1
    assert re.fullmatch(r"etwidgets is ready: http://127\.0\.0\.1:\d+/\?token=[\w-]{20,}\n", ready[0])


@pytest.mark.slow
def test_two_pages_at_once_do_not_disturb_each_other(visit, chromium, server):
    """One reconstructs while the other registers; each keeps its own series and history."""
    page = visit.page
    visit.open_needle(server)
    other = chromium.new_page(viewport={"width": 1280, "height": 720})
    other.goto(server.address)
    opened = "document.querySelector('.etw-header')?.innerText.includes('77 projections')"
    other.wait_for_selector(".etw-tab-clean", timeout=60_000)
    other.wait_for_function(opened, timeout=60_000)
    visit.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.click(".etw-reconstruct-run")
    other.click(".etw-tab-clean")
    other.select_option(".etw-clean-tool select", "bin")
    other.click(".etw-clean-run")
    other.wait_for_function("document.querySelector('.etw-header').innerText.includes('128 x 128')")
    visit.wait_for_status("Reconstruct: SIRT")
    assert "256 x 256" in page.locator(".etw-header").inner_text()
    assert "✓" not in page.locator(".etw-tab-clean").inner_text()
    assert "✓" not in other.locator(".etw-tab-reconstruct").inner_text()
    other.close()
