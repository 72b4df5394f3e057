"""Writes signals, figures and movies to files; touches only its arguments, and replaces no file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etwidgets.atomic import atomic_path
from etwidgets.errors import ParameterError
from etwidgets.session.digest import digest
from etwidgets.session.operations.notes import with_notes
from etwidgets.signals import RecStack, TomoStack, movies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from etwidgets.progress import Progress

_FIGURES = ("png", "svg", "pdf")


def save_signal(signal: TomoStack | RecStack, path: Path, _progress: Progress) -> None:
    """Save a tilt series or a volume to a file that there is not yet; the ending gives the format."""
    from etwidgets import io

    io.save(signal, path)


def save_alignment(stack: TomoStack, path: Path, _progress: Progress) -> tuple[str, ...]:
    """Save what was done to a series, for IMOD or AreTomo; says what to do there."""
    from etwidgets import io

    return with_notes(io.save_alignment_of, stack, path)[1]


def save_figure(volume: RecStack, voxel: tuple[int, int, int], path: Path, _progress: Progress) -> None:
    """Save the three slices through a voxel (x, z, y) as a figure with scales (png, svg, pdf)."""
    ending = path.suffix.lower().lstrip(".")
    if ending not in _FIGURES:
        raise ParameterError(f"a figure is saved as {', '.join(_FIGURES)}, not as {path.name}")
    x, z, y = voxel
    figure = volume.slices_figure(x, y, z)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=200)


def save_stack(stack: TomoStack, path: Path) -> None:
    """Save a tilt series where there is no other one; if it is there already, nothing is written.

    Raises
    ------
    FileExistsError
        If there is another file.
    """
    from etwidgets import io

    if path.exists():
        if digest(io.load(path)) == digest(stack):
            return
        raise FileExistsError(f"{path} is another tilt series; choose another name for the export")
    io.save(stack, path)


def save_movie(
    signal: TomoStack | RecStack,
    what: str,
    path: Path,
    frames_per_second: float,
    look: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Write a movie, as ``Session.save_movie`` says.

    Raises
    ------
    FileExistsError
        If there is such a file.
    """
    _check_free(path)
    if isinstance(signal, RecStack):
        signal.save_movie(path, what, frames_per_second=frames_per_second, progress=progress, **look)
    else:
        signal.save_movie(path, frames_per_second=frames_per_second, progress=progress, **look)


def save_frames(frames: Sequence[bytes], path: Path, frames_per_second: float, progress: Progress) -> None:
    """Write a movie of PNG files.

    Raises
    ------
    FileExistsError
        If there is such a file.
    """
    _check_free(path)
    movies.write_frames(path, frames, frames_per_second=frames_per_second, progress=progress)


def _check_free(path: Path) -> None:
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another name")
