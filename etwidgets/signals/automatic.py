"""Refines the alignment of a series, and aligns one by itself; the methods are ``align``'s."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import align
from etwidgets.checks import checked_count
from etwidgets.progress import FinishAfter
from etwidgets.resources import return_freed_memory
from etwidgets.signals.alignment_report import AlignmentReport, read_report, tried, write_report
from etwidgets.signals.cleaning import averaged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

    Steps = list[tuple[str, dict[str, Any]]]
    Apply = Callable[[TiltSeries, str, dict[str, Any], Progress], TiltSeries]

_LEVEL_ERRORS = 3.0  # a background that is not clearly more than its error is left alone
_SMALL_PX = 96  # shorter side of the copy in which the direction of the axis is judged
_SAMPLED = 15  # projections, in which it is seen whether there is a dark level
_EXCLUDED = 0.1  # weight, below which a projection is left out


def refined(
    stack: TiltSeries, progress: Progress, *, finish_after: int | None = None, **options: Any
) -> TiltSeries:
    """The series with its alignment refined; see :meth:`etwidgets.TomoStack.refine_alignment`."""
    if finish_after is not None:
        finish_after = checked_count("finish_after", finish_after, lowest=0)
    progress = FinishAfter(progress, finish_after)
    images, start = recorded(stack)
    found = align.refine_alignment(images, stack.tilts_deg, start, progress=progress.part(0, 0.95), **options)
    correction = start.inverse().then(found.alignment)
    result = (
        stack.apply_alignment(correction, progress=progress.part(0.95, 1))
        if found.accepted
        else (stack._deepcopy_with_new_data(stack.data))
    )
    write_report(result, AlignmentReport.of(found))
    progress.advance(1)
    return result


def recorded(stack: TiltSeries) -> tuple[NDArray[np.float32], align.Alignment]:
    """The images before the first shift, without their dark level, and what was done to them since.

    Its tilts are left out: the series has them, as they were corrected or set.
    """
    original = stack._originals()
    images = np.asarray(original.images if original.data.ndim == 3 else original.images.mean(axis=1))
    known = stack.metadata.has_item("Tomography.background")
    plain = images.astype(np.float32, copy=False) if known else without_level(images)
    return plain, replace(original.alignment, tilts_deg=None)


def without_level(images: NDArray[Any]) -> NDArray[np.float32]:
    """Images without their dark level, if they have one; for measuring only, the series keeps it."""
    return images.astype(np.float32) - np.float32(_level(images))


def _level(images: NDArray[Any]) -> float:
    """The dark level of a sample of the projections; 0 where it is not clear."""
    found = align.estimate_background(images[:: max(1, len(images) // _SAMPLED)])
    return found.level if found.determined and found.level > _LEVEL_ERRORS * found.error else 0.0


def has_level(stack: TiltSeries) -> bool:
    """Whether the images of a series have a dark level that was not subtracted."""
    return not stack.metadata.has_item("Tomography.background") and _level(np.asarray(averaged(stack))) > 0


def first_steps(stack: TiltSeries) -> Steps:
    """What is done before anything is tried: turn an upright axis, subtract a dark level."""
    steps: Steps = []
    images = np.asarray(averaged(stack))
    angle = stack.metadata.get_item("Tomography.tilt_axis_angle_deg", default=None)
    small = align.PaddedSeries.of(images, stack.tilts_deg, max(1, min(images.shape[1:]) // _SMALL_PX)).images
    findings = align.check_up(small, stack.tilts_deg, None if angle is None else float(angle))
    turns = next((each.quarter_turns for each in findings if each.fix is align.FixKind.TURN), 0)
    if turns:
        steps.append(("turn", {"quarter_turns": int(turns)}))
    if _level(images):
        steps.append(("subtract_background", {}))
    return steps


def auto_steps(
    stack: TiltSeries, apply: Apply, progress: Progress
) -> tuple[TiltSeries, align.AlignmentPlan, tuple[str, ...]]:
    """Align a series step by step; ``apply(stack, name, parameters, progress)`` does and records each.

    Returns
    -------
    stack
        Aligned, with its report.
    plan
        What was tried.
    excluded
        Numbers, from 1, of the projections that were left out.
    """
    progress.advance(0, "looking at the series")
    for name, parameters in first_steps(stack):
        stack = apply(stack, name, parameters, progress.part(0.02, 0.06))
    plan = align.plan_alignment(
        np.asarray(averaged(stack)), stack.tilts_deg, progress=progress.part(0.06, 0.5)
    )
    return_freed_memory()
    for name, parameters in plan.chosen.steps:
        stack = apply(stack, name, parameters, progress.part(0.5, 0.6))
        _drop_old()
    stack = apply(stack, "refine_alignment", {}, progress.part(0.6, 0.97))
    report = read_report(stack)
    excluded: tuple[int, ...] = ()
    if report is not None:
        excluded = tuple(sorted(int(i) for i in report.doubted if report.weights[i] < _EXCLUDED))
    if excluded:
        stack = apply(stack, "remove_projections", {"projections": list(excluded)}, progress.part(0.97, 1))
    progress.advance(1)
    return stack, plan, tuple(str(i + 1) for i in excluded)


def _drop_old() -> None:
    """Free the series before a step, which is part of a circle of references as all signals are."""
    gc.collect()
    return_freed_memory()


def add_plan(stack: TiltSeries, excluded: Sequence[str], candidates: Sequence[Any]) -> None:
    """Write what was left out, and what was tried, into the report of an automatic alignment."""
    report = read_report(stack)
    if report is not None:
        rows = tuple((title, misfit, refined, reason) for title, misfit, refined, reason in candidates)
        write_report(stack, replace(report, excluded=tuple(excluded), candidates=rows))


def auto_aligned(stack: TiltSeries, progress: Progress) -> TiltSeries:
    """The series, aligned by itself; see :meth:`etwidgets.TomoStack.auto_align`."""

    def apply(stack: TiltSeries, name: str, parameters: dict[str, Any], progress: Progress) -> TiltSeries:
        method = {"register": "stack_register", "transform": "trans_stack"}.get(name, name)
        takes = {} if name in ("turn", "remove_projections") else {"progress": progress}
        result: TiltSeries = getattr(stack, method)(**parameters, **takes)
        return result

    result, plan, excluded = auto_steps(stack, apply, progress)
    add_plan(result, excluded, tried(plan))
    return result
