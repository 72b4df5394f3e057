"""Every tab of the page at five sizes, light and dark, to be looked at one by one: part of ``make pictures``.

Serves the page on the needle, aligns and reconstructs it with the automatic steps, and keeps a picture of
each tab. They go to ``build/gallery`` and are not committed. What is clipped or runs out of the frame is
printed.

Usage: ``python docs/make_gallery.py [--themes light dark] [--tabs volume trust] [--sizes 1024x700 ...]``
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parents[1] / "build" / "gallery"
SIZES = ("1024x700", "1280x720", "1440x900", "1920x1080", "2560x1440")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SLOW = 150_000  # milliseconds

# elements of the page whose text is cut off, and those that reach beyond the window
FAULTS = """() => {
  const faults = [], seen = element => element.offsetParent !== null;
  const name = element => [...element.classList].find(each => each.startsWith('etw-')) || element.tagName;
  const all = what => document.querySelectorAll(what);
  for (const each of all('.etw-workbench :is(button, .widget-label, h3)')) {
    if (seen(each) && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
      faults.push(`cut off: ${name(each)} "${each.innerText.slice(0, 40)}"`);
  }
  const beyond = [...all('.etw-workbench *')].find(
    each => seen(each) && each.offsetWidth && each.getBoundingClientRect().right > innerWidth + 1
  );
  if (beyond) faults.push(`beyond the right edge: ${name(beyond)}`);
  const status = document.querySelector('.etw-status')?.getBoundingClientRect();
  if (status && status.bottom > innerHeight + 1) faults.push('the status line is below the window');
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('the page scrolls sideways');
  return faults;
}"""


def press(page: Page, button: str, done: str) -> None:
    """Press a button, and wait until the status line says what was done."""
    page.click(f".etw-{button}:not([disabled])", timeout=SLOW)
    page.wait_for_function(
        "said => document.querySelector('.etw-status-message')?.innerText.includes(said)",
        arg=done,
        timeout=SLOW,
    )


def prepare(page: Page) -> None:
    """From the series as recorded to an aligned one with a volume and its numbers."""
    page.click(".etw-tab-register")
    press(page, "register-auto", "Align automatically")
    page.click(".etw-tab-reconstruct")
    press(page, "reconstruct-run", "Reconstruct")


def gallery(theme: str, tabs: list[str], sizes: list[str]) -> int:
    """Keep a picture of each tab at each size; how many faults were found."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "etwidgets", "app", "--no-browser", "--root", folder]
        server = subprocess.Popen(
            [*command, "--sample", "needle", "--theme", theme],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": folder},
        )
        address = next(filter(None, (re.search(r"http://127\S+", line) for line in server.stdout or ())))[0]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport=_viewport("1280x720"))
                page.goto(address)
                page.wait_for_function(
                    "document.querySelector('.etw-header')?.innerText.includes('77 projections')",
                    timeout=SLOW,
                )
                prepare(page)
                names = page.evaluate(
                    "[...document.querySelectorAll('.etw-tab')].map(tab =>"
                    " [...tab.classList].find(name => name.startsWith('etw-tab-')).slice(8))"
                )
                for name in [each for each in names if not tabs or each in tabs]:
                    page.click(f".etw-tab-{name}")
                    page.wait_for_selector(f".etw-panel-{name}", state="visible", timeout=SLOW)
                    page.wait_for_timeout(3000)
                    for size in sizes:
                        page.set_viewport_size(_viewport(size))
                        page.wait_for_timeout(900)
                        page.screenshot(path=FOLDER / f"{name}-{theme}-{size}.png")
                        for fault in page.evaluate(FAULTS):
                            sys.stdout.write(f"{name}, {theme}, {size}: {fault}\n")
                            found += 1
                browser.close()
        finally:
            server.terminate()
            server.wait(30)
    return found


def _viewport(size: str) -> dict[str, int]:
    width, height = map(int, size.split("x"))
    return {"width": width, "height": height}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--themes", nargs="*", default=["light", "dark"])
    parser.add_argument("--tabs", nargs="*", default=[])
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    faults = sum(gallery(theme, arguments.tabs, arguments.sizes) for theme in arguments.themes)
    sys.stdout.write(f"{faults} faults; look at {FOLDER.relative_to(Path.cwd())}\n")
