"""A microscope that is not there: writes the projections of a series one after another, as one would.

Every file is written in pieces, so that whoever watches the folder meets files that are half written. Knows
signals and files, and nobody who watches.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.checks import checked_count, is_number
from etwidgets.errors import MissingTiltsError, OutsideError, ParameterError, ShapeError
from etwidgets.io import save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from etwidgets.signals import TomoStack

FORMATS = ("serialem", "tiff", "mrc-each", "emd-each")
"""A SerialEM stack that grows with its mdoc; or one file per tilt."""
_ENDINGS = {"tiff": ".tif", "mrc-each": ".mrc", "emd-each": ".emd"}
_N_PIECES, _PIECE_S = 3, 0.15
_BLUR = 0.012  # of the image side
_HEADER_BYTES, _N_SECTIONS_BYTE, _N_SAMPLES_BYTE = 1024, 8, 36


def simulate_acquisition(
    stack: TomoStack,
    folder: str | Path,
    *,
    interval_s: float = 5.0,
    file_format: str = "serialem",
    name: str = "series",
    dose_symmetric: bool = False,
    bad: Sequence[int] = (),
    count: int | None = None,
    tell: Callable[[str], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """Write the projections of a series into a folder, one every few seconds.

    Parameters
    ----------
    stack
        With tilts, ``(T, Y, X)``.
    folder
        Made if it is not there.
    interval_s
        Seconds from one projection to the next, 0 or more; a file takes at least a fraction of a second.
    file_format
        One of :data:`FORMATS`.
    name
        Of the files, without ending; the stack has ``.mrc``, single files have number and tilt as well.
    dose_symmetric
        Begin with the tilt nearest 0 and go outwards on both sides by turns (Hagen et al. 2017,
        doi:10.1016/j.jsb.2016.11.007); otherwise in the order of the stack.
    bad
        Numbers, from 1 in order of acquisition, of projections that come out blurred.
    count
        Stop after so many; default: all.
    tell
        Is given a line for each projection.
    sleep
        Waits for so many seconds.

    Returns
    -------
    list of Path
        The files that were written, in their order; a stack once.

    Raises
    ------
    ParameterError, MissingTiltsError, ShapeError, OutsideError
        If something does not fit.
    FileExistsError
        If a file of that name is there already.
    """
    order = _checked_order(stack, interval_s, file_format, bad, dose_symmetric=dose_symmetric)
    order = order[: None if count is None else checked_count("count", count)]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    write = _Stack(stack, target / f"{name}.mrc", sleep) if file_format == "serialem" else None
    written: list[Path] = []
    for number, index in enumerate(order, 1):
        began = time.monotonic()
        one = _one(stack, int(index), blurred=number in bad)
        if write is not None:
            write.add(one)
            path = write.path
        else:
            tilt = float(one.tilts_deg[0])
            path = target / f"{name}_{number:03d}_{tilt:+.1f}deg{_ENDINGS[file_format]}"
            _in_pieces(path, _as_file(one, path.suffix), sleep)
        if path not in written:
            written.append(path)
        if tell is not None:
            tell(f"{number:3d} of {len(order)}: {float(one.tilts_deg[0]):+6.1f} deg, {path.name}")
        if number < len(order):
            sleep(max(0.0, interval_s - (time.monotonic() - began)))
    return written


def _checked_order(
    stack: TomoStack, interval_s: float, file_format: str, bad: Sequence[int], *, dose_symmetric: bool
) -> NDArray[np.intp]:
    """The order of acquisition, if there can be one."""
    if file_format not in FORMATS:
        raise ParameterError(f"unknown file format {file_format!r}; choose from {', '.join(FORMATS)}")
    if not is_number(interval_s) or interval_s < 0:
        raise ParameterError(f"the interval must be 0 s or more, not {interval_s!r}")
    if not stack.has_tilts:
        raise MissingTiltsError("a microscope knows its tilts; set those of the series first")
    if stack.data.ndim != 3:
        raise ShapeError(f"the series must be (T, Y, X), not {stack.data.shape}")
    order = acquisition_order(stack.tilts_deg, dose_symmetric=dose_symmetric)
    beyond = [number for number in bad if not 1 <= number <= len(order)]
    if beyond:
        raise OutsideError(f"bad projection(s) {beyond}: the numbers go from 1 to {len(order)}")
    return order


def acquisition_order(tilts_deg: NDArray[np.float64], *, dose_symmetric: bool) -> NDArray[np.intp]:
    """Indices of projections in the order in which they are acquired."""
    if not dose_symmetric:
        return np.arange(len(tilts_deg))
    middle = tilts_deg[np.argmin(np.abs(tilts_deg))]
    return np.lexsort((-tilts_deg, np.round(np.abs(tilts_deg - middle), 3)))


def _one(stack: TomoStack, index: int, *, blurred: bool) -> TomoStack:
    chosen = stack.select_projections([index])
    if not blurred:
        return chosen
    image = np.asarray(chosen.data[0], np.float32)
    smooth = scipy.ndimage.gaussian_filter(image, max(2.0, _BLUR * min(image.shape)), mode="nearest")
    if chosen.data.dtype.kind in "iu":
        smooth = np.round(smooth)
    result: TomoStack = chosen._deepcopy_with_new_data(smooth[None].astype(chosen.data.dtype))  # noqa: SLF001  (HyperSpy's way to change data)
    return result


def _as_file(one: TomoStack, ending: str) -> bytes:
    """What a file of one projection holds."""
    with tempfile.TemporaryDirectory(prefix="etwidgets-") as folder:
        return save(one, Path(folder) / f"one{ending}").read_bytes()


def _in_pieces(path: Path, content: bytes, sleep: Callable[[float], None]) -> None:
    with path.open("xb") as file:
        _append(file, content, sleep)


def _append(file: Any, content: bytes, sleep: Callable[[float], None]) -> None:
    size = -(-len(content) // _N_PIECES)
    for start in range(0, len(content), size):
        if start:
            sleep(_PIECE_S)
        file.write(content[start : start + size])
        file.flush()


class _Stack:
    """A SerialEM stack: the image first, then the header, then the section of the mdoc file."""

    def __init__(self, stack: TomoStack, path: Path, sleep: Callable[[float], None]) -> None:
        self.path, self._sleep, self._count = path, sleep, 0
        self._mdoc = path.with_name(f"{path.name}.mdoc")
        if path.exists() or self._mdoc.exists():
            raise FileExistsError(f"{path} exists; choose another folder")
        height, width = stack.data.shape[1:]
        axis = stack.axes_manager["x"]
        lines = [f"ImageFile = {path.name}", f"ImageSize = {width} {height}"]
        if axis.units == "nm":
            self._spacing = f"PixelSpacing = {10 * axis.scale:.6g}"
            lines.insert(0, self._spacing)
        self._mdoc.write_text("\n".join([*lines, "", "[T = SerialEM: simulated by etwidgets]", ""]), "utf-8")

    def add(self, one: TomoStack) -> None:
        """Write one more section."""
        content = _as_file(one, ".mrc")
        with self.path.open("r+b" if self._count else "xb") as file:
            if not self._count:
                file.write(content[:_HEADER_BYTES])
            file.seek(0, 2)
            _append(file, content[_HEADER_BYTES:], self._sleep)
            self._count += 1
            for byte in (_N_SECTIONS_BYTE, _N_SAMPLES_BYTE):
                file.seek(byte)
                file.write(np.int32(self._count).tobytes())
        section = f"\n[ZValue = {self._count - 1}]\nTiltAngle = {float(one.tilts_deg[0]):.4f}\n"
        stamp = time.strftime("%d-%b-%y  %H:%M:%S")
        with self._mdoc.open("ab") as file:
            _append(file, f"{section}DateTime = {stamp}\n".encode(), self._sleep)
