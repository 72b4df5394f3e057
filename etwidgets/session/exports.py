"""Writes files of a session: script, notebook, steps, data, figure, movie, report; changes no state."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.session import script, session_file, signal_files
from etwidgets.session.jobs import Job
from etwidgets.session.parameters import check_choice
from etwidgets.session.report import ReportSource, check_target, save_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etwidgets.progress import Progress
    from etwidgets.session.core import SessionCore

_SAVED = ("projections", "volume", "figure", "alignment")
_MOVIES = ("projections", "tilting", "x", "y", "z")


class Exports:
    """Those of one session.

    Parameters
    ----------
    core
        Of the session.
    """

    def __init__(self, core: SessionCore) -> None:
        self._core = core

    def script(self, path: str | Path) -> Path:
        """The steps in effect as a Python script."""
        return self._export(path, script.script)

    def notebook(self, path: str | Path) -> Path:
        """The same as a notebook."""
        return self._export(path, script.notebook)

    def session(self, path: str | Path) -> Path:
        """All steps, where they began, and how the data are looked at."""
        target = Path(path)
        session_file.write(target, self._core.saved(self._save_start(target)))
        return target

    def data(self, what: str, path: str | Path) -> Job:
        """The projections, what was done to them, the volume, or a figure of it."""
        check_choice("what", what, _SAVED)
        target = Path(path)

        def begin() -> Callable[[Progress], Any]:
            signal = self._signal(what, "to save")
            if what == "figure":
                return partial(signal_files.save_figure, signal, self._core.display.voxel, target)
            save = signal_files.save_alignment if what == "alignment" else signal_files.save_signal
            return partial(save, signal, target)

        return self._save(target, begin)

    def movie(self, what: str, path: str | Path, frames_per_second: float) -> Job:
        """A movie of the projections, of the turning volume, or of its slices."""
        check_choice("what", what, _MOVIES)
        target = Path(path)

        def begin() -> Callable[[Progress], Any]:
            signal = self._signal(what, "for a movie")
            display = self._core.display
            look = {"percentiles": display.contrast, "color_map": display.color_map}
            return partial(signal_files.save_movie, signal, what, target, frames_per_second, look)

        return self._save(target, begin)

    def frames(self, frames: Sequence[bytes], path: str | Path, frames_per_second: float) -> Job:
        """A movie of pictures that were drawn elsewhere."""
        target = Path(path)
        return self._save(
            target, lambda: partial(signal_files.save_frames, frames, target, frames_per_second)
        )

    def report(self, path: str | Path) -> Job:
        """A report: a page with the same as JSON beside it, or JSON alone."""
        target = check_target(path)

        def begin() -> Callable[[Progress], Any]:
            source = ReportSource.of(self._core.timeline, self._core.display.voxel)

            def work(progress: Progress) -> list[str]:
                save_report(source, target, progress)
                files = dict.fromkeys([target.name, target.with_suffix(".json").name])
                return [f"Saved {' and '.join(files)} in {target.resolve().parent}."]

            return work

        return self._save(target, begin)

    def _save(self, target: Path, begin: Callable[[], Callable[[Progress], Any]]) -> Job:
        job = Job("save", f"Save {target.name}", self._core.runner)
        return self._core.queue.run(job, begin, lambda notes: ("committed", " ".join(notes or ())))

    def _signal(self, what: str, purpose: str) -> Any:
        """The signal that is asked for."""
        state = self._core.state
        if what in ("projections", "alignment"):
            signal, missing = state.stack, f"there is no tilt series {purpose}; open one first"
        else:
            signal, missing = state.reconstruction, f"there is no volume {purpose}; reconstruct one first"
        if signal is None:
            raise ParameterError(missing)
        return signal

    def _export(self, path: str | Path, write: Callable[..., str]) -> Path:
        target, timeline = Path(path), self._core.timeline
        start = None if timeline.openings(timeline.done) else self._save_start(target)
        content = write(timeline.of_series, start, timeline.state.measurements, timeline.table)
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")
        return target

    def _save_start(self, beside: Path) -> str | None:
        """The name of the file with the tilt series that was there before the first step."""
        stack = self._core.timeline.history.start.stack
        if stack is None:
            return None
        path = beside.with_name(f"{beside.stem}_start.hspy")
        signal_files.save_stack(stack, path)
        return path.name
