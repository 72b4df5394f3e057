"""Which numbers of a volume have intervals of the whole way to them, and how they are listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etwidgets import analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval, Uncertainty

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
    below = given["threshold"] - given.pop("low", given["threshold"])
    del given["threshold"]

    def measured(volume: NDArray[np.float32], threshold: float) -> dict[str, float]:
        low = {"low": threshold - below} if below > 0 else {}
        return analysis.totals(volume, voxel_nm, threshold, **low, **given)

    return measured


def transferred(
    found: Mapping[str, MeasuredInterval], shown: Mapping[str, float], total: Uncertainty
) -> dict[str, MeasuredInterval]:
    """The intervals of a quick volume, as fractions of its values, around those of the volume shown.

    The part of the threshold of the total volume is at least that of ``total``, the simple interval.
    Intensities stay those of the quick volume: too few iterations change them more than a geometry.

    Parameters
    ----------
    found
        Of the quick volume, by the name of the number.
    shown
        The same numbers of the volume shown; ``volume_nm3`` is taken from ``total``.
    total
        The total volume of the volume shown, with its simple interval.
    """
    values, least = {**shown, "volume_nm3": total.value}, {"volume_nm3": total.threshold_part}
    return {
        name: each if name == "inside" else _around(each, values[name], least.get(name, 0.0))
        for name, each in found.items()
    }


def _around(found: MeasuredInterval, value: float, least_threshold: float) -> MeasuredInterval:
    scale = value / found.value if found.value else 1.0
    parts = {name: scale * getattr(found, name) for name in _PARTS}
    parts["threshold_part"] = max(parts["threshold_part"], least_threshold)
    half, center = float(np.linalg.norm(list(parts.values()))), scale * found.corrected
    return replace(found, value=value, corrected=center, low=center - half, high=center + half, **parts)


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
