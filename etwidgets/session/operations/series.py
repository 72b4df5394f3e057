"""Operations that make another tilt series of the present one; its channels follow, and its volume is old."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from etwidgets.align import AXIS_METHODS, METHODS, MethodParameters, RefinementOptions
from etwidgets.checks import checked_reals, is_whole
from etwidgets.errors import ParameterError
from etwidgets.options import describe
from etwidgets.session.operations.base import Changes, Operation, OperationResult, shares
from etwidgets.session.operations.lines import call
from etwidgets.session.parameters import needed_by
from etwidgets.signals import TomoStack
from etwidgets.signals.axis import align_axis, axis_note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from etwidgets.progress import Progress
    from etwidgets.session.history import State

FOLLOW = "channels = {name: stack.bring_along(other) for name, other in channels.items()}"


def _no_notes(_stack: TomoStack) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class SeriesOperation(Operation):
    """Makes another series of the present one.

    Attributes
    ----------
    function
        ``function(stack, progress, **parameters)`` gives the new series.
    lines
        ``lines(parameters)`` gives what a script does to ``stack``.
    notes
        ``notes(stack)`` gives what the user should know about the new series.
    """

    function: Callable[..., TomoStack]
    lines: Callable[[Mapping[str, Any]], list[str]]
    notes: Callable[[TomoStack], tuple[str, ...]] = _no_notes

    changes: ClassVar[Changes] = "series"

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Change the series, and bring its channels along."""
        first, *others = shares(state, progress)
        stack = self.function(self.usable(state.stack), first, **parameters)
        if self.finishes and first.iterations_done is not None:
            parameters = {**parameters, "finish_after": first.iterations_done}
        moved = tuple(
            replace(channel, stack=stack.bring_along(channel.stack, progress=part))
            for channel, part in zip(state.channels, others, strict=True)
        )
        stale = state.reconstruction is not None
        following = replace(state, stack=stack, stale=stale, channels=moved)
        return OperationResult(following, parameters, self.notes(stack))

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:
        """Change ``stack``, and bring ``channels`` along."""
        return [*self.lines(parameters), *([FOLLOW] if channels else [])]


def _doubts(stack: TomoStack) -> tuple[str, ...]:
    """What the last registration found doubtful."""
    warning = stack.metadata.get_item("Tomography.registration_quality.warning", default="")
    return (warning,) if warning else ()


def of_method(
    name: str,
    title: str,
    running: str,
    method: Callable[..., TomoStack],
    parameters: AbstractSet[str],
    *,
    also_needed: str = "",
    **options: Any,
) -> SeriesOperation:
    """An operation that is one method of the series; the script calls the same.

    ``also_needed`` has a default in the method, as in ETSpy, with which it does nothing but raise.
    """
    takes_progress = "progress" in inspect.signature(method).parameters

    def function(stack: TomoStack, progress: Progress, **given: Any) -> TomoStack:
        report = {"progress": progress} if takes_progress else {}
        result: TomoStack = getattr(stack, method.__name__)(**given, **report)
        return result

    def lines(given: Mapping[str, Any]) -> list[str]:
        return [f"stack = {call(f'stack.{method.__name__}', **given)}"]

    needed = needed_by(method, parameters) | ({also_needed} if also_needed else set())
    return SeriesOperation(
        name, title, running, function, lines, parameters=parameters, needed=needed, **options
    )


def in_place(
    name: str, title: str, running: str, method: Callable[..., None], parameters: set[str]
) -> SeriesOperation:
    """An operation that is one method which writes the metadata of a series; the data are shared."""

    def function(stack: TomoStack, _progress: Progress, **given: Any) -> TomoStack:
        result = stack._deepcopy_with_new_data(stack.data)  # noqa: SLF001  (HyperSpy's way; nothing writes them)
        getattr(result, method.__name__)(**given)
        return result

    def lines(given: Mapping[str, Any]) -> list[str]:
        return [call(f"stack.{method.__name__}", **given)]

    needed = needed_by(method, parameters)
    return SeriesOperation(
        name, title, running, function, lines, parameters=frozenset(parameters), needed=needed, copies=0
    )


def _tilt_align(stack: TomoStack, progress: Progress, *, method: str = "CoM", **parameters: Any) -> TomoStack:
    return align_axis(stack, stack.trans_stack, method, progress, **parameters)


def _tilt_align_lines(parameters: Mapping[str, Any]) -> list[str]:
    return [f"stack = {call('stack.tilt_align', **parameters)}"]


REFINEMENT = frozenset({"finish_after", *(option.name for option in describe(RefinementOptions))})


def _refinement_notes(stack: TomoStack) -> tuple[str, ...]:
    report = stack.alignment_report
    return () if report is None else (report.sentence,)


def _axis_notes(stack: TomoStack) -> tuple[str, ...]:
    note = axis_note(stack)
    return (note,) if note else ()


