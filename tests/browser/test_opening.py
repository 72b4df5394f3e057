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


def choose(page, *names):
    """In the list of files; a line begins with the name."""
    labels = page.locator(".etw-data-files option").all_text_contents()
    chosen = [label for label in labels if label.replace("\xa0", " ").startswith(names)]
    page.locator(".etw-data-files select").select_option(label=chosen)


def readout(page, panel, name):
    return page.locator(f".etw-{panel}-{name} .widget-readout").inner_text()


def test_a_folder_of_73_images_is_one_series_and_dropped_files_are_another(visit, server, folder):
    page = visit.page
    visit.open_needle(server)
    visit.step("data")
    choose(page, "day 3")
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
            const area = document.querySelector('.etw-upload');
            area.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
        }""",
        content,
    )
    page.wait_for_function("document.querySelectorAll('.etw-preview tr').length === 4")


def panes(page, panel):
    found = page.locator(f".etw-panel-{panel} .etw-image canvas").all()
    return [canvas.get_attribute("data-places") for canvas in found]


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_b_after_a_shows_nothing_of_a(visit, server):
    page = visit.page
    visit.open_needle(server)
    visit.step("clean")
    page.locator(".etw-clean-tool select").select_option("bin")
    page.locator(".etw-clean-factor input").fill("4")
    page.locator(".etw-clean-factor input").press("Enter")
    page.click(".etw-clean-run")
    visit.wait_for_series("64 x 64")
    visit.step("register")
    page.click(".etw-register-run")
    page.wait_for_function("document.querySelector('.etw-tab-register').innerText.includes('✓')")
    visit.step("reconstruct")
    page.select_option(".etw-reconstruct-method select", label="Filtered back projection (FBP)")
    page.click(".etw-reconstruct-run")
    page.wait_for_function("document.querySelector('.etw-tab-reconstruct').innerText.includes('✓')")
    visit.step("analyze")
    page.wait_for_function("!document.querySelector('.etw-analyze-run').disabled")
    page.click(".etw-analyze-run")
    page.wait_for_selector(".etw-measured table")
    visit.step("data")
    choose(page, "second.hspy")
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
