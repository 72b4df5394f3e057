"""Intervals of all numbers of a measurement: the whole way to them is repeated; touches its arguments only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etwidgets import analysis
from etwidgets.errors import ParameterError
from etwidgets.session.display import SERIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from etwidgets.analysis import MeasuredInterval
    from etwidgets.session.history import State
    from etwidgets.session.measuring import Subject
    from etwidgets.signals import TomoStack

_TITLES = {
    "volume_nm3": ("total volume", "{}³"),
    "largest_diameter_nm": ("diameter of the largest", "{}"),
    "mean_diameter_nm": ("mean diameter", "{}"),
    "inside": ("intensity inside", ""),
}
_PARTS = ("draws_part", "iterations_part", "threshold_part", "bias_part")


def series_of(state: State, name: str) -> TomoStack:
    """The projections of the volume of a name.

    Raises
    ------
    ParameterError
        If the volume is not that of the present series.
    """
    stack = next((each.stack for each in state.channels if each.name == name), None)
    stack = state.stack if name == SERIES else stack
    if stack is None:
        raise ParameterError("there is no tilt series to repeat the experiment with; open it first")
    if state.stale:
        raise ParameterError("the series was changed after this volume was made; reconstruct it again first")
    return stack


def quantities_of(
    subject: Subject, voxel_nm: float
) -> Callable[[NDArray[np.float32], float], dict[str, float]]:
    """What is measured of a volume at a threshold, as in the form; a low threshold goes with it."""
    given: dict[str, Any] = dict(subject.parameters)
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
