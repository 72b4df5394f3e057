"""The workbench: panels in one page, their tabs at the left; connects panels to the page only.

Knows which tabs there are and which of them is shown, and no more of any.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import ExitStack
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from etwidgets.autosaved_sessions import state_folder
from etwidgets.cluster import active, connect
from etwidgets.errors import EtwidgetsError
from etwidgets.panels import DataPanel, StatusLine, close_tree, style_sheet
from etwidgets.panels.header_line import HeaderLine
from etwidgets.panels.resume_strip import ResumeStrip
from etwidgets.panels.tabs import PanelsByName, with_own
from etwidgets.panels.tour import Tour
from etwidgets.session import RecentFiles, Session, ThreadRunner, TomoStackModel, begin_autosave, error_text
from etwidgets.signals import TomoStack
from etwidgets.views import Accessibility, PageWatch
from etwidgets.views.parts import with_plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from etwidgets.panels import Panel
    from etwidgets.panels.tabs import Tab
    from etwidgets.panels.tour import Stop
    from etwidgets.session import Operation, Runner

_log = logging.getLogger(__name__)


class Workbench:
    """All panels on one page, bound to one session.

    Parameters
    ----------
    source
        A file to open, a :class:`TomoStack`, or nothing: the page then begins with samples.
    root
        The folder whose files the page offers; default: that of the file, or the current one.
    sample
        Name of a sample to open, such as ``"needle"``.
    operations
        Of your own, made with :func:`~etwidgets.session.operation`.
    panels
        Classes of panels of your own; their tabs come before the last one, History.
    runner
        How long work is run; default: in a thread, so that the page stays alive.
    served
        It is a page of its own, not a cell of a notebook.
    name
        Of the session on disk, which is in the address of a page that our own server shows; one of that name
        that was kept is continued. Default: a new one.

    Attributes
    ----------
    session, model
        What the panels show; usable from other cells while the page is open.
    panels
        Panels by name; each is made when it is first shown or asked for.
    tour
        The guided tour: ``tour.start()``, ``tour.end()``.

    Examples
    --------
    >>> Workbench("HAADF.mrc")
    """

    def __init__(
        self,
        source: str | Path | TomoStack | None = None,
        *,
        root: str | Path | None = None,
        sample: str | None = None,
        operations: Iterable[Operation] = (),
        panels: Iterable[type[Panel]] = (),
        runner: Runner | None = None,
        served: bool = False,
        name: str | None = None,
    ) -> None:
        stack = source if isinstance(source, TomoStack) else None
        path = None if source is None or stack is not None else Path(str(source)).expanduser().resolve()
        folder = root if root is not None else (path.parent if path is not None else Path.cwd())
        sessions = state_folder() if runner is None else None  # a page; scripts and tests keep nothing
        autosave = None if sessions is None else begin_autosave(sessions, name)
        self._continues = autosave is not None and autosave.found is not None
        self._closed, self._undo = False, ExitStack()
        self.model = TomoStackModel(stack)
        self.session = Session(
            self.model,
            runner or ThreadRunner(),
            autosave=autosave,
            operations=operations,
            root=folder if served else None,
            recent=None if sessions is None else RecentFiles(sessions.with_name("recent-files.json")),
        )
        self._watch = PageWatch(watched=served)
        # where our own server shows the page, each session has an address; in a hub or on Binder it has none
        go = self._watch.go if served and name is not None else None
        self._make_strips(sessions, go)
        self._make_tabs(panels, folder)
        if sessions is not None and autosave is None:
            self.model.unsaved = f"Your steps are not being saved: {sessions} cannot be written."
        self.widget = self._lay_out()
        self._follow_model()
        self.show("data" if stack is None else "inspect")
        if served:  # the browser first asks for hundreds of widgets, and slowly if the kernel is busy then
            self._watch.on_seen(lambda: self._begin(path, sample))
        else:
            self._begin(path, sample)

    def _make_tabs(self, own: Iterable[type[Panel]], folder: str | Path) -> None:
        """Make a button in the list of tabs for each panel; the panels follow when they are shown."""
        tabs = with_own(own)
        self._folder, self._shown = folder, ""
        self._middle = widgets.Box().add_class("etw-middle")
        self.panels = PanelsByName(tabs, self._make_panel)
        self._suggested = tuple(tab.panel.name for tab in tabs if tab.suggested)
        self._tabs = {
            tab.panel.name: self._tab_button(number, tab.panel) for number, tab in enumerate(tabs, 1)
        }

    def _make_panel(self, tab: Tab) -> Panel:
        """Make a panel and place it, hidden, after the others: the browser makes all anew that follow it."""
        panel = tab.make(self.session, self._folder)
        panel.turn, panel.go = self._turn, self.show
        if isinstance(panel, DataPanel):
            panel.offer_tour(self.tour.start)
        panel.shown = False
        self._middle.children = (*self._middle.children, panel.widget)
        return panel

    def _make_strips(self, sessions: Path | None, go: Callable[[str], None] | None) -> None:
        """Make what stands above and below the panels; ``go`` leads to the address of another session."""
        self._header, self._status = HeaderLine(self.session), StatusLine(self.session)
        self._status.go = self.show
        self._resume = ResumeStrip(self.session, sessions, go)
        self._pointed: widgets.Widget | None = None
        self.tour = Tour(self.session, self._point)
        self._header.offer_tour(self.tour.start)
        if go is not None:
            self._header.offer_sessions(lambda: go("sessions"))

    def _follow_model(self) -> None:
        self._observe("stack", self._leave_data)
        self._observe("done_operations", self._mark)
        self._observe("stack", self._mark)
        self._observe("busy", self._show_busy)

    def _begin(self, path: Path | None, sample: str | None) -> None:
        """Make the engine ready, and open what was asked for."""
        if not self.session.runner.inline:
            self.session.prepare()
        if self._continues:
            self._continue()
        elif path is not None:
            self.session.open(str(path))
        elif sample:
            self.session.apply("sample", name=sample)

    def _continue(self) -> None:
        """Go on with the session that the address of the page names; problems are shown."""
        try:
            self.session.resume()
        except EtwidgetsError as error:
            self.session.tell(f"The session cannot be continued: {error_text(error)}", "error", error)

    def show(self, name: str) -> None:
        """Bring a panel to the front; the others stop drawing."""
        chosen = self.panels[name]
        for panel in self.panels.made.values():
            panel.shown = panel is chosen
        self._shown = name
        self._mark()

    def _point(self, stop: Stop | None) -> None:
        """Bring a stop of the tour to the front, and mark its control."""
        if self._pointed is not None:
            self._pointed.remove_class("etw-pointed")
        self._pointed = None if stop is None else self.panels[stop.panel].controls[stop.control]
        if stop is not None and self._pointed is not None:
            self.show(stop.panel)
            self._pointed.add_class("etw-pointed")

    def _turn(self, by: int) -> None:
        names = list(self.panels)
        following = names[(names.index(self.shown) + by) % len(names)]
        self._status.guard(lambda: self.show(following))

    @property
    def shown(self) -> str:
        """The name of the panel at the front."""
        return self._shown

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def report(self) -> str:
        """What the server asks before it ends a session without a page, as JSON: what runs, steps, kept."""
        job, session = self.model.job, self.session
        busy = job.label if self.model.busy and job is not None else ""
        steps = len(self.model.history) + len(self.model.snapshots)
        return json.dumps({"busy": busy, "steps": steps, "kept": session.autosaved or not steps})

    def close(self) -> None:
        """Stop what runs and take everything off the page; twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._undo.close()
        self.session.close()
        for panel in (*self.panels.made.values(), self._header, self._status, self._resume, self.tour):
            panel.close()
        self._watch.close()
        close_tree(self.widget)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_plain_text(self.widget._repr_mimebundle_(**kwargs), "The workbench")

    def _tab_button(self, number: int, panel: type[Panel]) -> widgets.Button:
        tab = widgets.Button(description=f"{number}  {panel.title}", layout=widgets.Layout(width="auto"))
        tab.add_class("etw-tab").add_class(f"etw-tab-{panel.name}")

        def go(_button: Any) -> None:
            self._status.guard(lambda: self.show(panel.name))

        tab.on_click(go)
        self._undo.callback(tab.on_click, go, remove=True)
        return tab

    def _lay_out(self) -> widgets.Box:
        tabs = widgets.VBox(list(self._tabs.values())).add_class("etw-tabs")
        header = self._header.widget.add_class("etw-header")
        status = self._status.widget.add_class("etw-status")
        body = widgets.Box([tabs, self._middle]).add_class("etw-body")
        resume = self._resume.widget.add_class("etw-resume")
        tour = self.tour.widget.add_class("etw-tour")
        page = widgets.VBox([style_sheet(), Accessibility(), self._watch, header, resume, tour, body, status])
        return page.add_class("etw").add_class("etw-workbench")

    def _observe(self, trait: str, handler: Any) -> None:
        def call(_change: Any) -> None:
            handler()

        self.model.observe(call, trait)
        self._undo.callback(self.model.unobserve, call, trait)

    def _show_busy(self) -> None:
        self._watch.busy = self.model.busy

    def _leave_data(self) -> None:
        if self.shown == "data" and self.model.stack is not None:
            self.show("inspect")

    def _mark(self) -> None:
        """Tick the tabs that are done, put a dot at the suggested one, and mark the one that is shown."""
        shown, suggested = self.shown, self._next_tab()
        for number, (name, tab) in enumerate(self._tabs.items(), 1):
            panel = self.panels.tabs[name].panel
            sign = "  ✓" if self._is_done(panel) else "  •" if name == suggested else ""
            tab.description = f"{number}  {panel.title}{sign}"
            (tab.add_class if name == shown else tab.remove_class)("etw-current")

    def _is_done(self, panel: type[Panel]) -> bool:
        return bool(panel.operations & (self.model.done_operations or frozenset()))

    def _next_tab(self) -> str | None:
        """The suggested tab after the last one that is done; tabs that were skipped are not asked for."""
        names = self._suggested
        if self.model.stack is None and self.model.reconstruction is None:
            return names[0]
        done = [
            position for position, name in enumerate(names) if self._is_done(self.panels.tabs[name].panel)
        ]
        following = max(done, default=0) + 1
        return names[following] if following < len(names) else None


