"""Opening: a folder of files as one series, and another series after one that was worked through."""

import numpy as np
import pytest
import tifffile

from etwidgets import simulation
from etwidgets.signals import TomoStack

ANGLES = np.arange(-72, 73, 2)


@pytest.fixture(scope="module")
def folder(root):
    """73 images of 64 x 64 with their angles in their names, and a small series without a pixel size."""
    images = simulation.project(simulation.needle((64, 64, 64)), ANGLES.astype(float)).clip(0)
    (root / "day 3").mkdir()
    for angle, image in zip(ANGLES, (images / images.max() * 6e4).astype(np.uint16), strict=True):
        tifffile.imwrite(root / "day 3" / f"wire_{angle:+d}deg.tif", image)
    tilts = np.linspace(-50, 50, 11)
    other = simulation.project(simulation.needle((40, 28, 28)), tilts).clip(0).astype(np.float32)
    TomoStack(other, tilts).save(root / "second.hspy")
    return root


def line(page, name):
    """A line of the list of files, which may have to be listed again first."""
    page.click(".etw-files-bar button[title^='List']")
    return page.locator(f".etw-files-list tr:has(td:text-is('{name}'))")


def readout(page, panel, name):
    return page.locator(f".etw-{panel}-{name} .widget-readout").inner_text()


def test_a_folder_of_73_images_is_one_series_and_dropped_files_are_another(visit, server, folder):
    page = visit.page
    visit.open_needle(server)
    visit.step("data")
    line(page, "day 3").dblclick()
    page.wait_for_function(
        "document.querySelector('.etw-data-all-files')?.innerText.includes('All 73 .tif files')"
    )
    page.click(".etw-data-all-files")
    page.wait_for_function("document.querySelectorAll('.etw-preview tr').length === 74")
    lines = page.locator(".etw-preview tr").all_inner_texts()
    assert [float(line.split("\t")[1].rstrip("°")) for line in lines[1:]] == ANGLES.tolist()
    assert "64 x 64" in lines[1]
    page.locator(".etw-preview").scroll_into_view_if_needed()
    visit.keep("folder")
    page.click(".etw-data-open-series")
    visit.wait_for_series("73 projections 64 x 64 · -72° to 72°")
    visit.wait_for_panes("inspect", 2)
    # the middle of this series, and not what a slider of the one before was cut down to
    visit.until(lambda: readout(page, "inspect", "column") == "32")
    visit.until(lambda: readout(page, "inspect", "tilt") == "+0.0°")
    visit.step("data")
    assert page.locator(".etw-preview").is_hidden()
    visit.step("reconstruct")
    strip = page.locator(".etw-panel-reconstruct .etw-strip").first
    assert "not been registered" in strip.inner_text()
    visit.keep("unregistered")
    page.click(".etw-reconstruct-fix-1")
    page.wait_for_selector(".etw-panel-register", state="visible")
    drop_three_files(visit, folder)
    page.click(".etw-data-open-series")
    visit.wait_for_series("64 x 64 · -2° to 2°")


def drop_three_files(visit, folder):
    """On the page, as files of the user's computer."""
    page = visit.page
    visit.step("data")
    content = [
        {
            "name": f"dropped_{angle:+d}deg.tif",
            "bytes": list((folder / "day 3" / f"wire_{angle:+d}deg.tif").read_bytes()),
        }
        for angle in (-2, 0, 2)
    ]
    page.evaluate(
        """content => {
            const data = new DataTransfer();
            for (const { name, bytes } of content) data.items.add(new File([new Uint8Array(bytes)], name));
            const list = document.querySelector('.etw-panel-data .etw-files-list');
            const about = { dataTransfer: data, cancelable: true, bubbles: true };
            list.dispatchEvent(new DragEvent('drop', about));
        }""",
        content,
    )
    page.wait_for_function("document.querySelectorAll('.etw-preview tr').length === 4")


def chosen(page):
    return page.locator(".etw-files-list tr[aria-selected='true'] td:first-child").all_inner_texts()


