"""What a person steers: keys, cancelling, finishing early, comparing, bringing files; and its cost in memory.

The tests that share a page stand in the order in which they change it: the last leaves a reconstruction.
"""

import importlib.metadata

import psutil
import pytest

from tests.browser.test_workbench import pixels


def needle_file(ending):
    files = importlib.metadata.files("etspy")
    return str(next(file for file in files if file.name == f"HAADF{ending}").locate())


@pytest.mark.slow  # tests/panels/test_data_panel.py uploads without a browser
def test_files_of_the_users_computer_are_uploaded_and_opened(visit, server):
    page = visit.page
    visit.open_needle(server)
    visit.step("data")
    page.set_input_files(".etw-data-upload input", [needle_file(".mrc"), needle_file(".rawtlt")])
    visit.wait_for_status("Open: HAADF.mrc, tilts from HAADF.rawtlt")
    visit.step("data")
    assert "uploaded" in page.locator(".etw-data-upload").inner_text()
    assert "-31908" in page.locator(".etw-panel-data .etw-facts").first.inner_text()
    visit.keep("upload")


def test_keys_are_shown_and_a_double_click_resets_a_slider(looking):
    page = looking.page
    looking.step("inspect")
    page.focus(".etw-panel-inspect .etw-image canvas")
    page.keyboard.press("?")
    page.wait_for_selector(".etw-panel-inspect .etw-keys", state="visible")
    assert "play the tilts" in page.locator(".etw-panel-inspect .etw-keys").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector(".etw-panel-inspect .etw-keys", state="hidden")
    looking.step("axis")
    looking.wait_for_panes("axis", 3, view=1)
    page.focus(".etw-axis-shift .noUi-handle")
    page.keyboard.press("PageUp")
    readout = page.locator(".etw-axis-shift .widget-readout")
    looking.until(lambda: readout.inner_text() != "0.00")
    page.locator(".etw-axis-shift .noUi-handle").dblclick()
    looking.until(lambda: readout.inner_text() == "0.00")


def test_the_histogram_changes_the_contrast(looking):
    page = looking.page
    looking.step("inspect")
    before = pixels(page, ".etw-panel-inspect .etw-image canvas")
    box = page.locator(".etw-panel-inspect .etw-histogram").bounding_box()
    limits = page.locator(".etw-panel-inspect .etw-histogram").get_attribute("data-limits")
    high = float(limits.strip("[]").split(",")[1])
    page.mouse.move(box["x"] + high * box["width"] - 1, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    looking.until(lambda: abs(pixels(page, ".etw-panel-inspect .etw-image canvas") - before).mean() > 1)


def test_a_reconstruction_can_be_cancelled(looking):
    page = looking.page
    looking.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.fill(".etw-reconstruct-iterations input", "200")
    page.keyboard.press("Tab")
    page.click(".etw-reconstruct-run")
    page.wait_for_selector(".etw-job-cancel", state="visible")
    page.wait_for_function("document.querySelector('.etw-status-words').innerText.includes('SIRT')")
    page.wait_for_function("document.querySelector('.etw-reconstruct-run').disabled")
    looking.keep("running")
    page.click(".etw-job-cancel")
    looking.wait_for_status("ancel", timeout_s=5)
    page.wait_for_function("!document.querySelector('.etw-reconstruct-run').disabled")
    looking.step("volume")
    assert "Reconstruct a volume first" in page.locator(".etw-volume-hint").inner_text()
    looking.keep("cancelled")


def test_a_run_is_finished_early_set_aside_and_compared(looking):
    page = looking.page
    looking.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.fill(".etw-reconstruct-iterations input", "4000")
    page.keyboard.press("Tab")
    page.click(".etw-reconstruct-run")
    page.wait_for_function("!/^0 %/.test(document.querySelector('.etw-status-left').innerText)")
    page.click(".etw-job-finish")
    looking.wait_for_status("Reconstruct: SIRT, iterations", timeout_s=20)
    done = int(looking.status().split("iterations ")[1].split(",")[0])
    assert 1 <= done < 4000
    page.fill(".etw-reconstruct-iterations input", "20")
    page.keyboard.press("Tab")
    page.click(".etw-reconstruct-compare")
    looking.wait_for_panes("reconstruct", 4)
    looking.keep("compare")
    page.click(".etw-reconstruct-end-comparison")
    looking.step("history")
    page.click(".etw-panel-history .etw-history-keep")
    page.wait_for_function("document.querySelector('.etw-history-kept select').options.length === 2")
    looking.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Filtered back projection (FBP)")
    page.click(".etw-reconstruct-run")
    looking.wait_for_status("Reconstruct: FBP")
    looking.step("history")
    looking.wait_for_panes("history", 3)
    looking.keep("aside")
    page.click(".etw-job-messages")
    page.wait_for_function("document.querySelector('.etw-status-log').innerText.includes('FBP')")


HEAP = "() => { gc(); return performance.memory.usedJSHeapSize; }"
MOVE = """async (moves) => {
    const handle = document.querySelector('.etw-inspect-tilt .noUi-handle');
    const canvas = document.querySelector('.etw-panel-inspect .etw-image canvas');
    for (let i = 0; i < moves; i++) {
        const before = canvas.dataset.frame, began = performance.now();
        const key = Math.floor(i / 20) % 2 ? 'ArrowLeft' : 'ArrowRight';
        handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
        while (canvas.dataset.frame === before && performance.now() - began < 1000)
            await new Promise(done => setTimeout(done, 5));
    }
}"""


@pytest.mark.slow
def test_memory_stays_flat_over_moves_and_undo(visit, serve):
    server = serve("--sample", "needle")
    page = visit.page
    visit.open_needle(server)
    visit.step("register")
    page.click(".etw-register-run")
    visit.wait_for_status("Register: PC")
    visit.step("inspect")

    def undo_and_redo(times):
        for _ in range(times):
            page.click(".etw-header-undo")
            page.wait_for_function("!document.querySelector('.etw-header-redo').disabled")
            page.click(".etw-header-redo")
            page.wait_for_function("document.querySelector('.etw-header-redo').disabled")

    def measure():
        page.wait_for_timeout(500)
        kernel = max(psutil.Process(each.pid).memory_info().rss for each in server.kernels())
        return page.evaluate(HEAP), kernel

    page.evaluate(MOVE, 40)
    undo_and_redo(3)
    heap, kernel = measure()
    page.evaluate(MOVE, 200)
    undo_and_redo(20)
    heap_after, kernel_after = measure()
    assert heap_after - heap < 10e6
    assert kernel_after - kernel < 60e6  # less than one more copy of the series and what belongs to it


SOON = """
import etwidgets.serve as serve
serve._CULL_AFTER_S, serve._CULL_EVERY_S = 3, 1
serve.serve(sample='needle', open_browser=False)
"""


@pytest.mark.slow
def test_a_kernel_whose_page_was_closed_ends_after_its_job_and_not_before(chromium, serve):
    server = serve(code=SOON)
    page = chromium.new_page()
    page.goto(server.address)
    page.wait_for_selector(".etw-tab-reconstruct", timeout=60_000)
    page.wait_for_function("document.querySelector('.etw-header')?.innerText.includes('77 projections')")
    page.click(".etw-tab-reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)")
    page.fill(".etw-reconstruct-iterations input", "120")
    page.keyboard.press("Tab")
    page.click(".etw-reconstruct-run")
    page.wait_for_selector(".etw-job-cancel", state="visible")
    busy = server.at_work()
    page.close()
    with pytest.raises(psutil.TimeoutExpired):  # more than twice as long as an idle kernel may stay
        busy.wait(8)
    busy.wait(120)