def report(shown: Any) -> str:
    """What a kernel says of what it shows (see :meth:`Workbench.report`); also if that is not a workbench."""
    if isinstance(shown, Workbench):
        return shown.report()
    return json.dumps({"busy": "", "steps": 0, "kept": True})


def page(open_one: Any = None, session: str | None = None) -> Any:
    """The workbench of a served page, with what the server was started for; or what is wrong, in words.

    Parameters
    ----------
    open_one
        The workbench that this kernel shows already: a page that is loaded again gets the same one.
    session
        Name of the session, from the page's address.
    """
    if isinstance(open_one, Workbench) and not open_one.closed:
        return open_one
    try:
        if os.environ.get("ETWIDGETS_CLUSTER") and active() is None:
            connect(os.environ["ETWIDGETS_CLUSTER"])
        return Workbench(
            os.environ.get("ETWIDGETS_FILE") or None,
            root=os.environ.get("ETWIDGETS_ROOT") or None,
            sample=os.environ.get("ETWIDGETS_SAMPLE") or None,
            served=True,
            name=session,
        )
    except Exception as error:  # noqa: BLE001  (the border: without this the page would stay empty)
        _log.exception("the page could not be made")
        return widgets.HTML(f"<p>The workbench could not be opened: {escape(error_text(error))}</p>")
