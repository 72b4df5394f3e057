"""Everything that changes the model goes through here: operations as jobs, history, undo and redo.

It knows no widget; whoever wants to see something observes the model. Longer than most files because it is
the one door to the model: each method checks, and hands a job to functions that live elsewhere.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil

from etwidgets import engine
from etwidgets.atomic import atomic_path
from etwidgets.checks import is_whole
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.kept_sessions import STEPS
from etwidgets.resources import fits_memory, free_memory
from etwidgets.session import exports, measuring, running, saving, script
from etwidgets.session.branches import Branch, label_of
from etwidgets.session.display import Display
from etwidgets.session.estimate import Estimate, can_finish, check_fits, estimate, seconds_after
from etwidgets.session.history import History, State, Step, memory_of
from etwidgets.session.inside import check_inside
from etwidgets.session.job_queue import JobQueue, Task
from etwidgets.session.jobs import Job, in_words
from etwidgets.session.keeping import Keeping
from etwidgets.session.kept_results import Results, ResultsKeeper
from etwidgets.session.latest_only import LatestOnly
from etwidgets.session.model import Cure, HistoryLine, Kept, Message, TomoStackModel
from etwidgets.session.operations import find
from etwidgets.session.own_operations import table_of
from etwidgets.session.page_words import for_page
from etwidgets.session.parameters import as_json, check_choice
from etwidgets.session.runners import InlineRunner
from etwidgets.signals.extent import kept_part, left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from etwidgets.align import Finding
    from etwidgets.kept_sessions import KeptSession
    from etwidgets.progress import Progress
    from etwidgets.session.autosave import Autosave
    from etwidgets.session.measuring import Subject
    from etwidgets.session.model import JobState
    from etwidgets.session.operations import Operation
    from etwidgets.session.runners import Runner


_MESSAGES = 100
_LACK = {
    True: "there is no tilt series to save; open one first",
    False: "there is no volume to save; reconstruct one first",
}
_SAVED = ("projections", "volume", "figure")
_FILMED = ("projections", "tilting", "x", "y", "z")


class Session:
    """Applies operations to a model and remembers them.

    Parameters
    ----------
    model
        Where the state is shown; written by this session only. Default: an empty one.
    runner
        :class:`~etwidgets.session.ThreadRunner` in a browser or notebook page; the default
        :class:`~etwidgets.session.InlineRunner` returns only when the work is done.
    memory_limit
        Bytes that the stacks and volumes kept for undo may take. What is beyond is made again when it is
        needed. Default: a third of the machine's memory.
    autosave
        Where the steps are kept as they are done; default: nowhere.
    operations
        Of your own, made with :func:`~etwidgets.session.operation`.
    root
        The folder whose files steps may open, also those of session files; default: any file.

    Examples
    --------
    >>> session = Session(TomoStackModel(stack))
    >>> session.apply("register", method="PC")
    >>> session.undo()
    """

    def __init__(
        self,
        model: TomoStackModel | None = None,
        runner: Runner | None = None,
        memory_limit: int | None = None,
        autosave: Autosave | None = None,
        operations: Iterable[Operation] = (),
        root: str | Path | None = None,
    ) -> None:
        self._root = None if root is None else Path(root).resolve()
        self._table = table_of(operations)
        self.model = TomoStackModel() if model is None else model
        self.display = Display()
        self.runner = InlineRunner() if runner is None else runner
        self._memory_limit = psutil.virtual_memory().total // 3 if memory_limit is None else memory_limit
        start = State(self.model.stack, self.model.reconstruction, source=self.model.source)
        self._history = History(start, self._memory_limit)
        self._queue = JobQueue(self.runner, self._job_changed)
        self.autosave = autosave
        self._start_file: Path | None = None  # what there was before the first step of a session from a file
        self._keeping = None if autosave is None else Keeping(autosave, self.runner, self._tell_of_keeping)
        self._pace: dict[tuple[str, str], float] = {}
        self._branches: list[Branch] = []
        self._origin = self._opening
        self._publish()
        self.display.center(start.stack, start.reconstruction)

    # -- operations ---------------------------------------------------------------------------------

    def apply(self, name: str, /, **parameters: Any) -> Job:
        """Do one step: run an operation on the stack as it is when the job's turn comes.

        Parameters
        ----------
        name
            Of the operation; see ``OPERATIONS``.
        **parameters
            Of the operation: plain numbers, strings and lists.

        Returns
        -------
        Job
            Ended, with an inline runner; otherwise ``await`` it, or watch ``model.job``.

        Raises
        ------
        ParameterError
            If there is no such operation or parameter, or a value cannot be stored.
        UnsafeFileError
            If it names a file outside the folder that this session may read.
        Exception
            With an inline runner, the one with which the job failed.
        """
        operation, parameters = find(name, self._table), as_json(parameters)
        operation.check(parameters)
        check_inside(self._root, parameters)
        label = operation.label(parameters)
        job = Job(name, label, self.runner)
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            state = self._state
            operation.check_stack(state.stack)
            check_fits(self._estimate(operation, state, parameters), label)
            job.can_finish = can_finish(operation, state.stack, parameters)
            n_series = 1 + len(state.channels)
            job.pace.seconds_after = n_series * seconds_after(operation, state.stack, parameters)
            base.append(state)
            return partial(running.run, operation, parameters, state)

        def finish(outcome: running.Outcome) -> tuple[JobState, str]:
            job.label = outcome.step.label  # a run that was finished early is another than was asked for
            return self._commit(operation, base[0], outcome)

        self._queue.submit(Task(job, begin, finish))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def open(self, path: str | Path | Sequence[str | Path], **options: Any) -> Job:
        """Open a file, or several as one series; ``options`` are those of :func:`etwidgets.io.load`."""
        paths = str(path) if isinstance(path, str | Path) else [str(each) for each in path]
        return self.apply("open", path=paths, **options)

    @property
    def job(self) -> Job | None:
        """The job that runs, or None."""
        return self._queue.job

    def cancel(self) -> None:
        """Stop the running job and forget those that wait; nothing will have changed."""
        self._queue.cancel()

    def finish(self) -> None:
        """Have the running job give what there is, after its present iteration; if it ``can_finish``."""
        if self.job is not None:
            self.job.finish()

    def estimate(self, name: str, /, **parameters: Any) -> tuple[int, float | None]:
        """What an operation would take now.

        Returns
        -------
        memory
            Bytes, at its peak.
        seconds
            Judged by earlier runs of the same operation and method in this session; None before the first,
            and of a reconstruction: ``previews.reconstruction_time`` tries that out.
        """
        operation = find(name, self._table)
        needed = self._estimate(operation, self._state, parameters)
        pace = self._pace.get(_kind_of_work(operation, parameters))
        return needed.memory, None if pace is None else pace * needed.work

    def memory_shortfall(self, name: str, /, **parameters: Any) -> tuple[int, int] | None:
        """Bytes that an operation needs and that are free, where it would be refused for want of memory."""
        needed = self._estimate(find(name, self._table), self._state, parameters)
        return None if fits_memory(needed.memory) else (needed.memory, free_memory())

    # -- history ------------------------------------------------------------------------------------

    @property
    def history(self) -> tuple[Step, ...]:
        """The steps that are in effect, the first one first."""
        return self._history.steps[: self._history.position]

    @property
    def steps_of_series(self) -> tuple[Step, ...]:
        """The steps in effect that belong to the series in view: from the one that opened it."""
        return self.history[self._opened_at :]

    def undo(self) -> Job | None:
        """Go back by one step.

        Returns
        -------
        Job or None
            None if the earlier state was in memory; otherwise the job that makes it again.

        Raises
        ------
        HistoryError
            If there is no step.
        """
        return self.go_to(self._history.position - 1)

    def redo(self) -> Job | None:
        """Do the step again that was undone last; as :meth:`undo`."""
        return self.go_to(self._history.position + 1)

    def go_to(self, position: int) -> Job | None:
        """Go to the state after ``position`` steps; as :meth:`undo`."""
        self._history.check(position)
        state = self._history.state(position)
        if state is None:
            return self._go_by_replay(position)
        self._history.move_to(position, state)
        self._publish()
        return None

    def _go_by_replay(self, position: int) -> Job:
        start, steps = self._history.path_to(position)
        known = self._history.steps

        def finish(state: State) -> tuple[JobState, str]:
            if self._history.steps != known:
                return "stale", "The history changed meanwhile; press undo or redo again."
            self._history.move_to(position, state)
            self._publish()
            return "committed", ""

        return self._replay(start, steps, finish)

    def _replay(
        self, start: State, steps: tuple[Step, ...], finish: Callable[[State], tuple[JobState, str]]
    ) -> Job:
        job = Job("replay", "Make an earlier state again", self.runner)
        self._queue.submit(Task(job, lambda: partial(running.replay, start, steps, self._table), finish))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    # -- results set aside --------------------------------------------------------------------------

    def keep(self, label: str = "") -> None:
        """Set the present result aside, to compare others with it or to go back to it.

        Parameters
        ----------
        label
            Default: what was done last.
        """
        self._branches.append(Branch(label or label_of(self._history), self._history.aside()))
        self._publish()

    def forget_kept(self, index: int) -> None:
        """Let go what was set aside."""
        self._check_kept(index)
        del self._branches[index]
        self._publish()

    def go_to_kept(self, index: int) -> Job | None:
        """Go on from what was set aside, its steps included; the present result is set aside in its place.

        Returns
        -------
        Job or None
            As :meth:`undo`.
        """
        self._check_kept(index)
        branch = self._branches[index]
        history = branch.history
        if branch.state is not None:
            self._switch_to(index, history)
            return None
        start, steps = history.path_to(history.position)

        def finish(state: State) -> tuple[JobState, str]:
            if index >= len(self._branches) or self._branches[index] is not branch:
                return "stale", "What was set aside changed meanwhile; try again."
            history.move_to(history.position, state)
            self._switch_to(index, history)
            return "committed", ""

        return self._replay(start, steps, finish)

    def _switch_to(self, index: int, history: History) -> None:
        self._branches[index] = Branch(label_of(self._history), self._history.aside())
        self._history = history
        self._publish()

    def _check_kept(self, index: int) -> None:
        if not is_whole(index) or not 0 <= index < len(self._branches):
            raise HistoryError(f"there is no kept result {index!r}; there are {len(self._branches)}")

    # -- to and from files --------------------------------------------------------------------------

    def export_script(self, path: str | Path) -> Path:
        """Write the steps in effect as a plain Python script that gives the same arrays bit for bit.

        A tilt series that came from no file is saved beside the script, whose folder is where to run it.

        Returns
        -------
        Path
            Of the script.
        """
        return self._export(path, script.script)

    def export_notebook(self, path: str | Path) -> Path:
        """The same as a notebook, one cell per step."""
        return self._export(path, script.notebook)

    def save(self, path: str | Path) -> Path:
        """Write all steps, where they began, and how the data are looked at, to a file (JSON).

        The arrays are not in it: they are made again by :meth:`open_session`, from the same files. A tilt
        series that came from no file is saved beside it.
        """
        target = Path(path)
        saving.write(target, self._saved(self._save_start(target)))
        return target

    def open_session(self, path: str | Path) -> Job:
        """Make the state of a saved session again, by repeating its steps; replaces what there is.

        Returns
        -------
        Job
            Fails with a HistoryError if a step gives another result than it did: a file was changed, or
            another version is installed. Nothing is replaced then.

        Raises
        ------
        FileFormatError
            If the file is no session, or of a later version.
        ParameterError
            If it has a step that there is not.
        UnsafeFileError
            If a step opens a file outside the folder that this session may read; nothing is opened then.
        """
        source = Path(path)
        saved = saving.read(source)
        self._check_files(saved.all_steps)
        if saved.start is not None:
            check_inside(self._root, {"path": str(source.absolute().with_name(saved.start))})
        work = partial(running.reopen, saved, source.parent, self._table)
        return self._reopen(saved, source.absolute(), work, f"Open the session {source.name}")

    def resume(self, kept: KeptSession | None = None) -> Job:
        """Go on with a session that was kept as it went.

        What was expensive to compute is read from disk and checked; the rest is done again. What this session
        did before is kept, too, and can be continued in its turn.

        Parameters
        ----------
        kept
            Default: the one that the autosave found under its name.

        Returns
        -------
        Job
            Fails as that of :meth:`open_session`; the kept session is then left as it was.

        Raises
        ------
        HistoryError
            If there is none, or it is at work elsewhere.
        FileFormatError
            If it is damaged, or of a later version.
        """
        autosave = self.autosave
        if autosave is None:
            raise HistoryError("this session is not kept on disk, and cannot continue one that is")
        kept = autosave.found if kept is None else kept
        if kept is None:
            raise HistoryError("there is no kept session that could be continued")
        if kept.about.at_work:
            raise HistoryError(f"{kept.about.source} is being worked on in another page or notebook")
        path = kept.folder / STEPS
        saved = saving.read(path)
        self._check_files(saved.all_steps)
        results = ResultsKeeper(kept.folder)
        work = partial(running.reopen, saved, kept.folder, self._table, results=results)
        return self._reopen(saved, path, work, "Continue the session", lambda: autosave.take(kept, results))

    @property
    def kept(self) -> bool:
        """Whether all that is to be kept is on disk; without an autosave nothing is."""
        return self._keeping is not None and self._keeping.done

    def _reopen(
        self,
        saved: saving.Saved,
        path: Path,
        work: Callable[..., tuple[State, State]],
        label: str,
        take: Callable[[], None] | None = None,
    ) -> Job:
        job = Job("open_session", label, self.runner)

        def finish(found: tuple[State, State]) -> tuple[JobState, str]:
            start, state = found
            if take is not None:
                take()  # not before: what is continued must not be overwritten by what there was
            self._start_file = None if saved.start is None else path.with_name(Path(saved.start).name)
            self._history = History.restored(start, saved.steps, self._memory_limit)
            self._history.move_to(saved.position, state)
            self._branches = [
                Branch(each.label, History.restored(start, each.steps, self._memory_limit, each.position))
                for each in saved.kept
            ]
            self._publish()
            for name, value in saved.display.items():
                setattr(self.display, name, tuple(value) if isinstance(value, list) else value)
            self.display.keep_inside(state.stack, state.reconstruction)
            return "committed", ""

        self._queue.submit(Task(job, lambda: work, finish))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def repeat(self, path: str | Path) -> Job:
        """Do on the series that is open here what a saved session did after it had opened its own.

        Each becomes a step of this session; if one fails, nothing is changed. Numbers chosen for the other
        series (a crop, projections to remove) are taken as they are.

        Parameters
        ----------
        path
            Of a file that :meth:`save` wrote.

        Returns
        -------
        Job
            Fails with the reason if a step cannot be done on this series.

        Raises
        ------
        FileFormatError
            If the file is no session, or of a later version.
        ParameterError
            If it has no step to repeat, or one that adds a file of the other series.
        """
        source = Path(path)
        saved = saving.read(source)
        self._check_files(saved.all_steps)
        steps = saved.steps[: saved.position]
        steps = steps[max(self._sources(steps), default=-1) + 1 :]
        if not steps:
            raise ParameterError(f"{source.name} has no step after the one that opens its tilt series")
        adds = next((step for step in steps if "path" in step.parameters), None)
        if adds is not None:
            raise ParameterError(
                f"{source.name} cannot be repeated: {adds.label!r} adds a file that belongs to its own series"
            )
        job = Job("repeat", f"Repeat the {len(steps)} steps of {source.name}", self.runner)
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            base.append(self._state)
            return partial(running.repeat, base[0], steps, self._table)

        def finish(outcomes: list[running.Outcome]) -> tuple[JobState, str]:
            if self._state is not base[0]:
                return "stale", "Not used, for the tilt series was changed meanwhile. Repeat the steps again."
            for outcome in outcomes:
                self._history.add(outcome.step, outcome.state)
            self._publish()
            self.display.center(None, self.model.reconstruction)
            return "committed", " ".join(note for outcome in outcomes for note in outcome.warnings)

        self._queue.submit(Task(job, begin, finish))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def save_data(self, what: Literal["projections", "volume", "figure"], path: str | Path) -> Job:
        """Save what there is now; the ending of the name gives the format, and no file is replaced.

        Parameters
        ----------
        what
            ``"projections"`` or ``"volume"`` (.hspy, .mrc, .tif, ...), or ``"figure"``: the three slices that
            the display points at (.png, .svg, .pdf).
        path
            Of the new file.

        Returns
        -------
        Job
            Fails with the reason, if it cannot be written.
        """
        check_choice("what", what, _SAVED)
        target = Path(path)
        job = Job("save", f"Save {target.name}", self.runner)

        def begin() -> Callable[[Progress], Any]:
            state = self._state
            signal = state.stack if what == "projections" else state.reconstruction
            if signal is None:
                raise ParameterError(_LACK[what == "projections"])
            if what == "figure":
                return partial(exports.save_figure, signal, self.display.voxel, target)
            return partial(exports.save_signal, signal, target)

        self._queue.submit(Task(job, begin, lambda _: ("committed", "")))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def save_movie(
        self,
        what: str,
        path: str | Path,
        frames_per_second: float = 15.0,
    ) -> Job:
        """Save a film with the contrast and colors of the display; no file is replaced.

        Parameters
        ----------
        what
            ``"projections"``: the series as it is now, in order of tilt; ``"tilting"``: the volume turning
            about the tilt axis; ``"x"``, ``"y"`` or ``"z"``: its slices along that axis.
        path
            Of the new file, ``.gif`` or ``.mp4``.
        frames_per_second
            At least 1.

        Returns
        -------
        Job
            Fails with the reason, if it cannot be written.
        """
        check_choice("what", what, _FILMED)
        target = Path(path)
        job = Job("save", f"Save {target.name}", self.runner)

        def begin() -> Callable[[Progress], Any]:
            state = self._state
            signal = state.stack if what == "projections" else state.reconstruction
            if signal is None:
                raise ParameterError(
                    f"there is no {'tilt series' if what == 'projections' else 'volume'} for a film"
                )
            look = {"percentiles": self.display.contrast, "color_map": self.display.color_map}
            return partial(exports.save_movie, signal, what, target, frames_per_second, look)

        self._queue.submit(Task(job, begin, lambda _: ("committed", "")))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def measure(
        self,
        subject: Subject,
        *,
        other: Subject | None = None,
        axis: str | None = None,
        one_iteration_more: bool = False,
    ) -> Job:
        """Measure a volume; what is found is added to ``model.measurements`` and written into scripts.

        Parameters
        ----------
        subject
            The volume and how it is parted.
        other
            A second one, to be compared with it.
        axis
            Along which layers are looked for: ``"x"``, ``"z"`` or ``"y"``.
        one_iteration_more
            Reconstruct it with one iteration less and more, to see what that makes of its volume.

        Returns
        -------
        Job
            Fails with the reason, if it cannot be measured.
        """
        if not isinstance(subject, measuring.Subject):
            raise ParameterError(f"subject must be a Subject, a volume and its threshold, not {subject!r}")
        job = Job("measure", f"Measure {subject.name}", self.runner)
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            state = self._state
            base.append(state)
            volume = state.reconstruction
            if volume is None:
                raise ParameterError("there is no volume to measure")
            if not state.holds(subject.data):
                raise ParameterError("the volume was changed meanwhile; measure the present one")
            steps = self.steps_of_series
            again = running.again_with(state, steps, subject.name) if one_iteration_more else None
            axis_x = volume.axes_manager["x"]
            known = str(axis_x.units) == "nm"
            voxel, unit = (float(axis_x.scale), "nm") if known else (1.0, "px")

            def work(progress: Progress) -> measuring.Measurement:
                return measuring.measure(
                    subject, voxel, progress, other=other, axis=axis, again=again, unit=unit
                )

            return work

        def finish(found: measuring.Measurement) -> tuple[JobState, str]:
            if self._state is not base[0]:
                return "stale", "Not used, for the volume was changed meanwhile. Measure the present one."
            state = replace(base[0], measurements=(*base[0].measurements, found))
            self._history.amend(state)
            self.model.measurements = state.measurements
            return "committed", ""

        self._queue.submit(Task(job, begin, finish))
        if self.runner.inline and job.error is not None:
            raise job.error
        return job

    def _saved(self, start: str | None) -> saving.Saved:
        history = self._history
        shown = {name: getattr(self.display, name) for name in self.display.trait_names()}
        kept = tuple(
            saving.SavedBranch(branch.label, branch.history.steps, branch.history.position)
            for branch in self._branches
        )
        return saving.Saved(history.steps, history.position, start, history.start.source, shown, kept)

    def _export(self, path: str | Path, write: Callable[..., str]) -> Path:
        target = Path(path)
        start = None if self._sources(self.history) else self._save_start(target)
        content = write(self.steps_of_series, start, self._state.measurements, self._table)
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")
        return target

    def _sources(self, steps: tuple[Step, ...]) -> list[int]:
        """Where in the steps a tilt series is opened."""
        return [i for i, step in enumerate(steps) if find(step.operation, self._table).opens]

    def _check_files(self, steps: Iterable[Step]) -> None:
        """Refuse steps of a file that there are not, or that open what this session may not read."""
        for step in steps:
            find(step.operation, self._table).check(step.parameters)
            check_inside(self._root, step.parameters)

    def _save_start(self, beside: Path) -> str | None:
        """The name of the file with the tilt series that was there before the first step."""
        stack = self._history.start.stack
        if stack is None:
            return None
        path = beside.with_name(f"{beside.stem}_start.hspy")
        exports.save_stack(stack, path)
        return path.name

    # -- for panels ---------------------------------------------------------------------------------

    def latest(self, function: Callable[..., Any], on_result: Callable[[Any], None]) -> LatestOnly:
        """A preview: of many requests the newest is worked on; errors are told to the user.

        What comes of a request after another series has come into view is dropped.

        Parameters
        ----------
        function
            Works in a thread, on its arguments only.
        on_result
            Is given the result, on the thread of the user interface.
        """
        return LatestOnly(
            function,
            on_result,
            lambda error: self.tell(in_words(error), "error", error),
            self.runner,
            lambda: self.model.specimen,
        )

    def tell(
        self,
        text: str,
        level: Literal["info", "warning", "error"] = "info",
        error: BaseException | None = None,
        action: Cure | None = None,
    ) -> None:
        """Show a sentence to the user; the traceback of an error can be unfolded under it.

        ``action`` is the button that mends what the sentence says. What the sentence says in the words of
        scripts is said in those of the page; see :mod:`etwidgets.session.page_words`.
        """
        text, cure = for_page(text)
        details = "" if error is None else "".join(traceback.format_exception(error))
        message = Message(text, level, details, action=action or cure)
        self.model.messages = (*self.model.messages[1 - _MESSAGES :], message)
        self.model.message = message

    def _settle_message(self, *, another: bool) -> None:
        """What was said of another state is not mended in this one; of another series it is not said."""
        message = self.model.message
        if message is not None and another:
            self.model.message = None
        elif message is not None and message.action is not None:
            self.model.message = replace(message, action=None)

    def note_findings(self, findings: Iterable[Finding]) -> None:
        """What a check of the present series found; see :func:`etwidgets.align.check_up`."""
        self.model.findings = tuple(findings)

    def prepare(self) -> None:
        """Compile what previews and reconstructions need, in the background; ``model.preparing`` meanwhile.

        Takes some 10 s the first time on a machine, for the result is kept on disk. A step that needs it
        before waits for it.
        """
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
        """Stop what runs; the model is left as it is."""
        self._queue.cancel()
        self.runner.close()
        if self._keeping is not None:
            self._keeping.close()

    # -- inside -------------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        state = self._history.state(self._history.position)
        return State() if state is None else state

    def _estimate(self, operation: Operation, state: State, parameters: dict[str, Any]) -> Estimate:
        needed = estimate(operation, None if operation.opens else state.stack, parameters)
        if operation.repeats_on_channels:
            return replace(needed, memory=needed.memory * (1 + len(state.channels)))
        return needed

    def _commit(self, operation: Operation, base: State, outcome: running.Outcome) -> tuple[JobState, str]:
        if self._state is not base:
            return "stale", (
                f"{outcome.step.label}: not used, for the tilt series was changed meanwhile. Run it again."
            )
        work = self._estimate(operation, base, dict(outcome.step.parameters)).work
        if work > 0:
            kind = _kind_of_work(operation, outcome.step.parameters)
            self._pace[kind] = outcome.step.seconds / work
        had_volume = self.model.reconstruction is not None
        self._history.add(outcome.step, outcome.state)
        self._publish()
        if operation.reconstructs and not had_volume:
            self.display.center(None, outcome.state.reconstruction)
        return "committed", " ".join(outcome.warnings)

    def _job_changed(self, job: Job) -> None:
        status = job.status
        self.model.job = status
        self.model.waiting = self._queue.n_waiting
        self.model.busy = self._queue.job is not None or self._queue.n_waiting > 0
        if status.state == "committed":
            done = f"{status.label}: done in {status.seconds:.1f} s."
            self.tell(f"{done} {status.message}".rstrip(), "warning" if status.message else "info")
        elif not status.active:
            failed = status.state == "failed"
            self.tell(status.message, "error" if failed else "warning", job.error if failed else None)

    def _publish(self) -> None:
        history, state, model = self._history, self._state, self.model
        steps, position = history.steps, history.position
        origin = self._opening
        another, self._origin = origin is not self._origin, origin
        # panels hear first that it is another series, then what it is like, and in the end where to look
        with self.display.hold_trait_notifications(), model.hold_trait_notifications():
            self._settle_message(another=another)
            if another:
                model.specimen += 1
                model.findings = ()
                self.display.begin_anew(state.stack, state.reconstruction)
            model.stack, model.reconstruction = state.stack, state.reconstruction
            model.stale, model.source, model.channels = state.stale, state.source, state.channels
            model.spectra, model.measurements = state.spectra, state.measurements
            model.before = self._stack_before()
            model.history = tuple(HistoryLine(s.label, s.seconds, i < position) for i, s in enumerate(steps))
            model.done_operations = frozenset(step.operation for step in self.steps_of_series)
            model.can_undo, model.can_redo = position > 0, position < len(steps)
            model.memory_used = float(memory_of(history, *(branch.history for branch in self._branches)))
            model.kept = tuple(_kept(branch) for branch in self._branches)
            if state.stack is None:
                model.crop, model.excluded, model.axis_shift, model.axis_rotation = None, (), 0.0, 0.0
            else:
                known = state.stack.metadata.Tomography
                model.crop, model.excluded = kept_part(state.stack), left_out(state.stack)
                model.axis_shift, model.axis_rotation = float(known.yshift), float(known.tiltaxis)
            self.display.keep_inside(state.stack, state.reconstruction)
        # a series that came from no file cannot be opened again: its owner has it in a notebook
        start = self._start_file
        if self._keeping is not None and steps and (history.start.stack is None or start is not None):
            saved = self._saved(None if start is None else start.name)
            self._keeping.changed(saved, state.source, Results(state, self.history), start)

    def _tell_of_keeping(self, unsaved: str, results_note: str) -> None:
        self.model.unsaved, self.model.results_note = unsaved, results_note

    @property
    def _opened_at(self) -> int:
        """Place in the history of the step that opened the series in view; 0 if it was there before."""
        return max(self._sources(self.history), default=0)

    @property
    def _opening(self) -> object:
        """What brought the series in view: a step, or the signal that was there before the first one."""
        opened, start = self._sources(self.history), self._history.start
        return self.history[opened[-1]] if opened else next(iter(start.signals), None)

    def _stack_before(self) -> Any:
        now = self._state.stack
        first = self._opened_at + bool(self._sources(self.history))  # what was before is another series
        for position in range(self._history.position - 1, first - 1, -1):
            state = self._history.state(position)
            if state is None:
                return None
            if state.stack is not now:
                return state.stack
        return None


def _kept(branch: Branch) -> Kept:
    state = branch.state
    return Kept(branch.label, *((None, None) if state is None else (state.stack, state.reconstruction)))


def _kind_of_work(operation: Operation, parameters: Any) -> tuple[str, str]:
    return operation.name, str(parameters.get("method", "")).upper()
