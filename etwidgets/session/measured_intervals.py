"""Which numbers of a volume have intervals from repeated experiments, and how they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from etwidgets import analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval

_TITLES = {
    "volume_nm3": ("total volume", "{}³"),
    "largest_diameter_nm": ("largest diameter", "{}"),
    "mean_diameter_nm": ("mean diameter", "{}"),
    "inside": ("intensity inside", ""),
}
_PARTS = ("draws_part", "iterations_part", "threshold_part", "bias_part")


def thresholds_of(parameters: Mapping[str, Any]) -> tuple[float, ...]:
    """The threshold of the form, and the low one if there is one."""
    return tuple(float(parameters[name]) for name in ("threshold", "low") if name in parameters)


def options_of(parameters: Mapping[str, Any], binning: int) -> dict[str, Any]:
    """The other options of the form, those in voxels as numbers of binned ones."""
    scales = {"smooth_px": binning, "smallest_voxels": binning**3, "split_px": binning}
    given = {name: parameters[name] / n for name, n in scales.items() if parameters.get(name) is not None}
    if "split_px" in given:
        given["split_px"] = max(1.0, given["split_px"])
    return given


def quantities_of(
    parameters: Mapping[str, Any], voxel_nm: float, shape: tuple[int, ...], binning: int
) -> Callable[..., dict[str, float]]:
    """What is measured as in the form, of the volume of that shape ``(X, Z, Y)`` and of binned ones."""

    def measured(volume: NDArray[Any], _: float, threshold: float, *low: float) -> dict[str, float]:
        factor = 1 if volume.shape == shape else binning
        options = options_of(parameters, factor)
        return analysis.totals(volume, factor * voxel_nm, threshold, low=low[0] if low else None, **options)

    return measured


def interval_table(found: Mapping[str, MeasuredInterval], unit: str) -> pd.DataFrame:
    """One row per number: what it is, its unit, the value, its 90 % interval, and the parts of it."""
    keys = ("value", "corrected", "low", "high", *_PARTS, "repetitions")
    rows = [
        {
            "quantity": _TITLES[name][0],
            "unit": _TITLES[name][1].format(unit),
            **{key: getattr(each, key) for key in keys},
        }
        for name, each in found.items()
    ]
    return pd.DataFrame(rows)
