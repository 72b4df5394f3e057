"""The operation that applies an alignment from a file of IMOD or AreTomo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from etwidgets import io
from etwidgets.session.operations.lines import absolute, without
from etwidgets.session.operations.notes import with_notes
from etwidgets.session.operations.series import SeriesOperation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etwidgets.progress import Progress
    from etwidgets.session.history import State
    from etwidgets.session.operations.base import OperationResult
    from etwidgets.signals import TomoStack


@dataclass(frozen=True, eq=False)
class AlignmentFileOperation(SeriesOperation):
    """Aligns the series by a file; says what of the file was not used."""

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:
        """Align, and bring the channels along."""
        result, notes = with_notes(super().apply, state, parameters, progress)
        return replace(result, notes=(*result.notes, *notes))


def _align(stack: TomoStack, progress: Progress, *, path: str, **options: Any) -> TomoStack:
    return io.align_by_file(stack, path, progress=progress, **options)


def _lines(parameters: Mapping[str, Any]) -> list[str]:
    path, rest = absolute(parameters["path"]), without(parameters, "path")
    given = "".join(f", {name}={value!r}" for name, value in rest.items())
    return [f"stack = etw.io.align_by_file(stack, {path!r}{given})"]


ALIGNMENT_FILES = (
    AlignmentFileOperation(
        "apply_alignment_file", "Apply alignment file", "applying the alignment file", _align, _lines,
        parameters=frozenset({"path", "first_row", "axis_deg", "binning"}), needed=frozenset({"path"}),
    ),
)  # fmt: skip
