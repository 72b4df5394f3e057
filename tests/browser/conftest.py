"""The real page in a real browser: the server of the command line, headless Chromium, their complaints."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import sync_playwright

ARTIFACTS = Path(__file__).parents[2] / "test-artifacts"
_APP = ["-m", "etwidgets", "app", "--no-browser"]
FLAGS = [
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    path = path or next((name for name in MAC_BROWSERS if Path(name).exists()), None)
    if path is None:
        pytest.fail("no Chromium for the browser tests; run tools/install-chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Served:
    """A server that was started as a user would."""

    def __init__(self, *arguments, code=""):
        command = [sys.executable, *(["-c", code] if code else _APP), *arguments]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}
        self.state = tempfile.TemporaryDirectory()  # what a session leaves must not reach the next test
        environment["XDG_STATE_HOME"] = self.state.name
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self.lines = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(60):
            self.stop()
            pytest.fail("the server was not ready after 60 s:\n" + "".join(self.lines))
        ready = [line for line in self.lines if "is ready" in line]
        self.address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", ready[0]).group(0)
        self.origin = self.address.split("/?")[0]

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if "is ready" in line:
                self._ready.set()

    def kernels(self):
        """The processes of the pages."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if any("ipykernel" in word for word in child.cmdline())]

    def at_work(self):
        """The kernel that has worked most; another one is kept ready."""
        return max(self.kernels(), key=lambda kernel: kernel.cpu_times().user)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self.process.stdout.close()
        self.state.cleanup()


@pytest.fixture(scope="session")
def serve():
    """Start the page's server with arguments of the command line."""
    servers = []

    def start(*arguments, **options):
        servers.append(Served(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The folder that the servers offer."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="session")
def server(serve, root):
    """A server whose pages begin with the needle; it ends by itself what closed pages leave."""
    return serve("--sample", "needle", "--root", str(root))


@pytest.fixture(scope="session")
def bare_server(serve, root):
    """A server whose pages begin with nothing open."""
    return serve("--root", str(root))


class Visit:
    """A page, with what went wrong on it."""

    def __init__(self, page):
        self.page = page
        self.errors, self.foreign = [], []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)

    def _note(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(request.url)

    def keep(self, name):
        """Keep a screenshot among the test's artifacts."""
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def status(self):
        return self.page.locator(".etw-status-message").inner_text()

    def wait_for_status(self, text, timeout_s=120):
        self.page.wait_for_function(
            "text => document.querySelector('.etw-status-message')?.innerText.includes(text)",
            arg=text,
            timeout=1000 * timeout_s,
        )

    def wait_for_series(self, words):
        """Wait until the header says what is open; the status may speak of something else by then."""
        self.page.wait_for_function(
            "words => document.querySelector('.etw-header')?.innerText.includes(words)",
            arg=words,
            timeout=120_000,
        )

    def open_needle(self, server):
        self.page.goto(server.address)
        self.wait_for_series("77 projections")
        self.wait_for_panes("inspect", 2)

    def make_small_volume(self, server):
        """Open the needle, bin it by 4, register and reconstruct it."""
        page = self.page
        self.open_needle(server)
        self.step("clean")
        page.locator(".etw-clean-tool select").select_option("bin")
        page.locator(".etw-clean-factor input").fill("4")
        page.locator(".etw-clean-factor input").press("Enter")
        page.click(".etw-clean-run")
        self.wait_for_series("64 x 64")
        self.step("register")
        page.click(".etw-register-run")
        page.wait_for_function("document.querySelector('.etw-tab-register').innerText.includes('✓')")
        self.step("reconstruct")
        page.select_option(".etw-reconstruct-method select", label="Filtered back projection (FBP)")
        page.click(".etw-reconstruct-run")
        page.wait_for_function("document.querySelector('.etw-tab-reconstruct').innerText.includes('✓')")

    def step(self, name):
        self.page.click(f".etw-tab-{name}")
        self.page.wait_for_selector(f".etw-panel-{name}", state="visible")

    def until(self, holds, timeout_s=30):
        """Wait until something holds, as pictures follow a moment after the numbers."""
        end = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < end, f"not within {timeout_s} s"
            self.page.wait_for_timeout(100)

    def wait_for_rendering(self):
        """Wait until the volume is drawn in 3-D."""
        self.page.wait_for_function("document.querySelector('.etw-rays')?.dataset.frame > 0", timeout=60_000)

    def wait_for_panes(self, panel, count, view=0):
        """Wait until an image view of a panel shows so many images."""
        self.page.wait_for_function(
            """([panel, count, view]) => {
                const canvas = document.querySelectorAll(`.etw-panel-${panel} .etw-image canvas`)[view];
                return canvas?.dataset.places && JSON.parse(canvas.dataset.places).length === count;
            }""",
            arg=[panel, count, view],
            timeout=60_000,
        )


@contextmanager
def opened(chromium):
    """A fresh page; in the end nothing may have gone wrong or left this machine."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    visit = Visit(page)
    yield visit
    page.close()
    assert visit.errors == []
    assert visit.foreign == []


@pytest.fixture
def visit(chromium):
    """A page of its own for a test."""
    with opened(chromium) as visit:
        yield visit


@pytest.fixture(scope="session")
def looking(chromium, server):
    """One page on the needle for all tests that leave the series as it is; opening one takes ten seconds."""
    with opened(chromium) as visit:
        visit.open_needle(server)
        yield visit
