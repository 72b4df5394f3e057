"""Which numbers of a volume have intervals of the whole way to them, and how they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from etwidgets import analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval

_TITLES = {
    "volume_nm3": ("total volume", "{}³"),
    "largest_diameter_nm": ("largest diameter", "{}"),
    "mean_diameter_nm": ("mean diameter", "{}"),
    "inside": ("intensity inside", ""),
}
_PARTS = ("draws_part", "iterations_part", "threshold_part", "bias_part")


def quantities_of(
    parameters: Mapping[str, Any], voxel_nm: float
) -> Callable[[NDArray[np.float32], float], dict[str, float]]:
    """What is measured of a volume at a threshold, as in the form; a low threshold goes with it."""
    given: dict[str, Any] = dict(parameters)
    part = given.pop("low", given["threshold"]) / given.pop("threshold")

    def measured(volume: NDArray[np.float32], threshold: float) -> dict[str, float]:
        low = {"low": part * threshold} if part < 1 else {}
        return analysis.totals(volume, voxel_nm, threshold, **low, **given)

    return measured


def interval_table(found: Mapping[str, MeasuredInterval], unit: str) -> pd.DataFrame:
    """One row per number: what it is, its unit, the value, its 90 % interval, and the parts of it."""
    rows = [
        {
            "quantity": _TITLES[name][0],
            "unit": _TITLES[name][1].format(unit),
            **{key: getattr(each, key) for key in ("value", "corrected", "low", "high", *_PARTS)},
        }
        for name, each in found.items()
    ]
    return pd.DataFrame(rows)
