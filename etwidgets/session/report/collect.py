"""Collects what a report says from the state and the steps of a session; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from etwidgets import environment
from etwidgets.errors import EtwidgetsError, ParameterError
from etwidgets.session import running
from etwidgets.session.history import State
from etwidgets.session.report import pictures
from etwidgets.session.report.bibliography import Citations
from etwidgets.session.report.content import Content, ReportedStep
from etwidgets.session.report.doubts import doubts_of
from etwidgets.session.report.facts import facts_of
from etwidgets.session.report.files import files_of
from etwidgets.session.report.methods_text import methods_of
from etwidgets.session.report.plain import plain
from etwidgets.signals import tomography_node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from etwidgets.progress import Progress
    from etwidgets.session.history import Step
    from etwidgets.session.operations import Operation
    from etwidgets.session.report.content import Facts, Picture
    from etwidgets.session.timeline import Timeline


@dataclass(frozen=True, eq=False)
class ReportSource:
    """What a report is made of; taken at one moment, so that a worker can read it.

    Attributes
    ----------
    state
        As it is now.
    raw
        The state after the series was opened, or before the first step; None where it is not in memory.
    before
        From which ``opening`` leads to ``raw``.
    opening
        The step that opened the series; None if it was there before the first step.
    steps
        That belong to the series, that which opened it first.
    start_file
        File with the series that was there before the first step, if there is one.
    table
        The operations that there are.
    voxel
        ``(x, z, y)`` through which slices are shown.
    """

    state: State
    raw: State | None
    before: State
    opening: Step | None
    steps: tuple[Step, ...]
    start_file: Path | None
    table: Mapping[str, Operation]
    voxel: tuple[int, int, int]

    @classmethod
    def of(cls, timeline: Timeline, voxel: tuple[int, int, int]) -> ReportSource:
        """What there is now in a session.

        Raises
        ------
        ParameterError
            If nothing is open.
        """
        if not timeline.state.signals:
            raise ParameterError("there is nothing to report on yet; open a tilt series first")
        opened = timeline.openings(timeline.done)
        position = opened[-1] + 1 if opened else 0
        return cls(
            state=timeline.state,
            raw=timeline.history.state(position),
            before=State(),
            opening=timeline.done[position - 1] if opened else None,
            steps=timeline.of_series,
            start_file=None if opened else timeline.start_file,
            table=timeline.table,
            voxel=voxel,
        )


def collect(source: ReportSource, progress: Progress) -> Content:
    """All that a report says.

    Parameters
    ----------
    source
        From :meth:`ReportSource.of`.
    progress
        Reports progress and can cancel the work; the check of projections takes most of the time.
    """
    progress.advance(0, "opening the raw series")
    raw = _raw(source, progress.part(0, 0.1))
    earlier = _recorded(raw if raw is not None else source.state)
    steps = tuple(
        ReportedStep(
            each.operation, each.label, plain(dict(each.parameters)), each.seconds, each.when, each.before,
            each.after,
        )
        for each in source.steps
    )  # fmt: skip
    facts = facts_of(source.state, (*earlier, *steps), progress.part(0.1, 0.8))
    progress.advance(0.8, "drawing")
    drawn = _pictures(source, raw, facts)
    progress.advance(0.9, "reading files")
    citations = Citations()
    titles = {name: operation.title for name, operation in source.table.items()}
    content = Content(
        source=source.state.source,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        doubts=doubts_of(facts),
        facts=facts,
        pictures=drawn,
        earlier=earlier,
        steps=steps,
        files=files_of(source.steps, source.start_file),
        machine=tuple(environment.machine()),
        packages=environment.versions(),
        methods=methods_of(facts, (*earlier, *steps), titles, citations),
        references=citations.references,
    )
    progress.advance(1)
    return content


def _raw(source: ReportSource, progress: Progress) -> State | None:
    """The series as it was opened; opened again where it was let go, None if that cannot be done."""
    if source.raw is not None or source.opening is None:
        return source.raw
    try:
        return running.replay(source.before, [source.opening], source.table, progress)
    except (EtwidgetsError, OSError):  # moved or changed since: the report shows what there is
        return None


def _recorded(state: State) -> tuple[ReportedStep, ...]:
    """Changes that the file of a series records, done before it was opened here."""
    signal: Any = state.reconstruction if state.stack is None else state.stack
    if signal is None:
        return ()
    return tuple(
        ReportedStep(each.kind, each.kind, {"shape": list(each.shape), **plain(each.parameters)})
        for each in tomography_node.recorded(signal)
    )


def _pictures(source: ReportSource, raw: State | None, facts: Facts) -> tuple[Picture, ...]:
    state, found = source.state, []
    if raw is not None and raw.stack is not None:
        found.append(pictures.of_series(raw.stack, "Raw series", "The series as it was opened."))
    if state.stack is not None and (raw is None or state.stack is not raw.stack):
        found.append(pictures.of_series(state.stack, "Aligned series", "The series after all steps."))
    if state.reconstruction is not None:
        found += [
            pictures.of_slices(state.reconstruction, source.voxel),
            pictures.of_rendering(state.reconstruction),
        ]
    if facts.check and "error" not in facts.check:
        found.append(pictures.of_check(facts))
    return tuple(found)
