"""Everything that changes the model goes through here: operations as jobs, history, undo and redo.

It knows no widget; whoever wants to see something observes the model. It is the one door to the model and
does nothing itself: each method hands over to the part of the session that does it. Longer than most files
because most of it is the documentation of that door.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from etwidgets.deprecated import renamed_method, renamed_property
from etwidgets.resources import fits_memory, free_memory, total_memory
from etwidgets.session import measure_job, trust_job
from etwidgets.session.auto_alignment import AutoAligner
from etwidgets.session.core import SessionCore
from etwidgets.session.exports import Exports
from etwidgets.session.history import State
from etwidgets.session.model import TomoStackModel
from etwidgets.session.own_operations import table_of
from etwidgets.session.reopening import Reopener
from etwidgets.session.runners import InlineRunner
from etwidgets.session.snapshots import Snapshots
from etwidgets.session.steps import StepRunner
from etwidgets.session.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from etwidgets.align import Finding
    from etwidgets.autosaved_sessions import AutosavedSession
    from etwidgets.session.autosave import Autosave
    from etwidgets.session.history import Step
    from etwidgets.session.jobs import Job
    from etwidgets.session.latest_only import LatestOnly
    from etwidgets.session.measuring import Subject
    from etwidgets.session.model import Cure
    from etwidgets.session.operations import Operation
    from etwidgets.session.recent_files import RecentFiles
    from etwidgets.session.runners import Runner


class Session:
    """Applies operations to a model and remembers them.

    A method that returns a :class:`~etwidgets.session.Job` checks first what it is given; the job fails with
    the reason, where something cannot be done.

    Parameters
    ----------
    model
        Where the state is shown; written by this session only. Default: an empty one.
    runner
        :class:`~etwidgets.session.ThreadRunner` in a browser or notebook page; the default
        :class:`~etwidgets.session.InlineRunner` returns only when the work is done.
    memory_limit
        Bytes that the stacks and volumes kept for undo may take. What exceeds it is recomputed when it is
        needed. Default: a third of the machine's memory.
    autosave
        Where the steps are kept as they are done; default: nowhere.
    operations
        Of your own, made with :func:`~etwidgets.session.operation`.
    root
        The folder whose files steps may open, also those of session files; default: any file.
    recent
        Where it is noted which files were opened; default: nowhere.

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
        recent: RecentFiles | None = None,
    ) -> None:
        self.model = TomoStackModel() if model is None else model
        self.runner = InlineRunner() if runner is None else runner
        self.autosave, self.recent = autosave, recent
        start = State(self.model.stack, self.model.reconstruction, source=self.model.source)
        limit = total_memory() // 3 if memory_limit is None else memory_limit
        timeline = Timeline(start, limit, table_of(operations))
        folder = None if root is None else Path(root).resolve()
        self._core = SessionCore(self.model, self.runner, timeline, folder, autosave, recent)
        self.display = self._core.display
        self._steps = StepRunner(self._core)
        self._snapshots = Snapshots(self._core, self._steps)
        self._aligner = AutoAligner(self._core)
        self._reopener = Reopener(self._core)
        self._exports = Exports(self._core)
        self._core.publish()
        self.display.center(start.stack, start.reconstruction)

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
        return self._steps.apply(name, parameters)

    def auto_align(self) -> Job:
        """Align the series by itself; see :meth:`etwidgets.TomoStack.auto_align`.

        Each step that it takes becomes a step of the history, to be undone, looked at, or gone on from. The
        report is that of the series: ``model.stack.alignment_report``.
        """
        return self._aligner.align()

    def open(self, path: str | Path | Sequence[str | Path], **options: Any) -> Job:
        """Open a file, or several as one series; ``options`` are those of :func:`etwidgets.io.load`."""
        paths = str(path) if isinstance(path, str | Path) else [str(each) for each in path]
        return self.apply("open", path=paths, **options)

    @property
    def job(self) -> Job | None:
        """The job that runs, or None."""
        return self._core.queue.job

    def cancel(self) -> None:
        """Stop the running job and forget those that wait; nothing will have changed."""
        self._core.queue.cancel()

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
        return self._steps.estimate(name, parameters)

    def memory_shortfall(self, name: str, /, **parameters: Any) -> tuple[int, int] | None:
        """Bytes that an operation needs and that are free, where it would be refused for want of memory."""
        needed, _ = self.estimate(name, **parameters)
        return None if fits_memory(needed) else (needed, free_memory())

    lack = renamed_method("Session.lack", "memory_shortfall")

    @property
    def history(self) -> tuple[Step, ...]:
        """The steps that are in effect, the first one first."""
        return self._core.timeline.done

    @property
    def steps_of_series(self) -> tuple[Step, ...]:
        """The steps in effect that belong to the series in view: from the one that opened it."""
        return self._core.timeline.of_series

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
        return self.go_to(self._core.timeline.history.position - 1)

    def redo(self) -> Job | None:
        """Do the step again that was undone last; as :meth:`undo`."""
        return self.go_to(self._core.timeline.history.position + 1)

    def go_to(self, position: int) -> Job | None:
        """Go to the state after ``position`` steps; as :meth:`undo`."""
        return self._steps.go_to(position)

    def save_snapshot(self, label: str = "") -> None:
        """Save the present result beside the others, to compare them with it or to restore it.

        Parameters
        ----------
        label
            Default: what was done last.
        """
        self._snapshots.save(label)

    def delete_snapshot(self, index: int) -> None:
        """Delete one of ``model.snapshots``."""
        self._snapshots.delete(index)

    def restore_snapshot(self, index: int) -> Job | None:
        """Go on from a snapshot and its steps; the present result takes its place there. As :meth:`undo`."""
        return self._snapshots.restore(index)

    keep = renamed_method("Session.keep", "save_snapshot")
    forget_kept = renamed_method("Session.forget_kept", "delete_snapshot")
    go_to_kept = renamed_method("Session.go_to_kept", "restore_snapshot")

    def export_script(self, path: str | Path) -> Path:
        """Write the steps in effect as a plain Python script that gives the same arrays bit for bit.

        A tilt series that came from no file is saved beside the script, whose folder is where to run it.
        """
        return self._exports.script(path)

    def export_notebook(self, path: str | Path) -> Path:
        """The same as a notebook, one cell per step."""
        return self._exports.notebook(path)

    def save(self, path: str | Path) -> Path:
        """Write all steps, where they began, and how the data are looked at, to a file (JSON).

        The arrays are not in it: they are recomputed by :meth:`open_session`, from the same files. A tilt
        series that came from no file is saved beside it.
        """
        return self._exports.session(path)

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
            If the file is not a session, or of a later version.
        ParameterError
            If it has a step that there is not.
        UnsafeFileError
            If a step opens a file outside the folder that this session may read; nothing is opened then.
        """
        return self._reopener.open(path)

    def resume(self, kept: AutosavedSession | None = None) -> Job:
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
        return self._reopener.resume(kept)

    @property
    def autosaved(self) -> bool:
        """Whether all that is to be kept is on disk; without an autosave nothing is."""
        return self._core.writer is not None and self._core.writer.done

    kept = renamed_property("Session.kept", "autosaved")

    def repeat(self, path: str | Path, channels: Mapping[str, str | Path] | None = None) -> Job:
        """Do on the series that is open here what a saved session did after it had opened its own.

        Each becomes a step of this session; if one fails, nothing is changed. Numbers chosen for the other
        series (a crop, projections to remove) are taken as they are.

        Parameters
        ----------
        path
            Of a file that :meth:`save` wrote.
        channels
            Name of a channel that the steps add, to this series' file of it.

        Raises
        ------
        FileFormatError
            If the file is not a session, or of a later version.
        ParameterError
            If it has no step to repeat, or one that adds a file of the other series.
        """
        return self._reopener.repeat(path, channels or {})

    def save_data(self, what: str, path: str | Path) -> Job:
        """Save what there is now; the ending of the name gives the format, and no file is replaced.

        Parameters
        ----------
        what
            ``"projections"`` or ``"volume"`` (.hspy, .mrc, .tif, ...), ``"alignment"`` (.xf, .prexg, .aln),
            or ``"figure"``: the three slices that the display points at (.png, .svg, .pdf).
        path
            Of the new file.
        """
        return self._exports.data(what, path)

    def save_movie(self, what: str, path: str | Path, frames_per_second: float = 15.0) -> Job:
        """Save a movie with the contrast and colors of the display; no file is replaced.

        Parameters
        ----------
        what
            ``"projections"``: the series as it is now, in order of tilt; ``"tilting"``: the volume turning
            about the tilt axis; ``"x"``, ``"y"`` or ``"z"``: its slices along that axis.
        path
            Of the new file, ``.gif`` or ``.mp4``.
        frames_per_second
            At least 1.
        """
        return self._exports.movie(what, path, frames_per_second)

    def save_frames(self, frames: Sequence[bytes], path: str | Path, frames_per_second: float = 15.0) -> Job:
        """Save pictures of one size as a movie; no file is replaced.

        Parameters
        ----------
        frames
            PNG files, in their order.
        path
            Of the new file, ``.gif`` or ``.mp4``.
        frames_per_second
            At least 1.
        """
        return self._exports.frames(frames, path, frames_per_second)

    def save_report(self, path: str | Path) -> Job:
        """Save a report of the series in view: caveats, pictures, numbers, steps, files, methods.

        Parameters
        ----------
        path
            Of the new file: ``.html`` is one page that needs no network and no script, with the same content
            as JSON beside it; ``.json`` is the latter alone. No file is replaced.

        Raises
        ------
        ParameterError, FileExistsError
            If the name has another ending, or there is such a file.
        """
        return self._exports.report(path)

    def measure(
        self,
        subject: Subject,
        *,
        other: Subject | None = None,
        axis: str | None = None,
        one_iteration_more: bool = False,
        intervals: bool = False,
    ) -> Job:
        """Measure a volume; what is found is added to ``model.measurements`` and written into scripts.

        Parameters
        ----------
        subject
            The volume and how it is segmented.
        other
            A second one, to be compared with it.
        axis
            Along which layers are looked for: ``"x"``, ``"z"`` or ``"y"``.
        one_iteration_more
            Reconstruct it with one iteration less and more, to see what that makes of its volume.
        intervals
            Repeat the experiment in simulation, which takes a minute or so, for 90 % intervals that
            include alignment, noise, iterations and threshold; see
            :meth:`etwidgets.TomoStack.measure_intervals`.
        """
        return measure_job.measure(
            self._core, subject, other, axis, one_iteration_more=one_iteration_more, intervals=intervals
        )

    def assess(self, subject: str) -> Job:
        """Measure how far the series or the volume can be trusted; it is written to ``model.assessments``.

        Parameters
        ----------
        subject
            ``"alignment"`` (each projection against reprojections), ``"convergence"`` (the number of
            iterations, by left-out projections), ``"resolution"`` (of two halves of the series), ``"spread"``
            (the standard deviation of each voxel) or ``"linearity"`` (of intensity and mass).
        """
        return trust_job.assess(self._core, subject)

    @property
    def parameters_of_volume(self) -> dict[str, Any]:
        """Parameters of the step ``reconstruct`` that made the volume.

        Raises
        ------
        ParameterError
            If the volume was made in another way.
        """
        return trust_job.parameters_of_volume(self._core.timeline.of_series, self._core.table)

    def latest(self, function: Callable[..., Any], on_result: Callable[[Any], None]) -> LatestOnly:
        """A preview: of many requests the newest is worked on; errors are shown to the user.

        What comes of a request after another series has come into view is dropped.

        Parameters
        ----------
        function
            Works in a thread, on its arguments only.
        on_result
            Is given the result, on the thread of the user interface.
        """
        return self._core.latest(function, on_result)

    def tell(
        self,
        text: str,
        level: Literal["info", "warning", "error"] = "info",
        error: BaseException | None = None,
        action: Cure | None = None,
    ) -> None:
        """Show a sentence to the user; the traceback of an error can be unfolded under it.

        ``action`` is the button that mends what the sentence says. What the sentence says in the words of
        scripts is said in those of the page; see :mod:`etwidgets.session.page_wording`.
        """
        self._core.messages.tell(text, level, error, action)

    def note_findings(self, findings: Iterable[Finding]) -> None:
        """What a check of the present series found; see :func:`etwidgets.align.check_up`."""
        self.model.findings = tuple(findings)

    def prepare(self) -> None:
        """Compile what previews and reconstructions need, in the background; ``model.preparing`` meanwhile.

        Takes some 10 s the first time on a machine, for the result is kept on disk. A step that needs it
        before waits for it.
        """
        self._core.prepare()

    def close(self) -> None:
        """Stop what runs; the model is left as it is."""
        self._core.close()
