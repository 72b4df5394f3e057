"""What one file would be if it were opened, with one of its images; reads no more than that of the data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import EtwidgetsError, ShapeError
from etwidgets.io.loading import load
from etwidgets.io.readers import read_file, reader_of
from etwidgets.signals import RecStack
from etwidgets.signals.given_axes import to_nm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FileFacts:
    """What a file holds.

    Attributes
    ----------
    path
        The file.
    kind
        What reads it, such as ``"MRC"``; empty if nothing does.
    shape
        Of its data: ``(T, Y, X)``, with frames ``(T, F, Y, X)``, a volume's ``(X, Z, Y)``, one image's
        ``(Y, X)``; empty if it cannot be read.
    dtype
        How values are stored, such as ``"int16"``.
    is_volume
        Whether it is a reconstruction.
    tilts_deg
        ``(T,)``, or None where there are none.
    tilt_source
        Where they are from.
    pixel_size_nm
        Along x, or None.
    axis_deg
        Direction of the tilt axis as the header has it, or None.
    problem
        Why it cannot be opened as a series or a volume; empty if it can.
    image
        ``(Y, X)``: the projection nearest to 0 degrees, or the one in the middle where there are no tilts (of
        several frames the first); of a volume the slice ``(Z, Y)`` in the middle of x. None if it cannot be
        read.
    index
        Which one that is.
    """

    path: Path
    kind: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    is_volume: bool = False
    tilts_deg: NDArray[np.float64] | None = None
    tilt_source: str = ""
    pixel_size_nm: float | None = None
    axis_deg: float | None = None
    problem: str = ""
    image: NDArray[Any] | None = field(default=None, repr=False)
    index: int = 0

    @property
    def memory(self) -> int:
        """Bytes that the data take when they are loaded."""
        return int(np.prod(self.shape, dtype=object)) * np.dtype(self.dtype).itemsize if self.shape else 0

    @property
    def count(self) -> int:
        """Number of projections; 1 of one image, 0 if it cannot be read, and of a volume."""
        if self.is_volume or not self.shape:
            return 0
        return self.shape[0] if len(self.shape) > 2 else 1


def file_facts(path: Path) -> FileFacts:
    """Say what a file holds, as :func:`etwidgets.io.load` would find it.

    Parameters
    ----------
    path
        One file; it need not be readable: the reason is then the ``problem``.

    Warns
    -----
    UserWarning
        As :func:`etwidgets.io.load`.
    """
    try:
        signal, problem = load(path, lazy=True, offset=0), ""
    except ShapeError as error:  # one image, or more dimensions than a series has: it can be looked at
        return _of_image(path, str(error))
    except (EtwidgetsError, OSError) as error:
        return FileFacts(path, problem=str(error))
    return _facts(path, signal, problem)


def _of_image(path: Path, problem: str) -> FileFacts:
    try:
        content = read_file(path, None, lazy=True)
    except (EtwidgetsError, OSError) as error:
        return FileFacts(path, problem=str(error))
    to_nm(content.signal.axes_manager._axes[-2:])  # noqa: SLF001  (in array order)
    facts = _facts(path, content.signal, problem)
    found = content.sources[0] if content.sources else content.stage_tilt
    if found is None or len(facts.shape) > 2:
        return facts
    return replace(facts, tilts_deg=found.tilts_deg[:1], tilt_source=found.name)


def _facts(path: Path, signal: Any, problem: str) -> FileFacts:
    data = signal.data
    shape = tuple(int(n) for n in data.shape)
    while len(shape) > 2 and problem and shape[0] == 1:  # one image, in whatever way it is stored
        data, shape = data[0], shape[1:]
    tilts = signal.tilts_deg.copy() if getattr(signal, "has_tilts", False) else None
    index = _nearest(tilts, shape[0] if len(shape) > 2 else 1)
    axis = signal.axes_manager._axes[-1]  # noqa: SLF001  (in array order)
    header = signal.metadata.get_item("Tomography.header_tiltaxis", default=None)
    facts = FileFacts(
        path=path,
        kind=reader_of(path),
        shape=shape,
        dtype=str(data.dtype),
        is_volume=isinstance(signal, RecStack),
        tilts_deg=tilts,
        tilt_source=str(signal.metadata.get_item("Tomography.tilt_source", default="")),
        pixel_size_nm=float(axis.scale) if str(axis.units) == "nm" else None,
        axis_deg=None if header is None else float(header),
        problem=problem,
        image=_image(data, index),
        index=index,
    )
    if facts.kind == "HSPY":
        signal.close_file()
    return facts


def _nearest(tilts: NDArray[np.float64] | None, count: int) -> int:
    return count // 2 if tilts is None else int(np.abs(tilts).argmin())


def _image(data: Any, index: int) -> NDArray[Any]:
    image = data[index] if data.ndim > 2 else data
    while image.ndim > 2:
        image = image[0]
    return np.asarray(image)
