"""How long the page takes to open in headless Chromium, and what it loads; beside a one-button page of Voila.

Run it as a script; `tools/install-chromium` installs the browser. Seconds from the address to a control that
can be used. "Cold": at once after the server has said that it is ready; "kernel ready": once the kernel that
is prepared rests; "second": right after a first page can be used. Only the ratios hold on a machine that does
something else, too.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8"]
BUTTON = "import ipywidgets\nipywidgets.Button(description='one').add_class('one-button')"
PATIENCE_MS = 240_000


class Server:
    """A server in a process of its own, until the block ends."""

    def __init__(self, command, address=""):
        environment = {**os.environ, "XDG_STATE_HOME": tempfile.mkdtemp()}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        ready = next(line for line in self.process.stdout if re.search(r"http://(127|localhost)\S+", line))
        self.address = address or re.search(r"http://\S+", ready)[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def rest(self):
        """Wait until its kernels have done nothing for two seconds."""
        for _ in range(60):
            before = self._worked()
            time.sleep(2)
            if before and self._worked() - before < 0.1:
                return

    def _worked(self):
        kernels = psutil.Process(self.process.pid).children(recursive=True)
        return sum(sum(kernel.cpu_times()[:2]) for kernel in kernels)


def workbench():
    return Server(["-m", "etwidgets", "app", "--no-browser", "--root", tempfile.mkdtemp()])


def one_button():
    """Voila with a prepared kernel, without the extensions that a button does not need."""
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "one",
        "metadata": {},
        "outputs": [],
        "source": BUTTON,
    }
    spec = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path = Path(tempfile.mkdtemp()) / "button.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": spec, "nbformat": 4, "nbformat_minor": 5}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        f"--port={port}",
        "--no-browser",
        "--preheat_kernel=True",
        f"--VoilaConfiguration.extension_allowlist={EXTENSIONS}",
    ]
    return Server(["-m", "voila", str(path), *options], f"http://127.0.0.1:{port}/")


def open_page(browser, address, selector):
    """A page that can be used, the seconds that it took, and its megabytes and requests."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    loaded = []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    network.send("Network.enable")
    began = time.perf_counter()
    page.goto(address, timeout=PATIENCE_MS)
    page.wait_for_selector(selector, timeout=PATIENCE_MS)
    return page, time.perf_counter() - began, sum(loaded) / 1e6, len(loaded)


def main(write):
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        seconds = {}
        for name, start, selector in (
            ("button", one_button, ".one-button"),
            ("workbench", workbench, ".etw-data-open-sample"),
        ):
            with start() as server:
                cold_page, cold, *_ = open_page(browser, server.address, selector)
                cold_page.close()
                server.rest()
                first_page, first, size, requests = open_page(browser, server.address, selector)
                second_page, second, *_ = open_page(browser, server.address, selector)
                first_page.close()
                second_page.close()
            seconds[name] = cold, first, second
            write(
                f"{name}: cold {cold:.1f} s, kernel ready {first:.1f} s, second {second:.1f} s; "
                f"{size:.1f} MB in {requests} requests\n"
            )
        ratios = [ours / theirs for ours, theirs in zip(seconds["workbench"], seconds["button"], strict=True)]
        write("ratio: cold {:.1f}, kernel ready {:.1f}, second {:.1f}\n".format(*ratios))
        browser.close()


if __name__ == "__main__":
    main(sys.stdout.write)
