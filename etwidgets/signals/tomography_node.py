"""Reads and writes ``metadata.Tomography``: tilts, shifts, transforms; does no arithmetic on images.

Everything that a stack knows beyond HyperSpy's own state is in this node, as plain arrays, numbers and
strings, so that a plain ``hs.load`` gets it back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from hyperspy.signal import BaseSignal

from etwidgets.checks import checked_reals
from etwidgets.errors import DataError, MissingTiltsError, ShapeError, TiltCountError
from etwidgets.signals.tilt_check import check_tilts, tilt_fault

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PROJECTIONS = "Projections"
FRAMES = "Frames"
NAVIGATION_AXIS = "navigation axis"
"""The source of tilts (``Tomography.tilt_source``) that were on the axis of a given signal."""
_WIDTH = {"tilts": 1, "shifts": 2}
_UNIFORM_TO_DEG = 1e-3
_SAME_FRAME = 1e-3  # degrees or pixels


@dataclass(frozen=True, eq=False)
class Transform:
    """One recorded change of the geometry.

    Attributes
    ----------
    kind
        ``"shift"``, ``"transform"``, ``"align"``, ``"crop"``, ``"select"``, ``"bin"`` or ``"turn"``.
    shape
        Shape of the data before the change.
    parameters
        What the change needs to be done again; numbers, strings and arrays.
    """

    kind: str
    shape: tuple[int, ...]
    parameters: dict[str, Any] = field(default_factory=dict)

    def same_as(self, other: Transform) -> bool:
        """Whether both are the same change of the same shape."""
        if (self.kind, self.shape, set(self.parameters)) != (other.kind, other.shape, set(other.parameters)):
            return False
        return all(np.array_equal(self.parameters[k], other.parameters[k]) for k in self.parameters)


def prepare(signal: BaseSignal) -> None:
    """Give a signal the node ``Tomography`` and turn tilts stored as signals (by ETSpy) into arrays."""
    metadata = signal.metadata
    metadata.add_node("Tomography")
    for key, default in (("cropped", False), ("tiltaxis", 0.0), ("xshift", 0.0), ("yshift", 0.0)):
        if not metadata.Tomography.has_item(key):
            metadata.Tomography.set_item(key, default)
    for key, width in _WIDTH.items():
        stored = metadata.Tomography.get_item(key, default=None)
        if isinstance(stored, BaseSignal):
            stored = stored.data
            if key == "tilts" and tilt_fault(stored):  # ETSpy saves zeros where there are none
                delattr(metadata.Tomography, key)
                continue
        if stored is not None:
            metadata.Tomography.set_item(key, _as_rows(stored, width, key, _frames(signal)))


def read(signal: BaseSignal, what: str) -> NDArray[np.float64] | None:
    """The stored ``(T, 1)`` tilts or ``(T, 2)`` shifts themselves (not a copy), or None.

    Raises
    ------
    TiltCountError
        If HyperSpy changed the number of projections without our knowing.
    """
    stored = signal.metadata.get_item(f"Tomography.{what}", default=None)
    if stored is None:
        return None
    n_projections = count(signal)
    if len(stored) != n_projections:
        raise TiltCountError(len(stored), n_projections, what)
    return stored


def read_tilts(signal: BaseSignal) -> NDArray[np.float64]:
    """The stored ``(T, 1)`` tilts in degrees.

    Raises
    ------
    MissingTiltsError
        If there are none.
    """
    tilts = read(signal, "tilts")
    if tilts is None:
        raise MissingTiltsError(
            "this stack has no tilts; set them with s.tilts = [...] (degrees), "
            "s.set_tilts(start, increment), or load(..., tilts=...)"
        )
    return tilts


def read_shifts(signal: BaseSignal) -> NDArray[np.float64]:
    """The stored ``(T, 2)`` shifts in pixels; zeros are stored first where there are none."""
    shifts = read(signal, "shifts")
    if shifts is None:
        shifts = np.zeros((count(signal), 2))
        signal.metadata.set_item("Tomography.shifts", shifts)
    return shifts


def write(signal: BaseSignal, what: str, values: ArrayLike | BaseSignal | None) -> None:
    """Store tilts ``(T,)`` or ``(T, 1)``, or shifts ``(T, 2)``; None forgets them.

    Raises
    ------
    TiltCountError
        If the number of rows is not the number of projections.
    ShapeError, DataError
        If the values have another shape, are not finite, or cannot be tilts in degrees.
    """
    if values is None:
        if signal.metadata.has_item(f"Tomography.{what}"):
            delattr(signal.metadata.Tomography, what)
        axis = projections_axis(signal)
        if what == "tilts" and axis is not None:
            axis.scale, axis.offset, axis.units = 1.0, 0.0, "index"
        return
    given = values.data if isinstance(values, BaseSignal) else values
    rows = _as_rows(given, _WIDTH[what], what, _frames(signal))
    if len(rows) != count(signal):
        raise TiltCountError(len(rows), count(signal), what)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise DataError(f"{what} of projection(s) {bad.tolist()} are not finite")
    if what == "tilts":
        check_tilts(rows)
    signal.metadata.set_item(f"Tomography.{what}", rows)
    if what == "tilts":
        show_on_axis(signal)


def write_from_axis(signal: BaseSignal, tilts_deg: NDArray[np.float64]) -> None:
    """Store the tilts that were on the axis of a given signal; those that cannot be are a warning."""
    fault = tilt_fault(tilts_deg)
    if fault:
        warnings.warn(f"the tilts of the navigation axis are not used: {fault}", stacklevel=4)
        return
    write(signal, "tilts", tilts_deg)
    signal.metadata.Tomography.tilt_source = NAVIGATION_AXIS


def take(source: BaseSignal, target: BaseSignal, index: Any) -> None:
    """Put the tilts and shifts ``index`` of ``source`` into ``target``."""
    for what in _WIDTH:
        stored = read(source, what)
        if stored is not None:
            chosen = np.atleast_1d(np.arange(len(stored))[index])
            target.metadata.set_item(f"Tomography.{what}", stored[chosen].copy())
    if target.metadata.has_item("Tomography.registration_quality"):
        del target.metadata.Tomography.registration_quality  # it was of all projections, by index
    _take_report(source, target, index)
    show_on_axis(target)


def _take_report(source: BaseSignal, target: BaseSignal, index: Any) -> None:
    """The part of an alignment report that belongs to some projections."""
    report = target.metadata.get_item("Tomography.alignment_report", default=None)
    if report is None or len(report.weights) != count(source):
        return
    chosen = np.atleast_1d(np.arange(count(source))[index])
    for name in ("residuals_px", "weights", "misfits"):
        report.set_item(name, np.asarray(report.get_item(name))[chosen].copy())
    places = {int(old): new for new, old in enumerate(chosen)}
    doubted = [places[int(i)] for i in report.doubted if int(i) in places]
    report.doubted = np.array(doubted, dtype=int)


def projections_axis(signal: BaseSignal) -> Any | None:
    """HyperSpy's axis over projections, or None (a single projection, or a sum over them)."""
    for axis in signal.axes_manager._axes:  # the public lists are by role, not by order
        if axis.name == PROJECTIONS:
            return axis
    return None


