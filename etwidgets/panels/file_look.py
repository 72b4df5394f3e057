"""What is shown of a file before it is opened: its picture and its facts in words; wires nothing."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from etwidgets.io import file_facts
from etwidgets.panels.pieces import file_size
from etwidgets.resources import fits_memory, free_memory
from etwidgets.session import for_page, size_text, with_notes
from etwidgets.views import contrast_limits, reduced, to_plane

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.io import FileFacts, FilePreview

_PICTURE_PX = 256
_PERCENTILES = (1.0, 99.5)


@dataclass(frozen=True, eq=False)
class FileLook:
    """A file that was looked at.

    Attributes
    ----------
    facts
        What it holds; without the image.
    notes
        What would be warned of when it is opened.
    png
        The image, at most 256 pixels wide and high; empty if there is none.
    bytes
        Size of the file.
    """

    facts: FileFacts
    notes: tuple[str, ...]
    png: bytes
    bytes: int


def look_at_file(path: Path) -> FileLook:
    """Facts and picture of a file; takes a moment, so it belongs in a thread."""
    facts, notes = with_notes(file_facts, path)
    size = sum(each.stat().st_size for each in path.rglob("*")) if path.is_dir() else path.stat().st_size
    png = b"" if facts.image is None else png_of(facts.image)
    return FileLook(replace(facts, image=None), notes, png, size)  # which may be large


def png_of(image: NDArray[np.generic]) -> bytes:
    """An image ``(Y, X)`` in gray, from its darkest to its brightest percent."""
    small, _ = reduced(np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0), _PICTURE_PX)
    written = BytesIO()
    Image.fromarray(to_plane(small, contrast_limits(small, _PERCENTILES))).save(written, "PNG")
    return written.getvalue()


def picture_html(look: FileLook, caption: str) -> str:
    """The picture, and what it shows."""
    if not look.png:
        return ""
    data = base64.b64encode(look.png).decode()
    return f"<img alt='{caption}' src='data:image/png;base64,{data}'><p class='etw-quiet'>{caption}</p>"


def caption_of(facts: FileFacts, series: Sequence[FilePreview] = ()) -> str:
    """Which image the picture shows; ``series`` are all files, if this is one of several."""
    if series:
        own = next((each.tilt_deg for each in series if each.path == facts.path), None)
        return escape(facts.path.name) + ("" if own is None else f", {own:+.1f}°")
    if facts.is_volume:
        return f"slice {facts.index + 1} of {facts.shape[0]} along x"
    if facts.count < 2:
        return "the image"
    tilt = "" if facts.tilts_deg is None else f", {facts.tilts_deg[facts.index]:+.1f}°"
    return f"projection {facts.index + 1} of {facts.count}{tilt}"


def facts_of_file(look: FileLook, typed: Sequence[float] = ()) -> list[tuple[str, str]]:
    """Names and values; ``typed`` are tilts that were given instead of those of the file."""
    facts = look.facts
    lines = [("kind", f"{facts.kind}, {file_size(look.bytes)}")]
    if not facts.shape:
        return lines if facts.kind else [("size", file_size(look.bytes))]
    if facts.is_volume:
        lines.append(("volume", " x ".join(str(n) for n in facts.shape) + " voxels (x, z, y)"))
    else:
        lines.append(("projections", f"{facts.count} of {_size(facts.shape)} px"))
    if len(facts.shape) > 3:
        lines.append(("frames", f"{facts.shape[1]} in each projection"))
    lines += [("values", facts.dtype), ("in memory", file_size(facts.memory))]
    if typed:
        lines += _tilts(np.asarray(typed), "entered by you")
    elif facts.tilts_deg is not None:
        lines += _tilts(facts.tilts_deg, facts.tilt_source)
    elif not facts.is_volume:
        lines.append(("tilts", "none"))
    return [*lines, *_scale(facts)]


def facts_of_series(look: FileLook, found: Sequence[FilePreview]) -> list[tuple[str, str]]:
    """Of several files as one series; ``look`` is at one of them."""
    facts, count = look.facts, len(found)
    tilts = np.array([each.tilt_deg for each in found if each.tilt_deg is not None])
    sources = sorted({each.tilt_source for each in found if each.tilt_source})
    lines = [
        ("kind", f"{count} {facts.kind} files, {file_size(sum(each.bytes for each in found))}"),
        ("projections", f"{count} of {_size(facts.shape)} px"),
        ("values", facts.dtype),
        ("in memory", file_size(count * facts.memory)),
    ]
    if len(facts.shape) > 2:
        lines.insert(2, ("frames", f"{facts.shape[0]} in each projection"))
    known = _tilts(tilts, ", ".join(sources[:2])) if tilts.size else [("tilts", "none")]
    if 0 < tilts.size < count:
        known.append(("without a tilt", f"{count - tilts.size} files"))
    return [*lines, *known, *_scale(facts)]


def warnings_of_file(look: FileLook, typed: Sequence[float] = ()) -> list[str]:
    """What is wrong with a file, for the page; ``typed`` as in :func:`facts_of_file`."""
    facts = look.facts
    if facts.problem and facts.count == 1:
        return ["One image, no tilt series. Open its folder and use all of them, or select several."]
    notes = [note for note in look.notes if not (typed and "tilt" in note)]
    said = [facts.problem] if facts.problem else notes
    if facts.memory and not fits_memory(facts.memory):
        said.append(f"It needs {file_size(facts.memory)} of memory, and {size_text(free_memory())} are free.")
    return [for_page(words)[0].removeprefix(f"{facts.path.name}: ") for words in said]


def _size(shape: Sequence[int]) -> str:
    return f"{shape[-1]} x {shape[-2]}"


def _tilts(tilts: NDArray[np.float64], source: str) -> list[tuple[str, str]]:
    shown = f"{tilts[0]:+.1f}°" if tilts.size == 1 else f"{tilts.min():.1f}° to {tilts.max():.1f}°"
    return [("tilts", shown), ("tilts from", source)]


def _scale(facts: FileFacts) -> list[tuple[str, str]]:
    pixel = facts.pixel_size_nm
    lines = [("pixel size", "unknown" if pixel is None else f"{pixel:.4g} nm")]
    if facts.axis_deg is not None:
        lines.append(("tilt axis in the header", f"{facts.axis_deg:.1f}°"))
    return lines
