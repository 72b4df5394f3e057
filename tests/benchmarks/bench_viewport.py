"""How many frames per second the wheel and a drag get on a 2048 px image, in headless Chromium without a GPU.

Run it as a script; `tools/install-chromium` installs the browser. No server and no kernel take part.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

SIDE, SECONDS = 2048, 3
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
# one event per frame: what is counted are frames that were drawn after it, and the longest time between two
MEASURE = """async ([kind, seconds]) => {
    const canvas = document.querySelector("canvas"), box = canvas.getBoundingClientRect();
    const at = (x, y) => ({
        clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, cancelable: true,
    });
    const mouse = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { ...at(x, y), pointerId: 1 }));
    const wheel = (x, y, deltaY) => canvas.dispatchEvent(new WheelEvent("wheel", { ...at(x, y), deltaY }));
    canvas.setPointerCapture = () => {};
    const frame = () => new Promise(requestAnimationFrame), ask = window.requestAnimationFrame;
    let ours = 0;   // time in the functions that draw, without what the browser does with it
    window.requestAnimationFrame = (draw) => ask((now) => {
        const began = performance.now();
        draw(now);
        ours += performance.now() - began;
    });
    if (kind === "drag") { wheel(0.5, 0.5, -500); mouse("pointerdown", 0.5, 0.5); }
    await frame();
    const began = performance.now(), gaps = [];
    for (let i = 0, last = began; performance.now() - began < 1000 * seconds; i++) {
        if (kind === "drag") mouse("pointermove", 0.5 + 0.2 * Math.sin(i / 15), 0.5 + 0.2 * Math.cos(i / 15));
        else wheel(0.6, 0.4, i % 120 < 60 ? -20 : 20);
        await frame();
        gaps.push(performance.now() - last);
        last = performance.now();
    }
    if (kind === "drag") mouse("pointerup", 0.5, 0.5);
    window.requestAnimationFrame = ask;
    return [1000 * gaps.length / (performance.now() - began), Math.max(...gaps), ours / gaps.length];
}"""


def main(write):
    sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
    from view_alone import ViewAlone

    from etwidgets.views import ImageView, Pane

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    image = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for panes in (1, 3):
            page, view = browser.new_page(viewport={"width": 1280, "height": 800}), ImageView(height=780)
            view.show([Pane(image, (-3, 3), "inferno", pixel_size=0.5)] * panes)
            driven = ViewAlone(page, view)
            driven.exchange(rounds=40)  # the frame with all pixels comes at rest
            for kind in ("wheel", "drag"):
                rate, longest, ours = page.evaluate(MEASURE, [kind, SECONDS])
                write(
                    f"{panes} x {SIDE} px, {kind}: {rate:.0f} frames per s, longest {longest:.0f} ms, "
                    f"{ours:.1f} ms of it in our script\n"
                )
            page.close()
            view.close()
        browser.close()


if __name__ == "__main__":
    main(sys.stdout.write)