def _sort_tilts(stack: TomoStack, _progress: Progress) -> TomoStack:
    return stack.select_projections(np.argsort(stack.tilts_deg, kind="stable"))


def _sort_lines(_parameters: Mapping[str, Any]) -> list[str]:
    return ['stack = stack.select_projections(np.argsort(stack.tilts_deg, kind="stable"))']


def _shift_one(
    stack: TomoStack, progress: Progress, *, projection: int, yshift: float = 0.0, xshift: float = 0.0
) -> TomoStack:
    count = stack.data.shape[0]
    if not is_whole(projection):
        raise ParameterError(f"projection must be an integer, 0 to {count - 1}, not {projection!r}")
    if not 0 <= projection < count:
        raise ParameterError(f"there is no projection {projection}; the last of {count} is {count - 1}")
    shifts = np.zeros((count, 2))
    shifts[int(projection)] = checked_reals("shifts", [yshift, xshift])
    return stack.shift_projections(shifts, progress=progress)


def _shift_one_lines(p: Mapping[str, Any]) -> list[str]:
    return [
        "shifts = np.zeros((len(stack.data), 2))  # y, x",
        f"shifts[{p['projection']}] = {p.get('yshift', 0.0)!r}, {p.get('xshift', 0.0)!r}",
        "stack = stack.shift_projections(shifts)",
    ]


SERIES = (
    in_place("set_tilts", "Set tilts", "setting the tilts", TomoStack.set_tilts, {"start", "increment"}),
    in_place(
        "set_pixel_size", "Set pixel size", "setting the pixel size", TomoStack.set_pixel_size, {"pixel_size"}
    ),
    SeriesOperation(
        "sort_tilts", "Sort by tilt", "sorting", _sort_tilts, _sort_lines, needs_tilts=True, copies=1
    ),
    of_method(
        "crop", "Crop", "cropping", TomoStack.crop_to, {"x_start", "x_stop", "y_start", "y_stop"}, copies=1
    ),
    of_method("turn", "Turn by 90°", "turning", TomoStack.turn, {"quarter_turns"}, copies=1),
    of_method("bin", "Bin", "binning", TomoStack.bin, {"factor"}, copies=1),
    of_method(
        "remove_projections", "Remove projections", "removing projections", TomoStack.remove_projections,
        {"projections"}, also_needed="projections", copies=1,
    ),
    of_method("filter", "Filter", "filtering", TomoStack.filter, {"method", "size", "taper"}),
    of_method("normalize", "Normalize", "normalizing", TomoStack.normalize, {"width"}),
    of_method(
        "subtract_background", "Subtract background", "subtracting the background",
        TomoStack.subtract_background, {"method", "shape", "each", "percentile", "edge_px", "frame"},
        copies=3,
    ),
    of_method(
        "equalize_intensity", "Equalize intensity", "equalizing the intensity", TomoStack.equalize_intensity,
        {"law"}, needs_tilts=True,
    ),
    of_method(
        "remove_hot_pixels", "Remove hot pixels", "removing hot pixels", TomoStack.remove_hot_pixels,
        {"deviations"},
    ),
    of_method(
        "correct_linearity", "Correct linearity", "correcting the linearity", TomoStack.correct_linearity,
        {"term_percent", "brightest"},
    ),
    of_method(
        "correct_detector", "Correct detector", "correcting", TomoStack.correct_detector, {"dark", "gain"}
    ),
    of_method(
        "register", "Register", "registering", TomoStack.stack_register,
        MethodParameters({"method", "start", "crop", "shift_type"}, METHODS), needs_tilts=True, copies=3,
        notes=_doubts,
    ),
    of_method(
        "align_markers", "Align by markers", "aligning by markers", TomoStack.align_markers,
        {"markers", "projection", "count", "diameter_px", "rotation", "magnification", "tilt",
         "interpolation"}, needs_tilts=True, copies=3,
    ),
    of_method(
        "refine_alignment", "Refine the alignment", "refining the alignment", TomoStack.refine_alignment,
        REFINEMENT, needs_tilts=True, copies=6, notes=_refinement_notes, finishes=True, tells=True,
    ),
    of_method(
        "manual_align", "Shift projections from index", "shifting", TomoStack.manual_align,
        {"nslice", "xshift", "yshift"},
    ),
    SeriesOperation(
        "shift_one", "Shift one projection", "shifting", _shift_one, _shift_one_lines,
        parameters=frozenset({"projection", "yshift", "xshift"}), needed=frozenset({"projection"}),
    ),
    SeriesOperation(
        "tilt_align", "Find the tilt axis", "finding the tilt axis",
        _tilt_align, _tilt_align_lines, _axis_notes,
        parameters=MethodParameters({"method", "apply_undetermined"}, AXIS_METHODS), needs_tilts=True,
    ),
    of_method(
        "transform", "Move the tilt axis", "rotating and shifting", TomoStack.trans_stack,
        {"xshift", "yshift", "angle", "interpolation"},
    ),
)  # fmt: skip