def count(signal: BaseSignal) -> int:
    """The number of projections: 1 where there is no such axis."""
    axis = projections_axis(signal)
    return 1 if axis is None else int(axis.size)


def show_on_axis(signal: BaseSignal) -> None:
    """Let the navigation axis show the true tilts if they are uniform, or say that they are not."""
    axis = projections_axis(signal)
    tilts = signal.metadata.get_item("Tomography.tilts", default=None)
    if axis is None or tilts is None or len(tilts) != axis.size:
        return
    steps = np.diff(tilts[:, 0])
    uniform = len(steps) > 0 and np.ptp(steps) < _UNIFORM_TO_DEG and abs(steps[0]) > _UNIFORM_TO_DEG
    if uniform:
        scale = (tilts[-1, 0] - tilts[0, 0]) / len(steps)
        axis.scale, axis.offset, axis.units = float(scale), float(tilts[0, 0]), "degrees"
    else:
        axis.scale, axis.offset, axis.units = 1.0, 0.0, "index (tilts not uniform)"


def record(signal: BaseSignal, transform: Transform) -> None:
    """Append a transform to the list in ``metadata.Tomography.transforms``."""
    number = len(recorded(signal))
    parameters = {"kind": transform.kind, "shape": list(transform.shape), **transform.parameters}
    signal.metadata.set_item(f"Tomography.transforms.step_{number:03d}", parameters)


def recorded(signal: BaseSignal) -> list[Transform]:
    """The recorded transforms, the first one first."""
    node = signal.metadata.get_item("Tomography.transforms", default=None)
    steps = {} if node is None else node.as_dictionary()
    transforms = []
    for name in sorted(steps):
        parameters = dict(steps[name])
        kind, shape = str(parameters.pop("kind")), tuple(int(n) for n in parameters.pop("shape"))
        transforms.append(Transform(kind, shape, parameters))
    return transforms


def _frames(signal: BaseSignal) -> int:
    return next((int(axis.size) for axis in signal.axes_manager._axes if axis.name == FRAMES), 1)


def _as_rows(values: ArrayLike, width: int, what: str, n_frames: int) -> NDArray[np.float64]:
    """The values as ``(T, width)``; those of ``(T, F, width)`` must be the same for all frames."""
    rows = np.array(checked_reals(what, values))
    if width == 1 and n_frames > 1 and rows.ndim == 2 and rows.shape[1] == n_frames:
        rows = rows[:, :, np.newaxis]
    if width == 1 and rows.ndim <= 1:
        rows = rows.reshape(-1, 1)
    if rows.ndim == 1 and rows.size == width:
        rows = rows.reshape(1, width)
    if rows.ndim == 3 and rows.shape[1:] == (n_frames, width):
        differing = np.flatnonzero(np.ptp(rows, axis=1).max(axis=1) > _SAME_FRAME)
        if differing.size:
            raise ShapeError(
                f"the {what} of projection(s) {differing.tolist()} differ between their frames; "
                f"a stack has one row per projection, ({len(rows)}, {width})"
            )
        rows = rows[:, 0, :]
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ShapeError(f"{what} must have the shape (projections, {width}), not {np.shape(values)}")
    return rows
