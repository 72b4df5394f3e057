"""A server as a user starts it, asked by a plain client that can leave out what a browser would send."""

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from etwidgets import autosaved_sessions

UPGRADED = 101  # to a websocket, which ends only when one side does


@dataclass
class Answer:
    status: int
    headers: dict
    text: str
    cookies: list


class Client:
    """Asks one server."""

    def __init__(self, port, token, process, folder, sessions):
        self.port, self.token, self.process = port, token, process
        self.folder, self.sessions = folder, sessions
        self.origin = f"http://127.0.0.1:{port}"

    def ask(self, path, method="GET", *, token=True, origin=None, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"token {self.token}"
        if origin:
            sent["Origin"] = origin
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            text = "" if answer.status == UPGRADED else answer.read().decode("utf-8", "replace")
            cookies = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie", [])]
            return Answer(answer.status, dict(answer.getheaders()), text, cookies)
        finally:
            connection.close()

    @cached_property
    def browser(self):
        """What a browser sends after it opened the address with the token, whoever has it ask."""
        return {"Cookie": "; ".join(self.ask(f"/login?token={self.token}&next=/login", token=False).cookies)}

    def connect(self, path, *, token=False, browser=False, origin=None):
        """The status with which a websocket is answered; 101 if it is open."""

        sent = {
            **(self.browser if browser else {}),
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }  # fmt: skip
        return self.ask(path, token=token, origin=origin or self.origin, headers=sent).status


SAVED, DISCARDED, LINKED, WITH_LINK = (letter * 16 for letter in "abcd")


def keep_session(folder):
    """A session as it is kept on disk."""
    folder.mkdir(parents=True)
    autosaved_sessions.write_about(
        folder, autosaved_sessions.About("needle.mrc", 3, 3, "Register <b>PC</b>", time.time())
    )
    (folder / autosaved_sessions.STEPS).write_text("{}")
    (folder / autosaved_sessions.THUMBNAIL).write_bytes(b"a picture")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The server on an empty folder, with secrets beside it and in it."""
    root = tmp_path_factory.mktemp("served") / "root"
    root.mkdir()
    (root / "picture.png").write_text("secret")
    (root.parent / "outside.txt").write_text("secret")
    with tempfile.TemporaryDirectory() as state:
        sessions = Path(state) / "etwidgets" / "sessions"
        for name in (SAVED, DISCARDED):
            keep_session(sessions / name)
        keep_session(root.parent / "elsewhere")
        (sessions / LINKED).symlink_to(root.parent / "elsewhere")
        keep_session(sessions / WITH_LINK)
        (sessions / WITH_LINK / autosaved_sessions.THUMBNAIL).unlink()
        (sessions / WITH_LINK / autosaved_sessions.THUMBNAIL).symlink_to(root.parent / "outside.txt")
        process = subprocess.Popen(
            [sys.executable, "-m", "etwidgets", "app", "--no-browser", "--root", str(root)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "XDG_STATE_HOME": state},
        )  # fmt: skip
        line = process.stdout.readline()
        found = re.search(r":(\d+)/\?token=(\S+)", line)
        assert found, line + process.stdout.read()
        reader = threading.Thread(target=process.stdout.read, daemon=True)  # a full pipe would stop it
        reader.start()
        yield Client(int(found[1]), found[2], process, root, sessions)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()


@pytest.fixture(scope="module")
def kernel(server):
    """The kernel of a page that was opened."""
    page = server.ask("/")
    for _ in range(3):
        if page.status == 302:  # to an address of its own
            page = server.ask("/" + page.headers["Location"].lstrip("/"))
    assert page.status == 200, page
    return re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page.text)[1]
