"""Small good data that the cases spoil: a series, a volume, spectra, sessions, files."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from etwidgets import io, simulation, spectral
from etwidgets.session import Session, TomoStackModel
from etwidgets.signals import RecStack, TomoStack

TILTS = np.linspace(-60.0, 60, 9)


@cache
def _images() -> np.ndarray:
    """9 projections of 24 x 32: three blobs on no ground, each where its place in space puts it."""
    y, x = np.mgrid[:24, :32]
    images = np.zeros((9, 24, 32), np.float32)
    for index, tilt in enumerate(np.deg2rad(TILTS)):
        for column, across, depth in ((8, 3, 2), (16, -4, 1), (24, 1, -5)):
            center = 11.5 + across * np.cos(tilt) - depth * np.sin(tilt)
            images[index] += np.exp(-((y - center) ** 2 + (x - column) ** 2) / 18)
    return images


@cache
def _spectra() -> Any:
    needle = simulation.spectral_needle((16, 16, 16), tilts_deg=range(0, 180, 36), seed=3)
    return spectral.from_array(
        needle.all_counts(), needle.tilts_deg, channel_kev=0.02, pixel_size_nm=3, elements=needle.elements
    )


@cache
def _session() -> tuple[bytes, str]:
    """A series and the file of a session that opened it, in which FOLDER stands for where it is."""
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name))
        series = world.saved("series.hspy")
        session = Session()
        session.open(str(series))
        session.apply("normalize")
        text = session.save(world.folder / "session.json").read_text()
        return series.read_bytes(), text.replace(name, "FOLDER")


class World:
    """What a case may use, and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def images(self) -> np.ndarray:
        return _images().copy()

    @property
    def stack(self) -> TomoStack:
        return TomoStack(self.images, TILTS.copy())

    @property
    def aligned(self) -> TomoStack:
        return self.stack.trans_stack(yshift=1.0)

    @property
    def volume(self) -> RecStack:
        cube = np.zeros((12, 14, 16), np.float32)
        cube[3:8, 4:10, 5:11] = 1
        return RecStack(cube)

    @property
    def spectra(self) -> Any:
        return _spectra()

    @property
    def session(self) -> Session:
        return Session(TomoStackModel(self.stack))

    def spoiled(self, value: float, at: int = 4) -> TomoStack:
        """The series with one value of one projection replaced."""
        images = self.images
        images[at, 5, 6] = value
        return TomoStack(images, TILTS.copy())

    def blank(self, at: int = 4) -> TomoStack:
        """The series with one projection of one value."""
        images = self.images
        images[at] = 3
        return TomoStack(images, TILTS.copy())

    def file(self, name: str, content: bytes | str = b"") -> Path:
        """A file with such bytes."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def saved(self, name: str = "series.hspy") -> Path:
        """The series in a file."""
        return io.save(self.stack, self.folder / name)

    def cut(self, name: str, part: float = 0.5) -> Path:
        """The series in a file that was cut off."""
        path = self.saved(name)
        return self.file(name, path.read_bytes()[: int(path.stat().st_size * part)])

    def with_header(self, at: int, kind: str, *values: float) -> Path:
        """The series as an MRC file with other numbers in its header."""
        path = self.saved("series.mrc")
        content = bytearray(path.read_bytes())
        new = np.array(values, np.dtype(kind).newbyteorder("<")).tobytes()
        content[at : at + len(new)] = new
        return self.file("series.mrc", bytes(content))

    def session_file(self, **changes: Any) -> Path:
        """A session file that opens the series and registers it, with some fields changed."""
        series, text = _session()
        content = json.loads(text.replace("FOLDER", str(self.folder)))
        self.file("series.hspy", series)
        for name, value in changes.items():
            if name in content["steps"][1]:
                content["steps"][1][name] = value
            else:
                content[name] = value
        return self.file("session.json", json.dumps(content))
