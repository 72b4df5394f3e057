"""Our addresses in addition to those of Voila: pulse, list of sessions, end of a session; knows no panel.

Imported only when a page is served. Every request needs the token or its cookie, and every request that
changes something also needs the cross-site token; jupyter-server checks both.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jinja2
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.web import HTTPError, authenticated
from voila.tornado.handler import TornadoVoilaHandler

from etwidgets import autosaved_sessions
from etwidgets.server.session_kernels import RULE

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from etwidgets.server.session_kernels import SessionKernels

_PAGE = Path(__file__).parents[1] / "page"
_CELL = """from etwidgets.app import page

workbench = page(globals().get("workbench"), session={name!r})
workbench"""
_NAME = "([0-9a-f]{8,32})"


def bind(handler: PageHandler, notebook: NotebookNode, cwd: str) -> NotebookNode:  # noqa: ARG001  (Voila's signature)
    """Make the cell of the page continue the session in its address; Voila's ``prelaunch_hook``."""
    name = handler.get_argument("session", "")
    if autosaved_sessions.is_session_name(name):
        notebook.cells[-1].source = _CELL.format(name=name)
        notebook.metadata["etwidgets"] = {"session": name, "page": handler.page}
    return notebook


class PageHandler(TornadoVoilaHandler):
    """The page; its address contains the name of its session, so that a reloaded page returns to it."""

    page = ""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Show the page, or start a session and redirect the browser to it."""
        name = self.get_argument("session", "")
        if path:
            await super().get(path)
            return
        if not autosaved_sessions.is_session_name(name):
            self.redirect("?" + urlencode({**self._token(), "session": secrets.token_hex(8)}))
            return
        kernels: SessionKernels = self.kernel_manager
        written = await kernels.written_elsewhere(name)
        if written is not None:
            self.redirect("?" + urlencode({**self._token(), "session": written}))
            return
        _ = self.xsrf_token  # sets its cookie, without which the page could not send anything
        self.page = secrets.token_hex(8)
        kernels.take(name, self.page)
        await super().get(path)

    def _token(self) -> dict[str, str]:
        token = self.get_argument("token", "")
        return {"token": token} if token else {}


class PulseHandler(APIHandler):
    """Whether the kernel behind a page is alive; the page asks every 1.5 s."""

    @authenticated
    async def get(self, name: str) -> None:
        """``state``: alive, moved (another page uses the session) or dead; and what to show."""
        kernels: SessionKernels = self.kernel_manager
        bound = kernels.sessions.get(name)
        if bound is None:
            kept = autosaved_sessions.read_session(autosaved_sessions.state_folder() / name)
            self.finish({"state": "dead", "words": "This session is not running.", "saved": _saved(kept)})
        elif bound.page != self.get_argument("page", ""):
            self.finish({"state": "moved"})
        elif await kernels.lives(bound):
            bound.seen_at = time.monotonic()
            self.finish({"state": "alive"})
        else:
            words = await kernels.ending_text(bound)
            self.finish({"state": "dead", "words": words, "saved": _saved(kernels.kept(bound))})


class EndHandler(APIHandler):
    """Ends a session, or deletes what was saved of it."""

    @authenticated
    async def post(self, name: str) -> None:
        """Stop the kernel of a session; with ``discard``, delete what was saved of a session without one."""
        kernels: SessionKernels = self.kernel_manager
        if self.get_argument("discard", "") == "yes":
            kept = autosaved_sessions.read_session(autosaved_sessions.state_folder() / name)
            if kept is not None and not kept.about.at_work:
                kept.discard()
        elif name in kernels.sessions:
            await kernels.end(kernels.sessions[name], "You ended this session.")
        if self.get_argument("list", "") == "yes":
            self.redirect("/sessions")
            return
        self.set_status(204)
        self.finish()


class ThumbnailHandler(JupyterHandler):
    """The thumbnail of a session."""

    @authenticated
    def get(self, name: str) -> None:
        """A PNG, or 404."""
        kept = autosaved_sessions.read_session(autosaved_sessions.state_folder() / name)
        path = None if kept is None else kept.thumbnail
        if path is None or path.is_symlink() or not path.is_file():
            raise HTTPError(404)
        self.set_header("Content-Type", "image/png")
        self.set_header("Cache-Control", "no-store")
        self.finish(path.read_bytes())


class SessionsHandler(JupyterHandler):
    """The list of all sessions, running and saved; each can be continued."""

    title, message = "Sessions", ""

    @authenticated
    async def get(self, _name: str = "") -> None:
        """Show the sessions, newest first."""
        kernels: SessionKernels = self.kernel_manager
        folder = autosaved_sessions.state_folder()
        rows = [await self._row(kernels, kept) for kept in autosaved_sessions.list_sessions(folder)]
        used, limit = autosaved_sessions.size_of_results(folder), autosaved_sessions.results_limit(folder)
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_PAGE), autoescape=True)
        page = environment.get_template("sessions.html").render(
            rows=rows, rule=RULE, title=self.title, message=self.message,
            used=f"{used / 1e9:.1f}", limit=f"{limit / 1e9:.1f}",
            xsrf=self.xsrf_token.decode(), theme=self.settings.get("etwidgets_theme", "light"),
        )  # fmt: skip
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    async def _row(
        self, kernels: SessionKernels, kept: autosaved_sessions.AutosavedSession
    ) -> dict[str, Any]:
        bounds = kernels.sessions.values()
        bound = next(
            (each for each in bounds if each.process == kept.about.process and kept.about.at_work), None
        )
        alive = bound is not None and await kernels.lives(bound)
        said = await kernels.report(bound) if alive and bound is not None else None
        return {
            "name": kept.name if bound is None else bound.name,
            "picture_of": kept.name,
            "source": kept.about.source,
            "words": kept.about.summary,
            "size": f"{kept.size / 1e6:.0f} MB on disk",
            "alive": alive,
            "elsewhere": not alive and kept.about.at_work,
            "state": _state(said, has_page=bound is not None and kernels.has_page(bound)),
            "busy": "" if said is None else said["busy"],
            "picture": kept.thumbnail.is_file(),
        }


class MovedHandler(SessionsHandler):
    """What a page shows after its session was opened in another page."""

    title = "This session is now open in another tab"
    message = (
        "Only one page can use a session at a time. Press Continue to use it here; the other tab will "
        "then show this list."
    )


def _state(said: dict[str, Any] | None, *, has_page: bool) -> str:
    """What a session is doing, as text."""
    shown = "open in another tab" if has_page else "running, its page is closed"
    if said is None:
        return f"{shown}; not responding"
    return f"{shown}; current step: {said['busy']}" if said["busy"] else shown


def _saved(kept: autosaved_sessions.AutosavedSession | None) -> str:
    if kept is None:
        return "There was nothing to save."
    return f"Saved: {kept.about.source}, {kept.about.summary}."


def routes() -> list[tuple[Any, ...]]:
    """Addresses and their handlers, except for the page itself."""
    return [
        (rf"/sessions/{_NAME}/pulse", PulseHandler),
        (rf"/sessions/{_NAME}/end", EndHandler),
        (rf"/sessions/{_NAME}/moved", MovedHandler),
        (rf"/sessions/{_NAME}/thumbnail.png", ThumbnailHandler),
        (r"/sessions", SessionsHandler),
    ]
