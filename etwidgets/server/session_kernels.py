"""Connects sessions of the page to kernels, and ends kernels that no page uses; knows no panel.

Imported only when a page is served. The rule for ending kernels is stated once, in :data:`RULE`, which
the list of sessions shows; the documentation states it, too.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from jupyter_client.session import Session
from tornado.ioloop import PeriodicCallback

from etwidgets import autosaved_sessions
from etwidgets.resources import used_memory_percent
from etwidgets.server.warm_kernels import WarmKernels

if TYPE_CHECKING:
    from etwidgets.autosaved_sessions import AutosavedSession

_EVERY_S = 10.0
_UNUSED_S = 60.0
_IDLE_S = 30 * 60.0
_MOST_WITHOUT_PAGE = 3
_FULL = 85.0  # percent of the machine's memory
_SILENT_S = 6 * 3600.0  # one that did not answer for so long never will
_ASK_PATIENCE_S = 3.0
_PULSE_LOST_S = 15.0
_REPORT = '__import__("etwidgets.app", fromlist=["report"]).report(globals().get("workbench"))'

RULE = (
    "When you close its page, a session finishes the running step and is closed "
    f"{_IDLE_S / 60:.0f} minutes later. It is closed after a minute if nothing was done in it, if "
    f"more than {_MOST_WITHOUT_PAGE} sessions have no page, or if the memory of the machine is "
    f"{_FULL:.0f} % full. It is closed only after its steps have been saved, so that you can continue it."
)


@dataclass(eq=False)
class Bound:
    """A session with its kernel.

    Attributes
    ----------
    name
        Name of the session.
    kernel_id
        Id of the kernel, which may be dead.
    process
        Process id of the kernel.
    page
        The page that uses it: the one that was opened last.
    seen_at
        When that page last asked for the pulse.
    without_page_since
        When its last page was closed, or when it last worked without one; None while there is a page.
    ended
        Why it has no kernel any more; empty while it has one.
    """

    name: str
    kernel_id: str
    process: int = 0
    page: str = ""
    seen_at: float = field(default_factory=time.monotonic)
    without_page_since: float | None = field(default_factory=time.monotonic)
    ended: str = ""


class SessionKernels(WarmKernels):
    """Gives a page the kernel of its session."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sessions: dict[str, Bound] = {}
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._endings = PeriodicCallback(self.end_unused, 1000 * _EVERY_S)

    def watch(self) -> None:
        """Start to end kernels that no page uses."""
        self._endings.start()

    async def start_kernel(self, *, kernel_id: str | None = None, **kwargs: Any) -> str:
        """The running kernel of the session in the address of the page, or a new one for this session."""
        query = parse_qs((kwargs.get("env") or {}).get("QUERY_STRING", ""))
        name = query.get("session", [""])[-1]
        if kernel_id is not None or not autosaved_sessions.is_session_name(name):
            return await super().start_kernel(kernel_id=kernel_id, **kwargs)
        async with self._starting[name]:  # a page that is loaded twice at once gets one kernel
            bound = self.sessions.get(name)
            if bound is not None and await self.lives(bound):
                return bound.kernel_id
            if bound is not None:
                await self._remove(bound)
            started = await super().start_kernel(**kwargs)
            self.sessions[name] = Bound(
                name, started, self._process(started), "" if bound is None else bound.page
            )
            return started

    def _process(self, kernel_id: str) -> int:
        provisioner = self.get_kernel(kernel_id).provisioner
        return int(getattr(provisioner, "pid", None) or 0)

    def take(self, name: str, page: str) -> None:
        """Register a newly opened page as the one that uses a session."""
        bound = self.sessions.get(name)
        if bound is None:
            bound = self.sessions[name] = Bound(name, "")
        bound.page, bound.ended = page, ""
        bound.seen_at = bound.without_page_since = time.monotonic()

    async def lives(self, bound: Bound) -> bool:
        """Whether a session has a kernel and its process is running."""
        return bound.kernel_id in self and bool(await self.get_kernel(bound.kernel_id).is_alive())

    def has_page(self, bound: Bound) -> bool:
        """Whether a browser is connected to it, or about to connect."""
        connected: bool = self._kernel_connections.get(bound.kernel_id, 0) > 0
        return connected or time.monotonic() - bound.seen_at < _PULSE_LOST_S

    async def ending_text(self, bound: Bound) -> str:
        """How its process ended, as text."""
        if bound.ended:
            return bound.ended
        status = None
        if bound.kernel_id in self:
            provisioner = self.get_kernel(bound.kernel_id).provisioner
            status = None if provisioner is None else await provisioner.poll()
        if status is not None and status < 0:
            cause = "; usually because the memory was full" if status == -9 else ""
            return f"The kernel behind this page was ended by the system (signal {-status}{cause})."
        crash = "" if status is None else f" (exit status {status})"
        return f"The kernel behind this page has stopped{crash}."

    async def ask(self, bound: Bound, expression: str) -> Any:
        """The value of an expression in the kernel that gives JSON; None if there is no answer in time."""
        kernel = self.get_kernel(bound.kernel_id)
        # an identity of its own: a kernel sends its answers to the newest connection of an identity, and
        # Voila may be waiting for one
        own = Session(key=kernel.session.key, signature_scheme=kernel.session.signature_scheme)
        client = kernel.client(session=own)
        client.start_channels()
        try:
            reply = await client.execute(
                "", silent=True, store_history=False, reply=True, timeout=_ASK_PATIENCE_S,
                user_expressions={"answer": expression},
            )  # fmt: skip
            answer = reply["content"]["user_expressions"]["answer"]
            return json.loads(ast.literal_eval(answer["data"]["text/plain"]))
        except (TimeoutError, KeyError, ValueError, SyntaxError, RuntimeError):
            return None
        finally:
            client.stop_channels()

    async def report(self, bound: Bound) -> dict[str, Any] | None:
        """What the session reports about itself; None if it does not respond."""
        said = await self.ask(bound, _REPORT)
        return said if isinstance(said, dict) else None

    def kept(self, bound: Bound) -> AutosavedSession | None:
        """The saved state of a session: what its process wrote last, possibly under another name."""
        folder = autosaved_sessions.state_folder()
        written = [
            kept for kept in autosaved_sessions.list_sessions(folder) if kept.about.process == bound.process
        ]
        return written[0] if written else autosaved_sessions.read_session(folder / bound.name)

    async def written_elsewhere(self, name: str) -> str | None:
        """The name under which a dead session was saved, if it differs from that in its address.

        A session that could not be continued is left unchanged; what was done instead is saved separately.
        """
        bound = self.sessions.get(name)
        if bound is None or not bound.kernel_id or await self.lives(bound):
            return None
        kept = self.kept(bound)
        return None if kept is None or kept.name == name else kept.name

    async def end(self, bound: Bound, why: str) -> None:
        """Stop the kernel of a session; what was saved on disk remains."""
        bound.ended = why
        if bound.kernel_id in self:
            await self.shutdown_kernel(bound.kernel_id, now=not await self.lives(bound))

    async def end_unused(self) -> None:
        """End kernels according to the rule."""
        for bound in list(self.sessions.values()):
            if not self.has_page(bound) and bound.without_page_since is None:
                bound.without_page_since = time.monotonic()
            elif self.has_page(bound):
                bound.without_page_since = None
        alone = sorted(
            (
                bound
                for bound in self.sessions.values()
                if bound.without_page_since is not None and not bound.ended
            ),
            key=lambda bound: bound.without_page_since or 0.0,
        )
        too_many = len(alone) - _MOST_WITHOUT_PAGE
        for number, bound in enumerate(alone):
            with contextlib.suppress(KeyError):  # it went while others were looked at
                await self._end_if_unused(bound, crowded=number < too_many)

    async def _end_if_unused(self, bound: Bound, *, crowded: bool) -> None:
        alone_s = time.monotonic() - (bound.without_page_since or time.monotonic())
        if alone_s < _UNUSED_S:
            return
        if not await self.lives(bound):
            words = await self.ending_text(bound)
            await self._remove(bound)
            bound.ended = words
            return
        said = await self.report(bound)
        if self.has_page(bound):
            return  # one came meanwhile
        if said is None:  # it works too hard to answer, or never will
            if alone_s > _SILENT_S:
                await self.end(bound, "This session was closed because it did not respond for hours.")
            return
        if said["busy"] or not said["kept"]:
            bound.without_page_since = time.monotonic()  # the half hour begins after the step
            return
        full = used_memory_percent() > _FULL
        if said["steps"] < 2 or alone_s > _IDLE_S or crowded or full:
            await self.end(bound, "This session was closed because it had no page for a while.")

    async def _remove(self, bound: Bound) -> None:
        """Forget a kernel whose process has ended."""
        if bound.kernel_id in self:
            with contextlib.suppress(Exception):  # its process is gone; only what is left of it is cleared
                await asyncio.wait_for(self.shutdown_kernel(bound.kernel_id, now=True), 10)
