"""What the next tilts would still add: how well those so far were predicted, carried on; knows no image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LAST, _LEAST = 12, 5
_AHEAD = 6
_SMALL_GAIN = 0.02  # of the misfit, per tilt


@dataclass(frozen=True, eq=False)
class Forecast:
    """How well the next tilts would be predicted.

    Attributes
    ----------
    misfits
        ``(6,)`` of the next ones, relative to their contrast; empty where too few have come.
    change
        By what part the misfit changes with each tilt; negative: it falls.
    sentence
        What it means.
    """

    misfits: NDArray[np.float64]
    change: float
    sentence: str


def forecast(misfits: ArrayLike) -> Forecast:
    """Carry on how well projections were predicted before they were added.

    Parameters
    ----------
    misfits
        ``(n,)`` in order of acquisition, above 0; those that are not finite are passed over.

    Notes
    -----
    A line through the logarithms of the last 12 by the median of slopes (Theil 1950, Sen 1968). A projection
    that is predicted as well as its noise allows adds nothing but a better average of the noise.
    """
    known = np.asarray(misfits, float)
    logs = np.log(known[np.isfinite(known) & (known > 0)][-_LAST:])
    if len(logs) < _LEAST:
        return Forecast(np.empty(0), float("nan"), "Too few projections to say what more of them would add.")
    places = np.arange(len(logs))
    first, second = np.triu_indices(len(logs), 1)
    slope = float(np.median((logs[second] - logs[first]) / (second - first)))
    level = float(np.median(logs - slope * places))
    ahead = np.exp(level + slope * (len(logs) - 1 + np.arange(1, _AHEAD + 1)))
    change = float(np.expm1(slope))
    now, then = np.exp(np.median(logs[-3:])), ahead[-1]
    if change < -_SMALL_GAIN:
        means = "each new tilt still makes the next better known: go on"
    elif change > _SMALL_GAIN:
        means = "the tilts show what was not seen before: go on"
    else:
        means = "more tilts of this kind would hardly make the next better known"
    sentence = (
        f"The last tilts were predicted to {now:.1%}, the sixth from now would be to {then:.1%}: {means}."
    )
    return Forecast(ahead, change, sentence)
