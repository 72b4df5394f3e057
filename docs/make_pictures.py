"""Makes the pictures of README and documentation from real runs: ``make pictures``.

Serves the page as a user would, drives it in headless Chromium on the samples, and keeps what is seen. The
drawings and badges are made by the other ``make_*.py``; every file in ``docs/images`` comes from one of them.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE = {"width": 1280, "height": 760}
SLOW = 180_000  # milliseconds
FRAME_MS, GIF_COLORS = 140, 160
PART = {"x": 168, "y": 62, "width": 812, "height": 650}  # of the page that the film shows


class Visit:
    """One page, and what a hand does on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(SLOW)

    def step(self, name: str) -> None:
        """Go to a step, and let it draw."""
        self.page.click(f".etw-tab-{name}")
        self.page.wait_for_selector(f".etw-panel-{name}", state="visible")
        self.page.wait_for_timeout(2500)

    def press(self, button: str, done: str) -> None:
        """Press a button, and wait until the status line says what was done."""
        self.page.click(f".etw-{button}:not([disabled])")
        self.page.wait_for_function(
            "said => document.querySelector('.etw-status-message')?.innerText.includes(said)", arg=done
        )
        self.page.wait_for_timeout(1500)

    def set(self, control: str, value: str) -> None:
        """Write into a field."""
        self.page.fill(f".etw-{control} input", value)
        self.page.keyboard.press("Tab")

    def keep(self, name: str) -> None:
        """Keep what is seen."""
        picture = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        picture.quantize(192).save(IMAGES / f"{name}.png", optimize=True)
        sys.stdout.write(f"{name}.png\n")
        sys.stdout.flush()

    def render(self) -> None:
        """Let software WebGL draw the volume sharply."""
        self.page.wait_for_function("document.querySelector('.etw-rays')?.dataset.sharp > 0")


@contextmanager
def visit(*arguments: str) -> Iterator[Visit]:
    """A fresh server and a page on it."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(tempfile.gettempdir()) / "tilt series"  # its name is seen in the pictures
        root.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "etwidgets", "app", "--no-browser", "--root", str(root), *arguments]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": folder}
        )
        address = next(filter(None, (re.search(r"http://127\S+", line) for line in server.stdout or ())))[0]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport=SIZE)
                page.goto(address)
                page.wait_for_selector(".etw-header", timeout=SLOW)
                page.wait_for_function(
                    "!document.querySelector('.etw-status').innerText.includes('Preparing')", timeout=SLOW
                )
                page.wait_for_timeout(2000)
                yield Visit(page)
                browser.close()
        finally:
            server.terminate()
            server.wait(30)


def film(seen: Visit, name: str) -> None:
    """The tilt axis by hand: shift and rotation are moved, and the slices follow."""
    page, frames = seen.page, []
    (IMAGES / name).unlink(missing_ok=True)

    def shoot(times: int = 1) -> None:
        page.wait_for_timeout(260)
        frames.extend([Image.open(BytesIO(page.screenshot(clip=PART))).convert("RGB")] * times)

    def move(slider: str, key: str, presses: int, each: int = 1) -> None:
        page.focus(f".etw-axis-{slider} .noUi-handle")
        for _ in range(presses):
            for _ in range(each):
                page.keyboard.press(key)
            shoot()

    for slider, presses, each in (("shift", 8, 10), ("rotation", 7, 10)):
        shoot(4)
        move(slider, "ArrowRight", presses, each)
        move(slider, "ArrowLeft", 2 * presses, each)
        move(slider, "ArrowRight", presses, each)
    page.click(".etw-axis-auto")
    page.wait_for_function(
        "document.querySelector('.etw-status-message').innerText.includes('Find the tilt axis')"
    )
    page.wait_for_timeout(2000)
    shoot(14)
    both = Image.new("RGB", (frames[0].width, 2 * frames[0].height))
    both.paste(frames[0], (0, 0))
    both.paste(frames[-1], (0, frames[0].height))
    palette = both.quantize(GIF_COLORS)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first.save(IMAGES / name, save_all=True, append_images=others, duration=FRAME_MS, loop=0, optimize=True)
    sys.stdout.write(f"{name}: {len(frames)} frames, {(IMAGES / name).stat().st_size / 1e6:.1f} MB\n")


def needle() -> None:
    """The needle from the empty page to the rendered volume."""
    with visit() as seen:
        seen.keep("welcome")
        seen.page.click(".etw-data-tour")
        seen.page.wait_for_timeout(3500)  # until the mark has stopped blinking
        seen.keep("tour")
        seen.page.click(".etw-tour-end")
        seen.press("data-open-sample", "Open sample")
        seen.step("inspect")
        seen.keep("inspect")
        seen.step("clean")
        seen.keep("clean")
        seen.step("register")
        seen.press("register-run", "Register: PC")
        seen.step("axis")
        film(seen, "tilt-axis.gif")
        seen.keep("axis")
        seen.step("reconstruct")
        seen.page.select_option(
            ".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)"
        )
        seen.set("reconstruct-iterations", "40")
        seen.page.click(".etw-reconstruct-follow")
        seen.page.wait_for_function(
            "Number(document.querySelector('.etw-reconstruct-iteration .widget-readout')?.innerText) >= 40"
        )
        seen.page.wait_for_timeout(1500)
        seen.keep("reconstruct")
        seen.press("reconstruct-run", "Reconstruct: SIRT")
        seen.step("volume")
        seen.render()
        seen.keep("workbench")
        seen.step("history")
        seen.keep("history")


def automatic() -> None:
    """The needle aligned by one button."""
    with visit() as seen:
        seen.press("data-open-sample", "Open sample")
        seen.step("register")
        seen.press("register-auto", "Good to")
        seen.keep("register")


def elements() -> None:
    """The EDX needle from spectra to elements and numbers."""
    with visit("--sample", "EDX needle") as seen:
        seen.page.wait_for_function("document.querySelector('.etw-header').innerText.includes('37 proj')")
        seen.step("spectral")
        seen.page.select_option(".etw-spectral-method select", label="NMF")
        seen.press("spectral-decompose", "Decompose the spectra")
        seen.keep("spectral")
        seen.step("register")
        seen.page.select_option(".etw-register-method select", label="Center of mass (COM)")
        seen.press("register-run", "Register: COM")
        seen.step("reconstruct")
        seen.page.select_option(
            ".etw-reconstruct-method select", label="Simultaneous iterative reconstruction (SIRT)"
        )
        seen.set("reconstruct-iterations", "20")
        seen.press("reconstruct-run", "Reconstruct: SIRT")
        seen.step("volume")
        seen.render()
        seen.keep("elements")
        seen.step("analyze")
        seen.page.select_option(".etw-analyze-which select", "Ni")
        seen.page.select_option(".etw-analyze-against select", "Cr")
        seen.page.select_option(".etw-analyze-axis select", label="along x")
        seen.press("analyze-run", "Measure Ni")
        seen.keep("analyze")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    needle()
    automatic()
    elements()
