"""What the parts of a session share: model, timeline, queue of jobs; knows no operation by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets import engine
from etwidgets.session.allowed_folder import check_inside
from etwidgets.session.autosave_writer import AutosaveWriter
from etwidgets.session.autosaved_results import Results
from etwidgets.session.display import Display
from etwidgets.session.job_queue import JobQueue
from etwidgets.session.jobs import error_text
from etwidgets.session.latest_only import LatestOnly
from etwidgets.session.messages import Messages
from etwidgets.session.operations import find
from etwidgets.session.publishing import Publisher
from etwidgets.session.session_file import SavedSession, SavedSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from etwidgets.session.autosave import Autosave
    from etwidgets.session.history import State, Step
    from etwidgets.session.jobs import Job
    from etwidgets.session.model import TomoStackModel
    from etwidgets.session.operations import Operation
    from etwidgets.session.recent_files import RecentFiles
    from etwidgets.session.runners import Runner
    from etwidgets.session.timeline import Timeline


class SessionCore:
    """Given to every part of a session.

    Parameters
    ----------
    model
        Where the state is shown.
    runner
        Runs the jobs.
    timeline
        History and snapshots.
    root
        The folder whose files steps may open; None: any file.
    autosave
        Where the steps are kept as they are done; None: nowhere.
    recent
        Where it is noted which files were opened; None: nowhere.

    Attributes
    ----------
    model, runner, timeline, root, autosave, recent
        As given.
    display
        How the data are looked at.
    messages
        To the user.
    queue
        Of the jobs.
    writer
        Writes the autosave; None without one.
    """

    def __init__(
        self,
        model: TomoStackModel,
        runner: Runner,
        timeline: Timeline,
        root: Path | None,
        autosave: Autosave | None,
        recent: RecentFiles | None = None,
    ) -> None:
        self.model, self.runner, self.timeline = model, runner, timeline
        self.root, self.autosave, self.recent = root, autosave, recent
        self.display = Display()
        self.messages = Messages(model)
        self.queue = JobQueue(runner, self._job_changed)
        self.writer = None if autosave is None else AutosaveWriter(autosave, runner, self._autosave_told)
        self._publisher = Publisher(model, self.display, self.messages, timeline)

    @property
    def table(self) -> Mapping[str, Operation]:
        """The operations that there are."""
        return self.timeline.table

    @property
    def state(self) -> State:
        """What there is now."""
        return self.timeline.state

    def publish(self) -> None:
        """Show what there is in the model, and keep it on disk."""
        self._publisher.publish()
        timeline = self.timeline
        history, start = timeline.history, timeline.start_file
        # a series that came from no file cannot be opened again: its owner has it in a notebook
        if self.writer is not None and history.steps and (history.start.stack is None or start is not None):
            saved = self.saved(None if start is None else start.name)
            results = Results(timeline.state, timeline.done)
            self.writer.changed(saved, timeline.state.source, results, start)

    def saved(self, start: str | None) -> SavedSession:
        """All that goes into a session file; ``start`` is the file of the series before the first step."""
        history = self.timeline.history
        shown = {name: getattr(self.display, name) for name in self.display.trait_names()}
        snapshots = tuple(
            SavedSnapshot(each.label, each.history.steps, each.history.position)
            for each in self.timeline.snapshots
        )
        return SavedSession(history.steps, history.position, start, history.start.source, shown, snapshots)

    def check_steps(self, steps: Iterable[Step]) -> None:
        """Refuse steps of a file that there are not, or that open what this session may not read."""
        for step in steps:
            self.check_step(find(step.operation, self.table), step.parameters)

    def check_step(self, operation: Operation, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that an operation has not, or that name a file that this session may not read."""
        operation.check(parameters)
        check_inside(self.root, parameters)

    def latest(self, function: Callable[..., Any], on_result: Callable[[Any], None]) -> LatestOnly:
        """A preview, whose errors are shown to the user and which ends with the series."""
        return LatestOnly(
            function,
            on_result,
            lambda error: self.messages.tell(error_text(error), "error", error),
            self.runner,
            lambda: self.model.specimen,
        )

    def prepare(self) -> None:
        """Compile what the engine needs, in the background; ``model.preparing`` meanwhile."""
        self.model.preparing = True

        def work() -> None:
            try:
                engine.warm_up()
            finally:
                self.runner.post(ready)

        def ready() -> None:
            self.model.preparing = False

        self.runner.start(work)

    def close(self) -> None:
        """Stop what runs, and keep nothing on disk."""
        self.queue.cancel()
        self.runner.close()
        if self.writer is not None:
            self.writer.close()

    def _job_changed(self, job: Job) -> None:
        self.model.job = job.status
        self.model.waiting = self.queue.n_waiting
        self.model.busy = self.queue.job is not None or self.queue.n_waiting > 0
        self.messages.tell_end(job)

    def _autosave_told(self, unsaved: str, results_note: str) -> None:
        self.model.unsaved, self.model.results_note = unsaved, results_note