@pytest.mark.usefixtures("folder")
def test_the_list_is_driven_by_keys_and_the_card_shows_what_is_chosen(visit, bare_server):
    page = visit.page
    page.goto(bare_server.address)
    line(page, "day 3").wait_for()
    page.focus(".etw-files-list table")
    page.keyboard.type("sec")
    page.wait_for_selector(".etw-card img")
    assert chosen(page) == ["second.hspy"]
    card = page.locator(".etw-card").inner_text()
    for words in ("11 of 40 x 28 px", "-50.0° to 50.0°", "float32", "projection 6 of 11, +0.0°"):
        assert words in card
    assert page.evaluate("document.querySelector('.etw-card img').naturalWidth") == 40
    page.keyboard.type("day")  # a folder: its files are one series
    page.wait_for_function("document.querySelector('.etw-card').innerText.includes('73 of 64 x 64 px')")
    visit.keep("chooser")
    page.keyboard.press("Enter")
    page.wait_for_selector(".etw-files-list td:text-is('wire_+72deg.tif')")
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    assert chosen(page) == [f"wire_{angle:+d}deg.tif" for angle in (-68, -70, -72)]
    line(page, "wire_-66deg.tif").click(modifiers=["Control"])
    page.wait_for_function("document.querySelectorAll('.etw-preview tr').length === 5")
    page.focus(".etw-files-list table")
    page.keyboard.press("Backspace")
    line(page, "second.hspy").wait_for()
    assert page.locator(".etw-card").is_hidden()


def test_own_file_to_volume_takes_six_clicks(visit, bare_server, root):
    tilts = np.arange(-60.0, 61, 6)
    images = simulation.project(simulation.needle((48, 32, 32)), tilts)
    moved, _ = simulation.misalign(images, jitter_px=1, axis_shift_px=1, seed=1)
    TomoStack(moved.clip(0).astype(np.float32), tilts).save(root / "own.mrc")
    page = visit.page
    page.goto(bare_server.address)
    page.wait_for_selector(".etw-files-list td:text-is('own.mrc')")
    page.evaluate(
        "window.presses = 0; document.addEventListener('mousedown', () => { window.presses += 1; }, true)"
    )
    page.dblclick(".etw-files-list td:text-is('own.mrc')")  # counts as two
    visit.wait_for_series("21 projections")
    page.click(".etw-tab-register")
    page.click(".etw-register-auto:not([disabled])")
    page.click(".etw-job-mend:text-is('Reconstruct')", timeout=120_000)
    page.wait_for_function(
        "document.querySelector('.etw-tab-reconstruct').innerText.includes('✓')", timeout=120_000
    )
    page.click(".etw-tab-volume")
    visit.wait_for_panes("volume", 3)
    assert page.evaluate("window.presses") == 6
    visit.step("data")
    assert page.locator(".etw-files-recent button").first.inner_text() == "own.mrc"


def panes(page, panel):
    found = page.locator(f".etw-panel-{panel} .etw-image canvas").all()
    return [canvas.get_attribute("data-places") for canvas in found]


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_b_after_a_shows_nothing_of_a(visit, server):
    page = visit.page
    visit.make_small_volume(server)
    visit.step("analyze")
    page.wait_for_function("!document.querySelector('.etw-analyze-run').disabled")
    page.click(".etw-analyze-run")
    page.wait_for_selector(".etw-measured table")
    visit.step("data")
    line(page, "second.hspy").click()
    page.click(".etw-data-open")
    visit.wait_for_series("second.hspy")
    visit.wait_for_series("11 projections 40 x 28")
    visit.wait_for_panes("inspect", 2)
    steps = page.locator(".etw-tabs").inner_text()
    assert [line for line in steps.splitlines() if "✓" in line] == ["1  Data  ✓"]
    assert "nm" not in page.locator(".etw-header-words").inner_text()
    expected = {"inspect": 2, "clean": 1, "register": 2, "reconstruct": 1, "volume": 0, "analyze": 0}
    for name in (
        "data",
        "inspect",
        "clean",
        "register",
        "axis",
        "reconstruct",
        "volume",
        "spectral",
        "analyze",
    ):
        visit.step(name)
        text = page.locator(f".etw-panel-{name}").inner_text()
        numbers = " ".join(page.locator(f".etw-panel-{name} .widget-readout").all_inner_texts())
        assert "HAADF" not in text or name in ("data", "spectral"), name  # placeholders say HAADF there
        assert "3.36" not in text, name
        assert "-76" not in text + numbers, name
        if name in expected:
            visit.until(
                lambda name=name: (
                    page.locator(f".etw-panel-{name} .etw-image canvas")
                    .first.get_attribute("data-places")
                    .count('"x"')
                    == expected[name]
                )
            )
        visit.keep(f"second-{name}")
    assert page.locator(".etw-measured table").count() == 0
