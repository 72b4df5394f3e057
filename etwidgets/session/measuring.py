"""What the Analyze tab measures: one volume, or two of them together; touches its arguments only."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import analysis
from etwidgets.errors import ParameterError
from etwidgets.session.measured_intervals import interval_table, quantities_of, thresholds_of
from etwidgets.session.readable import quantity, with_interval
from etwidgets.signals.intervals import binning_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval, Uncertainty
    from etwidgets.progress import Progress

_STEPS = 15  # of the curve over thresholds
_REACH = 0.5  # of the step between ground and plateau, on either side
_ABOVE_GROUND = 0.1  # steps: a lower threshold takes in what is no matter
_BARS = 160
_SHARE, _SHARE_BEFORE_BINNED = 0.15, 0.5  # of the time of intervals: measuring, before the repetitions


@dataclass(frozen=True, eq=False)
class Subject:
    """A volume with the way in which it is parted.

    Attributes
    ----------
    name
        Of the series or channel.
    data
        ``(X, Z, Y)``.
    parameters
        Keywords of :func:`etwidgets.analysis.bodies`: ``threshold`` and those that differ from the defaults.
    strokes
        Corrections by hand.
    """

    name: str
    data: NDArray[Any]
    parameters: Mapping[str, Any]
    strokes: tuple[analysis.Stroke, ...] = ()

    @cached_property
    def corrected(self) -> NDArray[Any]:
        """The volume with its corrections by hand ``(X, Z, Y)``."""
        return self.with_strokes(self.data, float(self.parameters["threshold"]))

    def with_strokes(self, data: NDArray[Any], threshold: float) -> NDArray[Any]:
        """Another volume of the same specimen with the same corrections."""
        return analysis.painted(data, self.strokes, threshold) if self.strokes else data

    @property
    def mask(self) -> NDArray[np.bool_]:
        """What belongs to it ``(X, Z, Y)``."""
        given = {name: value for name, value in self.parameters.items() if name != "split_px"}
        return analysis.segment(self.corrected, given.pop("threshold"), **given)


@dataclass(frozen=True, eq=False)
class Measurement:
    """What came of it.

    Attributes
    ----------
    subject
        What was measured.
    voxel_nm
        Length of a voxel; 1 where it is not known.
    table
        One row per body.
    total
        The volume of all bodies, nm³.
    curve
        The total volume over thresholds: ``threshold``, ``value``.
    by_iterations
        The total volume with one iteration less and more; None where that was not asked for.
    other
        Name of the second volume, or None.
    comparison
        In words and numbers: how the two compare.
    pores
        The part of all bodies that is enclosed pores, and how many there are.
    layers, profile
        Thicknesses along an axis, and the cross-section along it; or None.
    unit
        Of all lengths, also of those called nm here: ``"nm"``, or ``"px"`` where the pixel size is not known.
    intervals
        The 90 % intervals of :func:`~etwidgets.session.measured_intervals.interval_table`; None where they
        were not asked for.
    binning
        By how much the series was binned for the intervals.
    """

    subject: Subject
    voxel_nm: float
    table: pd.DataFrame
    total: Uncertainty
    curve: pd.DataFrame
    pores: tuple[float, int]
    by_iterations: Uncertainty | None = None
    other: str | None = None
    comparison: Sequence[tuple[str, str]] = field(default_factory=tuple)
    layers: pd.DataFrame | None = None
    profile: pd.DataFrame | None = None
    unit: str = "nm"
    intervals: pd.DataFrame | None = None
    binning: int = 1

    @property
    def table_to_save(self) -> pd.DataFrame:
        """The table with its unit in the names of the columns."""
        return self.table.rename(columns=lambda name: name.replace("_nm", f"_{self.unit}"))


def measure(
    subject: Subject,
    voxel_nm: float,
    progress: Progress,
    *,
    other: Subject | None = None,
    axis: str | None = None,
    again: Callable[[int, Progress], NDArray[Any]] | None = None,
    unit: str = "nm",
    repeated: Callable[..., Mapping[str, MeasuredInterval]] | None = None,
) -> Measurement:
    """Measure a volume.

    Parameters
    ----------
    subject
        What is measured.
    voxel_nm
        Length of a voxel.
    progress
        Reports progress and can cancel the work.
    other
        A second volume: their ratio and interface are measured, too.
    axis
        Along which layers are looked for.
    again
        Makes the volume with so many iterations more or less.
    unit
        Of ``voxel_nm``: ``"px"`` where the pixel size is not known, and a voxel is 1.
    repeated
        Repeats the experiment in simulation, as :meth:`etwidgets.TomoStack.measure_intervals`.
    """
    if repeated is not None and subject.strokes:
        raise ParameterError("a volume corrected by hand cannot be repeated: remove the strokes first")
    binning = binning_for(subject.data.size) if repeated is not None else 1
    share = 1.0 if repeated is None else _SHARE if binning == 1 else _SHARE_BEFORE_BINNED
    simple = progress.part(0, share if again is None else share / 2)
    given = {name: value for name, value in subject.parameters.items() if name != "split_px"}
    simple.advance(0.0, "objects")
    table = analysis.bodies(subject.corrected, voxel_nm, **subject.parameters)
    part = simple.part(0.1, 0.85, title="estimating uncertainty")
    total = analysis.total_volume(subject.corrected, voxel_nm, **given, progress=part)
    simple.advance(0.85, "varying threshold")
    curve = _over_thresholds(subject, voxel_nm, given)
    comparison: list[tuple[str, str]] = []
    if other is not None:
        simple.advance(0.9, "two volumes")
        comparison = _compare(subject, total, other, voxel_nm, unit)
    pores = analysis.porosity(subject.mask)
    layers = profile = None
    if axis is not None:
        simple.advance(0.95, "layers")
        data = analysis.smoothed(subject.corrected, given.get("smooth_px", 0.0))
        layers = analysis.layers(data, given["threshold"], axis, voxel_nm)
        profile = analysis.thickness_profile(subject.mask, axis, voxel_nm)
    by_iterations = None
    if again is not None:
        part = progress.part(share / 2, share)
        made = (
            subject.with_strokes(again(change, part.part(start, start + 0.5)), given["threshold"])
            for change, start in ((-1, 0.0), (1, 0.5))
        )
        less, more = (_volume_of(each, voxel_nm, given) for each in made)
        by_iterations = analysis.between_iterations([less, total.value, more])
    intervals = None
    if repeated is not None:
        quantities = quantities_of(subject.parameters, voxel_nm, subject.data.shape, binning)
        thresholds, part = thresholds_of(subject.parameters), progress.part(share, 1)
        found = repeated(quantities, thresholds, volume=subject.data, binning=binning, progress=part)
        intervals = interval_table(found, unit)
    name = None if other is None else other.name
    return Measurement(
        subject, voxel_nm, table, total, curve, pores, by_iterations, name, comparison, layers, profile, unit,
        intervals, binning,
    )  # fmt: skip


def histogram(data: NDArray[Any], smooth_px: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intensities and how often they occur: middles of bars and the logarithm of 1 + the count."""
    values = analysis.smoothed(data, smooth_px).ravel()
    low, high = (float(value) for value in (values.min(), values.max()))
    counts, edges = np.histogram(values, _BARS, (low, high if high > low else low + 1))
    return (edges[1:] + edges[:-1]) / 2, np.log1p(counts)


