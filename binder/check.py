"""Does here what mybinder.org does with this folder, and drives the result in a browser: ``make binder``.

In an empty directory: a clone, an environment from ``requirements.txt``, ``postBuild``, ``start`` with the
server that Binder starts (Jupyter under a prefix, on all addresses), the page and the first notebook in
Chromium. Prints how long each took; pictures are kept in ``test-artifacts``. What it cannot show is what
mybinder.org itself brings: its base image, processor and memory limit.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "test-artifacts"
PREFIX, TOKEN = "/user/someone/", "secret"
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# the canvas of the panel with the volume has pixels of more than a few brightnesses
_DRAWN = """() => {
  const canvas = document.querySelector('.etw-panel-volume .etw-image canvas');
  if (!canvas || !canvas.width) return false;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(pixels.filter((_, i) => i % 4 === 0)).size > 20;
}"""
_MATHJAX = "/ajax/libs/mathjax/"
ENOUGH = 240_000  # milliseconds


def timed(what: str, begun: float) -> None:
    """Say how long something took."""
    sys.stdout.write(f"{what}: {time.monotonic() - begun:.1f} s\n")
    sys.stdout.flush()


def build(folder: Path) -> dict[str, str]:
    """Clone, environment and postBuild, as the image is built; the environment of its processes."""
    repository, home = folder / "repository", folder / "home"
    home.mkdir()
    begun = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(repository)], check=True)
    wanted = (repository / "binder" / "runtime.txt").read_text().strip().replace("-", "")
    subprocess.run([shutil.which(wanted) or sys.executable, "-m", "venv", str(folder / "env")], check=True)
    path = os.pathsep.join([str(folder / "env" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    settings = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"}
    # what pip needs to reach its index from here
    settings |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    install = ["pip", "install", "--quiet", "--no-cache-dir", "-r", "binder/requirements.txt"]
    subprocess.run(
        [folder / "env" / "bin" / "python", "-m", *install], cwd=repository, env=settings, check=True
    )
    timed("clone and environment", begun)
    begun = time.monotonic()
    subprocess.run(["binder/postBuild"], cwd=repository, env=settings, check=True)
    timed("postBuild", begun)
    return settings


def serve(folder: Path, settings: dict[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server, and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "binder/start",
        "jupyter",
        "notebook",
        "--ip=0.0.0.0",
        f"--port={port}",
        "--no-browser",
        "--allow-root",
    ]
    command += [f"--ServerApp.base_url={PREFIX}", f"--IdentityProvider.token={TOKEN}"]
    begun = time.monotonic()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder / "repository", env=settings, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}{PREFIX}"
    while True:
        try:
            urllib.request.urlopen(f"{address}api/status?token={TOKEN}", timeout=2).close()
        except OSError:
            if process.poll() is not None or time.monotonic() - begun > 60:
                process.terminate()
                raise SystemExit((folder / "server.log").read_text()) from None
            time.sleep(0.2)
        else:
            timed("server", begun)
            return process, address


def drive_page(page: Page, address: str) -> None:
    """From the link of the badge to a rendered volume."""
    begun = time.monotonic()
    page.goto(f"{address}voila/render/voila_app/workbench.ipynb?token={TOKEN}")
    page.wait_for_selector(".etw-data-open-sample", timeout=ENOUGH)
    page.wait_for_function("document.querySelector('.etw-facts') !== null", timeout=ENOUGH)
    timed("page on the screen", begun)
    page.screenshot(path=ARTIFACTS / "binder-welcome.png")
    page.click(".etw-data-open-sample")
    page.wait_for_selector(".etw-panel-inspect", state="visible", timeout=ENOUGH)
    for step, said in (("register", "Register"), ("reconstruct", "Reconstruct")):
        page.click(f".etw-tab-{step}")
        page.wait_for_selector(f".etw-{step}-run:not([disabled])", timeout=ENOUGH)
        page.click(f".etw-{step}-run")
        page.wait_for_function(
            "said => document.querySelector('.etw-status-message').innerText.match(said + '.*done in')",
            arg=said,
            timeout=ENOUGH,
        )
    page.click(".etw-tab-volume")
    page.wait_for_function("document.querySelector('.etw-rays')?.dataset.frame > 0", timeout=ENOUGH)
    page.wait_for_timeout(4000)  # software WebGL draws slowly; only for the picture
    timed("page to rendered volume", begun)
    page.screenshot(path=ARTIFACTS / "binder-volume.png")


def drive_notebook(page: Page, address: str) -> None:
    """Run the first notebook in JupyterLab, panels and all."""
    begun = time.monotonic()
    page.goto(f"{address}lab/tree/notebooks/1_first_tilt_series.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=ENOUGH)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        "() => document.querySelectorAll('.etw-panel').length >= 5"
        " && [...document.querySelectorAll('.jp-InputPrompt')].every(p => !p.innerText.includes('*'))",
        timeout=ENOUGH,
    )
    timed("notebook 1, all cells", begun)
    failed = page.locator(
        "[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText[data-mime-type*='stderr']"
    )
    errors = [text for text in failed.all_inner_texts() if "Traceback" in text]
    if errors:
        raise SystemExit(errors[0])
    page.locator(".etw-panel-volume").scroll_into_view_if_needed()
    page.wait_for_function(_DRAWN, timeout=ENOUGH)
    page.screenshot(path=ARTIFACTS / "binder-notebook.png")


def drive(address: str) -> None:
    """The page and the notebook in a browser; neither may complain or ask another machine for anything."""
    with sync_playwright() as playwright:
        chromium = next(filter(None, map(shutil.which, BROWSERS)))
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        wrong: list[str] = []
        page.on("console", lambda said: _is_fault(said) and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if _is_ours(request.url) else wrong.append(request.url))
        drive_page(page, address)
        if wrong:
            raise SystemExit("the page complained:\n" + "\n".join(wrong))
        drive_notebook(page, address)
        browser.close()


def _is_fault(said: ConsoleMessage) -> bool:
    return said.type == "error" and _MATHJAX not in said.location["url"]


def _is_ours(url: str) -> bool:
    """Voila in a Jupyter server asks for MathJax, which the page does not use and does well without."""
    known = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    return url.startswith(known) or _MATHJAX in url


def main() -> None:
    """All of it."""
    ARTIFACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server, address = serve(folder, build(folder))
        try:
            drive(address)
        except BaseException:
            sys.stdout.write((folder / "server.log").read_text()[-4000:])
            raise
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
