"""Watches a folder, or one growing file, for projections that are complete; each is reported once.

Knows when a file is whole, and nothing of what is done with it. It polls, for network drives tell nobody of
changes.
"""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import FileFormatError
from etwidgets.io import file_names
from etwidgets.io.mdoc import mdoc_beside
from etwidgets.io.mrc import read_section
from etwidgets.io.readers import EXTENSIONS, kind_of, read_file
from etwidgets.io.series import ONE_TILT_DEG, natural_order
from etwidgets.io.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from etwidgets.io.readers import FileContent

SETTLE_S = 0.2
"""Seconds for which a file must not change before it is taken for complete."""
_AGAIN_S = 1.0  # after which a file that could not be read is tried again
_SECTION = re.compile(r"^\[ZValue\s*=\s*(\d+)\]", re.MULTILINE)
_TILT = re.compile(r"^TiltAngle\s*=\s*(-?\d+(?:\.\d*)?)\s*$", re.MULTILINE)
_PIXEL = re.compile(r"^PixelSpacing\s*=\s*(\d+(?:\.\d*)?)\s*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Arrival:
    """A projection that is complete.

    Attributes
    ----------
    key
        Name of the file and number of the section, by which it is known after a restart.
    path
        The file.
    tilt_deg
        Degrees.
    image
        ``(Y, X)``, as stored; of frames, their mean.
    pixel_size_nm
        Of the x axis, or None.
    completed_at
        When the file was last changed, or the mdoc listed the section, seconds since 1970.
    """

    key: str
    path: Path
    tilt_deg: float
    image: NDArray[Any]
    pixel_size_nm: float | None
    completed_at: float


class Watcher:
    """Finds what is new each time it is asked.

    Parameters
    ----------
    place
        A folder with one file per tilt or a SerialEM stack with its mdoc file, or such a stack.
    seen
        Keys of projections that were reported before.
    settle_s
        How long a file must stay as it is before it is taken for complete.

    Attributes
    ----------
    waiting
        Files that are not complete or cannot be used yet, by name, with the reason.

    Raises
    ------
    FileNotFoundError
        If there is no such place.
    """

    def __init__(self, place: str | Path, seen: Iterable[str] = (), *, settle_s: float = SETTLE_S) -> None:
        self.place = Path(place)
        if not self.place.exists():
            raise FileNotFoundError(f"there is no file or folder {self.place}")
        self.waiting: dict[str, str] = {}
        self._seen, self._settle_s = set(seen), settle_s
        self._told_at: dict[str, float] = {}
        self._states: dict[Path, tuple[tuple[int, int], float]] = {}
        self._refused: dict[Path, tuple[tuple[int, int], float, str]] = {}

    def poll(self) -> list[Arrival]:
        """The projections that have become complete since the last time, in the order of acquisition."""
        self.waiting = {}
        found: list[Arrival] = []
        for path in self._files():
            mdoc = mdoc_beside(path) if kind_of(path) == "MRC" else None
            if mdoc is not None:
                found += self._sections(path, mdoc)
            elif self._whole(path):
                found += self._of_file(path)
        found = [each for each in found if each.key not in self._seen]
        self._seen.update(each.key for each in found)
        return found

    def read(self, key: str) -> Arrival:
        """A projection again, that was reported before, perhaps by another watcher.

        Raises
        ------
        FileFormatError
            If it is no longer there.
        """
        name, _, number = key.rpartition("#")
        path = self._folder / name
        try:
            mdoc = mdoc_beside(path) if kind_of(path) == "MRC" else None
            if mdoc is not None:
                told = dict(_told(read_text(mdoc)))
                return self._section(path, int(number), told[int(number)], mdoc)
            return next(each for each in self._arrivals(path) if each.key == key)
        except (StopIteration, KeyError, OSError) as error:
            raise FileFormatError(f"{name}: the projection that was there before is gone") from error

    @property
    def _folder(self) -> Path:
        return self.place if self.place.is_dir() else self.place.parent

    def _files(self) -> list[Path]:
        if not self.place.is_dir():
            return [self.place]
        known = [
            (path.stat().st_mtime_ns, natural_order(path), path)
            for path in self.place.iterdir()
            if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and path.is_file()
        ]
        return [path for *_, path in sorted(known)]

    # -- a growing stack ----------------------------------------------------------------------------

    def _sections(self, path: Path, mdoc: Path) -> list[Arrival]:
        """The sections that the mdoc file lists and the stack holds; the last when it stays so."""
        try:
            told = _told(read_text(mdoc))
        except FileFormatError:  # it was replaced just now
            return []
        new = [(number, tilt) for number, tilt in told if self._key(path, number) not in self._seen]
        if not new:
            return []
        for number, _ in new:
            self._told_at.setdefault(self._key(path, number), mdoc.stat().st_mtime)
        settled = self._unchanged(mdoc)
        found = []
        for number, tilt in new:
            last = number == told[-1][0]
            if tilt is None or (last and not settled):
                self.waiting[path.name] = f"section {number} is being written"
                break
            try:
                found.append(self._section(path, number, tilt, mdoc))
            except (FileFormatError, OSError) as error:
                self.waiting[path.name] = str(error)
                break
        return found

    def _section(self, path: Path, number: int, tilt: float | None, mdoc: Path) -> Arrival:
        if tilt is None:
            raise FileFormatError(f"{mdoc.name}: section {number} has no TiltAngle")
        spacing = _PIXEL.search(read_text(mdoc))
        return Arrival(
            key=self._key(path, number),
            path=path,
            tilt_deg=tilt,
            image=read_section(path, number),
            pixel_size_nm=float(spacing.group(1)) / 10 if spacing else None,
            completed_at=self._told_at.get(self._key(path, number), mdoc.stat().st_mtime),
        )

    # -- one file per tilt --------------------------------------------------------------------------

    def _whole(self, path: Path) -> bool:
        """Whether a file has not been read, and has stayed as it is for a while."""
        if self._key(path, 0) in self._seen:
            return False
        if not self._unchanged(path):
            self.waiting[path.name] = "it is being written"
            return False
        return True

    def _of_file(self, path: Path) -> list[Arrival]:
        state, refused = self._states[path][0], self._refused.get(path)
        if refused is None or refused[0] != state or time.monotonic() - refused[1] > _AGAIN_S:
            try:
                return self._arrivals(path)
            except (FileFormatError, OSError) as error:
                refused = self._refused[path] = (state, time.monotonic(), str(error))
        self.waiting[path.name] = refused[2]
        return []

    def _arrivals(self, path: Path) -> list[Arrival]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files beside it, which are judged when the series is loaded
            content = read_file(path, None, lazy=False)
        images = np.asarray(content.signal.data)
        images = images.reshape(-1, *images.shape[-2:])
        tilts = self._tilts(path, content, len(images))
        if len(tilts) == 1:  # the frames of one tilt
            images = images if len(images) == 1 else images.mean(0, dtype=np.float32)[None]
        axis = content.signal.axes_manager._axes[-1]  # noqa: SLF001  (HyperSpy's axes in array order are private)
        changed = path.stat().st_mtime
        return [
            Arrival(
                self._key(path, number), path, float(tilt), image,
                float(axis.scale) if axis.units == "nm" else None, changed,
            )
            for number, (tilt, image) in enumerate(zip(tilts, images, strict=True))
        ]  # fmt: skip

    def _tilts(self, path: Path, content: FileContent, count: int) -> NDArray[np.float64]:
        """One for each image, or one for all frames."""
        for source in content.sources:
            if len(source.tilts_deg) == count:
                alike = np.ptp(source.tilts_deg) <= ONE_TILT_DEG
                return source.tilts_deg[:1] if alike else source.tilts_deg
        if content.stage_tilt is not None:
            return content.stage_tilt.tilts_deg
        alone = file_names.tilt_of(path.name)
        names = [each.name for each in self._files() if each.suffix.lower() == path.suffix.lower()]
        named = file_names.tilts_of(names)
        if named is not None:
            return named[[names.index(path.name)]]
        if alone is None:
            raise FileFormatError(
                f"{path.name}: its tilt is not known; it needs an mdoc file, or a name such as "
                "series_003_-12.0deg.tif"
            )
        return np.array([alone])

    # -- what files look like -----------------------------------------------------------------------

    def _unchanged(self, path: Path) -> bool:
        """Whether size and time of a file have been the same for long enough."""
        try:
            stat = path.stat()
        except OSError:
            return False
        now, state = time.monotonic(), (stat.st_size, stat.st_mtime_ns)
        before = self._states.get(path)
        if before is None or before[0] != state:
            long_ago = time.time() - stat.st_mtime
            before = (state, now - max(0.0, long_ago))
            self._states[path] = before
        return now - before[1] >= self._settle_s

    @staticmethod
    def _key(path: Path, number: int) -> str:
        return f"{path.name}#{number}"


def _told(text: str) -> list[tuple[int, float | None]]:
    """Numbers and tilts of the sections of an mdoc file; None where the tilt is not written yet."""
    parts = _SECTION.split(text)
    tilts = [_TILT.search(part) for part in parts[2::2]]
    return [
        (int(number), float(tilt.group(1)) if tilt else None)
        for number, tilt in zip(parts[1::2], tilts, strict=True)
    ]
