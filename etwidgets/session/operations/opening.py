"""Operations that begin another series: from files, from sample data, from spectra."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from etwidgets.errors import ParameterError
from etwidgets.resources import free_memory
from etwidgets.samples import sample_named
from etwidgets.session.history import State
from etwidgets.session.operations.base import Changes, Operation, OperationResult
from etwidgets.session.operations.lines import absolute, call, without
from etwidgets.session.operations.notes import with_notes
from etwidgets.session.parameters import paths_text
from etwidgets.signals import RecStack, TomoStack
from etwidgets.spectral import sum_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etwidgets.progress import Progress


@dataclass(frozen=True, eq=False)
class OpeningOperation(Operation):
    """Begins another series, or a volume.

    Attributes
    ----------
    function
        ``function(**parameters)`` gives a series, a volume, spectra, or a series and its spectra.
    lines
        ``lines(parameters)`` gives what a script does to have them as ``stack`` and ``spectra``.
    """

    function: Callable[..., Any]
    lines: Callable[[Mapping[str, Any]], list[str]]

    changes: ClassVar[Changes] = "series"
    opens: ClassVar[bool] = True

    def apply(self, state: State, parameters: Mapping[str, Any], progress: Progress) -> OperationResult:  # noqa: ARG002
        """Open it; nothing of the state before stays."""
        progress.advance(0)
        opened, notes = with_notes(self.function, **parameters)
        return OperationResult(_begun(_source(parameters), opened), parameters, notes)

    def write(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Open the same."""
        return self.lines(parameters)

    def channels_after(self, parameters: Mapping[str, Any], channels: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002
        """None."""
        return ()


def _source(parameters: Mapping[str, Any]) -> str:
    return paths_text(parameters["path"]) if "path" in parameters else f"sample {parameters['name']}"


def _begun(source: str, opened: Any) -> State:
    """The state after something was opened; of spectra their sum is the series."""
    if isinstance(opened, RecStack):
        return State(None, opened, source=source)
    if isinstance(opened, TomoStack):
        return State(opened, source=source)
    if isinstance(opened, tuple) and isinstance(opened[-1], RecStack):
        return State(opened[0], opened[1], source=source)
    if isinstance(opened, tuple):
        return State(opened[0], source=source, spectra=opened[1])
    return State(sum_image(opened), source=source, spectra=opened)


def _open_file(*, path: str | list[str], **options: Any) -> TomoStack | RecStack:
    from etwidgets import io

    return io.load(path, **options)


def _open_lines(parameters: Mapping[str, Any]) -> list[str]:
    rest = without(parameters, "path")
    return [f"stack = {call('etw.load', absolute(parameters['path']), **rest)}"]


def _take_over(*, path: list[str]) -> TomoStack | tuple[TomoStack, RecStack]:
    """The aligned series, and the volume if there is one, of a live reconstruction."""
    from etwidgets import io

    opened = [io.load(each) for each in path]
    kinds = tuple(isinstance(each, TomoStack) for each in opened)
    if kinds not in ((True,), (True, False)):
        raise ParameterError(
            "a live reconstruction is taken over from its aligned series, and its volume if there is one; "
            f"{paths_text(path)} are other files"
        )
    return opened[0] if len(opened) == 1 else (opened[0], opened[1])


def _take_over_lines(parameters: Mapping[str, Any]) -> list[str]:
    paths = absolute(parameters["path"])
    return [
        f"{name} = {call('etw.load', each)}" for name, each in zip(("stack", "volume"), paths, strict=False)
    ]


def open_spectra(
    *, path: str | list[str], first_tilt: float | None = None, tilt_step: float | None = None
) -> Any:
    """Spectra ``(x, y, tilt | energy)`` from one file, or from a list with one spectrum image per tilt.

    Parameters
    ----------
    path
        A file, or a list of files in order of tilt.
    first_tilt, tilt_step
        Degrees, where the files hold no tilts.
    """
    from etwidgets import spectral

    spectra = spectral.load(path, lazy=_is_large(path))
    if first_tilt is not None and tilt_step is not None:
        spectral.set_tilts(spectra, first_tilt + tilt_step * np.arange(spectra.data.shape[0]))
    spectral.tilts_of(spectra)
    return spectra


def _is_large(path: str | list[str]) -> bool:
    """Whether spectra are better left on disk: packed, they may take ten times as much in memory."""
    paths = [path] if isinstance(path, str) else path
    size = sum(Path(each).stat().st_size for each in paths if Path(each).is_file())
    return 10 * size > free_memory()


def spectra_lines(p: Mapping[str, Any]) -> list[str]:
    """What a script does to have the same ``spectra``."""
    lines = [f"spectra = {call('etw.spectral.load', absolute(p['path']))}"]
    if p.get("first_tilt") is not None and p.get("tilt_step") is not None:
        tilts = f"{p['first_tilt']!r} + {p['tilt_step']!r} * np.arange(spectra.data.shape[0])"
        lines.append(f"etw.spectral.set_tilts(spectra, {tilts})")
    return lines


def _sum_lines(parameters: Mapping[str, Any]) -> list[str]:
    return [*spectra_lines(parameters), "stack = etw.spectral.sum_image(spectra)"]


def _open_sample(*, name: str) -> Any:
    return sample_named(name).load()


def _sample_lines(parameters: Mapping[str, Any]) -> list[str]:
    return sample_named(parameters["name"]).lines


SPECTRA_PARAMETERS = frozenset({"path", "first_tilt", "tilt_step"})

OPENING = (
    OpeningOperation(
        "open", "Open", "opening", _open_file, _open_lines,
        parameters=frozenset({"path", "tilts", "offset"}), needed=frozenset({"path"}),
    ),
    OpeningOperation(
        "sample", "Open sample", "opening", _open_sample, _sample_lines,
        parameters=frozenset({"name"}), needed=frozenset({"name"}),
    ),
    OpeningOperation(
        "take_over", "Take over", "taking over", _take_over, _take_over_lines,
        parameters=frozenset({"path"}), needed=frozenset({"path"}),
    ),
    OpeningOperation(
        "open_spectra", "Open the spectra", "opening", open_spectra, _sum_lines,
        parameters=SPECTRA_PARAMETERS, needed=frozenset({"path"}),
    ),
)  # fmt: skip
