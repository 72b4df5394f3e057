"""Opens session files, resumes autosaved sessions, repeats saved steps on another series; writes no file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.autosaved_sessions import STEPS
from etwidgets.errors import HistoryError, ParameterError
from etwidgets.session import running, session_file
from etwidgets.session.allowed_folder import check_inside
from etwidgets.session.autosaved_results import ResultsFolder
from etwidgets.session.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.autosaved_sessions import AutosavedSession
    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore
    from etwidgets.session.history import State, Step
    from etwidgets.session.model import JobState
    from etwidgets.session.session_file import SavedSession


class Reopener:
    """Brings saved sessions into one that is open.

    Parameters
    ----------
    core
        Of the open one.
    """

    def __init__(self, core: SessionCore) -> None:
        self._core = core

    def open(self, path: str | Path) -> Job:
        """Make the state of a session file again; as :meth:`etwidgets.session.Session.open_session`."""
        source = Path(path)
        saved = self._read(source)
        if saved.start is not None:
            check_inside(self._core.root, {"path": str(source.absolute().with_name(saved.start))})
        work = partial(running.reopen, saved, source.parent, self._core.table)
        return self._reopen(saved, source.absolute(), work, f"Open the session {source.name}")

    def resume(self, kept: AutosavedSession | None) -> Job:
        """Go on with an autosaved session; as :meth:`etwidgets.session.Session.resume`."""
        autosave = self._core.autosave
        if autosave is None:
            raise HistoryError("this session is not saved on disk, so it cannot continue a saved one")
        kept = autosave.found if kept is None else kept
        if kept is None:
            raise HistoryError("there is no saved session to continue")
        if kept.about.at_work:
            raise HistoryError(f"{kept.about.source} is being worked on in another page or notebook")
        path = kept.folder / STEPS
        saved = self._read(path)
        results = ResultsFolder(kept.folder)
        work = partial(running.reopen, saved, kept.folder, self._core.table, results=results)
        return self._reopen(saved, path, work, "Continue the session", lambda: autosave.take(kept, results))

    def repeat(self, path: str | Path, channels: Mapping[str, str | Path]) -> Job:
        """Do the steps of a file on the series in view; as :meth:`etwidgets.session.Session.repeat`."""
        source, core = Path(path), self._core
        saved = self._read(source)
        steps = self._to_repeat(saved, source.name, channels)
        job = Job("repeat", f"Repeat the {len(steps)} steps of {source.name}", core.runner)
        base: list[State] = []  # filled when the job's turn comes

        def begin() -> Callable[[Progress], Any]:
            base.append(core.state)
            return partial(running.repeat, base[0], steps, core.table)

        def finish(outcomes: list[running.Outcome]) -> tuple[JobState, str]:
            if core.state is not base[0]:
                return "stale", "Not used, for the tilt series was changed meanwhile. Repeat the steps again."
            for outcome in outcomes:
                core.timeline.history.add(outcome.step, outcome.state)
            core.publish()
            core.display.center(None, core.model.reconstruction)
            return "committed", " ".join(note for outcome in outcomes for note in outcome.warnings)

        return core.queue.run(job, begin, finish)

    def _read(self, path: Path) -> SavedSession:
        saved = session_file.read(path)
        self._core.check_steps(saved.all_steps)
        return saved

    def _to_repeat(
        self, saved: SavedSession, name: str, channels: Mapping[str, str | Path]
    ) -> Sequence[Step]:
        """The steps in effect after the one that opened the series, with the files of other channels."""
        steps = saved.steps[: saved.position]
        steps = steps[max(self._core.timeline.openings(steps), default=-1) + 1 :]
        if not steps:
            raise ParameterError(f"{name} has no step after the one that opens its tilt series")
        files = {channel: str(path) for channel, path in channels.items()}
        adding = (step for step in steps if "path" in step.parameters)
        adds = next((step for step in adding if not _is_given(step, files)), None)
        if adds is not None:
            raise ParameterError(
                f"{name} cannot be repeated: {adds.label!r} adds a file that belongs to its own series"
            )
        steps = tuple(
            replace(step, parameters={**step.parameters, "path": files[step.parameters["name"]]})
            if _is_given(step, files)
            else step
            for step in steps
        )
        self._core.check_steps(steps)
        return steps

    def _reopen(
        self,
        saved: SavedSession,
        path: Path,
        work: Callable[..., tuple[State, State]],
        label: str,
        take: Callable[[], None] | None = None,
    ) -> Job:
        core = self._core

        def finish(found: tuple[State, State]) -> tuple[JobState, str]:
            start, state = found
            if take is not None:
                take()  # not before: what is continued must not be overwritten by what there was
            start_file = None if saved.start is None else path.with_name(Path(saved.start).name)
            core.timeline.replace_by(saved, start, state, start_file)
            core.publish()
            for name, value in saved.display.items():
                setattr(core.display, name, tuple(value) if isinstance(value, list) else value)
            core.display.keep_inside(state.stack, state.reconstruction)
            return "committed", ""

        return core.queue.run(Job("open_session", label, core.runner), lambda: work, finish)


def _is_given(step: Step, files: Mapping[str, str]) -> bool:
    """Whether a step adds a channel for which another file was given."""
    return step.operation == "add_channel" and step.parameters.get("name") in files
