"""How long the page takes in headless Chromium on the needle from a slider to new slices.

Run it as a script; `tools/install-chromium` installs the browser.
"""

import re
import shutil
import subprocess
import sys

import numpy as np
from playwright.sync_api import sync_playwright

MOVES = 40
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
# from the key that moves the slider to the frame of the three slices that was asked for by it
MEASURE = """async ([moves, wait]) => {
    const handle = document.querySelector('.etw-axis-shift .noUi-handle');
    const canvas = document.querySelectorAll('.etw-panel-axis .etw-image canvas')[1];
    const readout = document.querySelector('.etw-axis-shift .widget-readout');
    const frames = [], numbers = [];
    for (let i = 0; i < moves; i++) {
        await new Promise(done => setTimeout(done, wait));
        const before = canvas.dataset.frame, shown = readout.innerText, began = performance.now();
        handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
        let number = null;
        while (canvas.dataset.frame === before && performance.now() - began < 5000) {
            if (number === null && readout.innerText !== shown) number = performance.now() - began;
            await new Promise(done => setTimeout(done, 1));
        }
        frames.push(performance.now() - began);
        numbers.push(number ?? performance.now() - began);
    }
    return [frames, numbers];
}"""


def main(write):
    command = [sys.executable, "-m", "etwidgets", "app", "--no-browser", "--sample", "needle"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        address = next(filter(None, (re.search(r"http://127\S+", line) for line in server.stdout)))[0]
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(address)
            page.wait_for_function(
                "document.querySelector('.etw-panel-inspect canvas')?.dataset.frame", timeout=90_000
            )
            slider(page, write)
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def slider(page, write):
    page.wait_for_timeout(3000)  # the engine is loaded in the background
    page.click(".etw-tab-register")
    page.click(".etw-register-run")
    page.wait_for_function("document.querySelector('.etw-status-message').innerText.includes('Register: PC')")
    page.click(".etw-tab-axis")
    page.wait_for_timeout(4000)
    for words, wait in (("one step after the other rests", 700), ("steps in quick succession", 20)):
        frames, numbers = page.evaluate(MEASURE, [MOVES, wait])
        write(
            f"slider to new slices, {words}: median {np.median(frames):.0f} ms, "
            f"90 % within {np.percentile(frames, 90):.0f} ms; its number after {np.median(numbers):.0f} ms\n"
        )


if __name__ == "__main__":
    main(sys.stdout.write)