def find_threshold(data: NDArray[Any], method: str, classes: int, smooth_px: float) -> tuple[float, ...]:
    """As :func:`etwidgets.analysis.threshold_of`, of the smoothed volume."""
    return analysis.threshold_of(analysis.smoothed(data, smooth_px), method, classes)


def _volume_of(data: NDArray[Any], voxel_nm: float, given: Mapping[str, Any]) -> float:
    """The total volume without its interval."""
    mask = analysis.segment(data, given["threshold"], **{n: v for n, v in given.items() if n != "threshold"})
    return float(mask.sum()) * voxel_nm**3


def _over_thresholds(subject: Subject, voxel_nm: float, given: Mapping[str, Any]) -> pd.DataFrame:
    data = analysis.smoothed(subject.corrected, given.get("smooth_px", 0.0))
    inside = data >= given["threshold"]
    ground = float(np.median(data[~inside])) if not inside.all() else float(given["threshold"])
    step = float(np.median(data[inside])) - ground if not inside.all() else 0.0
    lowest = max(given["threshold"] - _REACH * step, ground + _ABOVE_GROUND * step)
    thresholds = np.linspace(min(lowest, given["threshold"]), given["threshold"] + _REACH * step, _STEPS)

    def quantity(values: NDArray[np.float32], threshold: float) -> float:
        return float(np.count_nonzero(values >= threshold)) * voxel_nm**3

    return analysis.versus_threshold(data, quantity, list(thresholds))


def _compare(
    first: Subject, total: Uncertainty, second: Subject, voxel_nm: float, unit: str
) -> list[tuple[str, str]]:
    given = {name: value for name, value in second.parameters.items() if name != "split_px"}
    other = analysis.total_volume(second.corrected, voxel_nm, **given)
    ratio = total.value / other.value
    one_part, other_part = ((each.high - each.low) / 2 / each.value for each in (total, other))
    half = ratio * float(np.hypot(one_part, other_part))
    one, two = first.mask, second.mask
    pair = f"{first.name} / {second.name}"
    shared = int(np.count_nonzero(one & two))
    found = [
        (f"volume of {second.name}", with_interval(other.value, (other.low, other.high), unit, 3)),
        (f"volumes {pair}", f"{ratio:.3f} ({ratio - half:.3f} to {ratio + half:.3f})"),
        (f"{first.name} fraction of union", f"{100 * analysis.fraction(one, one | two):.1f} %"),
        ("overlap (voxels)", f"{shared}"),
    ]
    if (two & ~one).any():
        found.append(("interface", quantity(analysis.interface_area(one, two, voxel_nm), unit, 2)))
    return found
